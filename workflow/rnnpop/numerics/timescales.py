"""Time constants of a linear network, and the scores that are made of them."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Complex, Float

from rnnpop.numerics.recurrences import by_real_part

#: Slowest time constants that are told, and dimensions of a plane that are scored.
_TOLD: Final = 5
_PLANES: Final = (2, 3, 4)


def time_constants(spectrum: Complex[np.ndarray, "mode"]) -> Float[np.ndarray, "mode"]:
    """|1 / (1 − Re λ)| in τ, of eigenvalues in B scale; infinite at Re λ = 1.

    The modulus hides instability: λ = 1.002 has the time constant of λ = 0.998.
    """
    with np.errstate(divide="ignore"):
        return np.abs(1 / (1 - spectrum.real))


def discrete_time_constants(spectrum: Complex[np.ndarray, "mode"], leak: float) -> Float[np.ndarray, "mode"]:
    """a / |ln |μ|| in τ, μ = 1 − a + a λ the eigenvalues of the map; infinite at |μ| = 1, 0 at μ = 0.

    Tends to the continuous one as a → 0; at a given a, a mode that turns fast lasts longer: ln |μ| / a ≈ Re λ − 1 + a Im² λ / 2.
    The modulus stands inside the logarithm: |1 / ln μ| of a complex μ is no time constant.
    """
    with np.errstate(divide="ignore"):
        return leak / np.abs(np.log(np.abs(1 - leak + leak * spectrum)))


def scores(spectrum: Complex[np.ndarray, "mode"], leak: float) -> dict[str, float]:
    """What a spectrum says of attractors; NaN where there are too few eigenvalues, or where one is not finite.

    The line-attractor score is log₂(τ₁ / τ₂); above 1 it is read as an approximate line attractor (Nair et al. 2023). Eigenvalues are
    ordered by real part, as in the code of Qian et al. 2024, so it is negative where λ₁ > 1 is farther from 1 than λ₂; `_sorted` orders by
    time constant (never negative), `_discrete` orders |μ| and takes time constants of the map. `plane_score_k` is log₂(τ_k / τ_{k+1}).

    Args:
        spectrum: eigenvalues in B scale, in any order.
        leak: a = dt / τ.
    """
    values = by_real_part(spectrum)
    if not np.isfinite(values).all():
        values = np.full_like(values, complex(np.nan, np.nan))
    continuous = time_constants(values)
    by_modulus = values[np.argsort(-np.abs(1 - leak + leak * values), kind="stable")]
    leading, second = _nth(values.real, 0), _nth(values.real, 1)
    imaginary = _nth(values.imag, 0)
    return {
        "line_attractor_score": _score(continuous, 1),
        "line_attractor_score_sorted": _score(np.sort(continuous)[::-1], 1),
        "line_attractor_score_discrete": _score(discrete_time_constants(by_modulus, leak), 1),
        **{f"plane_score_{k}": _score(continuous, k) for k in _PLANES},
        **{f"time_constant_{k + 1}": _nth(continuous, k) for k in range(_TOLD)},
        "leading_real": leading,
        "second_real": second,
        "leading_imaginary": imaginary,
        "unstable": float(leading >= 1) if np.isfinite(leading) else np.nan,
        "leading_complex": float(imaginary != 0) if np.isfinite(imaginary) else np.nan,
    }


def _nth(values: Float[np.ndarray, "mode"], position: int) -> float:
    return float(values[position]) if position < len(values) else np.nan


def _score(constants: Float[np.ndarray, "mode"], position: int) -> float:
    """log₂ of one time constant over the next; 0 where both are infinite or both 0."""
    slower, faster = _nth(constants, position - 1), _nth(constants, position)
    if slower == faster:
        return 0.0
    with np.errstate(divide="ignore"):
        return float(np.log2(slower) - np.log2(faster))
