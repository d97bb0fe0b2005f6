"""Distillation by gradient: a small network learns from what a teacher did on the inputs that the teacher was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
import torch
from jaxtyping import Float
from scipy.special import expit, log_expit, xlogy

from rnnpop.learners import Apprentice, Arrays, SessionLearner, Student, Training, half_cosine, taught
from rnnpop.numerics.distillation import Coordinates, Lesson, coordinates, fitted_gain, lesson, readout
from rnnpop.numerics.kernels import Loss
from rnnpop.numerics.lanes import Lane
from rnnpop.numerics.students import follows
from rnnpop.numerics.unroll import unroll
from rnnpop.variants import Count, Positive, Probability


@final
@dataclass(frozen=True)
class Distilled(SessionLearner):
    """Adam on windows of the teacher's sessions, two in three; inputs are the teacher's own, whatever the student would have done.

    Targets: `logits`, the teacher's probabilities at every step, blanks included, under cross-entropy; `choices`, its choices at the ends
    of trials, as hard labels; `rollout`, the coordinates z of its states (as in radd) over a whole window of free running that starts at
    the teacher's z, under the squared error: the student's hidden units then are coordinates, and its readout is that of radd. Under
    the first two, windows start at the student's own states, which are made anew every `refresh` updates: a session is never reset.
    First weights, and the order of windows, are those of the apprentice, so students of the same index begin alike.

    Loss, in the sessions left out: 1 − R² of outputs in cross-entropy, (H − H_teacher) / (H_constant − H_teacher); `rollout`: 1 − R² of the
    next z.

    Attributes:
        teacher: path of the population whose network of the same index is the teacher: study/task/cell/learner.
        target: what is learnt.
        directions: of z.
        gain: g of the readout under `rollout`; `fitted`: that which comes closest to the teacher's own probabilities.
        updates: optimiser steps.
        window: steps of a window: over so many errors are propagated, or the student runs freely.
        batch: windows of an update.
        learning_rate: first one; it falls as a half cosine to `final_rate` of it.
        final_rate: last learning rate over the first.
        clip: largest norm of the gradient.
        refresh: updates between two makings of the student's own states.

    Source: logits: Hinton, Vinyals & Dean 2015, and the control of Schaeffer et al. 2020; a reviewer of the latter asked for the others.
    """

    teacher: str
    target: Literal["logits", "choices", "rollout"] = "logits"
    directions: Literal["task", "whole", "components", "learned"] = "task"
    gain: Positive | Literal["fitted"] = 3.0
    updates: Count = 2000
    window: Count = 64
    batch: Count = 64
    learning_rate: Positive = 0.01
    final_rate: Probability = 0.01
    clip: Positive = 1.0
    refresh: Count = 100

    def learn(self, task: Any, cell: Any, apprentices: Sequence[Apprentice], evaluation: Any, device: str) -> Training:
        if self.target == "rollout" and len(cell.parts) > 1:
            raise ValueError("a rollout starts at coordinates of the teacher's states: the student may have hidden units only")
        return taught(apprentices, [self._distil(cell, apprentice) for apprentice in apprentices])

    def _distil(self, cell: Any, apprentice: Apprentice) -> Student | None:
        given = lesson(apprentice.teacher)
        if given is None:
            return None
        seen = given.sessions(given.fitted)
        if self.target == "rollout":
            found = coordinates(seen, self.directions, cell.units)
            gain = fitted_gain(seen, found) if self.gain == "fitted" else self.gain
            parameters = self._train(cell, _watching(apprentice.initial, cell.units), seen, apprentice.trials, found) | readout(found, gain)
            described = follows(cell, parameters, given, found)
            return Student(parameters, float(1 - described["one_step_r2"]), described, self.updates)
        parameters = self._train(cell, apprentice.initial, seen, apprentice.trials, None)
        loss = _missed(cell, parameters, given.sessions(given.held_out), _wanted(given, self.target)[given.held_out])
        return Student(parameters, loss, follows(cell, parameters, given, None), self.updates)

    def _train(self, cell: Any, first: Arrays, seen: Lesson, rng: np.random.Generator, found: Coordinates | None) -> Arrays:
        wanted = _wanted(seen, self.target) if found is None else found.places(seen.hidden)
        loss: Loss = "log" if found is None else "squared"
        sessions, time = wanted.shape[:2]
        window = min(self.window, time)
        lane = Lane(cell, [first], steps=window, trials=self.batch, dtype=torch.float32, device=torch.device("cpu"), loss=loss)
        offsets = np.arange(window)[:, None]
        starts = np.empty(0)
        inputs, targets = (values.astype(np.float32) for values in (seen.inputs, wanted))
        for update in range(self.updates):
            if found is None and update % self.refresh == 0:
                starts = _starts(_states(cell, lane.values(0), seen.inputs))
            elif found is not None and update == 0:
                starts = _starts(wanted)
            session, begin = rng.integers(sessions, size=self.batch), rng.integers(time - window + 1, size=self.batch)
            rows = session, begin + offsets
            given, said, begun = (torch.from_numpy(values)[None] for values in (inputs[rows], targets[rows], starts[session, begin]))
            lane.step_gradient(given, said, begun)
            if found is not None:  # the readout only looks at the units
                lane.gradients["readout_weights"].zero_()
                lane.gradients["readout_bias"].zero_()
            rates = torch.tensor([self._rate(update)])
            lane.adam(update + 1, rates, torch.zeros(1), torch.tensor([self.clip]))
        return lane.values(0)

    def _rate(self, update: int) -> float:
        return self.learning_rate * half_cosine(update / self.updates, self.final_rate)


def _watching(first: Arrays, units: int) -> Arrays:
    """A network whose outputs are its hidden units."""
    return first | {"readout_weights": np.eye(units), "readout_bias": np.zeros(units)}


def _wanted(given: Lesson, target: str) -> Float[np.ndarray, "session time output"]:
    """Probabilities of left and right that the student is to have; 0 for both at a step that is not scored."""
    if target == "logits":
        return np.stack([expit(-given.log_odds), expit(given.log_odds)], axis=-1)
    return np.stack([given.choice < 0, given.choice > 0], axis=-1).astype(float)


def _states(cell: Any, parameters: Arrays, inputs: Float[np.ndarray, "session time input"]) -> Float[np.ndarray, "session time unit"]:
    return unroll(cell, {name: torch.from_numpy(value) for name, value in parameters.items()}, torch.from_numpy(inputs)).numpy()


def _starts(states: Float[np.ndarray, "session time unit"]) -> np.ndarray:
    """State before each step, from 0, float32."""
    return np.concatenate([np.zeros_like(states[:, :1]), states[:, :-1]], axis=1).astype(np.float32)


def _missed(cell: Any, parameters: Arrays, unseen: Lesson, wanted: Float[np.ndarray, "session time output"]) -> float:
    """(H − H_teacher) / (H_constant − H_teacher) of cross-entropies, over the steps that are scored; NaN without any."""
    scored = wanted.sum(axis=-1) > 0
    if not scored.any():
        return np.nan
    weights = {name: torch.from_numpy(value) for name, value in parameters.items()}
    outputs = cell.readout(weights, torch.from_numpy(_states(cell, parameters, unseen.inputs))).numpy()
    odds, p = (outputs[..., 1] - outputs[..., 0])[scored], wanted[scored][:, 1]
    met = -(p * log_expit(odds) + (1 - p) * log_expit(-odds)).mean()
    least, constant = (-(xlogy(q, q) + xlogy(1 - q, 1 - q)).mean() for q in (p, p.mean()))
    return float((met - least) / (constant - least)) if constant > least else np.nan
