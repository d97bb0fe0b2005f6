"""No training: the control that shows what an architecture does before it has learnt anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch

from rnnpop.learners import Apprentice, Learner, Training
from rnnpop.numerics.lanes import Lane, time_major
from rnnpop.numerics.rollouts import error
from rnnpop.numerics.sessions import Course


@final
@dataclass(frozen=True)
class Untrained(Learner):
    """Networks keep the weights they begin with: the same as those of the trained networks of the same seed."""

    def learn(self, task: Any, cell: Any, apprentices: Sequence[Apprentice], evaluation: Any, device: str) -> Training:
        losses = [self._loss(task, cell, apprentice, evaluation) for apprentice in apprentices]
        return Training(
            [apprentice.initial for apprentice in apprentices],
            np.zeros(1, dtype=np.int64),
            np.array(losses)[:, None],
            np.zeros((len(losses), 1), dtype=bool),
            np.zeros(len(apprentices), dtype=np.int64),
            np.array(losses),
            ["untrained"] * len(apprentices),
        )

    def _loss(self, task: Any, cell: Any, apprentice: Apprentice, evaluation: Any) -> float:
        """Error on the evaluation batch, or in the evaluation sessions of a task that answers back."""
        if isinstance(evaluation, Course):
            return error(task, cell, apprentice.initial, evaluation)
        seen, wanted = time_major(evaluation, torch.device("cpu"))
        steps, trials = seen.shape[:2]
        lane = Lane(cell, [apprentice.initial], steps=steps, trials=trials, dtype=torch.float32, device=torch.device("cpu"), loss=task.loss)
        return float(lane.losses(seen, wanted)[0])
