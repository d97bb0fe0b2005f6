"""Expectation maximisation of linear dynamical systems against dense Gaussian algebra."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial

import numpy as np
import pytest

from rnnpop.numerics import block_tridiagonal
from rnnpop.numerics.linear_gaussian import (
    LinearGaussian,
    Observations,
    expectation_maximisation,
    maximise,
    predicted,
    principal_start,
    smooth,
)

LATENTS, CHANNELS, INPUTS, TRIALS = 3, 4, 2, 3


def covariance(rng: np.random.Generator, size: int) -> np.ndarray:
    root = rng.standard_normal((size, size))
    return root @ root.T / size + 0.1 * np.eye(size)


def system(rng: np.random.Generator) -> LinearGaussian:
    transition = rng.standard_normal((LATENTS, LATENTS))
    return LinearGaussian(
        transition=0.9 * transition / np.abs(np.linalg.eigvals(transition)).max(),
        input_weights=rng.standard_normal((LATENTS, INPUTS)),
        drift=rng.standard_normal(LATENTS),
        process_covariance=covariance(rng, LATENTS),
        readout=rng.standard_normal((CHANNELS, LATENTS)),
        feedthrough=rng.standard_normal((CHANNELS, INPUTS)),
        offset=rng.standard_normal(CHANNELS),
        channel_variance=0.1 + rng.random(CHANNELS),
        start_mean=rng.standard_normal(LATENTS),
        start_covariance=covariance(rng, LATENTS),
    )


def played(model: LinearGaussian, rng: np.random.Generator, steps: int, trials: int = TRIALS) -> tuple[np.ndarray, np.ndarray]:
    """Activity and inputs."""
    inputs = rng.standard_normal((trials, steps, model.input_weights.shape[1]))
    states = np.empty((trials, steps, len(model.drift)))
    states[:, 0] = rng.multivariate_normal(model.start_mean, model.start_covariance, trials)
    noise = rng.multivariate_normal(np.zeros(len(model.drift)), model.process_covariance, (trials, steps))
    for t in range(steps - 1):
        states[:, t + 1] = states[:, t] @ model.transition.T + inputs[:, t] @ model.input_weights.T + model.drift + noise[:, t]
    clean = states @ model.readout.T + inputs @ model.feedthrough.T + model.offset
    return clean + np.sqrt(model.channel_variance) * rng.standard_normal(clean.shape), inputs


def dense(model: LinearGaussian, activity: np.ndarray, inputs: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Of one trial: log-likelihood, means of states, their covariances (time, latent, time, latent); all states as one Gaussian vector."""
    steps, size = len(activity), len(model.drift)
    mean, joint = np.empty((steps, size)), np.zeros((steps, size, steps, size))
    mean[0], joint[0, :, 0] = model.start_mean, model.start_covariance
    for t in range(steps - 1):
        mean[t + 1] = model.transition @ mean[t] + model.input_weights @ inputs[t] + model.drift
        for s in range(t + 1):
            joint[t + 1, :, s] = model.transition @ joint[t, :, s]
            joint[s, :, t + 1] = joint[t + 1, :, s].T
        joint[t + 1, :, t + 1] = model.transition @ joint[t, :, t] @ model.transition.T + model.process_covariance
    prior, readout = joint.reshape(steps * size, -1), np.kron(np.eye(steps), model.readout)
    seen = readout @ prior @ readout.T + np.diag(np.tile(model.channel_variance, steps))
    error = (activity - mean @ model.readout.T - inputs @ model.feedthrough.T - model.offset).ravel()
    gain = np.linalg.solve(seen, readout @ prior).T
    log_likelihood = -0.5 * (error.size * np.log(2 * np.pi) + np.linalg.slogdet(seen)[1] + error @ np.linalg.solve(seen, error))
    posterior = (prior - gain @ readout @ prior).reshape(joint.shape)
    return log_likelihood, (mean.ravel() + gain @ error).reshape(mean.shape), posterior


