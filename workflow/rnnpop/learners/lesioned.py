"""A trained network with inputs cut: no training, and the one difference is that cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from rnnpop.learners import Apprentice, Arrays, SessionLearner, Training, verdicts
from rnnpop.numerics.rollouts import error


@final
@dataclass(frozen=True)
class Lesioned(SessionLearner):
    """Weights of the teacher, of the same cell and size, with the input weights of some channels set to 0.

    What a channel is for is a question of cause: networks with and without it play the same luck. The loss is the error in the
    evaluation sessions, as in training; a network is ok if it still meets the task's criterion.

    Attributes:
        teacher: path of the population whose network of the same index is lesioned: study/task/cell/learner.
        channels: inputs that are cut, counted from 0.
    """

    teacher: str
    channels: tuple[int, ...]

    def learn(self, task: Any, cell: Any, apprentices: Sequence[Apprentice], evaluation: Any, device: str) -> Training:
        cut = [self._cut(apprentice) for apprentice in apprentices]
        loss = np.array([error(task, cell, parameters, evaluation) for parameters in cut])
        return Training(
            trained=cut,
            step=np.zeros(1, dtype=np.int64),
            loss=loss[:, None],
            solved=(loss <= task.criterion)[:, None],
            steps=np.zeros(len(cut), dtype=np.int64),
            final_loss=loss,
            status=verdicts(loss, task.criterion),
        )

    def _cut(self, apprentice: Apprentice) -> Arrays:
        if apprentice.teacher is None:
            raise ValueError("a lesioned network wants the network that it was")
        shapes = {name: value.shape for name, value in apprentice.teacher.parameters.items()}
        if shapes != {name: value.shape for name, value in apprentice.initial.items()}:
            raise ValueError(f"{self.teacher} is of another cell or size than the population that it is lesioned for")
        weights = apprentice.teacher.parameters["input_weights"].copy()
        weights[:, :, list(self.channels)] = 0
        return apprentice.teacher.parameters | {"input_weights": weights}
