"""How well an estimate meets what it stands for."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def r_squared(estimate: Float[np.ndarray, "*sample channel"], target: Float[np.ndarray, "*sample channel"]) -> float:
    """R² = 1 − Σ |y − y*|² / Σ |y* − ȳ*|² over samples and channels, ȳ* the mean of each channel; NaN where the target is constant.

    Of the estimate as it is: negative where the mean would do better.
    """
    total = ((target - target.mean(axis=tuple(range(target.ndim - 1)))) ** 2).sum()
    return float(1 - ((estimate - target) ** 2).sum() / total) if total > 0 else np.nan
