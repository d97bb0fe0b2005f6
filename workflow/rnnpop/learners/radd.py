"""Representation and dynamics distillation in closed form: a tanh network whose few units are coordinates of a teacher's states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np

from rnnpop.learners import Apprentice, Arrays, SessionLearner, Student, Training, taught
from rnnpop.numerics.distillation import Coordinates, Lesson, coordinates, fit_tanh_map, fitted_gain, lesson, readout
from rnnpop.numerics.students import follows
from rnnpop.variants import Positive


@final
@dataclass(frozen=True)
class Radd(SessionLearner):
    """A vanilla tanh cell of k units, fitted to the path z_t of its teacher's states: artanh z_t = A z_{t−1} + B u_t + c, z_0 = 0.

    The map is that of least squares over all steps of two sessions in three, blanks included; no gradient is taken. The first weights
    of the student are of no account. Its readout has rows −g r and +g r: where r = (1, 0), the stimulus belief, the probability of right is
    σ(2 g z_1), which exceeds 0.9 from |z_1| = ln 9 / 2g on: at g = 1 never. Loss: 1 − R² of the next z in the other sessions.

    Attributes:
        teacher: path of the population whose network of the same index is the teacher: study/task/cell/learner.
        directions: what z is: `task`, stimulus and block belief in the plane of the two leading principal components (as published;
            further units get further components); `whole`, the same beliefs in the whole space; `components`, the leading ones;
            `learned`, those of a reduced-rank regression.
        basis: of beliefs: projections on the two directions, which are not orthogonal (as published), or coordinates on their dual basis.
        gain: g; `fitted`: that which comes closest to the teacher's own probabilities.

    Source: Schaeffer et al. 2020.
    """

    teacher: str
    directions: Literal["task", "whole", "components", "learned"] = "task"
    basis: Literal["projection", "dual"] = "projection"
    gain: Positive | Literal["fitted"] = 3.0

    def learn(self, task: Any, cell: Any, apprentices: Sequence[Apprentice], evaluation: Any, device: str) -> Training:
        if len(cell.gates) != 1 or getattr(cell, "activation", "tanh") != "tanh":
            raise ValueError("radd makes vanilla tanh networks: its closed form inverts their update")
        return taught(apprentices, [self._distil(cell, apprentice) for apprentice in apprentices])

    def _distil(self, cell: Any, apprentice: Apprentice) -> Student | None:
        given = lesson(apprentice.teacher)
        if given is None:
            return None
        seen = given.sessions(given.fitted)
        found = coordinates(seen, self.directions, cell.units, dual=self.basis == "dual")
        parameters = self._fit(seen, found)
        described = follows(cell, parameters, given, found)
        return Student(parameters, float(1 - described["one_step_r2"]), described)

    def _fit(self, seen: Lesson, found: Coordinates) -> Arrays:
        recurrent, input, bias = fit_tanh_map(found.places(seen.hidden), seen.inputs)
        gain = fitted_gain(seen, found) if self.gain == "fitted" else self.gain
        return {
            "input_weights": input[None],
            "recurrent_weights": recurrent[None],
            "bias": bias[None],
            "initial_state": np.zeros(len(bias)),
            **readout(found, gain),
        }
