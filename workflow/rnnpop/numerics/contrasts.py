"""How labels show in a distance matrix: PERMANOVA, nearest neighbours, ties, Mantel; permutations and resamples are given."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

#: Statistics of two relabellings that differ by less than this, relative, are the same but for rounding (and count as ties).
_ROUNDING = 1e-10


class Permanova(NamedTuple):
    """Variance of a distance matrix explained by a label.

    Attributes:
        r2: fraction of the sum of squares that lies between levels.
        pseudo_f: the same as a ratio of mean squares.
        p: fraction of relabellings, the observed one included, with at least the observed pseudo-F.
    """

    r2: float
    pseudo_f: float
    p: float


def relabellings(
    labels: Int[np.ndarray, " network"], strata: Int[np.ndarray, " network"], permutations: int, rng: np.random.Generator
) -> Int[np.ndarray, "relabelling network"]:
    """The labels, then `permutations` random permutations of them within each stratum.

    Within the joint levels of the other factors a permutation keeps what those explain, so that a test sees the label's own
    (partial) effect (Anderson & ter Braak 2003).
    """
    rows = np.tile(labels, (permutations + 1, 1))
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        rows[1:, members] = rng.permuted(rows[1:, members], axis=1)
    return rows


def exceedance(statistics: Float[np.ndarray, " relabelling"]) -> float:
    """p = fraction of relabellings with at least the first one's statistic, the first one included: never below 1 / their number."""
    observed = statistics[0]
    if not np.isfinite(statistics).all():
        return np.nan
    return float(np.mean(statistics >= observed - _ROUNDING * max(abs(observed), 1.0)))


def permanova(distance: Float[np.ndarray, "network network"], labels: Int[np.ndarray, "relabelling network"]) -> Permanova:
    """Permutational analysis of variance (Anderson 2001), one-way, of the first row of `labels` against the others.

    SS_T = sum_{i<j} d^2 / N; SS_W = sum_g sum_{i<j in g} d^2 / n_g; R^2 = 1 - SS_W / SS_T;
    F = ((SS_T - SS_W) / (G - 1)) / (SS_W / (N - G)). F falls with SS_W alone, so p ranks -SS_W / SS_T. All NaN where there are
    fewer than two levels, or no distance at all.

    Args:
        labels: levels 0, 1, ...; every row has the same number of each.
    """
    count, levels = len(distance), len(np.unique(labels[0]))
    squared = distance**2
    total = squared.sum() / (2 * count) if count else 0.0
    if levels < 2 or total == 0:
        return Permanova(np.nan, np.nan, np.nan)
    within = np.zeros(len(labels))
    for level in np.unique(labels[0]):
        members = (labels == level).astype(float)
        within += _quadratic(members, squared) / (2 * members[0].sum())
    r2 = 1 - within / total
    residual = within[0] / (count - levels) if count > levels else np.nan
    pseudo_f = (total - within[0]) / (levels - 1) / residual if residual else np.inf
    return Permanova(float(r2[0]), float(pseudo_f), exceedance(r2))


def _quadratic(rows: Float[np.ndarray, "row network"], matrix: Float[np.ndarray, "network network"]) -> Float[np.ndarray, " row"]:
    """x^T M x of every row x: one matrix product for all."""
    return np.einsum("rn,rn->r", rows @ matrix, rows)


def resamples(populations: Int[np.ndarray, " network"], draws: int, rng: np.random.Generator) -> Float[np.ndarray, "draw network"]:
    """How often each network is drawn when every population is resampled with replacement at its own size (multinomial counts)."""
    counts = np.zeros((draws, len(populations)))
    for population in np.unique(populations):
        members = np.flatnonzero(populations == population)
        counts[:, members] = rng.multinomial(len(members), np.full(len(members), 1 / len(members)), size=draws)
    return counts


def resampled_r2(
    distance: Float[np.ndarray, "network network"],
    labels: Int[np.ndarray, " network"],
    populations: Int[np.ndarray, " network"],
    counts: Float[np.ndarray, "draw network"],
) -> Float[np.ndarray, " draw"]:
    """PERMANOVA's R^2 of bootstrap resamples of networks within populations.

    A network drawn twice is at distance 0 from itself, which would shrink SS_W. So each sum of squares is (n - 1) / 2 times the
    mean of d^2 over pairs of *distinct* networks, SS_g = (n_g - 1) / 2 * sum w c c' d^2 / sum w c c', over i != j in g with the
    counts c; SS_T likewise over all. Two different members of one population of m are drawn together less often than members of
    two, by 1 - 1/m: w = m / (m - 1) for them, else 1, undoes it.

    Args:
        labels: levels, constant within a population.
        counts: from `resamples`; the same ones for every measure make their differences paired.
    """
    if len(np.unique(labels)) < 2 or not distance.any():
        return np.full(len(counts), np.nan)
    same = populations[:, None] == populations
    sizes = same.sum(axis=1).astype(float)
    weights = np.where(same, (sizes / np.maximum(sizes - 1, 1))[:, None], 1.0)
    np.fill_diagonal(weights, 0.0)
    weighted = weights * distance**2

    def sum_of_squares(members: Bool[np.ndarray, " network"]) -> Float[np.ndarray, " draw"]:
        rows = counts * members
        pairs = _quadratic(rows, weights)
        squares = np.divide(_quadratic(rows, weighted), pairs, out=np.zeros(len(rows)), where=pairs > 0)
        return (members.sum() - 1) / 2 * squares

    within = np.sum([sum_of_squares(labels == level) for level in np.unique(labels)], axis=0)
    total = sum_of_squares(np.ones(len(labels), bool))
    return 1 - np.divide(within, total, out=np.full(len(total), np.nan), where=total > 0)


