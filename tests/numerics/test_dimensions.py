"""Dimensions of clouds whose dimension is known: uniform on a line, a bent one, a square, a sphere, and a line in noise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from rnnpop.numerics.dimensions import along, correlation_dimension, local_participation, nearest_neighbours, spread_evenly

POINTS, UNITS, NEIGHBOURS = 500, 20, (10, 25, 50)


def turned(places: np.ndarray) -> np.ndarray:
    """The same cloud in more units, turned at random."""
    frame = np.linalg.qr(np.random.default_rng(1).standard_normal((UNITS, places.shape[1])))[0]
    return places @ frame.T


def drawn() -> dict[str, tuple[np.ndarray, int]]:
    """Clouds with their dimension."""
    rng = np.random.default_rng(0)
    angle, sphere = 2 * np.pi * rng.random(POINTS), rng.standard_normal((POINTS, 3))
    return {
        "line": (turned(rng.random((POINTS, 1))), 1),
        "circle": (turned(np.column_stack([np.cos(angle), np.sin(angle)])), 1),
        "square": (turned(rng.random((POINTS, 2))), 2),
        "sphere": (turned(sphere / np.linalg.norm(sphere, axis=1, keepdims=True)), 2),
    }


@pytest.mark.parametrize("kind", drawn())
def test_neighbours_tell_the_dimension(kind: str) -> None:
    """A point's 1 / m has a relative error of 1 / √(k − 1); 500 / k of them are independent: 1 / √500 in all, and edges add a bias."""
    points, dimension = drawn()[kind]
    found = nearest_neighbours(points, NEIGHBOURS)
    np.testing.assert_allclose(found, dimension, rtol=0.12)
    assert np.isnan(nearest_neighbours(points[:10], [10, 9])).tolist() == [True, False]


@pytest.mark.parametrize("kind", drawn())
def test_pairs_tell_the_dimension(kind: str) -> None:
    """Of a line on [0, 1] the slope is that of ln r (2 − r); of others less by their ends too, and those of a circle by its chord."""
    points, dimension = drawn()[kind]
    assert 0.75 * dimension < correlation_dimension(points) < 1.2 * dimension


def test_pairs_of_a_line_are_counted_exactly() -> None:
    """C(r) = r (2 − r) on [0, 1], fitted at the same radii; the share of 125,000 pairs, few of them near, has an error of some per cent."""
    places = np.linspace(0, 1, POINTS)
    low, high = 1 - np.sqrt(1 - np.array([0.025, 0.975]))
    radii = np.geomspace(low, high, 20)
    slope = np.polyfit(np.log(radii), np.log(radii * (2 - radii)), 1)[0]
    np.testing.assert_allclose(correlation_dimension(turned(places[:, None])), slope, rtol=0.02)


def test_neighbourhoods_of_a_bent_line_are_straight() -> None:
    clouds = {kind: local_participation(points, 10) for kind, (points, _) in drawn().items()}
    np.testing.assert_allclose([clouds["line"], clouds["circle"]], 1, atol=1e-2)
    assert 1.5 < clouds["square"] < 2  # of 11 points drawn at random variances differ: 2 for many
    assert 1.5 < clouds["sphere"] < 2.1
    assert np.isnan(local_participation(drawn()["line"][0][:10], 10))


def test_noise_has_all_dimensions_at_its_own_scale_alone() -> None:
    """Distances of ten neighbours are those of noise, of fifty and more those of the line."""
    rng = np.random.default_rng(2)
    noisy = turned(rng.random((POINTS, 1))) + 0.02 * rng.standard_normal((POINTS, UNITS))
    near, _, far = nearest_neighbours(noisy, (10, 25, 200))
    assert near > 5
    assert far < 2.2
    assert near > far


def test_places_along_a_bent_line_are_in_order() -> None:
    """An arc of 300°, whose first principal axis does not sort it."""
    angle = np.sort(np.random.default_rng(3).uniform(0, 5 * np.pi / 3, POINTS))
    arc = turned(np.column_stack([np.cos(angle), np.sin(angle)]))
    place = along(arc)
    assert abs(spearmanr(place, angle).statistic) > 0.999
    assert abs(spearmanr(arc @ np.linalg.svd(arc - arc.mean(axis=0))[2][0], angle).statistic) < 0.9


def test_what_no_dimension_is_asked_of() -> None:
    rng = np.random.default_rng(0)
    clusters = np.repeat(rng.random((50, 3)), 3, axis=0) + 1e-6 * rng.random((150, 3))
    np.testing.assert_array_equal(spread_evenly(clusters, 1e-5), np.arange(0, 150, 3))
    assert len(spread_evenly(rng.random((900, 3)), 0)) == 600
    for none in (np.empty((0, 3)), np.zeros((1, 3)), np.ones((40, 3))):
        few = none[spread_evenly(none, 0)]
        assert len(few) <= 1
        assert np.isnan(along(few)).all()
        assert np.isnan(correlation_dimension(few))
        assert np.isnan(local_participation(few, 10))
        assert np.isnan(nearest_neighbours(few, [10])).all()
