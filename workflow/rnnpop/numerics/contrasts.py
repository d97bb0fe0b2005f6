"""How labels show in a distance matrix: PERMANOVA, decoding by votes, ties, Mantel; permutations and resamples are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

#: Statistics of two relabellings that differ by less than this, relative, are the same but for rounding (and count as ties).
_ROUNDING = 1e-10

#: Distinct ranks of resampled pairs at most: tables of that length stay in the cache, and a correlation is off by a millionth.
_LEVELS = 4096


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


def relabellings_of_units(
    labels: Int[np.ndarray, " network"],
    others: Sequence[Shaped[np.ndarray, " network"]],
    units: Int[np.ndarray, " network"],
    permutations: int,
    rng: np.random.Generator,
) -> Int[np.ndarray, "relabelling network"]:
    """`relabellings` that respect what networks of one unit share: within the joint levels of the other factors.

    A label that all networks of a unit have in common changes place with other units' as a whole (those alike in the other factors
    that units have in common): permuted network by network, the unit's own part would average out, and every p be too small. A label
    in which they differ is permuted within each unit.
    """
    _, first, place = np.unique(units, return_index=True, return_inverse=True)

    def common(of_networks: Shaped[np.ndarray, " network"]) -> bool:
        return bool((of_networks == of_networks[first][place]).all())

    if common(labels):
        strata = joint([other[first] for other in others if common(other)], len(first))
        return relabellings(labels[first], strata, permutations, rng)[:, place]
    return relabellings(labels, joint([units, *others], len(labels)), permutations, rng)


def reorderings(
    units: Int[np.ndarray, " network"], members: Int[np.ndarray, " network"], permutations: int, rng: np.random.Generator
) -> Int[np.ndarray, "reordering network"]:
    """Random orders of networks in which units change place as a whole, with units of the same members.

    Args:
        units: networks of one unit are not independent; a network by itself is a unit too.
        members: which member of its unit each network is; a unit has each once at most.
    """
    sorted_rows = np.lexsort([members, units])
    groups = np.split(sorted_rows, np.flatnonzero(np.diff(units[sorted_rows])) + 1)
    alike: dict[tuple[int, ...], list[np.ndarray]] = {}
    for group in groups:
        alike.setdefault(tuple(members[group].tolist()), []).append(group)
    orders = np.tile(np.arange(len(units)), (permutations, 1))
    for groups in alike.values():
        rows = np.stack(groups)
        for order in orders:
            order[rows] = rows[rng.permutation(len(rows))]
    return orders


def joint(levels: Sequence[Shaped[np.ndarray, " network"]], networks: int) -> Int[np.ndarray, " network"]:
    """One number for each combination of levels; all the same where there is no factor."""
    columns = [np.zeros(networks, dtype=int), *(np.unique(own, return_inverse=True)[1] for own in levels)]
    return np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)[1].reshape(-1)


def exceedance(statistics: Float[np.ndarray, " relabelling"]) -> float:
    """p = fraction of relabellings with at least the first one's statistic, the first one included: never below 1 / their number."""
    observed = statistics[0]
    if not np.isfinite(statistics).all():
        return np.nan
    return float(np.mean(statistics >= observed - _ROUNDING * max(abs(observed), 1.0)))


def permanova(distance: Float[np.ndarray, "network network"], labels: Int[np.ndarray, "relabelling network"]) -> Permanova:
    """Permutational analysis of variance (Anderson 2001), one-way, of the first row of `labels` against the others.

    SS_T = sum_{i<j} d^2 / N; SS_W = sum_g sum_{i<j in g} d^2 / n_g; R^2 = 1 - SS_W / SS_T;
    F = ((SS_T - SS_W) / (G - 1)) / (SS_W / (N - G)). F falls with SS_W alone, so p ranks R^2. All NaN where there are fewer than
    two levels, or no distance at all.

    Args:
        labels: levels 0, 1, ...; every row has each of them.
    """
    count, levels = len(distance), len(np.unique(labels[0]))
    squared = distance**2
    total = squared.sum() / (2 * count) if count else 0.0
    if levels < 2 or total == 0:
        return Permanova(np.nan, np.nan, np.nan)
    within = np.zeros(len(labels))
    for level in np.unique(labels[0]):
        members = (labels == level).astype(float)
        within += _quadratic(members, squared) / (2 * members.sum(axis=1))
    r2 = 1 - within / total
    residual = within[0] / (count - levels) if count > levels else np.nan
    pseudo_f = (total - within[0]) / (levels - 1) / residual if residual else np.inf
    return Permanova(float(r2[0]), float(pseudo_f), exceedance(r2))


