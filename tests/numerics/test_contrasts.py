"""Tests on distance matrices: against plain textbook code, under the null, with ties and with duplicates."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import kstest, spearmanr
from sklearn.linear_model import Ridge

from rnnpop.numerics import contrasts


def distances(points: np.ndarray) -> np.ndarray:
    return squareform(pdist(points))


def plain_permanova(distance: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Anderson 2001, pair by pair."""
    count, levels = len(labels), sorted(set(labels))
    total = sum(distance[i, j] ** 2 for i, j in itertools.combinations(range(count), 2)) / count
    within = 0.0
    for level in levels:
        members = [i for i in range(count) if labels[i] == level]
        within += sum(distance[i, j] ** 2 for i, j in itertools.combinations(members, 2)) / len(members)
    return 1 - within / total, ((total - within) / (len(levels) - 1)) / (within / (count - len(levels)))


def test_permanova_is_the_textbook_one() -> None:
    rng = np.random.default_rng(0)
    labels = np.array([0] * 5 + [1] * 8 + [2] * 4)
    distance = distances(rng.standard_normal((17, 3)) + 0.5 * labels[:, None])
    rows = contrasts.relabellings(labels, np.zeros(17, int), 199, rng)
    found = contrasts.permanova(distance, rows)
    r2, pseudo_f = plain_permanova(distance, labels)
    assert (found.r2, found.pseudo_f) == (pytest.approx(r2, rel=1e-12), pytest.approx(pseudo_f, rel=1e-12))
    plain = [plain_permanova(distance, row)[1] for row in rows]
    assert found.p == np.mean(np.array(plain) >= pseudo_f * (1 - 1e-9))


def test_r2_of_points_is_that_of_the_analysis_of_variance() -> None:
    points, labels = np.array([0.0, 2.0, 10.0, 12.0]), np.array([0, 0, 1, 1])
    found = contrasts.permanova(distances(points[:, None]), labels[None])
    # about the grand mean 6: 36 + 16 + 16 + 36 = 104; about the levels' means: 4
    assert found.r2 == pytest.approx(1 - 4 / 104, rel=1e-12)
    assert found.pseudo_f == pytest.approx((100 / 1) / (4 / 2), rel=1e-12)


def test_p_is_uniform_under_the_null_even_where_the_other_factor_matters() -> None:
    rng = np.random.default_rng(1)
    other = np.repeat([0, 1, 2], 8)
    labels = np.tile([0, 1], 12)
    p, accuracies = [], []
    for _ in range(300):
        distance = distances(rng.standard_normal((24, 2)) + 2.0 * other[:, None])
        rows = contrasts.relabellings(labels, other, 99, rng)
        p.append(contrasts.permanova(distance, rows).p)
        accuracies.append(
            contrasts.exceedance(contrasts.vote_accuracy(contrasts.neighbour_votes(distance, np.arange(len(distance)), 3), rows))
        )
    # the seed is fixed; with a true null each of the two fails for one seed in a hundred
    assert kstest(p, "uniform").pvalue > 0.01
    assert np.mean(np.array(accuracies) <= 0.05) < 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / 300)


def test_relabellings_stay_within_strata_and_begin_with_the_labels() -> None:
    labels, strata = np.array([0, 0, 1, 1, 0, 2, 2]), np.array([0, 0, 0, 1, 1, 2, 2])
    rows = contrasts.relabellings(labels, strata, 50, np.random.default_rng(2))
    np.testing.assert_array_equal(rows[0], labels)
    for stratum in range(3):
        np.testing.assert_array_equal(np.sort(rows[:, strata == stratum]), np.tile(np.sort(labels[strata == stratum]), (51, 1)))
    assert len(np.unique(rows, axis=0)) > 3