@pytest.mark.parametrize("steps", [2, 3, 4, 20])
def test_the_posterior_is_that_of_one_large_gaussian(steps: int) -> None:
    rng = np.random.default_rng(steps)
    model = system(rng)
    activity, inputs = played(model, rng, steps)
    posterior = smooth(model, Observations.of(activity, inputs))
    expected = [dense(model, *trial) for trial in zip(activity, inputs, strict=True)]
    means, spread = np.stack([mean for _, mean, _ in expected]), expected[0][2]  # covariances are the same in all trials
    within, lagged = [spread[t, :, t] for t in range(steps)], [spread[t + 1, :, t] for t in range(steps - 1)]

    # float64 of at most 80 channels and steps; at 20 steps gains are frozen, of pivots converged to 1e-13
    close = partial(np.testing.assert_allclose, rtol=1e-9, atol=1e-9)
    close(posterior.log_likelihood, sum(value for value, _, _ in expected))
    close(posterior.means, means)
    close(posterior.start_covariance, within[0])
    before = np.concatenate([means, inputs, np.ones((TRIALS, steps, 1))], axis=2)
    regressors = {count: sum(rows[:count].T @ rows[:count] for rows in before) for count in (steps - 1, steps)}
    for count, sums in regressors.items():
        sums[:LATENTS, :LATENTS] += TRIALS * sum(within[:count])
    cross = sum(later[1:].T @ rows[:-1] for later, rows in zip(means, before, strict=True))
    cross[:, :LATENTS] += TRIALS * sum(lagged)
    close(posterior.dynamics.regressors, regressors[steps - 1])
    close(posterior.dynamics.cross, cross)
    close(posterior.dynamics.targets, sum(x[1:].T @ x[1:] for x in means) + TRIALS * sum(within[1:]))
    close(posterior.emission.regressors, regressors[steps])
    close(posterior.emission.cross, sum(y.T @ rows for y, rows in zip(activity, before, strict=True)))


def test_predictions_know_only_the_past() -> None:
    """The last state of a trial that is cut there, and one step from it."""
    rng = np.random.default_rng(5)
    model = system(rng)
    activity, inputs = played(model, rng, 12)
    following = predicted(model, Observations.of(activity, inputs))
    for known in (1, 2, 7, 11):
        states = np.stack([dense(model, *cut)[1][-1] for cut in zip(activity[:, :known], inputs[:, :known], strict=True)])
        states = states @ model.transition.T + inputs[:, known - 1] @ model.input_weights.T + model.drift
        expected = states @ model.readout.T + inputs[:, known] @ model.feedthrough.T + model.offset
        np.testing.assert_allclose(following[:, known - 1], expected, rtol=1e-9, atol=1e-9)  # float64 of some 40 numbers