def _quadratic(rows: Float[np.ndarray, "row network"], matrix: Float[np.ndarray, "network network"]) -> Float[np.ndarray, " row"]:
    """x^T M x of every row x: one matrix product for all."""
    return np.einsum("rn,rn->r", rows @ matrix, rows)


def resamples(
    strata: Int[np.ndarray, " network"], units: Int[np.ndarray, " network"], draws: int, rng: np.random.Generator
) -> Float[np.ndarray, "draw network"]:
    """How often each network is drawn when the units of every stratum are resampled with replacement (multinomial counts).

    Args:
        strata: those within which is drawn, as many units as there are.
        units: networks of one unit are drawn together: each network by itself, or networks that began alike, or a population.
    """
    counts = np.zeros((draws, len(strata)))
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        own, place = np.unique(units[members], return_inverse=True)
        counts[:, members] = rng.multinomial(len(own), np.full(len(own), 1 / len(own)), size=draws)[:, place]
    return counts


class PairWeights(NamedTuple):
    """What a pair of distinct networks i, j with counts c counts for in a resample: `apart` c_i c_j + `together` c_i.

    A unit that is drawn twice is at distance 0 from its copy, which no two units of a population ever are: pairs of copies are left
    out. So networks of one unit meet only within each copy, which is drawn once on the average: `together` is 1 for them. Two
    different units of one stratum of m are drawn together less often than units of two, by E[c c'] = 1 - 1/m: `apart` is m / (m - 1)
    for them, else 1. Each pair then counts 1 on the average, so that a sum over pairs is unbiased.
    """

    apart: Float[np.ndarray, "network network"]
    together: Float[np.ndarray, "network network"]

    def sums(
        self, counts: Float[np.ndarray, "draw network"], values: Float[np.ndarray, "network network"] | None = None
    ) -> Float[np.ndarray, " draw"]:
        """Weights of all ordered pairs, times `values`, summed."""
        apart, together = self if values is None else (matrix * values for matrix in self)
        return _quadratic(counts, apart) + counts @ together.sum(axis=1)


def pair_weights(strata: Int[np.ndarray, " network"], units: Int[np.ndarray, " network"]) -> PairWeights:
    """Weights for resamples of units within strata; each unit lies in one stratum."""
    sizes = np.array([len(np.unique(units[strata == stratum])) for stratum in strata], dtype=float)
    same = units[:, None] == units
    apart = np.where(strata[:, None] == strata, (sizes / np.maximum(sizes - 1, 1))[:, None], 1.0)
    return PairWeights(np.where(same, 0.0, apart), np.where(np.eye(len(units), dtype=bool), 0.0, same))


