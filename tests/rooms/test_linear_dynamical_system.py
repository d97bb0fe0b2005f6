"""Linear dynamical systems as students."""

from __future__ import annotations

import numpy as np
import pytest

from rnnpop import variants
from rnnpop.learners.linear_dynamical_system import LinearDynamicalSystem
from rnnpop.numerics.recurrences import Fit, Recording, Recurrence, by_real_part
from rnnpop.tasks.integration import Integration
from rnnpop.tasks.noise import Noise

LEAK = 0.05


def circuit(rng: np.random.Generator, units: int = 8, spectrum: tuple[float, ...] = (0.95, 0.5, -0.5)) -> Recurrence:
    """A normal one: the given eigenvalues, all others 0; driven along the first mode."""
    basis = np.linalg.qr(rng.standard_normal((units, units)))[0]
    eigenvalues = np.zeros(units)
    eigenvalues[: len(spectrum)] = spectrum
    return Recurrence(basis * eigenvalues @ basis.T, LEAK, input_weights=10 * basis[:, :1])


def streams(count: int) -> list[np.random.Generator]:
    return [np.random.default_rng(number) for number in range(count)]


def parts(fit: Fit) -> tuple[Recurrence, np.ndarray, np.ndarray]:
    """The network of a fit, its readout, and its input weights."""
    assert fit.model is not None
    assert fit.model.readout is not None
    assert fit.model.input_weights is not None
    return fit.model, fit.model.readout, fit.model.input_weights


def test_a_circuit_that_is_seen_whole_is_found() -> None:
    """As many latents as units, all of them watched, for 1,000 τ."""
    teacher = circuit(np.random.default_rng(0))
    recording = Noise(steps=20_000).record(teacher, np.random.default_rng(1))
    (fit,) = LinearDynamicalSystem(latents=8, iterations=20).fit([recording], streams(1))
    network, readout, _ = parts(fit)
    np.testing.assert_allclose(fit.spectrum[0].real, 0.95, atol=0.04)  # standard error √(2 (1 − λ) / (a T)) = 0.01
    assert np.abs(readout @ network.weights @ np.linalg.pinv(readout) - teacher.weights).max() < 0.2  # √(2 / (a T)) = 0.045, of 64 entries


def test_the_model_says_what_comes_next() -> None:
    """The network in numbers of its recording: inputs of any scale, the leak, and the spectrum are those of its step."""
    teacher = circuit(np.random.default_rng(2))
    recording = Integration(initial=0.0).record(teacher, np.random.default_rng(3)).observed(np.arange(4))
    larger = Recording(recording.states, 1000 * recording.inputs, LEAK)
    one, other = LinearDynamicalSystem(latents=2, iterations=30).fit([recording, larger], streams(2))
    (network, readout, input_weights), (_, _, smaller) = parts(one), parts(other)
    np.testing.assert_allclose(one.spectrum, by_real_part(np.linalg.eigvals(network.weights)))
    np.testing.assert_allclose(input_weights, 1000 * smaller, rtol=1e-9)
    activity, offset = recording.states[0], network.offset
    states = np.linalg.lstsq(readout, (activity - offset).T, rcond=None)[0].T
    told, untold, still = (
        network.seen(following) for following in (network.step(states, recording.inputs[0]), network.step(states), states)
    )
    errors = [((said[:-1] - activity[1:]) ** 2).mean() for said in (told, untold, still)]
    assert errors[0] < min(errors[1:])


def test_few_iterations_stay_far_from_the_likelihood() -> None:
    recording = Integration(initial=0.0).record(circuit(np.random.default_rng(4)), np.random.default_rng(5)).observed(np.arange(5))
    (few,) = LinearDynamicalSystem(latents=2, mode="few_iterations", iterations=2).fit([recording], streams(1))
    (many,) = LinearDynamicalSystem(latents=2, iterations=50, tolerance=0.0).fit([recording], streams(1))
    assert (few.described["iterations"], many.described["iterations"], many.described["converged"]) == (2, 50, 0)
    for name in ("log_likelihood", "one_step_r2"):
        assert few.described[name] < many.described[name], name
    (stopped,) = LinearDynamicalSystem(latents=2, iterations=50, tolerance=1e-3).fit([recording], streams(1))
    assert stopped.described["converged"] == 1
    assert stopped.described["iterations"] < 50


def test_no_number_of_latents_is_one_less_than_units() -> None:
    recording = Integration(initial=0.0).record(circuit(np.random.default_rng(8)), np.random.default_rng(9))
    for units, latents in ((5, 4), (2, 1), (1, 1)):
        seen = [recording.observed(np.arange(units))]
        (one,), (other,) = (LinearDynamicalSystem(latents=number, iterations=5).fit(seen, streams(1)) for number in (0, latents))
        assert one.spectrum.shape == (latents,)
        np.testing.assert_array_equal(one.spectrum, other.spectrum)


def test_a_fit_does_not_hear_its_neighbours() -> None:
    teachers = [circuit(np.random.default_rng(number)) for number in range(3)]
    recordings = [Noise(steps=700).record(teacher, np.random.default_rng(9)).observed(np.arange(5)) for teacher in teachers]
    learner = LinearDynamicalSystem(latents=7, iterations=5)  # more than channels: the rest is drawn
    together = learner.fit(recordings, streams(3))
    for recording, fit, rng in zip(recordings, together, streams(3), strict=True):
        (alone,) = learner.fit([recording], [rng])
        assert fit.spectrum.tobytes() == alone.spectrum.tobytes()
        assert fit.described == alone.described
        assert np.isfinite(fit.spectrum).all()


def test_channels_that_are_constant_or_missing_break_nothing() -> None:
    recording = Integration(initial=0.0).record(circuit(np.random.default_rng(6)), np.random.default_rng(7)).observed(np.arange(5))
    learner = LinearDynamicalSystem(latents=2, iterations=20)
    (whole,) = learner.fit([recording], streams(1))
    states = np.concatenate([recording.states, np.full((1, 5000, 1), 3.0), np.full((1, 5000, 1), np.nan)], axis=2)
    inputs = np.concatenate([recording.inputs, np.ones((1, 5000, 1))], axis=2)
    (fit,) = learner.fit([Recording(states, inputs, LEAK)], streams(1))
    np.testing.assert_allclose(fit.spectrum[0], whole.spectrum[0], atol=1e-3)  # the constant channel's floor is a floor of all
    _, readout, input_weights = parts(fit)
    assert np.isnan(readout).tolist() == [[False] * 2] * 6 + [[True] * 2]
    assert (input_weights[:, 1] == 0).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 1e200])
def test_what_is_no_activity_has_no_fit(value: float) -> None:
    states = np.full((1, 50, 3), value)
    states[0, 0] *= -1
    short = Recording(np.ones((2, 1, 3)), np.zeros((2, 1, 1)), LEAK)
    short.states[1] += 1
    long = Recording(states, np.zeros((1, 50, 1)), LEAK)
    for fit in LinearDynamicalSystem(latents=2, iterations=3).fit([long, short], streams(2)):
        assert fit.spectrum.shape == (2,)
        assert np.isnan(fit.spectrum).all()
        assert fit.model is None


def test_it_is_a_kind() -> None:
    entry = {"kind": "linear_dynamical_system", "latents": 3, "mode": "few_iterations", "iterations": 2, "known_inputs": False}
    assert variants.load("learners", entry) == LinearDynamicalSystem(3, 2, mode="few_iterations", known_inputs=False)
    assert variants.check("learners", {**entry, "mode": "fast"})
