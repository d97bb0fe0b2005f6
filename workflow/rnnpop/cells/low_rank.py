"""Random circuits of low rank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from rnnpop.cells import Circuit, Wiring
from rnnpop.numerics import ensembles
from rnnpop.variants import Count, Positive


@final
@dataclass(frozen=True)
class LowRank(Circuit):
    """B = k M Nᵀ, the r columns of M and of N random directions: eigenvalues those of the r × r matrix k Nᵀ M, of a size k √(r / D), and 0.

    Attributes:
        rank: r.
        scale: k.

    Source: the public code of Qian et al. 2024.
    """

    rank: Count = 2
    scale: Positive = 10.0

    def __post_init__(self) -> None:
        if self.rank > self.units:
            raise ValueError(f"rank: {self.rank} needs as many units, got {self.units}")

    def wiring(self, rng: np.random.Generator) -> Wiring:
        left, right = np.split(ensembles.directions(rng, self.units, 2 * self.rank), 2, axis=1)
        left = self.scale * left
        spectrum = ensembles.with_zeros(np.linalg.eigvals(right.T @ left), self.units)
        return Wiring(left @ right.T, spectrum, *ensembles.signal_path(rng, self.units), *ensembles.factored(left, right))
