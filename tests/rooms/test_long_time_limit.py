"""Students in closed form: what they minimise, what they recover, and what they tend to as a recording goes on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnpop.learners.autoregression import Autoregression
from rnnpop.learners.autoregression_limit import AutoregressionLimit
from rnnpop.learners.long_time_limit import LongTimeLimit
from rnnpop.learners.maximum_a_posteriori import MaximumAPosteriori
from rnnpop.numerics.recurrences import NONLINEARITIES, Recording, Recurrence, by_real_part
from rnnpop.numerics.stationary import Stationary
from rnnpop.numerics.timescales import scores

EXAMPLES = settings(max_examples=25, derandomize=True)
LEAK = 0.05


def teacher(rng: np.random.Generator, units: int, activation: str = "identity", **parts: np.ndarray) -> Recurrence:
    return Recurrence(0.8 * rng.standard_normal((units, units)) / np.sqrt(units), LEAK, activation, **parts)


def watched(
    network: Recurrence, rng: np.random.Generator, *, steps: int, trials: int = 3, noise: float = 0.2, initial: float = 1.0
) -> tuple[Recording, np.ndarray]:
    """A recording of all units, and the noise ξ that was in it."""
    given_inputs = 0 if network.input_weights is None else network.input_weights.shape[1]
    inputs = rng.standard_normal((steps, trials, given_inputs))
    pushes = noise * rng.standard_normal((steps, trials, network.units))
    states = network.run(initial * rng.standard_normal((trials, network.units)), steps, inputs if given_inputs else None, LEAK * pushes)
    return Recording(states.swapaxes(0, 1), inputs.swapaxes(0, 1), LEAK, network.activation), pushes.swapaxes(0, 1)


def fitted(learner: MaximumAPosteriori | LongTimeLimit, seen: object) -> Recurrence:
    model = learner.fit([seen], [np.random.default_rng(0)])[0].model  # type: ignore[list-item]
    assert model is not None
    return model


@pytest.mark.parametrize("activation", ["identity", "tanh"])
def test_a_network_without_noise_is_recovered_with_its_inputs_and_bias(activation: str) -> None:
    rng = np.random.default_rng(0)
    network = teacher(rng, 6, activation, input_weights=rng.standard_normal((6, 2)), bias=rng.standard_normal(6))
    seen, _ = watched(network, rng, steps=200, noise=0.0)
    model = fitted(MaximumAPosteriori(0.0, bias=True), seen)
    for found, wanted in ((model.weights, network.weights), (model.input_weights, network.input_weights), (model.bias, network.bias)):
        np.testing.assert_allclose(found, wanted, atol=1e-8)
    assert (model.activation, model.form, model.leak) == (activation, "current", LEAK)
    assert fitted(MaximumAPosteriori(known_inputs=False), seen).input_weights is None


@EXAMPLES
@given(st.integers(0, 2**32 - 1), st.floats(0, 1), st.sampled_from(["identity", "tanh"]))
def test_the_most_probable_student_is_where_the_gradient_vanishes(seed: int, ridge: float, activation: str) -> None:
    rng = np.random.default_rng(seed)
    network = teacher(rng, 8, activation, input_weights=rng.standard_normal((8, 1)))
    seen = watched(network, rng, steps=100)[0].observed(np.arange(3))
    model = fitted(MaximumAPosteriori(ridge, bias=True), seen)
    before, inputs, after = seen.pairs
    values = NONLINEARITIES[activation][0](before)
    missed = after - model.step(before, inputs)
    # of ½ Σ |missed|² + ½ ρ |A|²
    np.testing.assert_allclose(LEAK * missed.T @ values, ridge * model.weights, atol=1e-9)
    np.testing.assert_allclose(missed.T @ inputs, 0, atol=1e-9)
    np.testing.assert_allclose(missed.sum(axis=0), 0, atol=1e-9)


@EXAMPLES
@given(st.integers(0, 2**32 - 1), st.floats(1e-4, 1), st.sampled_from(["identity", "tanh"]))
def test_the_student_of_data_is_the_formula_that_knows_the_teacher(seed: int, ridge: float, activation: str) -> None:
    rng = np.random.default_rng(seed)
    network = teacher(rng, 8, activation)
    seen, pushes = watched(network, rng, steps=100)
    units = rng.permutation(8)[:3]
    values = NONLINEARITIES[activation][0](seen.pairs[0])
    noise = pushes[:, :-1].reshape(-1, 8)
    moments = values.T @ values
    through = (network.weights @ moments + noise.T @ values)[np.ix_(units, units)]
    wanted = LEAK**2 * through @ np.linalg.inv(ridge * np.eye(3) + LEAK**2 * moments[np.ix_(units, units)])
    np.testing.assert_allclose(fitted(MaximumAPosteriori(ridge), seen.observed(units)).weights, wanted, atol=1e-8)


def test_the_ridge_is_one_of_sums() -> None:
    rng = np.random.default_rng(1)
    seen, _ = watched(teacher(rng, 5), rng, steps=300)
    twice = Recording(np.concatenate([seen.states] * 2), np.concatenate([seen.inputs] * 2), LEAK)
    np.testing.assert_allclose(fitted(MaximumAPosteriori(0.2), twice).weights, fitted(MaximumAPosteriori(0.1), seen).weights, atol=1e-10)


def test_a_long_recording_tends_to_the_limit() -> None:
    rng = np.random.default_rng(2)
    network = teacher(rng, 10)
    # first states of 1 would be 30 times what noise makes, and outweigh it
    seen, _ = watched(network, rng, steps=20_000, initial=0.0)
    units = np.arange(4)
    whole = Stationary.of(network.weights, LEAK, time="discrete")
    limit = fitted(LongTimeLimit(), whole.observed(units))
    # the error of an entry is about 1 / √(T a) = 0.018, with 3 · 20,000 steps
    np.testing.assert_allclose(fitted(MaximumAPosteriori(), seen.observed(units)).weights, limit.weights, atol=0.08)
    lagged = AutoregressionLimit(lags=2, time="discrete").fit([whole.observed(units)], [rng])[0]
    found = Autoregression(lags=2).fit([seen.observed(units)], [rng])[0]
    assert len(found.spectrum) == len(lagged.spectrum) == 8
    np.testing.assert_allclose(found.spectrum[0].real, lagged.spectrum[0].real, atol=0.08)


@EXAMPLES
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.sampled_from(["continuous", "discrete"]))
def test_prediction_from_all_units_has_the_circuits_own_modes_and_no_other(seed: int, lags: int, time: str) -> None:
    rng = np.random.default_rng(seed)
    weights = teacher(rng, 5).weights
    weights -= max(0, np.linalg.eigvals(weights).real.max() - 0.9) * np.eye(5)
    seen = Stationary.of(weights, LEAK, time=time).observed(np.arange(5))  # type: ignore[arg-type]
    found = AutoregressionLimit(lags=lags, time=time).fit([seen], [rng])[0].spectrum  # type: ignore[arg-type]
    np.testing.assert_allclose(found[:5], by_real_part(np.linalg.eigvals(weights)), atol=1e-6)
    if time == "continuous":
        assert (found[5:].real < -10).all()  # those of lags that are not needed vanish at once


def test_one_lag_tends_to_the_limit_as_its_step_does_and_meets_it_in_steps() -> None:
    rng = np.random.default_rng(3)
    weights = teacher(rng, 12).weights - 0.2 * np.eye(12)
    seen = Stationary.of(weights, LEAK).observed(np.arange(3))
    limit = LongTimeLimit().fit([seen], [rng])[0].spectrum
    errors = [np.abs(AutoregressionLimit(1, step).fit([seen], [rng])[0].spectrum - limit).max() for step in (0.04, 0.02, 0.01)]
    np.testing.assert_allclose(np.array(errors[1:]) / errors[:-1], 0.5, atol=0.03)  # of first order
    in_steps = Stationary.of(weights, LEAK, time="discrete").observed(np.arange(3))
    np.testing.assert_allclose(
        AutoregressionLimit(1, LEAK, "discrete").fit([in_steps], [rng])[0].spectrum,
        LongTimeLimit(time="discrete").fit([in_steps], [rng])[0].spectrum,
        atol=1e-9,
    )


def test_lags_cure_a_low_rank_and_not_a_chain() -> None:
    rng = np.random.default_rng(4)
    vectors = np.linalg.qr(rng.standard_normal((60, 60)))[0]
    low_rank = np.zeros((60, 60))
    low_rank[0, 1] = 12.0
    spread = np.eye(60, k=1)
    spread[0, 2:] = 0.5

    def slowest(core: np.ndarray) -> np.ndarray:
        whole = Stationary.of(vectors @ core @ vectors.T, LEAK, basis=vectors, core=core)
        seen = whole.observed(np.arange(6))
        return np.array([scores(AutoregressionLimit(lags).fit([seen], [rng])[0].spectrum, LEAK)["time_constant_1"] for lags in (1, 2, 4)])

    found = np.log2(slowest(low_rank))
    assert found[0] > 1
    assert found[2] < found[1] < found[0] / 1.5
    assert slowest(spread).min() > 2**4


@pytest.mark.parametrize("learner", [MaximumAPosteriori(), Autoregression()])
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
def test_a_recording_that_ran_away_has_a_student_without_a_spectrum(learner: MaximumAPosteriori | Autoregression, value: float) -> None:
    states = np.random.default_rng(5).standard_normal((1, 100, 3))
    states[0, 50:, 1] = value
    fit = learner.fit([Recording(states, np.zeros((1, 100, 0)), LEAK)], [np.random.default_rng(0)])[0]
    assert np.isnan(fit.spectrum).all()
    assert fit.model is None


@pytest.mark.parametrize("time", ["continuous", "discrete"])
def test_a_circuit_that_is_seen_whole_keeps_its_exact_eigenvalues(time: str) -> None:
    """A rotated chain of 100 links: a solver finds eigenvalues of 0.7 where there are zeros, and so a time constant of 3 τ."""
    basis = np.linalg.qr(np.random.default_rng(0).standard_normal((100, 100)))[0]
    chain = np.eye(100, k=1)
    seen = Stationary.of(basis @ chain @ basis.T, LEAK, time=time, basis=basis, core=chain)  # type: ignore[arg-type]
    whole, part = (LongTimeLimit().fit([seen.observed(np.arange(count))], [np.random.default_rng(0)])[0] for count in (100, 99))
    assert np.abs(np.linalg.eigvals(whole.model.weights)).max() > 0.5  # type: ignore[union-attr]
    np.testing.assert_allclose(whole.spectrum, 0, atol=1e-12)  # roundings of 1 − a, over a
    np.testing.assert_array_equal(part.spectrum, by_real_part(np.linalg.eigvals(part.model.weights)))  # type: ignore[union-attr]
