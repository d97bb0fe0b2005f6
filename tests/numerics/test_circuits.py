"""Groups of units, the permutation test of their weights, and directions: made-up cases with a known answer."""

from __future__ import annotations

import numpy as np
import pytest

from rnnpop.numerics.circuits import block_belief, contrast, correlations, correlations_with, groups, stimulus_direction

UNITS = 20


def two_groups(rng: np.random.Generator, steps: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """States of 12 units that go up and 7 that go down with one signal, in any order, one unit that does neither; and who is which."""
    sign = rng.permutation(np.repeat([1.0, -1.0, 0.0], [12, 7, 1]))
    states = np.outer(rng.standard_normal(steps), sign) + 0.3 * rng.standard_normal((steps, UNITS))
    return states, sign


def test_correlations_are_pearson_s() -> None:
    """As numpy's, to rounding (1e-12); a unit that never varies has 0 with all others, where numpy divides by 0."""
    states = np.random.default_rng(0).standard_normal((50, 5)) * [1, 1e-3, 10, 1, 1] + [0, 5, 0, 0, 0]
    np.testing.assert_allclose(correlations(states), np.corrcoef(states.T), atol=1e-12)
    states[:, 3] = 0.25
    still = correlations(states)
    np.testing.assert_array_equal(still[3], np.arange(5) == 3)
    np.testing.assert_allclose(correlations_with(states, states[:, 0])[[0, 3]], [1, 0], atol=1e-12)


def test_two_groups_and_a_leftover_are_found() -> None:
    """The larger group is the first; the order keeps groups together; a shift or a scale of any unit changes nothing."""
    states, sign = two_groups(np.random.default_rng(1))
    found = groups(correlations(states))
    np.testing.assert_array_equal(found.sizes, [12, 7, 1])
    np.testing.assert_array_equal(found.label, np.select([sign > 0, sign < 0], [0, 1], 2))
    np.testing.assert_array_equal(np.sort(found.label), found.label[found.order])
    np.testing.assert_array_equal(np.sort(found.order), np.arange(UNITS))
    np.testing.assert_array_equal(groups(correlations(3 * states - np.arange(UNITS))).label, found.label)


def test_the_cut_is_half_the_largest_distance() -> None:
    """Rows at 0, 0.4 and 1 on a line: 0.4 and 0 are nearer than half of 1, and 1 is on its own; at 0.6 it joins the other end."""
    for middle, label in ((0.4, [0, 0, 1]), (0.6, [1, 0, 0])):
        np.testing.assert_array_equal(groups(np.array([[0.0], [middle], [1.0]]) * np.ones((1, 3))).label, label)


def test_units_that_do_the_same_are_one_group() -> None:
    np.testing.assert_array_equal(groups(np.ones((4, 4))).label, 0)


def naive(weights: np.ndarray, label: np.ndarray) -> tuple[float, float]:
    """Means within and between the first two groups, pair by pair."""
    pairs = [(i, j) for i in range(len(label)) for j in range(len(label)) if i != j and label[i] < 2 and label[j] < 2]
    within, between = ([weights[i, j] for i, j in pairs if (label[i] == label[j]) == same] for same in (True, False))
    return float(np.mean(within)), float(np.mean(between))


def test_means_are_those_of_all_pairs() -> None:
    """To rounding (1e-12), whatever stands on the diagonal and in the third group."""
    rng = np.random.default_rng(2)
    label = rng.permutation(np.repeat([0, 1, 2], [9, 6, 5]))
    weights = rng.standard_normal((UNITS, UNITS))
    told = contrast(weights, label, 99, np.random.default_rng(0))
    np.testing.assert_allclose((told.within, told.between), naive(weights, label), atol=1e-12)
    other = weights + np.diag(np.full(UNITS, 50.0)) + 50 * (label == 2)
    again = contrast(other, label, 99, np.random.default_rng(0))
    np.testing.assert_allclose((again.within, again.effect, again.p), (told.within, told.effect, told.p), atol=1e-12)


def test_p_is_uniform_without_structure_and_small_with_it() -> None:
    """Of 300 random matrices p ≤ 0.05 in 5 % (within 4 standard errors of a binomial, 0.05) and mean p is 1/2 (4 s.e., 0.067)."""
    label = np.repeat([0, 1], [12, 8])
    values = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        values.append(contrast(rng.standard_normal((UNITS, UNITS)), label, 199, rng).p)
    assert abs(np.mean(np.array(values) <= 0.05) - 0.05) < 0.05
    assert abs(np.mean(values) - 0.5) < 0.067
    rng = np.random.default_rng(0)
    told = contrast(rng.standard_normal((UNITS, UNITS)) + (label[:, None] == label), label, 999, rng)
    assert told.p == 0.001
    assert told.effect > 0.7  # a difference of 1 over a deviation of sqrt(1 + 1/4)


def test_permutations_that_only_swap_the_groups_count_as_equal() -> None:
    """Two groups of two: of the 6 ways to deal them 2 are the observed one, so p is near 1/3 (4 s.e. of 999 draws, 0.06)."""
    weights = np.kron(np.eye(2), np.ones((2, 2)))
    assert abs(contrast(weights, np.array([0, 0, 1, 1]), 999, np.random.default_rng(3)).p - 1 / 3) < 0.06


@pytest.mark.parametrize("label", [np.zeros(5, dtype=int), np.array([0, 1])])
def test_without_two_groups_there_is_no_contrast(label: np.ndarray) -> None:
    told = contrast(np.ones((len(label), len(label))), label, 9, np.random.default_rng(0))
    assert np.isnan([told.within, told.between, told.effect, told.p]).all()


def test_the_stimulus_direction_decides_the_softmax() -> None:
    """A move of a along it changes the log-odds of right by a |w_right − w_left|, one across it by nothing; the readout is not touched."""
    readout = np.random.default_rng(0).standard_normal((2, 4))
    before = readout.copy()
    direction = stimulus_direction(readout, 8)
    np.testing.assert_allclose((readout[1] - readout[0]) @ direction[:4], np.linalg.norm(readout[1] - readout[0]), rtol=1e-12)
    np.testing.assert_array_equal(direction[4:], 0)
    np.testing.assert_array_equal(readout, before)
    assert np.isnan(stimulus_direction(np.ones((2, 4)), 8)).all()


def test_the_block_belief_is_that_of_trial_ends() -> None:
    """States are block · u + stimulus · v at the ends of trials, noise elsewhere: u is found, though the stimulus goes with the block.

    Unbiased trials and a shift of all states do not matter (1e-12).
    """
    rng = np.random.default_rng(4)
    block = np.array([[0, 0, -1, -1, 1, 1], [0, 1, 1, -1, -1, -1]])
    stimulus = np.array([[1, 1, -1, 1, 1, 1], [1, 1, -1, -1, -1, -1]])
    number = np.repeat(np.arange(6), 3)[None].repeat(2, axis=0)
    ended = np.tile(np.arange(18) % 3 == 2, (2, 1))
    u, v = np.array([3.0, 4.0, 0.0]), np.array([50.0, 0.0, 20.0])
    state = rng.standard_normal((2, 18, 3)) * 100
    state[ended] = sum(np.take_along_axis(side, number, axis=1)[ended][:, None] * way for side, way in ((block, u), (stimulus, v)))
    found = block_belief(state, ended, number, block, stimulus)
    np.testing.assert_allclose(found.direction, u / 5, atol=1e-12)
    np.testing.assert_allclose(found.coordinate(u[None]), 5, atol=1e-12)
    shifted = block_belief(state + 7, ended, number, block, stimulus)
    np.testing.assert_allclose(shifted.direction, u / 5, atol=1e-12)
    np.testing.assert_allclose(shifted.coordinate(u[None] + 7), 5, atol=1e-12)
    assert np.isnan(block_belief(state, ended, number, np.ones_like(block), stimulus).middle)
    assert np.isnan(block_belief(state, ended, number, block, block).middle)
