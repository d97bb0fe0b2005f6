"""What eigenvalues say in one number: whether a direction is stable, how long it lasts, how many directions count."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

#: |λ| above which a direction of a map is unstable.
UNSTABLE = 1 + 1e-6

#: Steps that stand for a time constant without end.
LONGEST = 1e9


def time_constant(modulus: Float[np.ndarray, "*mode"] | float) -> Float[np.ndarray, "*mode"]:
    """−1 / ln |λ| in steps; 0 at |λ| = 0, NaN where nothing decays."""
    decays = np.less(modulus, 1)
    logarithm = np.log(np.where(decays & np.greater(modulus, 0), modulus, 0.5))
    return np.where(decays, np.where(np.greater(modulus, 0), -1 / logarithm, 0.0), np.nan)


def participation(variances: Float[np.ndarray, "component"]) -> float:
    """(Σλ)² / Σλ² of the eigenvalues of a covariance (Gao et al. 2017, equation 5); NaN where nothing varies."""
    return float(variances.sum() ** 2 / (variances**2).sum()) if variances.sum() > 0 else np.nan


def memory(modulus: Float[np.ndarray, "*mode"]) -> Float[np.ndarray, "*mode"]:
    """|1 / ln |λ|| in steps, of what grows as of what decays: 0 at |λ| = 0, and at most `LONGEST`, which |λ| = 1 has."""
    with np.errstate(divide="ignore"):
        return np.minimum(1 / np.maximum(np.abs(np.log(modulus)), 1 / LONGEST), LONGEST)
