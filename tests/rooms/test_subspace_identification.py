"""Subspace identification as a student."""

from __future__ import annotations

import numpy as np

from rnnpop import variants
from rnnpop.learners.subspace_identification import SubspaceIdentification
from rnnpop.numerics.recurrences import Recording, Recurrence
from rnnpop.tasks.integration import Integration
from rnnpop.tasks.noise import Noise

LEAK = 0.05


def circuit(rng: np.random.Generator) -> Recurrence:
    """A normal one of four units, driven along its slowest mode."""
    basis = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    return Recurrence(basis * np.array([0.95, 0.5, -1.0, -3.0]) @ basis.T, LEAK, input_weights=10 * basis[:, :1])


def streams(count: int) -> list[np.random.Generator]:
    return [np.random.default_rng(number) for number in range(count)]


def test_all_modes_are_found_through_some_of_the_units() -> None:
    """Four modes, three units, 1,000 τ: standard errors √(2 (1 − λ) / (a T)) of 0.01, 0.03, 0.06 and 0.09, were the modes seen."""
    recording = Noise(steps=20_000, initial=0.0).record(circuit(np.random.default_rng(0)), np.random.default_rng(1)).observed(np.arange(3))
    (fit,) = SubspaceIdentification(latents=4, lags=10, stride=2).fit([recording], streams(1))
    np.testing.assert_allclose(fit.spectrum[:2], [0.95, 0.5], atol=0.1)
    np.testing.assert_allclose(fit.spectrum[2:], [-1, -3], atol=0.5)
    assert 0.5 < fit.described["one_step_r2"] < 1


def test_inputs_are_told_from_dynamics() -> None:
    """A strong input that is known does not look like a memory; one that is not known does."""
    recording = Integration(initial=0.0).record(circuit(np.random.default_rng(2)), np.random.default_rng(3)).observed(np.arange(3))
    (known,) = SubspaceIdentification(latents=2).fit([recording], streams(1))
    (unknown,) = SubspaceIdentification(latents=2, known_inputs=False).fit([recording], streams(1))
    assert abs(known.spectrum[0] - 0.95) < min(0.02, abs(unknown.spectrum[0] - 0.95))
    assert known.model is not None
    assert known.model.input_weights is not None
    assert known.model.input_weights.shape == (2, 1)


def test_what_is_no_activity_has_no_fit() -> None:
    short = Recording(np.random.default_rng(0).standard_normal((1, 40, 3)), np.zeros((1, 40, 0)), LEAK)
    constant = Recording(np.ones((1, 500, 3)), np.zeros((1, 500, 0)), LEAK)
    large = Recording(np.random.default_rng(0).choice([-1e200, 1e200], (1, 500, 3)), np.zeros((1, 500, 0)), LEAK)
    for fit in SubspaceIdentification().fit([short, constant, large], streams(3)):
        assert np.isnan(fit.spectrum).all()
        assert fit.model is None


def test_it_is_a_kind() -> None:
    assert variants.load("learners", {"kind": "subspace_identification", "lags": 3}) == SubspaceIdentification(lags=3)
