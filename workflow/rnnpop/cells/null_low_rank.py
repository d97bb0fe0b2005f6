"""Circuits of low rank that lead out of a subspace and end there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from rnnpop.cells import Circuit, Wiring
from rnnpop.numerics import ensembles
from rnnpop.variants import Count, Positive


@final
@dataclass(frozen=True)
class NullLowRank(Circuit):
    """B = γ² M Nᵀ, the 2r columns of M and N orthonormal (Haar): B² = 0, so every eigenvalue is 0, whatever γ².

    Attributes:
        rank: r; 2r units at least.
        strength: c, where γ² is not given: γ² = c D / √r.
        gamma_squared: γ².

    Source: Qian et al. 2024: r = 2 and 3, c = 0.2 (0.4 with tanh).
    """

    rank: Count = 2
    strength: Positive = 0.2
    gamma_squared: Positive | None = None

    def __post_init__(self) -> None:
        if 2 * self.rank > self.units:
            raise ValueError(f"rank: {self.rank} needs {2 * self.rank} units, got {self.units}")

    def wiring(self, rng: np.random.Generator) -> Wiring:
        scale = self.gamma_squared or self.strength * self.units / np.sqrt(self.rank)
        basis = ensembles.frame(rng, self.units, 2 * self.rank)
        core = scale * np.eye(2 * self.rank, k=self.rank)
        weights = scale * basis[:, : self.rank] @ basis[:, self.rank :].T
        spectrum = np.zeros(self.units, dtype=complex)
        return Wiring(weights, spectrum, *ensembles.signal_path(rng, self.units), basis, core)
