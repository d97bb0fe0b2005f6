"""Limit sets and fixed points of networks whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnpop.numerics import leaky_fixed_points, limit_sets
from rnnpop.numerics.recurrences import Recurrence


def turning(gain: float, frequency: float) -> np.ndarray:
    """Eigenvalues gain ± i frequency."""
    return np.array([[gain, -frequency], [frequency, gain]])


def block(*blocks: np.ndarray) -> np.ndarray:
    """A block-diagonal matrix."""
    size = sum(map(len, blocks))
    whole, place = np.zeros((size, size)), 0
    for each in blocks:
        whole[place : place + len(each), place : place + len(each)] = each
        place += len(each)
    return whole


def rotated(matrix: np.ndarray, units: int, seed: int = 3) -> np.ndarray:
    """The matrix in a random plane of a larger space: of low rank."""
    basis = np.linalg.qr(np.random.default_rng(seed).standard_normal((units, len(matrix))))[0]
    return basis @ matrix @ basis.T


def starts(units: int, seed: int = 0, number: int = 6) -> np.ndarray:
    return 0.5 * np.random.default_rng(seed).standard_normal((number, units))


def verdict(weights: np.ndarray, leak: float = 0.05, activation: str = "tanh", **settings: int) -> limit_sets.LimitSet:
    return limit_sets.classify(Recurrence(weights, leak, activation), starts(len(weights)), **{"steps": 1000, **settings})


def test_a_stable_network_goes_to_the_origin() -> None:
    """Any norm of B below 1 makes the map a contraction around 0."""
    found = verdict(rotated(turning(0.5, 0.5), 20))
    assert found.majority == "origin"
    assert found.counts["origin"] == 6
    assert np.isnan(found.period).all()


@pytest.mark.parametrize("slowest", [0.99, pytest.param(0.999, marks=pytest.mark.slow), 0.9999])
def test_a_slow_mode_need_not_die_out(slowest: float) -> None:
    """Runs of 50 τ, then of 400 τ at most, with modes of 100, 1000 and 10,000 τ."""
    assert verdict(np.diag([slowest, 0.2, -0.3])).majority == "origin"


def test_a_spiral_that_narrows_slowly_is_no_cycle() -> None:
    assert verdict(turning(0.99, 0.7), leak=0.01, steps=1000).majority == "origin"


def test_a_long_step_makes_a_cycle_of_a_spiral() -> None:
    """|1 − a + a (0.99 + 0.7 i)| < 1 at a = 0.01, > 1 at a = 0.05: the map is what is followed."""
    assert verdict(turning(0.99, 0.7), leak=0.05, steps=1000).majority == "limit cycle"


@settings(max_examples=5, derandomize=True)
@given(gain=st.floats(1.05, 3), seed=st.integers(0, 50))
def test_two_stable_points_of_one_unstable_mode(gain: float, seed: int) -> None:
    """x = g φ(x) along an axis has three roots for g > 1."""
    network = Recurrence(np.diag([gain, 0.1]), 0.05, "tanh")
    found = limit_sets.classify(network, starts(2, seed), steps=1000)
    points = leaky_fixed_points.fixed_points(network, found.visited, np.random.default_rng(1))
    assert found.counts["fixed point"] == 6
    assert points.by_unstable == {0: 2, 1: 1}
    assert points.index_sum == 1
    np.testing.assert_allclose(network.step(points.state), points.state, rtol=0, atol=1e-9)


@settings(max_examples=5, derandomize=True)
@given(gain=st.floats(1.05, 1.3), frequency=st.floats(0.7, 1))
def test_a_turning_plane_has_a_cycle_of_known_period(gain: float, frequency: float) -> None:
    """By harmonic balance tanh passes the share 1 / gain of an oscillation that neither grows nor shrinks, so it turns at frequency / gain.
    Harmonics and steps of 0.05 τ add less than 5 percent."""
    found = verdict(turning(gain, frequency), steps=1000)
    assert found.counts["limit cycle"] == 6
    np.testing.assert_allclose(found.period, 2 * np.pi * gain / frequency, rtol=0.05)
    np.testing.assert_allclose(found.period, found.period[0], rtol=1e-3)


@pytest.mark.parametrize(("gain", "frequency", "least"), [(1.5, 1.1, 5.0), (2.0, 0.56, 100.0)])
def test_the_period_is_that_of_upward_crossings(gain: float, frequency: float, least: float) -> None:
    """Also near the birth of the cycle on a ring of points, where it dwells: they are timed to a step of 0.05 τ, over many turns."""
    network = Recurrence(turning(gain, frequency), 0.05, "tanh")
    found = limit_sets.classify(network, starts(2, number=2), steps=1000)
    height = network.run(found.end[0], 20_000)[:, 0]
    rises = np.flatnonzero((height[:-1] < 0) & (height[1:] >= 0))
    assert found.period[0] > least
    assert (rises[-1] - rises[0]) / (len(rises) - 1) * 0.05 == pytest.approx(found.period[0], abs=0.05)


def test_two_cycles_at_once_make_a_torus() -> None:
    """Two planes that do not know each other, with periods in no simple ratio."""
    found = verdict(block(turning(1.3, 1.0), turning(1.3, np.sqrt(5))), steps=2000, doublings=1)
    assert found.majority == "torus or chaos"


def test_a_large_random_network_is_chaotic() -> None:
    """Sompolinsky, Crisanti & Sommers 1988: from gain 1 on in the limit of many units."""
    weights = np.random.default_rng(0).standard_normal((150, 150)) * 2.5 / np.sqrt(150)
    assert verdict(weights, steps=1000, doublings=1).majority == "torus or chaos"


def test_what_grows_without_bound_has_diverged() -> None:
    assert verdict(np.diag([2.0, 0.5]), activation="identity", steps=1000).majority == "diverged"
    assert verdict(np.full((2, 2), np.nan)).majority == "diverged"
    assert verdict(np.diag([0.9, 0.5]), activation="identity", steps=500).majority == "origin"


def test_a_map_without_leak_may_alternate() -> None:
    """x' = −2 φ(x) alternates between two states: a period of 2 samples, which no curve joins."""
    found = verdict(np.diag([-2.0, 0.1]), leak=1.0)
    assert found.counts["limit cycle"] == 6
    np.testing.assert_allclose(found.period, 2, rtol=0, atol=1e-9)


