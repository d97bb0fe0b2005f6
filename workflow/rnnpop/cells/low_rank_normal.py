"""Plane attractors of a few dimensions, all alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from rnnpop.cells import Circuit, Wiring
from rnnpop.numerics import ensembles
from rnnpop.variants import Count


@final
@dataclass(frozen=True)
class LowRankNormal(Circuit):
    """B = k M Mᵀ, the r columns of M orthonormal (Haar): r eigenvalues k, the others 0, and normal.

    What a circuit of low rank is without what makes `null_low_rank` and `low_rank` special.

    Attributes:
        rank: r.
        scale: k; the time constant of the r directions is τ / (1 − k).
    """

    rank: Count = 2
    scale: float = 0.9

    def __post_init__(self) -> None:
        if self.rank > self.units:
            raise ValueError(f"rank: {self.rank} needs as many units, got {self.units}")

    def wiring(self, rng: np.random.Generator) -> Wiring:
        basis = ensembles.frame(rng, self.units, self.rank)
        spectrum = ensembles.with_zeros(np.full(self.rank, self.scale), self.units)
        weights = self.scale * basis @ basis.T
        return Wiring(weights, spectrum, *ensembles.signal_path(rng, self.units), basis, self.scale * np.eye(self.rank))
