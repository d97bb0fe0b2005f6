"""Relations of points: known trees, neighbours and ranks, and what absent and equal ones do."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.stats import spearmanr

from rnnpop.numerics.trees import centred_ranks, disagreements, distance_levels, nearest_neighbours, spanning_tree


def curve(places: int, units: int = 20) -> np.ndarray:
    """Points in order on an arc of an eighth of a circle, turned into many dimensions."""
    angle = np.linspace(0, np.pi / 4, places)
    rotation = np.linalg.qr(np.random.default_rng(0).standard_normal((units, units)))[0]
    return 3.0 + np.stack([np.cos(angle), np.sin(angle)], axis=1) @ rotation[:2]


def test_tree_of_points_on_a_curve_is_the_path() -> None:
    np.testing.assert_array_equal(spanning_tree(distance_levels(curve(9))), np.eye(9, k=1))


def test_tree_is_of_least_length() -> None:
    for seed in range(20):
        states = np.random.default_rng(seed).standard_normal((12, 5))
        levels = distance_levels(states)
        tree = spanning_tree(levels)
        assert tree.sum() == 11
        assert (tree * levels).sum() == minimum_spanning_tree(levels).sum()


def test_equal_distances_are_told_apart_by_the_order_of_places_and_not_by_rounding() -> None:
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    turned = square @ np.linalg.qr(np.random.default_rng(1).standard_normal((2, 2)))[0] / 3
    raw = np.linalg.norm(turned[:, None] - turned, axis=2)
    assert len(np.unique(raw[np.triu_indices(4, 1)])) > 2  # rounding, were it looked at
    for states in (square, turned):
        levels = distance_levels(states)
        np.testing.assert_array_equal(np.argwhere(spanning_tree(levels)), [[0, 1], [0, 3], [1, 2]])
        np.testing.assert_array_equal(np.argwhere(nearest_neighbours(levels, 1)), [[0, 1], [1, 0], [2, 1], [3, 0]])


def test_coincident_points_are_joined() -> None:
    levels = distance_levels(np.array([[0.0], [5.0], [0.0], [5.0]]))
    np.testing.assert_array_equal(np.argwhere(spanning_tree(levels)), [[0, 1], [0, 2], [1, 3]])
    np.testing.assert_array_equal(distance_levels(np.ones((3, 2))), 0)


def test_neighbours_of_points_on_a_line() -> None:
    levels = distance_levels(np.array([[0.0], [1.0], [2.5], [4.5]]))
    np.testing.assert_array_equal(nearest_neighbours(levels, 1), [[0, 1, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
    np.testing.assert_array_equal(nearest_neighbours(levels, 9), 1 - np.eye(4))


def test_disagreement_of_ranks_is_that_of_spearman() -> None:
    rng = np.random.default_rng(2)
    one, other = (distance_levels(rng.standard_normal((7, 3))) for _ in range(2))
    off = ~np.eye(7, dtype=bool)
    rows = [np.apply_along_axis(lambda row: row.argsort().argsort(), 1, levels[off].reshape(7, 6)).ravel() for levels in (one, other)]
    found = disagreements(centred_ranks(one)[None], centred_ranks(other)[None])[0, 0]
    assert found == pytest.approx(1 - spearmanr(*rows).statistic, abs=1e-12)


def test_disagreement_of_trees_counts_edges_and_absent_places() -> None:
    path, star = np.eye(5, k=1), np.zeros((5, 5))
    star[0, 1:] = 1
    short = path.copy()
    short[:, 4] = 0
    empty = np.zeros((5, 5))
    found = disagreements(np.stack([path, star, short, empty]), np.stack([path, star, short, empty]))
    np.testing.assert_array_equal(found, [[0, 0.75, 0.25, 1], [0.75, 0, 0.75, 1], [0.25, 0.75, 0, 1], [1, 1, 1, 0]])
    assert np.isnan(disagreements(np.full((1, 5, 5), np.nan), path[None])).all()