def test_factor_that_follows_another_has_no_effect_of_its_own() -> None:
    rng = np.random.default_rng(3)
    other = np.repeat([0, 1], 20)
    labels = np.where(rng.random(40) < 0.9, other, 1 - other)
    distance = distances(rng.standard_normal((40, 2)) + 4.0 * other[:, None])
    free = contrasts.permanova(distance, contrasts.relabellings(labels, np.zeros(40, int), 199, rng))
    within = contrasts.permanova(distance, contrasts.relabellings(labels, other, 199, rng))
    assert free.r2 == within.r2
    assert free.p == 1 / 200
    assert within.p > 0.05


def test_resampled_r2_is_centred_on_the_estimate() -> None:
    rng = np.random.default_rng(4)
    populations = np.repeat(np.arange(6), 5)
    labels = populations // 2
    distance = distances(rng.standard_normal((30, 3)) + rng.standard_normal((6, 3))[populations])
    counts = contrasts.resamples(populations, np.arange(30), 4000, rng)
    draws = contrasts.resampled_r2(distance, labels, contrasts.pair_weights(populations, np.arange(30)), counts)
    estimate, _ = plain_permanova(distance, labels)
    # sd of the mean of 4000 draws, and the bias of a ratio, of order var / n: 0.01 holds both; with the zero distances of duplicates
    # left in, SS_W would be a fifth too small and R^2 off by several times that
    assert draws.mean() == pytest.approx(estimate, abs=0.01)
    members = [np.repeat(np.arange(30), count.astype(int)) for count in counts[:100]]
    naive = np.mean([plain_permanova(distance[np.ix_(own, own)], labels[own])[0] for own in members])
    assert naive > estimate + 0.02


def test_resampled_r2_of_a_sample_without_duplicates_in_single_populations_is_r2() -> None:
    rng = np.random.default_rng(5)
    labels = np.repeat([0, 1, 2], 4)
    distance = distances(rng.standard_normal((12, 2)) + labels[:, None])
    found = contrasts.resampled_r2(distance, labels, contrasts.pair_weights(np.arange(12), np.arange(12)), np.ones((1, 12)))
    assert found[0] == pytest.approx(plain_permanova(distance, labels)[0], rel=1e-12)


def test_resamples_keep_the_size_of_populations() -> None:
    populations = np.array([0, 0, 0, 1, 1, 2])
    counts = contrasts.resamples(populations, np.arange(6), 100, np.random.default_rng(6))
    for population, size in ((0, 3), (1, 2), (2, 1)):
        assert (counts[:, populations == population].sum(axis=1) == size).all()


def test_neighbour_accuracy_against_plain_counting() -> None:
    rng = np.random.default_rng(7)
    labels = np.array([0] * 10 + [1] * 6)
    distance = distances(rng.standard_normal((16, 2)) + 1.5 * labels[:, None])
    votes = contrasts.neighbour_votes(distance, np.arange(len(distance)), 3)
    np.testing.assert_allclose(votes.sum(axis=1), 3, rtol=1e-12)
    nearest = [[j for j in np.argsort(distance[i]) if j != i][:3] for i in range(16)]
    right = np.array([np.sum(labels[nearest[i]] == labels[i]) >= 2 for i in range(16)])
    plain = np.mean([np.mean(right[labels == level]) for level in (0, 1)])
    assert contrasts.vote_accuracy(votes, labels[None])[0] == pytest.approx(plain, rel=1e-12)


def test_ties_favour_no_label() -> None:
    same = np.ones((9, 9)) - np.eye(9)
    votes = contrasts.neighbour_votes(same, np.arange(9), 4)
    np.testing.assert_allclose(votes + 0.5 * np.eye(9), 0.5)
    balanced = np.repeat([0, 1, 2], 3)
    # every other network votes alike: a network's own level has one vote less than the others and never wins
    assert contrasts.vote_accuracy(votes, balanced[None])[0] == 0
    blocks = 1.0 - np.kron(np.eye(2), np.ones((2, 2)))
    pairs = np.array([0, 1, 0, 1])
    # the nearest two are the partner of the other label, and half of each of the two others: one and a half votes to a half
    assert contrasts.vote_accuracy(contrasts.neighbour_votes(blocks, np.arange(4), 2), pairs[None])[0] == 0
    level = np.array([0, 0, 1, 1])
    assert contrasts.vote_accuracy(contrasts.neighbour_votes(blocks, np.arange(4), 1), level[None])[0] == 1
    corners = distances(np.array([[0.0], [1.0], [2.0]]))
    # the middle one has one neighbour of each label at the same distance: half right
    found = contrasts.vote_accuracy(contrasts.neighbour_votes(corners, np.arange(3), 1), np.array([[0, 0, 1]]))
    assert found[0] == pytest.approx((np.mean([1, 0.5]) + 0) / 2)
    assert contrasts.ties(same) == (1.0, 1)
    assert contrasts.ties(corners) == (pytest.approx(2 / 3), 2)


