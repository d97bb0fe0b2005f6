"""No training: the control that shows what an architecture does before it has learnt anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch

from rnnpop.learners import Apprentice, Learner, Training
from rnnpop.numerics.lanes import Lane, time_major


@final
@dataclass(frozen=True)
class Untrained(Learner):
    """Networks keep the weights they begin with: the same as those of the trained networks of the same seed."""

    def learn(self, task: Any, cell: Any, apprentices: Sequence[Apprentice], evaluation: Any, device: str) -> Training:
        seen, wanted = time_major(evaluation, torch.device("cpu"))
        losses = [self._loss(cell, apprentice, seen, wanted) for apprentice in apprentices]
        return Training(
            [apprentice.initial for apprentice in apprentices],
            np.zeros(1, dtype=np.int64),
            np.array(losses)[:, None],
            np.zeros((len(losses), 1), dtype=bool),
            np.zeros(len(apprentices), dtype=np.int64),
            np.array(losses),
            ["untrained"] * len(apprentices),
        )

    def _loss(self, cell: Any, apprentice: Apprentice, seen: torch.Tensor, wanted: torch.Tensor) -> float:
        steps, trials = seen.shape[:2]
        lane = Lane(cell, [apprentice.initial], steps=steps, trials=trials, dtype=torch.float32, device=torch.device("cpu"))
        return float(lane.losses(seen, wanted)[0])
