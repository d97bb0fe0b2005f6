"""Learners: how weights come about."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Apprentice:
    """One network before training: its first parameters, and the stream of its training trials."""

    initial: Arrays
    trials: np.random.Generator


@dataclass(frozen=True)
class Training:
    """What came of a shard of networks, in their order.

    Attributes:
        trained: parameters of each network.
        step: optimiser steps at each evaluation.
        loss: error on the frozen evaluation batch; NaN after a network stopped.
        solved: whether the task was solved at each evaluation.
        steps: optimiser steps taken.
        final_loss: error of the weights that were kept.
        status: ok (met the criterion), not_converged, diverged (the last finite weights were kept), untrained.
    """

    trained: list[Arrays]
    step: Int[np.ndarray, "evaluation"]
    loss: Float[np.ndarray, "network evaluation"]
    solved: Bool[np.ndarray, "network evaluation"]
    steps: Int[np.ndarray, "network"]
    final_loss: Float[np.ndarray, "network"]
    status: list[str]


class Learner(ABC):
    """A way to get weights. A network does not know its shard: what comes of it depends on itself alone."""

    @abstractmethod
    def learn(self, task: Any, cell: Any, apprentices: Sequence[Apprentice], evaluation: Any, device: str) -> Training:
        """Train `apprentices` of `cell` on `task`.

        Args:
            evaluation: the frozen batch of trials that decides when a network is done; the same for every network of the task.
            device: cpu or cuda.
        """
