"""Noise alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float

from rnnpop.tasks import DrivenTask


@final
@dataclass(frozen=True)
class Noise(DrivenTask):
    """White noise of every unit, and nothing else.

    Source: Qian et al. 2024: 30,000 steps of τ / 100, s = 0.2, first states N(0, 1) without a burn-in.
    """

    def signal(self, rng: np.random.Generator, steps: int) -> Float[np.ndarray, "time"] | None:
        return None
