"""Contract of every task, and the flip-flop's law."""

from __future__ import annotations

import numpy as np
import pytest

from rnnpop import variants
from rnnpop.seeds import stream
from rnnpop.tasks import Task
from rnnpop.tasks.flip_flop import FlipFlop


@pytest.fixture(params=variants.kinds("tasks"))
def task(request: pytest.FixtureRequest) -> Task:
    return variants.load("tasks", {"kind": request.param})


def test_trials_have_the_promised_shapes(task: Task) -> None:
    trials = task.trials(np.random.default_rng(0), 5)
    assert trials.input.shape[0] == trials.target.shape[0] == 5
    assert trials.input.shape[1] == trials.target.shape[1]
    assert (trials.input.shape[2], trials.target.shape[2]) == (task.inputs, task.outputs)
    assert trials.input.dtype == trials.target.dtype == np.float32


def test_trials_come_from_the_stream_alone(task: Task) -> None:
    one, two = (task.trials(stream(1, "a"), 4) for _ in range(2))
    np.testing.assert_array_equal(one.input, two.input)
    assert not np.array_equal(one.input, task.trials(stream(1, "b"), 4).input)


def test_still_inputs_and_pulses_fit_the_input(task: Task) -> None:
    for vector in [*task.still_inputs().values(), *task.pulses().values()]:
        assert vector.shape == (task.inputs,)


def test_flip_flop_holds_the_last_pulse() -> None:
    trials = FlipFlop(steps=30).trials(np.random.default_rng(3), 40)
    held = np.zeros((40, 3), dtype=np.float32)
    for t in range(30):
        held = np.where(trials.input[:, t] != 0, trials.input[:, t], held)
        np.testing.assert_array_equal(trials.target[:, t], held)


def test_flip_flop_pulses_are_as_often_and_as_fair_as_asked() -> None:
    """1.2e5 draws: a rate has a standard error of at most 8.7e-4; four of them."""
    pulses = FlipFlop(steps=100, pulse_probability=0.1).trials(np.random.default_rng(4), 400).input
    assert abs((pulses > 0).mean() - 0.05) < 4 * 8.7e-4
    assert abs((pulses < 0).mean() - 0.05) < 4 * 8.7e-4
