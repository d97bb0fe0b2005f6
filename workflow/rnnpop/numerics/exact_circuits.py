"""Closed forms: what a linear student of an endless recording finds in circuits that are simple enough."""

from __future__ import annotations

import numpy as np
from jaxtyping import Complex, Float, Real

from rnnpop.numerics.recurrences import by_real_part


def line_time_constant(leading: float, second: float, share: float) -> float:
    """τ̂₁ = τ₂ + p (τ₁ − τ₂), in τ, of B = Bᵀ with one eigenvalue λ₁ and all others λ₂.

    The student has no other slow mode, so its line-attractor score is below the circuit's by log₂(1 / p) or a little less.

    Args:
        leading: λ₁.
        second: λ₂.
        share: p, the squared length of the watched part of λ₁'s eigenvector; near the share of units for a random one.
    """
    slow, fast = 1 / (1 - leading), 1 / (1 - second)
    return fast + share * (slow - fast)


def rank_one_eigenvalue(gamma_squared: float, target: Float[np.ndarray, "observed"], source: Float[np.ndarray, "observed"]) -> float:
    """The one non-zero λ̂ of B = m nᵀ, m ⊥ n, |m| |n| = γ²; both are given at the length γ.

    λ̂ = 2 (γ² α − α β + o² + 2 o) / (2 γ² α − α β + (o + 2)²) with α = |m|², β = |n|² and o = m · n over the watched units.

    Args:
        gamma_squared: γ².
        target: m of the watched units.
        source: n of the watched units.
    """
    alpha, beta, overlap = float(target @ target), float(source @ source), float(target @ source)
    return (
        2
        * (gamma_squared * alpha - alpha * beta + overlap**2 + 2 * overlap)
        / (2 * gamma_squared * alpha - alpha * beta + (overlap + 2) ** 2)
    )


def mean_field_eigenvalue(
    fraction: Real[np.ndarray, "*#point"] | float, gamma_squared: Real[np.ndarray, "*#point"] | float
) -> Float[np.ndarray, "*#point"]:
    """λ̂ = 2 f (1 − f) γ⁴ / (4 + f (2 − f) γ⁴): `rank_one_eigenvalue` at α = β = f γ², o = 0."""
    strength = np.asarray(gamma_squared) ** 2
    return np.asarray(2 * fraction * (1 - fraction) * strength / (4 + fraction * (2 - fraction) * strength))


def mean_field_score(
    fraction: Real[np.ndarray, "*#point"] | float, gamma_squared: Real[np.ndarray, "*#point"] | float
) -> Float[np.ndarray, "*#point"]:
    """Line-attractor score of null circuits of rank 1, log₂[(4 + f (2 − f) γ⁴) / (4 + f² γ⁴)].

    Greatest near f = 2 / γ², where it is log₂((1 + γ²) / 2) for large γ². Of two units watched it may be 0.7 too high.
    """
    strength = np.asarray(gamma_squared) ** 2
    return np.asarray(np.log2(4 + fraction * (2 - fraction) * strength) - np.log2(4 + fraction**2 * strength))


def strong_score(fraction: Real[np.ndarray, "*#point"] | float) -> Float[np.ndarray, "*#point"]:
    """log₂((2 − f) / f): `mean_field_score` as γ → ∞; above 1 below f = 2/3."""
    return np.asarray(np.log2((2 - fraction) / fraction))


def chain_covariance(units: int, observed: int) -> Float[np.ndarray, "observed observed"]:
    """P S Pᵀ of the chain B_{i, i+1} = 1 of D units, seen at its output end: the first d units.

    S_{i, i−q} = 2 Σ_{k=0}^{D−i} 2^{−(2k+q+1)} binom(2k + q, k), here from ratios of terms. For d up to 1000.

    Args:
        units: D.
        observed: d.

    Source: Qian et al. 2024, appendix D; the 2 in front is that of noise of variance 2.
    """
    covariance = np.empty((observed, observed))
    k = np.arange(units - 1)
    for apart in range(observed):
        ratios = (2 * k + apart + 2) * (2 * k + apart + 1) / (4 * (k + 1.0) * (k + apart + 1))
        sums = np.cumsum(2.0**-apart * np.concatenate([[1.0], np.cumprod(ratios)]))
        later = np.arange(apart, observed)  # i − 1
        covariance[later, later - apart] = covariance[later - apart, later] = sums[units - 1 - later]
    return covariance


def chain_coefficients(units: int, observed: int) -> Float[np.ndarray, "observed"]:
    """Last row â of the student of a chain: â S_{1:d, 1:d} = S_{d+1, 1:d}. Its other rows are the chain's own.

    Args:
        units: D.
        observed: d < D.
    """
    covariance = chain_covariance(units, observed + 1)
    return np.linalg.solve(covariance[:-1, :-1], covariance[-1, :-1])


def chain_spectrum(units: int, observed: int) -> Complex[np.ndarray, "observed"]:
    """Eigenvalues of the student of a chain, by falling real part: roots of the polynomial whose companion matrix it is."""
    student = np.eye(observed, k=1)
    student[-1] = chain_coefficients(units, observed)
    return by_real_part(np.linalg.eigvals(student))


def chain_pair_time_constant(units: Real[np.ndarray, "*#point"] | int) -> Float[np.ndarray, "*#point"]:
    """τ̂₁ ≈ 2 √(D / π) − ½, in τ, of the student of the two units at a chain's output end; low by 0.10 to 0.13 for D = 100 to 10,000."""
    return np.asarray(2 * np.sqrt(units / np.pi) - 0.5)
