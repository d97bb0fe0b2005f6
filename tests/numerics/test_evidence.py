"""Evidence and choices: the ideal observer against its closed form, and kernels of observers whose weights are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from rnnpop.numerics.evidence import choices, evidence, ideal_accuracy, ideal_choices, integration_kernel, primacy, stimulus
from rnnpop.tasks.perceptual_decision import PerceptualDecision

TASK = PerceptualDecision()


def test_the_ideal_observer_is_as_good_as_its_closed_form() -> None:
    """Φ(√20 (c/100) / (0.1 √2)): .5, .978, 1, 1, 1, as derived by hand; 4,000 trials of each coherence are within four standard errors."""
    found = TASK.ideal_accuracy()
    np.testing.assert_allclose(found, [0.5, 0.978, 1, 1, 1], atol=6e-4)
    assert found.mean() == pytest.approx(0.896, abs=5e-4)
    trials = PerceptualDecision(repeats=2000).probes(np.random.default_rng(0), 0)
    correct = ideal_choices(trials.input) == choices(trials.target)
    for coherence, expected in zip(TASK.coherences, found, strict=True):
        share = correct[np.abs(trials.command) == coherence].mean()
        assert abs(share - expected) <= 4 * np.sqrt(expected * (1 - expected) / 4000)


def test_the_closed_form_without_noise_or_evidence() -> None:
    np.testing.assert_array_equal(ideal_accuracy(np.array([0.0, 10.0]), 20, 0.0), [0.5, 1])
    np.testing.assert_allclose(ideal_accuracy(np.array([10.0]), 4, 0.1), ndtr(0.2 / (0.1 * np.sqrt(2))), rtol=1e-14)


def test_evidence_is_what_the_stimulus_shows() -> None:
    """Without noise each sample is ± c/100, to the rounding of float32 numbers below 1: 2 · 6e-8."""
    task = PerceptualDecision(delay=0.3, fixation=0.2, decision=0.2)
    trials = task.shown()
    np.testing.assert_array_equal(np.flatnonzero(stimulus(trials.input)), np.arange(2, 22))
    np.testing.assert_allclose(evidence(trials.input), np.repeat(np.array(trials.command)[:, None] / 100, 20, axis=1), atol=1.2e-7)


def test_choices_are_the_largest_output_of_the_last_step() -> None:
    outputs = np.zeros((3, 4, 3))
    outputs[:, -1] = [[1, 0, -1], [0, 1, -1], [0, 1, 2]]
    outputs[:, 0, 0] = 9
    np.testing.assert_array_equal(choices(outputs), [0, 1, -1])


@pytest.mark.parametrize("rate", [-0.1, 0.0, 0.1])
def test_the_kernel_of_a_weighted_sum_is_its_weights(rate: float) -> None:
    """4,000 choices tell each of 20 weights to 0.05, and their primacy to 0.012 (simulations: 0.17 and 0.041 of 320 choices, and errors
    fall as the root of their number); asked for: four of these, and the 0.03 by which the penalty flattens."""
    rng = np.random.default_rng(1)
    samples = 0.1 * np.sqrt(2) * rng.standard_normal((4000, 20)) + rng.choice([-0.064, 0, 0.064], (4000, 1))
    weights = np.exp(rate * np.arange(20))
    weights /= weights.mean()
    kernel = integration_kernel(samples, np.where(samples @ weights > 0, 1, -1))
    np.testing.assert_allclose(kernel, weights, atol=4 * 0.05 + 0.03)
    assert primacy(kernel) == pytest.approx(primacy(weights), abs=4 * 0.012 + 0.03)


def test_trials_without_a_choice_do_not_bend_the_kernel() -> None:
    rng = np.random.default_rng(2)
    samples = rng.standard_normal((300, 5))
    choice = np.where(samples.sum(axis=1) > 0, 1, -1)
    made = rng.random(300) < 0.7
    np.testing.assert_array_equal(integration_kernel(samples, choice * made), integration_kernel(samples[made], choice[made]))
    assert np.isnan(integration_kernel(samples, np.ones(300, dtype=int))).all()


def test_primacy_is_of_halves() -> None:
    """The middle one of an odd number is of neither."""
    for kernel, expected in (([1, 1, 1, 1], 0), ([2, 1, 0, 0], 1), ([0, 0, 0, 3], -1), ([1, 1, 5, 0, 3], -0.1)):
        assert primacy(np.array(kernel, dtype=float)) == pytest.approx(expected, abs=1e-15)
