"""Students of activity: what all of them keep to, and what single kinds are held against."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from rnnpop import variants
from rnnpop.learners.backpropagation import Backpropagation, through_time
from rnnpop.learners.cornn import Cornn
from rnnpop.learners.force import Force
from rnnpop.learners.low_rank_fit import LowRankFit
from rnnpop.learners.maximum_a_posteriori import MaximumAPosteriori
from rnnpop.numerics.kernels import least_squares
from rnnpop.numerics.recurrences import NONLINEARITIES, Fit, Recording, Recurrence, by_real_part
from rnnpop.numerics.stationary import Stationary

KINDS = [kind for kind in variants.kinds("learners") if variants.base("learners", kind) == "ActivityLearner"]
#: Entries that make a student in a moment.
BRIEF: dict[str, dict[str, Any]] = {
    "backpropagation": {"epochs": 2, "window": 40, "hidden": 2},
    "force": {"passes": 3},
    "linear_dynamical_system": {"latents": 3, "iterations": 5},
}
LEAK = 0.05


def circuit(seed: int, units: int = 6, gain: float = 0.9, activation: str = "tanh", form: Any = "current") -> Recurrence:
    weights = gain / np.sqrt(units) * np.random.default_rng(seed).standard_normal((units, units))
    return Recurrence(weights, LEAK, activation, form)


def recorded(network: Recurrence, steps: int = 300, trials: int = 1, noise: float = 0.2, seed: int = 0, inputs: int = 0) -> Recording:
    rng = np.random.default_rng(seed)
    given = rng.standard_normal((steps, trials, inputs))
    weights = rng.standard_normal((network.units, inputs)) if inputs else None
    network = replace(network, input_weights=weights)
    increments = LEAK * noise * rng.standard_normal((steps, trials, network.units))
    states = network.run(rng.standard_normal((trials, network.units)), steps, given if inputs else None, increments)
    return Recording(states.swapaxes(0, 1), given.swapaxes(0, 1), LEAK, network.activation, network.form)


def seen_by(learner: Any, seed: int) -> Any:
    if learner.sees == "covariance":
        return Stationary.of(circuit(seed, gain=0.5).weights, LEAK, time=learner.time).observed(np.arange(4))
    return recorded(circuit(seed), seed=seed).observed(np.arange(4))


def student(kind: str) -> Any:
    return variants.load("learners", {"kind": kind, **BRIEF.get(kind, {})})


def streams(*names: int) -> list[np.random.Generator]:
    return [np.random.default_rng(name) for name in names]


@pytest.mark.parametrize("kind", KINDS)
def test_a_student_does_not_depend_on_its_company(kind: str) -> None:
    learner = student(kind)
    seen = [seen_by(learner, seed) for seed in (1, 2, 3)]
    together = learner.fit(seen, streams(1, 2, 3))
    for place in range(3):
        alone = learner.fit(seen[place : place + 1], streams(place + 1))[0]
        assert alone.spectrum.tobytes() == together[place].spectrum.tobytes()
        assert repr(alone.described) == repr(together[place].described)
        if alone.model is not None:
            assert alone.model.weights.tobytes() == together[place].model.weights.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_a_student_is_whole(kind: str) -> None:
    fit = student(kind).fit([seen_by(student(kind), 5)], streams(5))[0]
    assert np.isfinite(fit.spectrum).all()
    np.testing.assert_array_equal(by_real_part(fit.spectrum), fit.spectrum)
    assert all(isinstance(value, float) for value in fit.described.values())
    if fit.model is not None:
        assert fit.model.leak == LEAK
        assert fit.model.seen(np.zeros(fit.model.units)).shape == (4,)
        np.testing.assert_allclose(by_real_part(np.linalg.eigvals(fit.model.weights)), fit.spectrum, rtol=0, atol=1e-9)
        assert np.isfinite(fit.model.step(np.ones(fit.model.units))).all()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if student(kind).sees == "recording"])
def test_activity_that_runs_away_raises_nothing_and_teaches_nothing(kind: str) -> None:
    """Nothing once it is not finite; what is huge may be taken for what it is."""
    sound = seen_by(student(kind), 1)
    growing = sound.states * np.logspace(0, 300, sound.states.shape[1])[:, None]
    assert isinstance(student(kind).fit([replace(sound, states=growing)], streams(1))[0], Fit)
    for bad in (np.full_like(sound.states, np.nan), np.where(np.abs(growing) < 1e200, growing, np.inf)):
        fit = student(kind).fit([replace(sound, states=bad)], streams(1))[0]
        assert np.isnan(fit.spectrum).all()
        assert fit.model is None


@pytest.mark.parametrize("kind", [kind for kind in KINDS if student(kind).sees == "recording"])
def test_silence_raises_nothing(kind: str) -> None:
    sound = seen_by(student(kind), 1)
    assert isinstance(student(kind).fit([replace(sound, states=np.zeros_like(sound.states))], streams(1))[0], Fit)


# ---- CORNN ----


def objective(theta: np.ndarray, regressors: np.ndarray, targets: np.ndarray, l2: float) -> tuple[float, np.ndarray]:
    """Of one unit, and its gradient. The cross-entropy between (1 + d)/2 and (1 + tanh x)/2 = σ(2x) is log(2 cosh x) − d x."""
    drive = regressors @ theta
    value = (np.logaddexp(drive, -drive) - targets * drive).mean() + l2 / 2 * theta @ theta
    return value, regressors.T @ (np.tanh(drive) - targets) / len(drive) + l2 * theta


def rates(gain: float = 1.5, noise: float = 0.2, trials: int = 1, inputs: int = 0) -> tuple[Recurrence, Recording]:
    network = circuit(4, gain=gain, form="rate")
    return network, recorded(network, 400, trials, noise, inputs=inputs)


def problem(recording: Recording) -> tuple[np.ndarray, np.ndarray]:
    before, inputs, after = recording.pairs
    return np.concatenate([before, inputs], axis=1), np.clip((after - (1 - LEAK) * before) / LEAK, -1 + 1e-6, 1 - 1e-6)


def solution(fit: Fit) -> np.ndarray:
    assert fit.model is not None
    extra = np.empty((fit.model.units, 0)) if fit.model.input_weights is None else fit.model.input_weights
    return np.concatenate([fit.model.weights, extra], axis=1).T


@pytest.mark.parametrize("inputs", [0, 2])
def test_cornn_is_at_the_minimum_of_its_convex_objective(inputs: int) -> None:
    """1e-8 is 100 times the tolerance: the metric of the iteration has a condition of about that squared. The objective is flat to second
    order at its minimum, where scipy's is found to 1e-7 in θ."""
    recording = rates(inputs=inputs)[1]
    theta = solution(Cornn(variant="converged", l2=1e-3).fit([recording], streams(0))[0])
    regressors, targets = problem(recording)
    for unit in range(targets.shape[1]):
        arguments = regressors, targets[:, unit], 1e-3
        assert np.abs(objective(theta[:, unit], *arguments)[1]).max() < 1e-8
        other = minimize(objective, np.zeros(len(theta)), arguments, "BFGS", jac=True, options={"gtol": 1e-9})
        np.testing.assert_allclose(theta[:, unit], other.x, rtol=0, atol=1e-5)