def resampled_r2(
    distance: Float[np.ndarray, "network network"],
    labels: Int[np.ndarray, " network"],
    weights: PairWeights,
    counts: Float[np.ndarray, "draw network"],
) -> Float[np.ndarray, " draw"]:
    """PERMANOVA's R^2 of bootstrap resamples.

    Each sum of squares is (n - 1) / 2 times the weighted mean of d^2 over pairs of distinct networks: SS_g over those of level g,
    SS_T over all.

    Args:
        weights: of pairs, for the strata and units that were resampled.
        counts: from `resamples`; the same ones for every measure make their differences paired.
    """
    if len(np.unique(labels)) < 2 or not distance.any():
        return np.full(len(counts), np.nan)

    def sum_of_squares(members: Bool[np.ndarray, " network"]) -> Float[np.ndarray, " draw"]:
        own = np.flatnonzero(members)
        inner = PairWeights(*(matrix[np.ix_(own, own)] for matrix in weights))
        pairs = inner.sums(counts[:, own])
        squares = np.divide(inner.sums(counts[:, own], distance[np.ix_(own, own)] ** 2), pairs, out=np.zeros(len(pairs)), where=pairs > 0)
        return (len(own) - 1) / 2 * squares

    within = np.sum([sum_of_squares(labels == level) for level in np.unique(labels)], axis=0)
    total = sum_of_squares(np.ones(len(labels), bool))
    return 1 - np.divide(within, total, out=np.full(len(total), np.nan), where=total > 0)


def adjusted(r2: Float[np.ndarray, "*draw"] | float, networks: int, levels: float) -> Float[np.ndarray, "*draw"]:
    """R² without what levels alone explain, 1 − (1 − R²) (N − 1) / (N − G) of N networks at G levels: 0 on average without effect."""
    return np.asarray(1 - (1 - r2) * (networks - 1) / (networks - levels))


def interval(draws: Float[np.ndarray, " draw"]) -> tuple[float, float]:
    """95 % percentile interval of bootstrap draws; NaN if any draw is."""
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def neighbour_votes(
    distance: Float[np.ndarray, "network network"], units: Int[np.ndarray, " network"], neighbours: int
) -> Float[np.ndarray, "network network"]:
    """The weight of each network's vote (column) on each other one (row): of the k = `neighbours` nearest of other units.

    Those nearer than the k-th distance have one vote each; all those *at* the k-th distance share the votes that are left, so
    that ties favour nobody. Networks of one unit (which began alike) have no vote on each other.
    """
    others = np.where(units[:, None] == units, np.inf, distance)
    neighbours = min(neighbours, len(distance) - 1)
    farthest = np.partition(others, neighbours - 1, axis=1)[:, neighbours - 1, None]
    nearer, tied = others < farthest, (others == farthest) & np.isfinite(others)
    left = neighbours - nearer.sum(axis=1, keepdims=True)
    return nearer + tied * (left / np.maximum(tied.sum(axis=1, keepdims=True), 1))


def linear_votes(
    position: Float[np.ndarray, "network axis"], folds: Int[np.ndarray, " network"], ridge: float
) -> Float[np.ndarray, "network network"]:
    """The weight of each network's label (column) in the linear classifier's score of each held-out one (row).

    Scores of a fold are the least-squares fit of one-hot labels on the positions of all other folds, with an intercept and the
    penalty `ridge` * tr(X'X) / axes on squared slopes: y = mean(Y) + (x - mean(X)) (X'X + penalty)^-1 X' Y, X centred. That is linear in
    Y, so all relabellings share one matrix.
    """
    votes = np.zeros((len(position), len(position)))
    for fold in np.unique(folds):
        held, kept = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        centre = position[kept].mean(axis=0)
        known = position[kept] - centre
        gram = known.T @ known
        penalty = ridge * np.trace(gram) / len(gram) or 1.0  # all in one place: no slope
        slopes = np.linalg.solve(gram + penalty * np.eye(len(gram)), known.T)
        votes[np.ix_(held, kept)] = 1 / len(kept) + (position[held] - centre) @ slopes
    return votes


