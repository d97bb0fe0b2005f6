"""Numbers as a page keeps them: few digits, and nothing where there is no number."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import numpy as np
from jaxtyping import Real

#: Significant digits: more than a screen shows.
_DIGITS = 4


def rounded(values: Real[np.ndarray, " number"], digits: int = _DIGITS) -> list[float | int | None]:
    """As many significant digits, whole numbers without a point, None for what is not finite (JSON has no NaN)."""
    return [None if not np.isfinite(value) else _short(float(f"{value:.{digits}g}")) for value in values.tolist()]


def _short(value: float) -> float | int:
    return int(value) if value == int(value) and abs(value) < 1e6 else value


def coded(values: Iterable[object]) -> tuple[list[str], list[int]]:
    """Levels as texts, numbers by size and others in the order of first appearance; and the place of each value among them."""
    texts = [str(value) for value in values]
    levels = list(dict.fromkeys(texts))
    with suppress(ValueError):  # some are words
        levels.sort(key=float)
    places = {level: place for place, level in enumerate(levels)}
    return levels, [places[text] for text in texts]