def test_cornn_never_goes_uphill_and_gets_to_the_same_place() -> None:
    """The published iteration, standard variant: its matrix majorises the second derivative."""
    recording = rates()[1]
    regressors, targets = problem(recording)

    def total(fit: Fit) -> float:
        return sum(objective(theta, regressors, targets[:, unit], 1e-3)[0] for unit, theta in enumerate(solution(fit).T))

    after = [total(Cornn("standard", n, 1e-3).fit([recording], streams(0))[0]) for n in (1, 2, 3, 5, 10, 100)]
    assert (np.diff(after) <= 1e-12).all()
    best = Cornn("converged", 1000, 1e-3).fit([recording], streams(0))[0]
    assert after[-1] - total(best) == pytest.approx(0, abs=1e-9)
    long = Cornn("standard", 3000, 1e-3).fit([recording], streams(0))[0]
    np.testing.assert_allclose(solution(long), solution(best), rtol=0, atol=1e-6)


@pytest.mark.parametrize("variant", ["weighted", "standard", "robust", "converged"])
def test_cornn_finds_the_circuit_that_it_is_a_student_of(variant: str) -> None:
    """Without noise the residual is 0 at the circuit itself, however it is weighted; the penalty pulls by l2 over the least variance."""
    network, recording = rates(noise=0.0, trials=20)
    fit = Cornn(variant, 20_000, l2=1e-10, tolerance=1e-13).fit([recording], streams(0))[0]
    np.testing.assert_allclose(solution(fit).T, network.weights, rtol=0, atol=1e-4)
    assert fit.model is not None
    assert fit.model.form == "rate"


def test_cornn_finds_a_trained_network_with_its_bias() -> None:
    """A map without leak, h' = tanh(W h + U x + b), in noise-free trials: as cells of trained networks are."""
    network = replace(circuit(4, gain=1.5, form="rate"), leak=1.0, bias=np.linspace(-0.5, 0.5, 6))
    rng = np.random.default_rng(2)
    given = rng.standard_normal((10, 40, 2))
    network = replace(network, input_weights=rng.standard_normal((6, 2)))
    states = network.run(rng.standard_normal((40, 6)), 10, given)
    recording = Recording(states.swapaxes(0, 1), given.swapaxes(0, 1), 1.0, "tanh", "rate")
    model = Cornn("converged", 20_000, 1e-10, tolerance=1e-13, bias=True).fit([recording], streams(0))[0].model
    for found, true in ((model.weights, network.weights), (model.input_weights, network.input_weights), (model.bias, network.bias)):
        np.testing.assert_allclose(found, true, rtol=0, atol=1e-4)