def test_frozen_gains_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weak evidence, so pivots take long to converge; without a convergence every step has gains of its own, and none is in a block."""
    rng = np.random.default_rng(0)
    model = system(rng)
    model = replace(model, channel_variance=1000 * model.channel_variance)
    observed = Observations.of(*played(model, rng, 1500))
    frozen = smooth(model, observed)
    monkeypatch.setattr(block_tridiagonal, "_CONVERGED", -1.0)
    own = smooth(model, observed)
    # pivots to 1e-13, over at most 1500 steps that add up
    np.testing.assert_allclose(frozen.means, own.means, atol=1e-9)
    np.testing.assert_allclose(frozen.log_likelihood, own.log_likelihood, rtol=1e-12)
    np.testing.assert_allclose(frozen.dynamics.cross, own.dynamics.cross, rtol=1e-9, atol=1e-7)
    np.testing.assert_allclose(frozen.dynamics.targets, own.dynamics.targets, rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize("latents", [1, 3, 6])
@pytest.mark.parametrize("frozen_noise", [False, True])
def test_no_iteration_lowers_the_likelihood(latents: int, frozen_noise: bool) -> None:
    rng = np.random.default_rng(latents)
    observed = Observations.of(*played(system(rng), rng, 120))
    start = principal_start(observed, latents, rng, persistent=frozen_noise)
    model, log_likelihoods, converged = expectation_maximisation(start, observed, 40, 0.0, frozen_noise)
    assert not converged
    assert len(log_likelihoods) == 41
    # sums of some 1,000 terms lose some 1e-12 of them
    assert np.diff(log_likelihoods).min() > -1e-10 * np.abs(log_likelihoods).max()
    assert log_likelihoods[-1] > log_likelihoods[0] + 1
    assert smooth(model, observed).log_likelihood == log_likelihoods[-1]
    assert (model.channel_variance == start.channel_variance).all() == frozen_noise


def test_a_step_makes_the_expected_log_likelihood_greatest() -> None:
    rng = np.random.default_rng(3)
    model = system(rng)
    observed = Observations.of(*played(model, rng, 50))
    posterior = smooth(model, observed)

    def expected(model: LinearGaussian) -> float:
        """Of states and activity together, but for constants."""
        process, start = np.linalg.inv(model.process_covariance), np.linalg.inv(model.start_covariance)
        away = posterior.means[:, 0] - model.start_mean
        dynamics = (process * posterior.dynamics.residual(model.dynamics)).sum() - TRIALS * 49 * np.linalg.slogdet(process)[1]
        emission = (
            posterior.emission.residual(model.emission) / model.channel_variance + TRIALS * 50 * np.log(model.channel_variance)
        ).sum()
        first = (start * (TRIALS * posterior.start_covariance + away.T @ away)).sum() - TRIALS * np.linalg.slogdet(start)[1]
        return -(dynamics + emission + first) / 2

    best = maximise(posterior, observed)
    assert expected(best) > expected(model)
    for field in fields(best):
        value = getattr(best, field.name)
        move = 1e-3 * rng.standard_normal(value.shape)
        if field.name.endswith("covariance"):
            move = move + move.T
        for sign in (1, -1):
            assert expected(replace(best, **{field.name: value + sign * move})) < expected(best), field.name


def test_latents_have_no_basis_of_their_own() -> None:
    rng = np.random.default_rng(4)
    observed = Observations.of(*played(system(rng), rng, 300))
    start = principal_start(observed, 3, rng)
    basis = np.eye(3) + 0.5 * rng.standard_normal((3, 3))
    inverse = np.linalg.inv(basis)
    turned = replace(
        start,
        transition=basis @ start.transition @ inverse,
        input_weights=basis @ start.input_weights,
        drift=basis @ start.drift,
        process_covariance=basis @ start.process_covariance @ basis.T,
        readout=start.readout @ inverse,
        start_mean=basis @ start.start_mean,
        start_covariance=basis @ start.start_covariance @ basis.T,
    )
    here, there = (expectation_maximisation(model, observed, 30, 0.0) for model in (start, turned))
    # roundings of 30 iterations of a map that contracts towards its fixed points
    np.testing.assert_allclose(here[1], there[1], rtol=1e-9)
    one, other = (np.sort_complex(np.linalg.eigvals(model.transition)) for model, _, _ in (here, there))
    np.testing.assert_allclose(one, other, atol=1e-7)


def test_slow_modes_are_found() -> None:
    """Modes of .9990 and .9800 among faster ones, 20,000 steps: the standard error of the slowest is √(1 − μ²) / √T = 3e-4."""
    rng = np.random.default_rng(1)
    modes = np.array([0.999, 0.98, 0.7, 0.3])
    size = len(modes)
    basis = np.linalg.qr(rng.standard_normal((size, size)))[0]
    truth = LinearGaussian(
        basis * modes @ basis.T,
        np.zeros((size, 0)),
        np.zeros(size),
        0.01 * np.eye(size),
        rng.standard_normal((20, size)),
        np.zeros((20, 0)),
        np.zeros(20),
        np.full(20, 0.04),
        np.zeros(size),
        np.eye(size),
    )
    observed = Observations.of(*played(truth, rng, 20_000, trials=1))
    model, _, _ = expectation_maximisation(principal_start(observed, size, rng), observed, 100, 1e-9)
    found = np.sort(np.abs(np.linalg.eigvals(model.transition)))[::-1]
    np.testing.assert_allclose(found[:2], modes[:2], atol=2e-3)
    np.testing.assert_allclose(found[2:], modes[2:], atol=0.03)  # √(1 − μ²) / √T and what noise of channels hides
