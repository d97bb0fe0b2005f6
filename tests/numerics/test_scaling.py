"""Multidimensional scaling: planar points come back, and the picture is one and the same."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from rnnpop.numerics.scaling import classical_scaling, metric_scaling


def test_planar_points_come_back() -> None:
    points = np.random.default_rng(0).standard_normal((30, 2)) * [3, 1]
    distance = squareform(pdist(points))
    np.testing.assert_allclose(squareform(pdist(classical_scaling(distance, 2))), distance, atol=1e-12)
    picture = metric_scaling(distance)
    # scikit-learn takes distances from inner products: about the root of the machine precision where points are near
    np.testing.assert_allclose(squareform(pdist(picture.position)), distance, atol=1e-6)
    assert picture.stress < 1e-7
    assert picture.rank_correlation > 1 - 1e-6
    np.testing.assert_allclose(picture.position.mean(axis=0), 0, atol=1e-12)


def test_smacof_lowers_the_stress_of_the_classical_start() -> None:
    distance = squareform(pdist(np.random.default_rng(1).standard_normal((40, 6))))
    picture = metric_scaling(distance)
    start = pdist(classical_scaling(distance, 2))
    assert picture.stress < np.sqrt(np.sum((squareform(distance) - start) ** 2) / np.sum(start**2))
    drawn = pdist(picture.position)
    assert picture.stress == pytest.approx(np.sqrt(np.sum((squareform(distance) - drawn) ** 2) / np.sum(drawn**2)), rel=1e-12)


def test_axes_are_upright_and_the_same_each_time() -> None:
    distance = squareform(pdist(np.random.default_rng(2).standard_normal((25, 4))))
    first, again = metric_scaling(distance).position, metric_scaling(distance.copy()).position
    np.testing.assert_array_equal(first, again)
    assert (first[np.abs(first).argmax(axis=0), [0, 1]] > 0).all()
    scatter = first.T @ first
    assert scatter[0, 0] >= scatter[1, 1]
    assert abs(scatter[0, 1]) < 1e-9 * scatter[0, 0]


@pytest.mark.parametrize("points", [0, 1, 2, 3])
def test_few_points(points: int) -> None:
    distance = np.ones((points, points)) - np.eye(points)
    picture = metric_scaling(distance)
    assert picture.position.shape == (points, 2)
    np.testing.assert_allclose(squareform(pdist(picture.position)) if points > 1 else np.zeros((points, points)), distance, atol=1e-6)


def test_all_the_same_is_one_point_and_copies_share_a_place() -> None:
    picture = metric_scaling(np.zeros((5, 5)))
    assert not picture.position.any()
    assert (picture.stress, np.isnan(picture.rank_correlation)) == (0.0, True)
    points = np.random.default_rng(3).standard_normal((6, 2))[[0, 1, 2, 3, 4, 5, 0, 0]]
    found = metric_scaling(squareform(pdist(points))).position
    np.testing.assert_allclose(found[[6, 7]], found[[0, 0]], atol=1e-6)