# ---- FORCE ----


def turning(units: int = 4) -> Recurrence:
    """A plane with a cycle, seen through more units."""
    basis = np.linalg.qr(np.random.default_rng(8).standard_normal((units, 2)))[0]
    return Recurrence(basis @ np.array([[1.5, -1.0], [1.0, 1.5]]) @ basis.T, LEAK, "tanh")


def one_pass(weights: np.ndarray, recording: Recording, number: int = 1) -> tuple[np.ndarray, np.ndarray, float]:
    J, P = weights.copy(), 0.1 * np.eye(len(weights))
    first = np.ascontiguousarray(recording.states[:, 0])
    missed = least_squares.passes(J, P, first, np.tanh(recording.states, order="C"), LEAK, number)
    return J, P, missed


def test_force_leaves_a_circuit_alone_that_does_what_it_should() -> None:
    """C and numpy differ by rounding in the products of a step, and those errors, not the weights of a cycle, are what is corrected."""
    network = turning()
    weights, _, missed = one_pass(network.weights, recorded(network, noise=0.0, trials=2))
    assert missed < 1e-24
    np.testing.assert_allclose(weights, network.weights, rtol=0, atol=1e-11)


def test_force_adds_up_what_it_was_through() -> None:
    """P⁻¹ grows by r rᵀ at every step (Sherman & Morrison). The rates of the student's own run: with targets that cannot be told from
    them nothing is corrected, and the run is that of the circuit."""
    network = turning()
    recording = recorded(network, 200, noise=0.0)
    P = one_pass(network.weights, recording)[1]
    run = np.tanh(recording.states[0])
    np.testing.assert_allclose(np.linalg.inv(P), 10 * np.eye(4) + run.T @ run, rtol=1e-9, atol=1e-9)


def test_force_in_c_is_force_in_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """To rounding, which a stable network does not amplify."""
    recording = recorded(turning(), 100, trials=2)
    first = np.random.default_rng(1).standard_normal((4, 4)) / 2
    compiled = one_pass(first, recording, 2)
    monkeypatch.setattr(least_squares, "library", lambda source: None)
    for one, other in zip(compiled, one_pass(first, recording, 2), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-10)


def test_force_learns_a_cycle() -> None:
    recording = recorded(turning(), 600, noise=0.0)
    few, many = (Force(passes=n).fit([recording], streams(3))[0].described["fitted_r2"] for n in (1, 100))
    assert few < 0.5
    assert many > 0.95


# ---- backpropagation ----


@pytest.mark.parametrize("hidden", [0, 3])
@pytest.mark.parametrize("published_timing", [False, True])
def test_the_gradient_through_time_is_that_of_automatic_differentiation(hidden: int, published_timing: bool) -> None:
    rng = np.random.default_rng(5)
    seen, forced = rng.standard_normal((12, 3, 4)), rng.random(12) < 0.4
    weights = rng.standard_normal((4 + hidden, 4 + hidden)) / 2
    loss, gradient = through_time(weights, seen, forced, LEAK, published_timing)

    W, x = torch.from_numpy(weights).requires_grad_(), torch.from_numpy(seen)
    state = torch.cat([x[0], torch.zeros(3, hidden, dtype=x.dtype)], 1)
    total = torch.zeros((), dtype=x.dtype)
    for t in range(12):
        if t and forced[t]:
            state = torch.cat([x[t], state[:, 4:]], 1)
        state = (1 - LEAK) * state + LEAK * torch.tanh(state) @ W.T
        wanted = t if published_timing else t + 1
        if 1 <= wanted < 12:
            total = total + ((torch.tanh(state[:, :4]) - torch.tanh(x[wanted])) ** 2).sum()
    total.backward()
    assert loss == pytest.approx(total.item(), rel=1e-12)
    np.testing.assert_allclose(gradient, W.grad.numpy(), rtol=0, atol=1e-12 * np.abs(gradient).max() + 1e-13)


def test_as_published_a_student_is_asked_to_stay_where_it_is_put() -> None:
    """Put at every step where it was seen, and held against the same: W = 1 is right about any states small enough for φ(x) = x."""
    network = turning()
    seen = 1e-3 * recorded(network, 40, trials=2, noise=0.0).states.swapaxes(0, 1)
    forced = np.ones(40, dtype=bool)
    still, turned = (through_time(weights, seen, forced, LEAK, published_timing=True)[0] for weights in (np.eye(4), network.weights))
    assert still < 1e-6 * turned
    still, turned = (through_time(weights, seen, forced, LEAK)[0] for weights in (np.eye(4), network.weights))
    assert turned < still