def vote_accuracy(
    votes: Float[np.ndarray, "network network"], labels: Int[np.ndarray, "relabelling network"]
) -> Float[np.ndarray, " relabelling"]:
    """Accuracy of the vote on each network's label, balanced: the mean over levels of the fraction decoded.

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
    firsts: Float[np.ndarray, "first network network"],
    seconds: Float[np.ndarray, "second network network"],
    orders: Int[np.ndarray, "reordering network"],
) -> tuple[Float[np.ndarray, "first second"], Float[np.ndarray, "first second"]]:
    """Spearman correlation of the pairs of each first distance matrix with each second one, and its one-sided p (Mantel 1967).

    Pairs are not independent, so networks are permuted: rows and columns of the second matrix together, in the given orders (those of
    `reorderings`). NaN where either matrix is constant.
    """
    one, other = (np.stack([_standard_ranks(distance) for distance in matrices]) for matrices in (firsts, seconds))
    found = np.zeros((len(orders) + 1, len(one), len(other)))
    found[0] = [[np.vdot(a, b) for b in other] for a in one]  # pair by pair: further matrices change no bit
    networks = seconds.shape[1]
    upper, square = (np.stack([squareform(ranks) for ranks in ranked]) for ranked in (one, other))
    upper = np.triu(upper)
    # some rows at a time, from their first column on: those stay in the cache, which is seven times faster at a thousand networks
    blocks = [(slice(i, i + 50), slice(i, None), upper[:, i : i + 50, i:].reshape(len(one), -1)) for i in range(0, networks, 50)]
    for row, order in enumerate(orders, start=1):
        for rows, columns, block in blocks:
            turned = np.stack([ranks[order[rows]].take(order[columns], axis=1, mode="clip").ravel() for ranks in square])
            found[row] += block @ turned.T
    return found[0], np.apply_along_axis(exceedance, 0, found)


def _standard_ranks(distance: Float[np.ndarray, "network network"]) -> Float[np.ndarray, " pair"]:
    """Ranks of the pairs, centred and of unit norm."""
    ranks = rankdata(squareform(distance, checks=False))
    centred = ranks - ranks.mean()
    norm = np.linalg.norm(centred)
    return centred / norm if norm else np.full_like(centred, np.nan)


def resampled_correlations(
    firsts: Float[np.ndarray, "first network network"],
    second: Float[np.ndarray, "network network"],
    weights: PairWeights,
    counts: Float[np.ndarray, "draw network"],
) -> Float[np.ndarray, "first draw"]:
    """Spearman correlation of the pairs of each first matrix with those of the second, in bootstrap resamples of networks.

    Each pair of distinct networks has its weight in the ranks (the mean rank where values are tied) and in the correlation. NaN where
    a resample leaves either constant.
    """
    rows, columns = np.triu_indices(len(second), 1)
    apart, together = (matrix[rows, columns] for matrix in weights)
    *ranked, against = (_levels(squareform(matrix, checks=False)) for matrix in (*firsts, second))
    found = np.full((len(firsts), len(counts)), np.nan)
    for draw, count in enumerate(counts):
        pairs = count[rows] * (apart * count[columns] + together)
        if not (total := pairs.sum()):
            continue
        pairs /= total
        middle, spread = _middle_ranks(against, pairs)
        weighted = pairs * middle[against]
        for place, codes in enumerate(ranked):
            own, own_spread = _middle_ranks(codes, pairs)
            if spread > _ROUNDING and own_spread > _ROUNDING:
                found[place, draw] = np.bincount(codes, weighted) @ own / np.sqrt(spread * own_spread)
    return found


def _levels(values: Float[np.ndarray, " pair"]) -> Int[np.ndarray, " pair"]:
    """Number of each value among the distinct ones; of more than `_LEVELS` neighbours share one."""
    distinct, codes = np.unique(values, return_inverse=True)
    return codes * _LEVELS // len(distinct) if len(distinct) > _LEVELS else codes


def _middle_ranks(codes: Int[np.ndarray, " pair"], weights: Float[np.ndarray, " pair"]) -> tuple[Float[np.ndarray, " value"], float]:
    """Centred rank of each distinct value as a share of all weight (which is 1), and the variance of ranks."""
    masses = np.bincount(codes, weights)
    middle = np.cumsum(masses) - masses / 2 - 0.5  # the mean of middle ranks is one half, ties or not
    return middle, float(masses @ middle**2)
