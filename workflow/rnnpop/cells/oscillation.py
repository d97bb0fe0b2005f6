"""Circuits of rank 2 with one oscillation at the origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from rnnpop.cells import Circuit, Wiring
from rnnpop.numerics import ensembles
from rnnpop.variants import NonNegative


@final
@dataclass(frozen=True)
class Oscillation(Circuit):
    """B = M Σ M†, with M_ij ~ N(0, 1) of two columns, Σ = [[x, −y], [y, x]], M† = M⁺ + V (I − M M⁺), V_ij ~ N(0, k² / D).

    M† M = I, so the eigenvalues are x ± iy and 0, whatever V; V makes B far from normal.

    Attributes:
        real: x.
        imaginary: y.
        spread: k.

    Source: Qian et al. 2024, their nonlinear circuits (tanh).
    """

    activation: Literal["identity", "tanh", "relu"] = "tanh"
    real: float = 0.5
    imaginary: float = 0.5
    spread: NonNegative = 12.0

    def wiring(self, rng: np.random.Generator) -> Wiring:
        M = rng.standard_normal((self.units, 2))
        V = self.spread / np.sqrt(self.units) * rng.standard_normal((2, self.units))
        inverse = np.linalg.pinv(M)
        left = M @ np.array([[self.real, -self.imaginary], [self.imaginary, self.real]])
        right = (inverse + V - (V @ M) @ inverse).T
        pair = np.array([self.real + 1j * self.imaginary, self.real - 1j * self.imaginary])[: self.units]
        spectrum = ensembles.with_zeros(pair, self.units)
        return Wiring(left @ right.T, spectrum, *ensembles.signal_path(rng, self.units), *ensembles.factored(left, right))
