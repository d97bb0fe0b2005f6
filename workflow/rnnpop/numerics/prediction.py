"""How well one number of a network foretells another: areas under curves, ranks, shares, with intervals over networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Real
from scipy.stats import binom, rankdata

#: Quantile of the normal distribution that leaves 2.5 % above.
_NORMAL: Final = 1.959963984540054


class Estimate(NamedTuple):
    """A number with its 95 % interval, and the networks that it is of."""

    value: float
    low: float
    high: float
    networks: int


def wilson(
    successes: Real[np.ndarray, "group"], trials: Real[np.ndarray, "group"]
) -> tuple[Float[np.ndarray, "group"], Float[np.ndarray, "group"]]:
    """95 % interval of a share (Wilson 1927); NaN without trials. A network may succeed in part: with the mean of several answers."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = successes / trials
        centre = (share + _NORMAL**2 / (2 * trials)) / (1 + _NORMAL**2 / trials)
        half = _NORMAL / (1 + _NORMAL**2 / trials) * np.sqrt(share * (1 - share) / trials + _NORMAL**2 / (4 * trials**2))
    return np.maximum(centre - half, 0), np.minimum(centre + half, 1)


def auc(score: Float[np.ndarray, "*draw network"], positive: Bool[np.ndarray, "*draw network"]) -> Float[np.ndarray, "*draw"]:
    """P(a positive one has the higher score than a negative one), ties counted half (Mann & Whitney 1947); NaN without one of each."""
    positives = positive.sum(axis=-1)
    negatives = positive.shape[-1] - positives
    ranks = np.where(positive, rankdata(score, axis=-1), 0).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((ranks - positives * (positives + 1) / 2) / (positives * negatives))


def spearman(first: Float[np.ndarray, "*draw network"], second: Float[np.ndarray, "*draw network"]) -> Float[np.ndarray, "*draw"]:
    """Correlation of ranks; NaN where either is constant."""
    ranks = [rankdata(values, axis=-1) - (values.shape[-1] + 1) / 2 for values in (first, second)]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((ranks[0] * ranks[1]).sum(axis=-1) / np.sqrt((ranks[0] ** 2).sum(axis=-1) * (ranks[1] ** 2).sum(axis=-1)))


def roc(score: Float[np.ndarray, "network"], positive: Bool[np.ndarray, "network"]) -> Float[np.ndarray, "threshold 2"]:
    """Shares of negative and of positive ones at or above a threshold, as it falls: from (0, 0) to (1, 1)."""
    thresholds = np.unique(score)[::-1]
    at_least = score >= thresholds[:, None]
    shares = [(at_least & own).sum(axis=1) / max(own.sum(), 1) for own in (~positive, positive)]
    return np.concatenate([np.zeros((1, 2)), np.stack(shares, axis=1)])


def resampled(
    statistic: Callable[[np.ndarray, np.ndarray], np.ndarray],
    first: Float[np.ndarray, "network"],
    second: np.ndarray,
    rng: np.random.Generator,
    draws: int = 1000,
) -> Estimate:
    """`auc` or `spearman` over networks that have both numbers, with percentiles over resamples of them that have a value."""
    finite = np.isfinite(first) & np.isfinite(np.asarray(second, dtype=float))
    first, second, number = first[finite], second[finite], int(finite.sum())
    if not number:
        return Estimate(np.nan, np.nan, np.nan, 0)
    rows = rng.integers(number, size=(draws, number))
    told = statistic(first[rows], second[rows])
    told = told[np.isfinite(told)]
    low, high = np.percentile(told, [2.5, 97.5]) if len(told) else (np.nan, np.nan)
    return Estimate(float(statistic(first, second)), float(low), float(high), number)


def median(values: Float[np.ndarray, "network"]) -> Estimate:
    """Median of the finite values, between order statistics that hold a population's at 95 % or more; no interval for fewer than 6."""
    known = np.sort(values[np.isfinite(values)])
    number = len(known)
    if not number:
        return Estimate(np.nan, np.nan, np.nan, 0)
    # the largest k with P(Binomial(n, 1/2) < k) below 2.5 %
    below = int(binom.ppf(0.025, number, 0.5))
    low, high = (known[below - 1], known[number - below]) if below else (np.nan, np.nan)
    return Estimate(float(np.median(known)), float(low), float(high), number)