def test_mean_distances_within_and_between() -> None:
    distance = distances(np.array([[0.0], [1.0], [10.0]]))
    assert contrasts.mean_distances(distance, np.array([0, 0, 1])) == (1.0, pytest.approx(9.5))
    assert np.isnan(contrasts.mean_distances(distance, np.array([0, 0, 0]))[1])


def test_mantel_is_spearman_of_pairs_with_uniform_p() -> None:
    rng = np.random.default_rng(8)
    one = distances(rng.standard_normal((15, 2)))
    other = np.round(one + 0.5 * distances(rng.standard_normal((15, 2))), 1)  # with ties
    constant = np.ones((15, 15)) - np.eye(15)
    alone = np.arange(15), np.zeros(15, dtype=int)
    correlations, p = contrasts.mantel(np.stack([one, other]), np.stack([other, constant]), contrasts.reorderings(*alone, 99, rng))
    assert correlations[0, 0] == pytest.approx(spearmanr(squareform(one), squareform(other)).statistic, rel=1e-12)
    assert p[0, 0] == p[1, 0] == 0.01
    assert correlations[1, 0] == pytest.approx(1, rel=1e-12)
    assert np.isnan([correlations[:, 1], p[:, 1]]).all()
    unrelated = (distances(rng.standard_normal((15, 2)))[None] for _ in range(200))
    null = [contrasts.mantel(one[None], other, contrasts.reorderings(*alone, 99, rng))[1].item() for other in unrelated]
    assert kstest(null, "uniform").pvalue > 0.01


def test_reorderings_move_twins_together() -> None:
    """Twelve units, of which one has lost its first member: each place takes a like member, and a unit's members come from one unit."""
    units = np.delete(np.repeat(np.arange(12), 2), 6)
    members = np.delete(np.tile([0, 1], 12), 6)
    orders = contrasts.reorderings(units, members, 50, np.random.default_rng(0))
    assert (np.sort(orders, axis=1) == np.arange(23)).all()
    assert (members[orders] == members).all()
    for unit in range(12):
        assert (np.ptp(units[orders[:, units == unit]], axis=1) == 0).all()
    assert (orders[:, units == 3] == np.flatnonzero(units == 3)).all()  # no other unit is like it
    assert len(np.unique(orders[:, 0])) > 6


def test_mantel_of_twins_has_uniform_p() -> None:
    """Eight pairs of twins that are alike in both of two unrelated matrices: permuted one by one they would seem related."""
    rng = np.random.default_rng(21)
    units, members = np.repeat(np.arange(8), 2), np.tile([0, 1], 8)

    def twins() -> np.ndarray:
        return distances(np.repeat(rng.standard_normal((8, 2)), 2, axis=0) + 0.05 * rng.standard_normal((16, 2)))[None]

    together = [contrasts.mantel(twins(), twins(), contrasts.reorderings(units, members, 99, rng))[1].item() for _ in range(200)]
    apart = [contrasts.mantel(twins(), twins(), contrasts.reorderings(np.arange(16), 0 * units, 99, rng))[1].item() for _ in range(200)]
    assert kstest(together, "uniform").pvalue > 0.01
    assert np.mean(np.array(apart) <= 0.05) > 0.2


