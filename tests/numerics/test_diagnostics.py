"""What activity says against a student's slow mode: covariances, recordings and runs agree, and known circuits come out as they must."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from rnnpop.numerics import diagnostics
from rnnpop.numerics.exact_circuits import strong_score
from rnnpop.numerics.recurrences import Recording, Recurrence
from rnnpop.numerics.stationary import Propagator, Stationary

EXAMPLES = settings(max_examples=40, derandomize=True)
LEAK = 0.05


def circuit(rng: np.random.Generator, units: int) -> np.ndarray:
    return 0.7 * rng.standard_normal((units, units)) / np.sqrt(units)


def recording(weights: np.ndarray, steps: int, seed: int, trials: int = 1) -> Recording:
    """Of a circuit that has long been running."""
    rng = np.random.default_rng(seed)
    start = np.zeros((trials, len(weights)))
    noise = 0.2 * LEAK * rng.standard_normal((steps + 1000, trials, len(weights)))
    states = Recurrence(weights, LEAK).run(start, steps + 1000, noise=noise)[1000:]
    return Recording(states.swapaxes(0, 1), np.zeros((trials, steps, 0)), LEAK)


@EXAMPLES
@given(st.integers(0, 2**32 - 1), st.floats(0, 30), st.sampled_from(["continuous", "discrete"]))
def test_lagged_covariances_are_those_of_the_exponential(seed: int, time: float, clock: str) -> None:
    rng = np.random.default_rng(seed)
    weights = circuit(rng, 9)
    assume(np.linalg.eigvals(weights).real.max() < 0.95)
    whole = Stationary.of(weights, LEAK, time=clock)  # type: ignore[arg-type]
    if clock == "continuous":
        moved = expm((weights - np.eye(9)) * time)
        residual = (weights - np.eye(9)) @ whole.covariance
        np.testing.assert_allclose(residual + residual.T, -2 * np.eye(9), atol=1e-12)
    else:
        map = (1 - LEAK) * np.eye(9) + LEAK * weights
        moved = np.linalg.matrix_power(map, round(time / LEAK))
        np.testing.assert_allclose(map @ whole.covariance @ map.T + 2 * LEAK * np.eye(9), whole.covariance, atol=1e-12)
    units = rng.permutation(9)[:4]
    seen = whole.observed(units)
    wanted = (moved @ whole.covariance)[np.ix_(units, units)]
    np.testing.assert_allclose(seen.lagged(time), wanted, atol=1e-11)  # 10 doublings of a rounding
    vector = rng.standard_normal(4) + 1j * rng.standard_normal(4)
    correlation = np.vdot(vector, wanted @ vector) / np.vdot(vector, seen.covariance @ vector)
    np.testing.assert_allclose(seen.correlation(vector, np.array([0.0, time])), [1, correlation], atol=1e-11)
    response = np.vdot(vector, moved[np.ix_(units, units)] @ vector) / np.vdot(vector, vector)
    np.testing.assert_allclose(whole.propagator.response(seen.rows, vector, np.array([time]))[0], response, atol=1e-11)
    fewer = seen.observed(np.array([2, 0]))
    np.testing.assert_array_equal(fewer.lagged(1.0), whole.observed(units[[2, 0]]).lagged(1.0))


@pytest.mark.parametrize("clock", ["continuous", "discrete"])
def test_a_circuit_in_few_directions_is_solved_in_these(clock: str) -> None:
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.standard_normal((30, 4)))[0]
    core = np.triu(3 * rng.standard_normal((4, 4)), 1)
    weights = basis @ core @ basis.T
    whole = Stationary.of(weights, LEAK, time=clock)  # type: ignore[arg-type]
    small = Stationary.of(weights, LEAK, time=clock, basis=basis, core=core)  # type: ignore[arg-type]
    np.testing.assert_allclose(small.covariance, whole.covariance, atol=1e-10)
    np.testing.assert_allclose(small.flow, whole.flow, atol=1e-10)
    units = np.arange(7)
    np.testing.assert_allclose(small.observed(units).lagged(2.5), whole.observed(units).lagged(2.5), atol=1e-10)
    vector = rng.standard_normal(7)
    # interpolated in a quantum of time of the core's or the whole's
    assert small.observed(units).recovery(vector) == pytest.approx(whole.observed(units).recovery(vector), rel=1e-4)


@pytest.mark.parametrize("clock", ["continuous", "discrete"])
def test_an_unstable_circuit_is_named_as_such(clock: str) -> None:
    with pytest.raises(ValueError, match="unstable"):
        Stationary.of(np.diag([0.5, 1.01]), LEAK, time=clock)  # type: ignore[arg-type]


def test_slow_modes_decay_by_themselves_in_channels_that_are_seen() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((5, 5))
    latent = vectors @ np.diag([0.9, 0.5, 0.4, 0.1, -0.2]) @ np.linalg.inv(vectors)
    readout = rng.standard_normal((8, 5))
    mode = diagnostics.SlowMode.of(Recurrence(latent, LEAK, readout=readout))
    assert mode.time_constant == pytest.approx(10)
    states = rng.standard_normal((20, 5))
    following = Recurrence(latent, LEAK).step(states)
    rate = 1 - LEAK + LEAK * 0.9
    np.testing.assert_allclose(following @ readout.T @ mode.left, rate * states @ readout.T @ mode.left, atol=1e-12)
    displaced = np.linalg.pinv(readout) @ mode.right
    np.testing.assert_allclose(readout @ Recurrence(latent, LEAK).step(displaced), rate * mode.right, atol=1e-12)
    assert np.isnan(diagnostics.SlowMode.of(Recurrence(np.full((3, 3), np.nan), LEAK)).time_constant)


def test_a_latent_student_that_does_not_know_a_channel_has_no_slow_mode_in_channels() -> None:
    readout = np.array([[1.0, 0], [0, 1], [np.nan, np.nan]])
    mode = diagnostics.SlowMode.of(Recurrence(np.diag([0.9, 0.5]), LEAK, readout=readout))
    assert len(mode.left) == 3
    assert np.isnan([*mode.left, *mode.right, mode.time_constant]).all()


def test_a_student_that_is_right_has_no_deficit_and_one_that_is_too_slow_has() -> None:
    weights = np.diag([0.9, 0.2])
    seen = Stationary.of(weights, LEAK).observed(np.arange(2))
    vector = np.array([1.0, 0.0])
    np.testing.assert_allclose(list(diagnostics.acf_deficit(seen.correlation, vector, 10.0).values()), 0, atol=1e-12)
    slower = diagnostics.acf_deficit(seen.correlation, vector, 40.0)
    assert slower["acf_deficit"] == pytest.approx(np.exp(-2) - np.exp(-0.5))
    assert slower["acf_deficit"] == slower["acf_deficit_05"] < slower["acf_deficit_4"] < 0
    assert np.isnan(list(diagnostics.acf_deficit(seen.correlation, vector, np.inf).values())).all()


def test_a_recording_tells_what_the_covariance_does() -> None:
    rng = np.random.default_rng(2)
    weights = circuit(rng, 6) + 0.2 * np.eye(6)
    units, vector = np.arange(3), rng.standard_normal(3) + 0.5j
    exact = diagnostics.acf_deficit(Stationary.of(weights, LEAK, time="discrete").observed(units).correlation, vector, 2.0)
    seen = recording(weights, 40_000, 3).observed(units)
    found = diagnostics.acf_deficit(diagnostics.recorded_correlation(seen), vector, 2.0)
    # a record of 1000 times the mode: a standard error of about 0.04
    np.testing.assert_allclose(list(found.values()), list(exact.values()), atol=0.12)


def test_lags_that_a_record_does_not_hold_five_times_are_not_told() -> None:
    seen = recording(np.diag([0.5, 0.2]), 400, 4)  # 20 τ
    told = diagnostics.acf_deficit(diagnostics.recorded_correlation(seen), np.array([1.0, 0.0]), 2.0)
    assert np.isfinite([told["acf_deficit_05"], told["acf_deficit_1"], told["acf_deficit_2"], told["acf_deficit"]]).all()
    assert np.isnan(told["acf_deficit_4"])
    rng = np.random.default_rng(5)
    interval = diagnostics.block_bootstrap(seen, np.array([1.0, 0.0]), 2.0, rng)
    assert np.isnan(interval["acf_deficit_4"]).all()
    assert interval["acf_deficit_1"][0] < told["acf_deficit_1"] < interval["acf_deficit_1"][1]
    none = diagnostics.block_bootstrap(seen, np.array([1.0, 0.0]), 50.0, rng)
    assert np.isnan(list(none.values())).all()
    assert none.keys() == told.keys()


def test_intervals_of_the_bootstrap_cover_the_truth_about_as_often_as_they_say() -> None:
    weights, vector = np.diag([0.5, 0.2]), np.array([1.0, 0.0])
    exact = Stationary.of(weights, LEAK, time="discrete").observed(np.arange(2))
    wanted = diagnostics.acf_deficit(exact.correlation, vector, 2.0)["acf_deficit_1"]
    runs = recording(weights, 4000, 6, trials=60)
    covered = 0
    for run in range(60):
        one = Recording(runs.states[run : run + 1], runs.inputs[run : run + 1], LEAK)
        low, high = diagnostics.block_bootstrap(one, vector, 2.0, np.random.default_rng(run), resamples=200)["acf_deficit_1"]
        covered += low <= wanted <= high
    assert 46 <= covered <= 60  # of 57 expected; blocks are finite, and 46 of 60 has a chance below 1e-5 at 95 %, 0.1 at 82 %


def test_the_slope_over_nested_units_tells_a_made_score_from_a_recovered_one() -> None:
    rng = np.random.default_rng(7)
    assert diagnostics.nested_slope(lambda units: float(strong_score(len(units) / 40)), 40, rng) == pytest.approx(1)
    assert diagnostics.nested_slope(lambda units: 9 + np.log2(len(units) / 40), 40, rng) < -0.5
    assert diagnostics.nested_slope(lambda units: 3.0, 40, rng) == pytest.approx(0)
    assert np.isnan(diagnostics.nested_slope(lambda units: 3.0, 3, rng))
    assert np.isnan(diagnostics.nested_slope(lambda units: np.nan, 40, rng))
    sizes: list[frozenset[int]] = []
    diagnostics.nested_slope(lambda units: float(len(sizes.append(frozenset(units.tolist())) or ())), 8, rng)
    assert all(first < second < third for first, second, third in zip(sizes[0:12:3], sizes[1:12:3], sizes[2:12:3], strict=True))


@EXAMPLES
@given(st.integers(0, 2**32 - 1))
def test_a_run_and_its_propagator_recover_in_the_same_time(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = circuit(rng, 8)
    assume(np.linalg.eigvals(weights).real.max() < 0.95)
    propagator = Propagator.of(weights, LEAK, time="discrete")
    units, vector = np.arange(3), rng.standard_normal(3)
    exact = propagator.recovery(propagator.basis[units], vector)
    run = diagnostics.recovery(Recurrence(weights, LEAK), units, vector, 200.0, start=rng.standard_normal(8))
    # the same time, or an earlier one that the doublings passed over
    assert run == pytest.approx(exact, rel=1e-6) or run < exact


def test_a_teacher_recovers_in_the_time_of_its_own_slow_mode() -> None:
    weights = np.diag([0.9, 0.2])
    seen = Stationary.of(weights, LEAK).observed(np.arange(2))
    assert seen.recovery(np.array([1.0, 0.0])) == pytest.approx(10)
    assert diagnostics.perturbation_mismatch(40.0, seen.recovery(np.array([1.0, 0.0]))) == pytest.approx(2)
    rotation = Propagator.of(np.array([[0.9, -3.0], [3.0, 0.9]]), LEAK)  # its complex mode decays alone, whatever the turn
    assert rotation.recovery(np.eye(2), np.array([1.0, -1.0j])) == pytest.approx(10)
    for kept in (1.0, 1.01):
        lasting = Propagator.of(kept * np.eye(2), LEAK)
        assert lasting.recovery(np.eye(2), np.array([1.0, 0.0])) == np.inf
        assert diagnostics.perturbation_mismatch(40.0, np.inf) == -np.inf
        network = Recurrence(kept * np.eye(2), LEAK)
        assert diagnostics.recovery(network, np.arange(2), np.array([1.0, 0.0]), 5.0) == 5.0


def test_the_mode_of_a_long_chain_is_found_where_its_inverse_is_beyond_all_numbers() -> None:
    """Of a shift the vectors are the first and the last unit, exactly: nothing else is an eigenvector."""
    mode = diagnostics.SlowMode.of(Recurrence(np.eye(60, k=1), LEAK))
    np.testing.assert_allclose(np.abs(mode.right), np.eye(60)[0], atol=1e-12)
    np.testing.assert_allclose(np.abs(mode.left), np.eye(60)[-1], atol=1e-12)
    assert mode.time_constant == 1
