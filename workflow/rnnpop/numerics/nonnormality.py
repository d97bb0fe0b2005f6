"""How far a matrix is from normal, and what that does to noise."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Complex, Float
from scipy.linalg import rsf2csf, schur, solve_triangular
from scipy.optimize import minimize
from scipy.sparse.linalg import LinearOperator, eigsh

from rnnpop.numerics.eigenvalues import participation

#: Below so many rows a whole singular value decomposition is the faster way.
_SMALL: Final = 64

#: What `indices` gives: name -> what it is.
INDICES: Final = {
    "henrici_index": "departure from normality: norm of the strictly triangular part of the Schur form over that of the matrix",
    "commutator_index": "norm of B Bᵀ − Bᵀ B over the squared norm of B",
    "numerical_abscissa": "largest eigenvalue of the symmetric part",
    "abscissa_excess": "numerical abscissa less the largest real part of an eigenvalue",
    "kreiss_constant": "Kreiss constant of B − I, left half plane",
    "operator_norm": "largest singular value",
}

#: What `noise` gives.
NOISE: Final = {
    "noise_amplification": "largest stationary variance of any direction over that of a symmetric circuit of the same slowest mode",
    "largest_variance": "largest stationary variance of any direction, over that of an unconnected unit",
    "noise_participation_ratio": "participation ratio of the stationary covariance",
}


def indices(matrix: Float[np.ndarray, "direction direction"], spectrum: Complex[np.ndarray, "mode"]) -> dict[str, float]:
    """Entries of `INDICES` for B = U `matrix` Uᵀ, the columns of U orthonormal, as few as there are rows of `matrix`.

    - Henrici: √(‖B‖_F² − Σ|λ|²) / ‖B‖_F, from 0 (normal) to 1 (nilpotent).
    - Commutator: ‖B Bᵀ − Bᵀ B‖_F / ‖B‖_F², at most √2.
    - Numerical abscissa ω = λ_max((B + Bᵀ) / 2) and its excess ω − Re λ₁: from ω > 1 on a state can grow at first, however stable B is.
    - Kreiss constant, see `kreiss`; NaN from Re λ₁ = 1 on.

    Indices over the norm are NaN for B = 0.

    Args:
        spectrum: eigenvalues of B, as its construction has them: a solver's are of no use where B is far from normal.

    Source: Trefethen & Embree 2005.
    """
    whole = len(matrix) == len(spectrum)
    squared, leading = float((matrix**2).sum()), float(spectrum.real.max())
    abscissa = float(np.linalg.eigvalsh((matrix + matrix.T) / 2)[-1])
    norm = float(np.linalg.norm(matrix, 2))
    abscissa = abscissa if whole else max(abscissa, 0.0)
    crossed = float(np.linalg.norm(matrix @ matrix.T - matrix.T @ matrix))
    lost = max(squared - float((np.abs(spectrum) ** 2).sum()), 0.0)
    return {
        "henrici_index": np.sqrt(lost / squared) if squared > 0 else np.nan,
        "commutator_index": crossed / squared if squared > 0 else np.nan,
        "numerical_abscissa": abscissa,
        "abscissa_excess": abscissa - leading,
        "kreiss_constant": kreiss(matrix, abscissa, leading, norm),
        "operator_norm": norm,
    }


def noise(covariance: Float[np.ndarray, "unit unit"], leading: float) -> dict[str, float]:
    """Entries of `NOISE` from the stationary covariance S of a circuit, (I − B) S + S (I − B)ᵀ = 2 I.

    - Noise amplification Λ = (1 − Re λ₁) λ_max(S) ≥ 1, and 1 for symmetric B. A linear student of part of the units, fitted to an endless
      recording, has no time constant beyond λ_max(S) τ: Λ times the circuit's own longest one.
    - Participation ratio (tr S)² / tr S².

    Args:
        leading: Re λ₁.
    """
    variances = np.linalg.eigvalsh(covariance)
    return {
        "noise_amplification": (1 - leading) * float(variances[-1]),
        "largest_variance": float(variances[-1]),
        "noise_participation_ratio": participation(variances),
    }


def kreiss(matrix: Float[np.ndarray, "direction direction"], abscissa: float, leading: float, norm: float) -> float:
    """K = sup over Re z > 0 of Re z ‖(z I − (B − I))⁻¹‖, by a coarse grid and an ascent from its best places.

    K ≤ sup over t ≥ 0 of ‖e^{(B − I) t}‖ ≤ e D K. 1 where ω ≤ 1: nothing grows. NaN where Re λ₁ ≥ 1. What is found is attained at some z,
    so it is a lower bound: where there are several peaks, another one may be higher.

    Args:
        matrix: see `indices`.
        abscissa: ω.
        leading: Re λ₁.
        norm: ‖B‖.
    """
    if not leading < 1:
        return np.nan
    if abscissa <= 1:
        return 1.0
    gain = _Resolvent(matrix)
    # a slowest mode alone would have its peak between its own distance to the axis and the norm
    rows = np.geomspace(min(1 - leading, 0.1), max(norm, 1.0), 6)
    # B is real, so the lower half plane is the same; and on the real axis there is no slope to leave it by
    columns = norm * np.array([0.01, 0.04, 0.1, 0.3])
    grid = np.array([(np.log(x), y) for x in rows for y in columns])
    height = np.array([gain(place)[0] for place in grid])
    best = grid[np.argmin(height)]
    found = minimize(gain, best, jac=True, method="BFGS", options={"gtol": 1e-4})  # squared in log K
    return float(np.exp(-min(found.fun, height.min(), 0.0)))


class _Resolvent:
    """−log(x ‖(z I − (B − I))⁻¹‖) and its gradient at (log x, y), z = x + iy.

    With σ the smallest singular value of z I − (B − I) and u, v its vectors, ∂σ/∂x = Re(uᴴ v) and ∂σ/∂y = −Im(uᴴ v).
    """

    def __init__(self, matrix: Float[np.ndarray, "direction direction"]) -> None:
        self.small = len(matrix) < _SMALL
        triangular = self.small or not np.tril(matrix, -1).any()
        # singular values do not change with the orthonormal basis, and a triangular system is solved at once
        self.matrix = matrix.astype(complex) if triangular else rsf2csf(*schur(matrix, output="real"))[0]

    def __call__(self, place: Float[np.ndarray, "2"]) -> tuple[float, Float[np.ndarray, "2"]]:
        x, y = float(np.exp(place[0])), float(place[1])
        shifted = (1 + x + 1j * y) * np.eye(len(self.matrix)) - self.matrix
        smallest, overlap = self._decomposed(shifted) if self.small else self._iterated(shifted)
        slope = np.array([1 - x * overlap.real / smallest, overlap.imag / smallest])
        return float(np.log(smallest) - np.log(x)), -slope

    def _decomposed(self, shifted: Complex[np.ndarray, "n n"]) -> tuple[float, complex]:
        left, values, right = np.linalg.svd(shifted)
        return float(values[-1]), complex(left[:, -1].conj() @ right[-1].conj())

    def _iterated(self, shifted: Complex[np.ndarray, "n n"]) -> tuple[float, complex]:
        """By the largest eigenvalue 1 / σ² of (AᴴA)⁻¹."""

        def inverse(vector: np.ndarray) -> np.ndarray:
            once = solve_triangular(shifted, vector, trans="C", check_finite=False)
            return np.asarray(solve_triangular(shifted, once, check_finite=False))

        number = len(shifted)
        squared, vectors = eigsh(
            LinearOperator(shifted.shape, inverse, dtype=complex), 1, v0=np.ones(number, dtype=complex), tol=1e-8, ncv=min(12, number)
        )
        smallest, right = float(squared[0] ** -0.5), vectors[:, 0]
        left = shifted @ right / smallest
        return smallest, complex(left.conj() @ right)