def test_mantel_permutes_networks_block_by_block_as_plain_indexing_does() -> None:
    """More networks than a block of rows holds; p against plain permuted correlations with the same orders."""
    one, other = (distances(np.random.default_rng(seed).standard_normal((70, 2))) for seed in (10, 11))
    orders = contrasts.reorderings(np.arange(70), np.zeros(70, dtype=int), 99, np.random.default_rng(12))
    _, p = contrasts.mantel(one[None], other[None], orders)
    every = [np.arange(70), *orders]
    plain = np.array([spearmanr(squareform(one), squareform(other[np.ix_(order, order)])).statistic for order in every])
    assert p.item() == np.mean(plain >= plain[0] - 1e-10)


def test_linear_votes_are_ridge_regression_without_the_fold() -> None:
    rng = np.random.default_rng(13)
    labels, folds = np.repeat([0, 1, 2], 8), np.tile(np.arange(4), 6)
    position = rng.standard_normal((24, 5)) + 2.0 * np.eye(5)[labels]
    votes = contrasts.linear_votes(position, folds, 0.1)
    assert (votes[folds[:, None] == folds] == 0).all()  # no label of the own fold
    for fold in range(4):
        held = folds == fold
        spread = position[~held] - position[~held].mean(axis=0)
        plain = Ridge(alpha=0.1 * np.mean(np.sum(spread**2, axis=0))).fit(position[~held], np.eye(3)[labels[~held]])
        np.testing.assert_allclose(votes[held] @ np.eye(3)[labels], plain.predict(position[held]), rtol=0, atol=1e-12)
    assert contrasts.vote_accuracy(votes, labels[None])[0] > 0.7
    assert contrasts.vote_accuracy(contrasts.linear_votes(0 * position, folds, 0.1), labels[None])[0] == pytest.approx(1 / 3)


def test_held_out_seeds_do_not_vote() -> None:
    """Neither the label nor the place of a network, or of another one of its fold, enters the score of a network of the fold."""
    rng = np.random.default_rng(19)
    folds, position = np.repeat(np.arange(5), 4), rng.standard_normal((20, 3))
    votes = contrasts.linear_votes(position, folds, 0.1)
    np.testing.assert_array_equal(votes == 0, folds[:, None] == folds)
    moved = position.copy()
    moved[1] += 100.0
    again = contrasts.linear_votes(moved, folds, 0.1)
    np.testing.assert_allclose(again[[0, 2, 3]], votes[[0, 2, 3]], rtol=1e-12)
    assert not np.allclose(again[1], votes[1])


def test_linear_decoding_finds_a_planted_label_and_is_at_chance_without() -> None:
    """With labels permuted within folds. Across folds p is too small: the observed labels are even in every fold, permuted ones are not."""
    rng = np.random.default_rng(20)
    labels, folds = np.tile([0, 1, 2], 10), np.repeat(np.arange(10), 3) % 5
    planted = contrasts.linear_votes(rng.standard_normal((30, 4)) + 20.0 * np.eye(4)[labels], folds, 0.1)
    found = contrasts.vote_accuracy(planted, contrasts.relabellings(labels, folds, 99, rng))
    assert (found[0], contrasts.exceedance(found)) == (1, 0.01)
    p: dict[str, list[float]] = {"within": [], "across": []}
    accuracies = []
    for _ in range(300):
        votes = contrasts.linear_votes(rng.standard_normal((30, 4)), folds, 0.1)
        for name, strata in (("within", folds), ("across", np.zeros(30, int))):
            found = contrasts.vote_accuracy(votes, contrasts.relabellings(labels, strata, 99, rng))
            p[name].append(contrasts.exceedance(found))
        accuracies.append(found[0])
    # levels are even in every fold, so that none is favoured; the mean of 300 accuracies of sd 0.1 has 0.006
    assert np.mean(accuracies) == pytest.approx(1 / 3, abs=0.02)
    for level in (0.05, 0.5):  # accuracies have few values: ties make p larger than need be, never smaller (one seed in a hundred fails)
        assert np.mean(np.array(p["within"]) <= level) < level + 2.6 * np.sqrt(level * (1 - level) / 300)
    assert np.mean(np.array(p["within"]) <= 0.5) > 0.3
    assert np.mean(np.array(p["across"]) <= 0.05) > 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / 300)


