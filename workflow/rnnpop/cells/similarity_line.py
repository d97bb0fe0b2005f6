"""Line attractors of any geometry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from rnnpop.cells import Circuit, Wiring
from rnnpop.numerics import ensembles
from rnnpop.numerics.recurrences import by_real_part


@final
@dataclass(frozen=True)
class SimilarityLine(Circuit):
    """B = Q diag(`leading`, `others`, ..., `others`) Q⁻¹, driven along D q₁ and read by q₁ / D, q₁ the first column of Q.

    - gaussian: Q has Gaussian columns of length 1. B is far from normal: its norm is some tens where its eigenvalues are below 1.
    - haar: Q is orthogonal, so B is symmetric.

    Attributes:
        leading: largest eigenvalue λ; the time constant is τ / (1 − λ).
        others: all other eigenvalues.
        eigenvectors: law of Q.

    Source: Qian et al. 2024, the line attractor of their first figure.
    """

    leading: float = 0.999
    others: float = 0.2
    eigenvectors: Literal["gaussian", "haar"] = "gaussian"

    def wiring(self, rng: np.random.Generator) -> Wiring:
        Q = (ensembles.directions if self.eigenvectors == "gaussian" else ensembles.frame)(rng, self.units, self.units)
        first = np.eye(self.units)[0]
        right, left = Q[:, 0], np.linalg.solve(Q.T, first)  # the first row of Q⁻¹
        # all other eigenvalues are the same: Q diag(..) Q⁻¹ is this, without the roundings of an ill-conditioned Q
        weights = self.others * np.eye(self.units) + (self.leading - self.others) * np.outer(right, left)
        eigenvalues = np.where(first == 1, self.leading, self.others)
        return Wiring(weights, by_real_part(eigenvalues), self.units * right, right / self.units)