def interval(draws: Float[np.ndarray, " draw"]) -> tuple[float, float]:
    """95 % percentile interval of bootstrap draws; NaN if any draw is."""
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def neighbour_votes(distance: Float[np.ndarray, "network network"], neighbours: int) -> Float[np.ndarray, "network network"]:
    """The weight of each network's vote on each other one, rows summing to k = `neighbours` (or to all others, if these are fewer).

    Those nearer than the k-th distance have one vote each; all those *at* the k-th distance share the votes that are left, so
    that ties favour nobody.
    """
    others = distance.copy()
    np.fill_diagonal(others, np.inf)
    neighbours = min(neighbours, len(distance) - 1)
    farthest = np.partition(others, neighbours - 1, axis=1)[:, neighbours - 1, None]
    nearer, tied = others < farthest, others == farthest
    left = neighbours - nearer.sum(axis=1, keepdims=True)
    return nearer + tied * (left / tied.sum(axis=1, keepdims=True))


def neighbour_accuracy(
    votes: Float[np.ndarray, "network network"], labels: Int[np.ndarray, "relabelling network"]
) -> Float[np.ndarray, " relabelling"]:
    """Leave-one-out accuracy of the nearest neighbours' vote, balanced: the mean over levels of the fraction decoded.

    A vote that ends level between q labels counts as 1/q where the true one is among them. With labels that mean nothing the
    expectation is a little *below* one over the number of levels, as each network is missing from its own level: test against
    relabellings, not against chance.
    """
    levels = np.unique(labels[0])
    members = labels == levels[:, None, None]
    tally = members.astype(float) @ votes.T
    winners = tally >= tally.max(axis=0) - 1e-9
    credit = winners / winners.sum(axis=0)
    recall = (credit * members).sum(axis=2) / members.sum(axis=2)
    return recall.mean(axis=0)


def ties(distance: Float[np.ndarray, "network network"]) -> tuple[float, int]:
    """Fraction of pairs whose distance some other pair has too, and the number of distinct distances."""
    _, counts = np.unique(squareform(distance, checks=False), return_counts=True)
    pairs = counts.sum()
    return (float(counts[counts > 1].sum() / pairs) if pairs else np.nan), len(counts)


def mean_distances(distance: Float[np.ndarray, "network network"], labels: Int[np.ndarray, " network"]) -> tuple[float, float]:
    """Mean distance of pairs within a level, and of pairs between levels; NaN where there is no such pair."""
    pairs = squareform(distance, checks=False)
    different = squareform(labels[:, None] != labels, checks=False)
    within, between = pairs[~different], pairs[different]
    return (float(within.mean()) if within.size else np.nan), (float(between.mean()) if between.size else np.nan)


def mantel(
    first: Float[np.ndarray, "network network"], second: Float[np.ndarray, "network network"], permutations: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Spearman correlation of the pairs of two distance matrices, and its one-sided p (Mantel 1967).

    Pairs are not independent, so networks are permuted: rows and columns of the second matrix together. NaN where either matrix is
    constant.
    """
    one, other = (_standard_ranks(distance) for distance in (first, second))
    orders = [np.arange(len(first)), *(rng.permutation(len(first)) for _ in range(permutations))]
    correlations = np.array([_overlap(one, other, order) for order in orders])
    return float(correlations[0]), exceedance(correlations)


def _overlap(
    one: Float[np.ndarray, "network network"], other: Float[np.ndarray, "network network"], order: Int[np.ndarray, " network"]
) -> float:
    """sum_ij A_ij B_{o(i) o(j)}, some rows at a time: those stay in the cache, which is three times faster at a thousand networks."""
    blocks = np.split(np.arange(len(order)), range(100, len(order), 100))
    return float(sum(np.vdot(one[rows], other[order[rows]].take(order, axis=1, mode="clip")) for rows in blocks))


def _standard_ranks(distance: Float[np.ndarray, "network network"]) -> Float[np.ndarray, "network network"]:
    """Ranks of the pairs, centred and of unit norm over the whole symmetric matrix; the diagonal is 0."""
    ranks = rankdata(squareform(distance, checks=False))
    centred = squareform(ranks - ranks.mean())
    norm = np.linalg.norm(centred)
    return centred / norm if norm else np.full_like(centred, np.nan)
