"""Symmetric line attractors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from rnnpop.cells import Circuit, Wiring
from rnnpop.numerics import ensembles
from rnnpop.numerics.recurrences import by_real_part
from rnnpop.variants import NonNegative


@final
@dataclass(frozen=True)
class SymmetricLine(Circuit):
    """A symmetric circuit with one slow direction u, which is driven (b = D u) and read (u / D).

    - random: eigenvectors of (Q + Qᵀ) / 2, Q Gaussian; eigenvalues equally spaced from `width` to −`width`, the largest of them replaced
      by `leading`.
    - uniform: every unit excites every other one by `leading` / (D − 1), and itself not at all. Eigenvalues: `leading`, with
      u = 1 / √D, and −`leading` / (D − 1). With 1 this is Seung's ideal integrator, which has no stationary state.

    Attributes:
        leading: largest eigenvalue λ; the time constant is τ / (1 − λ).
        width: of the other eigenvalues of the random pattern.
        pattern: which of the two.

    Source: Seung 1996; Qian et al. 2024.
    """

    leading: float = 0.999
    width: NonNegative = 0.4
    pattern: Literal["random", "uniform"] = "random"

    def wiring(self, rng: np.random.Generator) -> Wiring:
        if self.pattern == "uniform":
            return self._uniform()
        basis = np.linalg.eigh(ensembles.symmetric(rng, self.units, 1.0))[1][:, ::-1]
        eigenvalues = np.linspace(self.width, -self.width, self.units)
        eigenvalues[0] = self.leading
        slow = basis[:, 0]
        weights = (basis * eigenvalues) @ basis.T
        weights = (weights + weights.T) / 2  # a product is symmetric but for roundings
        return Wiring(weights, by_real_part(eigenvalues), self.units * slow, slow / self.units, basis, np.diag(eigenvalues))

    def _uniform(self) -> Wiring:
        coupling = self.leading / max(self.units - 1, 1)
        weights = np.full((self.units, self.units), coupling)
        np.fill_diagonal(weights, 0.0)
        eigenvalues = np.full(self.units, -coupling)
        eigenvalues[0] = self.leading
        slow = np.full(self.units, self.units**-0.5)
        return Wiring(weights, by_real_part(eigenvalues), self.units * slow, slow / self.units)