def test_networks_that_began_alike_have_no_vote_on_each_other() -> None:
    distance = distances(np.array([[0.0], [0.1], [1.0], [1.1]]))
    votes = contrasts.neighbour_votes(distance, np.array([0, 0, 1, 1]), 1)
    np.testing.assert_array_equal(votes.argmax(axis=1), [2, 2, 1, 1])
    np.testing.assert_array_equal(contrasts.neighbour_votes(distance, np.array([0, 0, 0, 1]), 3).sum(axis=1), [1, 1, 1, 3])


@pytest.mark.parametrize("within", [False, True])
def test_p_is_uniform_where_networks_of_a_unit_are_alike(within: bool) -> None:
    """Units of two networks with much in common: a label of whole units, and one that tells the two apart, neither with an effect."""
    rng = np.random.default_rng(14)
    units = np.repeat(np.arange(12), 2)
    labels, other = units % 2, np.tile([0, 1], 12)
    if within:
        labels, other = other, labels
    p, naive = [], []
    for _ in range(300):
        distance = distances(rng.standard_normal((24, 2)) + 2.0 * rng.standard_normal((12, 2))[units])
        p.append(contrasts.permanova(distance, contrasts.relabellings_of_units(labels, [other], units, 99, rng)).p)
        naive.append(contrasts.permanova(distance, contrasts.relabellings(labels, other, 99, rng)).p)
    assert kstest(p, "uniform").pvalue > 0.01  # a fixed seed; a true null fails for one in a hundred
    assert kstest(naive, "uniform").pvalue < 0.001


def test_weights_of_pairs_make_every_pair_count_once_on_the_average() -> None:
    """Units of one, two and three networks in strata of two to four units; the mean of 20000 draws is within 5 of its sd."""
    rng = np.random.default_rng(15)
    units = np.repeat(np.arange(9), [1, 2, 3, 1, 1, 2, 2, 1, 1])
    strata = np.array([0, 0, 1, 1, 1, 2, 2, 2, 2])[units]
    weights = contrasts.pair_weights(strata, units)
    counts = contrasts.resamples(strata, units, 20000, rng)
    each = counts[:, :, None] * (weights.apart * counts[:, None] + weights.together)
    expected = 1.0 - np.eye(len(units))
    assert (np.abs(each.mean(axis=0) - expected) <= 5 * each.std(axis=0) / np.sqrt(20000) + 1e-12).all()
    np.testing.assert_allclose(weights.sums(counts[:50]), each[:50].sum(axis=(1, 2)), rtol=1e-12)
    values = distances(rng.standard_normal((len(units), 2)))
    np.testing.assert_allclose(weights.sums(counts[:50], values), (each[:50] * values).sum(axis=(1, 2)), rtol=1e-12)


@pytest.mark.parametrize(("configurations", "spread"), [(4, (0.5, 2.0)), (10, (0.7, 1.4))])
def test_resampling_of_whole_populations_is_centred_and_as_wide_as_the_sampling_of_populations(
    configurations: int, spread: tuple[float, float]
) -> None:
    """60 designs with populations drawn anew. Against R^2's sd over designs (0.08 to 0.1; its own relative error is 1 / sqrt(120)).

    The mean of the draws is a ratio's, off by the order of 1 / populations of a level: 0.02 holds that and the sd of a mean over 60.
    """
    rng = np.random.default_rng(16)
    populations = np.repeat(np.arange(2 * configurations), 5)
    labels = populations // configurations
    weights = contrasts.pair_weights(labels, populations)
    estimates, means, widths = [], [], []
    for _ in range(60):
        centres = (
            0.7 * rng.standard_normal((2 * configurations, 3)) + np.array([0.6, 0.0, 0.0]) * np.array([[-1], [1]])[labels[::5], 0, None]
        )
        distance = distances(rng.standard_normal((len(populations), 3)) + centres[populations])
        draws = contrasts.resampled_r2(distance, labels, weights, contrasts.resamples(labels, populations, 200, rng))
        estimates.append(contrasts.permanova(distance, labels[None]).r2)
        means.append(draws.mean())
        widths.append(draws.std())
    assert np.mean(means) == pytest.approx(np.mean(estimates), abs=0.02)
    assert spread[0] < np.mean(widths) / np.std(estimates) < spread[1]