def test_no_gradient_asks_anything_of_the_circuit_itself() -> None:
    network = turning()
    recording = recorded(network, 60, trials=3, noise=0.0)
    loss, gradient = through_time(network.weights, recording.states.swapaxes(0, 1), np.arange(60) % 3 == 0, LEAK)
    assert loss < 1e-24
    assert np.abs(gradient).max() < 1e-12


@pytest.mark.parametrize("hidden", [0, 2])
def test_backpropagation_gets_nearer(hidden: int) -> None:
    recording = recorded(turning(), 600, noise=0.0)
    short, long = (Backpropagation(hidden, epochs, window=50).fit([recording], streams(3))[0] for epochs in (1, 40))
    assert long.described["squared_error"] < 0.1 * short.described["squared_error"]
    assert long.model is not None
    if hidden:
        np.testing.assert_array_equal(long.model.seen(np.arange(6.0)), np.arange(4.0))


# ---- low rank ----


def price(weights: np.ndarray, input_weights: np.ndarray, recording: Recording, ridge: float) -> float:
    before, inputs, after = recording.pairs
    rate = NONLINEARITIES[recording.activation][0](before)
    missed = after - (1 - LEAK) * before - LEAK * (rate @ weights.T + inputs @ input_weights.T)
    return float((missed**2).sum() + ridge * ((weights**2).sum() + (input_weights**2).sum()))


def test_at_full_rank_it_is_the_ridge_regression() -> None:
    recording = recorded(circuit(2))
    low, full = (
        learner.fit([recording], streams(0))[0].model for learner in (LowRankFit(rank=6, ridge=0.1), MaximumAPosteriori(ridge=0.1))
    )
    np.testing.assert_allclose(low.weights, full.weights, rtol=0, atol=1e-9)


@pytest.mark.parametrize("inputs", [0, 2])
def test_at_full_rank_and_with_a_bias_it_is_least_squares_with_one(inputs: int) -> None:
    recording = recorded(circuit(2), inputs=inputs)
    recording = replace(recording, states=recording.states + 0.1 * np.arange(6))  # a mean that asks for a bias
    low, full = (
        learner.fit([recording], streams(0))[0].model
        for learner in (LowRankFit(rank=6, ridge=0.0, bias=True), MaximumAPosteriori(ridge=0.0, bias=True))
    )
    for name in ("weights", "bias", *(["input_weights"] if inputs else [])):
        np.testing.assert_allclose(getattr(low, name), getattr(full, name), rtol=1e-6, atol=1e-8)
    assert (low.input_weights is None) == (inputs == 0)
    assert np.abs(low.bias).max() > 0.1


@pytest.mark.parametrize("inputs", [0, 2])
@pytest.mark.parametrize("rank", [1, 2, 4])
def test_no_matrix_of_the_same_rank_is_cheaper(rank: int, inputs: int) -> None:
    """Slope 0 along everything that keeps the rank, by central differences of a quadratic function, exact but for rounding; and cheaper
    than the ridge regression cut to that rank."""
    recording = recorded(circuit(2), inputs=inputs)
    model = LowRankFit(rank, 0.01).fit([recording], streams(0))[0].model
    assert np.linalg.matrix_rank(model.weights, tol=1e-9) == rank
    into = np.zeros((6, 0)) if model.input_weights is None else model.input_weights
    left, scale, right = np.linalg.svd(model.weights)
    best = price(model.weights, into, recording, 0.01)
    rng = np.random.default_rng(1)
    for _ in range(10):
        along = left[:, :rank] @ rng.standard_normal((rank, 6)) + rng.standard_normal((6, rank)) @ right[:rank]
        along_inputs = rng.standard_normal(into.shape)
        up, down = (price(model.weights + h * along, into + h * along_inputs, recording, 0.01) for h in (1e-2, -1e-2))
        assert abs(up - down) < 1e-9 * best / 1e-2
        assert up + down > 2 * best
    ridge = LowRankFit(6, 0.01).fit([recording], streams(0))[0].model
    left, scale, right = np.linalg.svd(ridge.weights)
    assert best <= price((left[:, :rank] * scale[:rank]) @ right[:rank], into if inputs == 0 else ridge.input_weights, recording, 0.01)


def test_a_circuit_of_low_rank_is_found() -> None:
    """Without noise, from many starts, all units watched: but for the ridge."""
    network = turning(6)
    fit = LowRankFit(2, 1e-10).fit([recorded(network, 200, trials=20, noise=0.0)], streams(0))[0]
    np.testing.assert_allclose(fit.model.weights, network.weights, rtol=0, atol=1e-6)
