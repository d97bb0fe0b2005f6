"""Closed orbits: known periods, and known distances from a circle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnpop.numerics.cycles import closed_curve, distance_to_orbit, turns, upward_crossings


def circle(period: float, steps: int = 1000, phase: float = 0.3) -> np.ndarray:
    """The unit circle in a plane of four dimensions, sampled once a step."""
    angle = 2 * np.pi * np.arange(steps) / period + phase
    plane = np.linalg.qr(np.random.default_rng(2).standard_normal((4, 2)))[0]
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) @ plane.T + 1.0


@given(period=st.floats(3.3, 200), offset=st.floats(0, 6))
def test_the_period_of_a_sine_is_found(period: float, offset: float) -> None:
    """A straight line between two steps misses a sine's crossing by less than 0.06 steps even at 3.3 steps a turn; a least squares slope
    through n crossings is off by less than three times that over n."""
    crossings = upward_crossings(np.sin(2 * np.pi * np.arange(1000) / period + offset))
    found, first, spread = turns(crossings)
    assert abs(found - period) < 3 * 0.06 / len(crossings) + 1e-9
    assert spread < 0.05
    assert abs(first - crossings[0]) < 0.2


def test_a_straight_sawtooth_is_timed_exactly() -> None:
    """Linear interpolation is exact on lines: rises of a triangle wave of period 8 through its mean, one step before each multiple."""
    triangle = np.abs((np.arange(80) + 3.5) % 8 - 4)
    np.testing.assert_allclose(np.diff(upward_crossings(triangle)), 8, rtol=0, atol=1e-12)
    assert turns(upward_crossings(triangle))[2] < 1e-12


def test_noise_has_no_regular_turns_and_a_constant_has_none() -> None:
    noise = np.random.default_rng(3).standard_normal(1000)
    assert turns(upward_crossings(noise))[2] > 0.3
    assert all(np.isnan(turns(upward_crossings(np.ones(100)))))
    assert all(np.isnan(turns(upward_crossings(np.sin(np.arange(10) / 2)))))  # two crossings at most: one turn has no spread


@pytest.mark.parametrize(
    ("period", "places"), [(4.0, 4), (10.0, 10), (10 + 1e-9, 10), (10 / 3, 10), (17.3, 96), (100.0, 96), (2 * np.pi, 96)]
)
def test_the_curve_through_samples_is_the_circle(period: float, places: int) -> None:
    """A cubic spline through P places misses a circle by at most 5/384 (2π/P)⁴; the mean of the two ends of a bin by (2π/96)²/8 = 5.4e-4,
    a straight piece by 0.4e-4. Turns locked to the steps have no more than a few places, but for what rounding makes of them."""
    curve = closed_curve(circle(period), period)
    assert distance_to_orbit(circle(997.0, steps=997), circle(period), curve).max() < 5 / 384 * (2 * np.pi / places) ** 4 + 5.8e-4
    np.testing.assert_allclose(curve[0], curve[-1], rtol=0, atol=1e-12)


@given(radius=st.floats(0.2, 3))
def test_a_point_off_the_circle_is_as_far_as_it_is_off(radius: float) -> None:
    curve = closed_curve(circle(17.3), 17.3)
    points = 1 + radius * (circle(31.7, steps=20) - 1)
    np.testing.assert_allclose(distance_to_orbit(points, circle(17.3), curve), abs(radius - 1), rtol=0, atol=5.8e-4)


def test_states_that_change_places_make_a_line_there_and_back() -> None:
    pair = np.array([[0.0, 0.0], [2.0, 0.0]])
    curve = closed_curve(np.tile(pair, (50, 1)), 2.0)
    np.testing.assert_allclose(distance_to_orbit(np.array([[1.0, 0.5], [3.0, 0.0]]), pair, curve), [0.5, 1.0], rtol=0, atol=1e-12)


def test_a_sample_off_the_curve_is_on_the_orbit() -> None:
    samples = circle(17.3)
    samples[500] += 0.1
    np.testing.assert_array_equal(distance_to_orbit(samples[500:501], samples, closed_curve(circle(17.3), 17.3)), 0)
