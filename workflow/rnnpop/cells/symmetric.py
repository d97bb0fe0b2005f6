"""Symmetric circuits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from rnnpop.cells import Circuit, Wiring
from rnnpop.numerics import ensembles
from rnnpop.numerics.recurrences import by_real_part
from rnnpop.variants import NonNegative


@final
@dataclass(frozen=True)
class Symmetric(Circuit):
    """B = (Q + Qᵀ) / 2 with Q_ij ~ N(0, g² / D): no time constant stands out. Its largest eigenvalue tends to √2 g, 0.85 for g = 0.6.

    Attributes:
        gain: g.

    Source: Qian et al. 2024, the circuit without a line attractor.
    """

    gain: NonNegative = 0.6

    def wiring(self, rng: np.random.Generator) -> Wiring:
        weights = ensembles.symmetric(rng, self.units, self.gain)
        eigenvalues, basis = np.linalg.eigh(weights)  # of a symmetric matrix, so exact to roundings
        return Wiring(weights, by_real_part(eigenvalues), *ensembles.signal_path(rng, self.units), basis, np.diag(eigenvalues))
