"""Tasks of neurogym: the package's own trials, as the house wants them."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
import pytest

from rnnpop.seeds import stream
from rnnpop.tasks.neurogym import Neurogym
from rnnpop.variants import UnknownVariant

neurogym = pytest.importorskip("neurogym")

#: Environments without right answers, with answers that are no actions of theirs, and one that draws from the clock when it is made.
REFUSED = dict.fromkeys(
    ("Bandit-v0", "DawTwoStep-v0", "EconomicDecisionMaking-v0", "Null-v0", "Reaching1D-v0", "Reaching1DWithSelfDistraction-v0"),
    "gives no right answers that are actions",
) | {"HierarchicalReasoning-v0": "do not follow from a seed"}
SUPERVISED = sorted(set(neurogym.all_envs()) - REFUSED.keys())


def own_trials(name: str, seed: int, number: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Trials as the package itself makes them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        environment = neurogym.make(name).unwrapped
    environment.seed(seed)
    drawn = []
    for _ in range(number):
        environment.new_trial()
        drawn.append((environment.ob, environment.gt))
    return drawn


@pytest.mark.parametrize("name", SUPERVISED)
def test_trials_are_the_packages_own(name: str) -> None:
    """To the bit: float32 of what the environment gives, whatever was drawn before."""
    task, seed = Neurogym(environment=name), int(stream(1, "trials").integers(2**32))
    task.trials(stream(2, "others"), 3)
    made = task.trials(stream(1, "trials"), 8)
    fitting = [drawn for drawn in own_trials(name, seed, 20) if len(drawn[0]) <= made.input.shape[1]]
    for given, wanted, (observed, right) in zip(made.input, made.target, fitting, strict=False):
        steps = len(observed)
        np.testing.assert_array_equal(given[:steps], observed.reshape(steps, -1).astype(np.float32))
        if task.loss == "squared":
            np.testing.assert_array_equal(wanted[:steps], right)
            np.testing.assert_array_equal(wanted[steps:], np.broadcast_to(right[-1], wanted[steps:].shape))
            continue
        np.testing.assert_array_equal(wanted[:steps].argmax(axis=1), right)
        np.testing.assert_array_equal((wanted > 0).sum(axis=1), np.arange(len(wanted)) < steps)
        np.testing.assert_allclose(wanted.sum(), len(wanted), rtol=1e-5)  # float32: a thousand roundings at most
        assert not given[steps:].any()


@pytest.mark.parametrize("name", SUPERVISED)
def test_still_inputs_are_of_fixation_and_delay(name: str) -> None:
    task = Neurogym(environment=name)
    stills = task.still_inputs()
    assert next(iter(stills)) == "none"
    assert all(still.shape == (task.inputs,) and np.isfinite(still).all() for still in stills.values())


def test_perceptual_decisions_have_22_steps_of_100_ms_and_a_fixation_channel() -> None:
    """In fixation its channel is on; where there is noise, its sd is 1 / √dt = 0.1: five standard errors of 1,000 steps."""
    task = Neurogym(steps=22)
    assert (task.trials(stream(1), 2).input.shape, task.outputs, task.dt) == ((2, 22, 3), 3, 0.1)
    np.testing.assert_allclose(task.still_inputs()["fixation"], [1, 0, 0], atol=5 * 0.1 / np.sqrt(1000))


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"environment": "Nothing-v0"}, "'Nothing-v0' is not one of neurogym; allowed: .*GoNogo-v0"),
        *(({"environment": name}, f"environment: .*{name} {reason}") for name, reason in REFUSED.items()),
        ({"settings": {"colour": 3}}, "settings: .*colour"),
        ({"steps": 5}, "steps: trials of PerceptualDecisionMaking-v0 have at least 22, got 5"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(entry: dict[str, Any], said: str) -> None:
    with pytest.raises(UnknownVariant, match=said) as raised:
        Neurogym(**entry).trials(stream(1), 2)
    assert "\n" not in str(raised.value)


def test_without_the_package_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "neurogym", None)
    with pytest.raises(UnknownVariant, match="needs the package neurogym"):
        Neurogym().trials(stream(1), 2)