def test_a_bias_moves_the_point_away_from_the_origin() -> None:
    network = Recurrence(np.diag([0.5, 0.2]), 0.05, "tanh", bias=np.array([1.0, 0.0]))
    found = limit_sets.classify(network, starts(2), steps=1000)
    assert found.majority == "fixed point"
    points = leaky_fixed_points.fixed_points(network, found.visited, np.random.default_rng(1))
    assert points.by_unstable == {0: 1}
    np.testing.assert_allclose(found.end, np.broadcast_to(points.state, found.end.shape), rtol=0, atol=1e-6)


def test_forms_current_and_rate_have_points_in_step() -> None:
    """x = B φ(x) and r = φ(B r): x = B r, r = φ(x)."""
    weights = np.random.default_rng(4).standard_normal((6, 6)) * 0.9
    found = {}
    for form in ("current", "rate"):
        network = Recurrence(weights, 0.05, "tanh", form)
        runs = limit_sets.classify(network, starts(6), steps=500, doublings=0)
        found[form] = leaky_fixed_points.fixed_points(network, runs.visited, np.random.default_rng(1), starts=256)
        assert found[form].index_sum == 1
    assert found["current"].by_unstable == found["rate"].by_unstable
    as_rates = np.tanh(found["current"].state)
    gaps = np.linalg.norm(as_rates[:, None] - found["rate"].state, axis=-1)
    assert gaps.min(1).max() < 1e-8


def test_ties_go_to_the_more_complex() -> None:
    tie = limit_sets.LimitSet(np.array([0, 0, 2, 2, 1]), np.zeros((5, 1)), np.full(5, np.nan), np.zeros((0, 1)))
    assert tie.majority == "limit cycle"


def test_one_run_does_not_depend_on_the_others() -> None:
    weights = np.diag([1.5, 0.5, 0.1])
    together = limit_sets.classify(Recurrence(weights, 0.05, "tanh"), starts(3), steps=500)
    alone = limit_sets.classify(Recurrence(weights, 0.05, "tanh"), starts(3)[2:3], steps=500)
    assert together.kind[2] == alone.kind[0]
    np.testing.assert_allclose(together.end[2], alone.end[0], rtol=0, atol=1e-9)


@pytest.mark.parametrize("form", ["current", "rate"])
def test_a_network_of_low_rank_is_treated_as_any_other(form: str) -> None:
    """A whole matrix, and the same one as the only part of a larger space: points and cycles are those, but for the space."""
    small = np.random.default_rng(7).standard_normal((4, 4)) * 1.2
    bias = 0.1 * np.arange(4)
    large = block(small, np.zeros((16, 16)))
    found = {}
    for weights, b in ((small, bias), (large, np.concatenate([bias, np.zeros(16)]))):
        network = Recurrence(weights, 0.05, "tanh", form, bias=b)
        runs = limit_sets.classify(network, starts(len(weights)), steps=500)
        np.testing.assert_allclose(network.run(starts(len(weights)), 50)[-1], _after(network, 49), rtol=0, atol=1e-12)
        points = leaky_fixed_points.fixed_points(network, runs.visited, np.random.default_rng(1), starts=256)
        assert points.index_sum == 1
        np.testing.assert_allclose(network.step(points.state), points.state, rtol=0, atol=1e-9)
        moduli = np.sort(np.abs(np.linalg.eigvals(network.jacobian(points.state))))[:, ::-1]
        np.testing.assert_allclose(np.abs(points.eigenvalue), moduli, rtol=0, atol=1e-6)
        found[len(weights)] = points
    assert found[4].by_unstable == found[20].by_unstable
    gaps = np.linalg.norm(found[20].state[:, None, :4] - found[4].state, axis=-1)
    assert gaps.min(1).max() < 1e-8


def _after(network: Recurrence, steps: int) -> np.ndarray:
    """Where runs are after so many steps, as `classify` goes on (its one stretch of that length ends there)."""
    return limit_sets.classify(network, starts(network.units), steps=steps, doublings=0).end


@settings(max_examples=20, derandomize=True)
@given(period=st.floats(20, 700), phase=st.floats(0, 6))
def test_a_circle_closes_after_its_period(period: float, phase: float) -> None:
    """A cubic between samples misses a circle by at most 3/128 (2π / period)⁴ of its radius, a half of its diameter."""
    angle = 2 * np.pi * np.arange(1500) / period + phase
    found, gap = limit_sets.closing(np.stack([np.cos(angle), np.sin(angle)], axis=1))
    assert found == pytest.approx(period, rel=1e-3)
    assert gap <= 3 / 256 * (2 * np.pi / period) ** 4 + 1e-9


def test_a_line_and_a_spiral_do_not_close() -> None:
    time = np.linspace(0, 1, 1500)[:, None]
    assert limit_sets.closing(time * np.ones(3))[1] == np.inf
    spiral = np.exp(-time) * np.concatenate([np.cos(60 * time), np.sin(60 * time)], axis=1)
    assert limit_sets.closing(spiral)[1] > 1e-2
