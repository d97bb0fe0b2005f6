"""Linear prediction from several lags: its coefficients, and its modes in the scale of a leaky network."""

from __future__ import annotations

import numpy as np
from jaxtyping import Complex, Float

#: Least modulus of a mode: below, its rate is not told from infinitely fast.
_FASTEST = 1e-300


def block_toeplitz(lagged: Float[np.ndarray, "lag unit unit"]) -> Float[np.ndarray, "regressor regressor"]:
    """Second moments of (x(t), x(t − h), …) from C(k h) = E[x(t + k h) x(t)ᵀ], k = 0, 1, …"""
    lags = len(lagged)
    return np.block([[lagged[j - i] if j >= i else lagged[i - j].T for j in range(lags)] for i in range(lags)])


def companion(coefficients: Float[np.ndarray, "unit regressor"]) -> Float[np.ndarray, "regressor regressor"]:
    """The map of (x(t), x(t − h), …) one step on, where x(t + h) = Σ Φ_k x(t − k h) and the coefficients are (Φ₀, Φ₁, …)."""
    units, regressors = coefficients.shape
    return np.concatenate([coefficients, np.eye(regressors - units, regressors)])


def modes(map: Float[np.ndarray, "regressor regressor"], step: float, leak: float | None) -> Complex[np.ndarray, "mode"]:
    """Eigenvalues of a map over `step` τ as those of a leaky network.

    λ = 1 + ln μ / step; given a leak, λ = (μ^{a / step} − 1 + a) / a, that of the network whose map over a τ has the same modes. Principal
    logarithm: a mode that turns by more than half a turn in a step is taken for a slower turn.
    """
    values = np.linalg.eigvals(map).astype(complex)
    rates = np.log(np.where(np.abs(values) < _FASTEST, _FASTEST, values)) / step
    return 1 + (rates if leak is None else np.expm1(leak * rates) / leak)
