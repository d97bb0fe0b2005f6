"""What drives circuits: its law, and the signal of the published integrators."""

from __future__ import annotations

import numpy as np
import pytest

from rnnpop import variants
from rnnpop.numerics.recurrences import Recurrence
from rnnpop.seeds import stream
from rnnpop.tasks import DrivenTask

DRIVEN = [kind for kind in variants.kinds("tasks") if variants.base("tasks", kind) == "DrivenTask"]
LEAK = 0.01


def driven(kind: str, **keys: float) -> DrivenTask:
    task: DrivenTask = variants.load("tasks", {"kind": kind} | keys)
    return task


def circuit(weights: np.ndarray) -> Recurrence:
    return Recurrence(weights, LEAK, input_weights=np.ones((len(weights), 1)))


@pytest.mark.parametrize("kind", DRIVEN)
def test_a_run_is_the_circuits_own_steps_and_noise(kind: str) -> None:
    """What the circuit does not account for is N(0, (a s)²): its standard deviation over 4 × 2000 draws is known to 1 %."""
    weights = stream(1, "weights").standard_normal((4, 4)) / 4
    seen = driven(kind, steps=2001, noise=0.3).record(circuit(weights), stream(1, "run"))
    assert seen.states.shape == (1, 2001, 4)
    assert seen.inputs.shape[:2] == (1, 2001)
    before, inputs, after = seen.pairs
    rest = after - circuit(weights).step(before, inputs if inputs.shape[1] else None)
    assert rest.std() == pytest.approx(LEAK * 0.3, rel=0.04)
    assert abs(np.corrcoef(rest[1:, 0], rest[:-1, 0])[0, 1]) < 0.1


@pytest.mark.parametrize("kind", DRIVEN)
def test_burn_in_is_left_out_and_the_stream_is_all_there_is_to_a_run(kind: str) -> None:
    weights = np.zeros((3, 3))
    whole = driven(kind, steps=60).record(circuit(weights), stream(2, "run"))
    late = driven(kind, steps=40, burn_in=20).record(circuit(weights), stream(2, "run"))
    np.testing.assert_array_equal(whole.states[:, 20:], late.states)
    np.testing.assert_array_equal(whole.inputs[:, 20:], late.inputs)


def test_first_states_have_the_given_spread() -> None:
    """2000 units: 1.6 % standard error of a standard deviation."""
    for initial in (0.0, 1.0, 2.5):
        start = driven("noise", initial=initial).first_state(stream(3, "start"), np.ones(2000))
        assert start.std() == pytest.approx(initial, rel=0.07)


def test_the_signal_is_the_published_one() -> None:
    signal = driven("integration", signal_noise=0.0).signal(stream(0, "signal"), 5000)
    assert signal is not None
    for step, level in {
        0: 0,
        799: 0,
        800: -2,
        949: -2,
        950: 0,
        1000: 1,
        1199: 1,
        1249: 0,
        1250: -1,
        1600: 3,
        2200: 0.5,
        3500: 0.1,
        4499: 0.1,
        4500: 0,
    }.items():
        assert signal[step] == pytest.approx(0.1 * level), step
    np.testing.assert_allclose(np.diff(signal[2600:3000]), -0.3 / 399, atol=1e-12)
    assert signal[2999] == pytest.approx(-0.3)


def test_a_readout_along_the_drive_begins_at_nothing() -> None:
    """A projection of 50 numbers of order 1: rounding below 1e-13."""
    drive = stream(4, "drive").standard_normal(50)
    assert abs(drive @ driven("integration").first_state(stream(4, "start"), drive)) < 1e-12


def test_an_ideal_integrator_integrates() -> None:
    """B = 1 on one unit, no noise: the state is the sum of what entered."""
    task = driven("integration", noise=0.0, signal_noise=0.0, initial=0.0)
    seen = task.record(circuit(np.ones((1, 1))), stream(5, "run"))
    np.testing.assert_allclose(seen.states[0, 1:, 0], LEAK * np.cumsum(seen.inputs[0, :-1, 0]), atol=1e-12)