def test_resampled_correlation_is_spearman_of_the_pairs_drawn() -> None:
    """Integer weights as copies of pairs: one stratum, so that all weights have the same factor; ties in both."""
    rng = np.random.default_rng(17)
    one, other = (np.round(distances(rng.standard_normal((12, 2))), 1) for _ in range(2))
    strata, units = np.zeros(12, int), np.arange(12)
    counts = contrasts.resamples(strata, units, 20, rng)
    found = contrasts.resampled_correlations(np.stack([one, other]), other, contrasts.pair_weights(strata, units), counts)
    for draw, count in enumerate(counts.astype(int)):
        copies = squareform(np.outer(count, count), checks=False)
        plain = spearmanr(np.repeat(squareform(one), copies), np.repeat(squareform(other), copies)).statistic
        assert found[0, draw] == pytest.approx(plain, abs=1e-12)
    np.testing.assert_allclose(found[1], 1, rtol=1e-12)
    assert np.isnan(contrasts.resampled_correlations(one[None], other, contrasts.pair_weights(strata, units), np.zeros((1, 12)))).all()


def test_resampled_correlations_tell_a_relation_from_none() -> None:
    rng = np.random.default_rng(21)
    cells = np.repeat(np.arange(4), 8)
    design = cells, np.arange(32)
    value = rng.standard_normal(32)
    difference, unrelated = np.abs(value[:, None] - value), distances(rng.standard_normal((32, 3)))
    counts = contrasts.resamples(*design, 200, rng)
    monotone, none = contrasts.resampled_correlations(
        np.stack([difference**3, unrelated]), difference, contrasts.pair_weights(*design), counts
    )
    np.testing.assert_allclose(monotone, 1, rtol=1e-12)
    low, high = contrasts.interval(none)
    assert -0.5 < low < 0 < high < 0.5
    # draws of sd 0.1: 0.007 for their mean, and the bias of a ratio of the order of 1 / 32
    assert none.mean() == pytest.approx(spearmanr(squareform(unrelated), squareform(difference)).statistic, abs=0.04)


def test_many_distinct_distances_share_ranks_without_harm() -> None:
    rng = np.random.default_rng(18)
    one = distances(rng.standard_normal((120, 2)))
    other = one + distances(rng.standard_normal((120, 2)))
    weights = contrasts.pair_weights(np.zeros(120, int), np.arange(120))
    found = contrasts.resampled_correlations(one[None], other, weights, np.ones((1, 120)))
    # 7140 pairs at 4096 levels: ranks rounded by 1 / 4096, at random, over the root of the number of pairs: 3e-6
    assert found.item() == pytest.approx(spearmanr(squareform(one), squareform(other)).statistic, abs=1e-5)


def test_one_level_or_no_distance_is_nan() -> None:
    distance = distances(np.random.default_rng(9).standard_normal((6, 2)))
    weights = contrasts.pair_weights(np.tile([0, 1], 3), np.arange(6))
    assert np.isnan(contrasts.permanova(distance, np.zeros((3, 6), int))).all()
    assert np.isnan(contrasts.permanova(0 * distance, np.tile([0, 1], (3, 3)))).all()
    assert np.isnan(contrasts.resampled_r2(0 * distance, np.tile([0, 1], 3), weights, np.ones((2, 6)))).all()
    assert np.isnan(contrasts.interval(np.array([np.nan, 1.0]))).all()
