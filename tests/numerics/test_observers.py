"""Ideal observers: their recursions are what brute force over every history gives, and the actors play as the theory of the task says."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import norm

from rnnpop.numerics import observers
from rnnpop.numerics.observers import Actor, Block, Evidence, Generative
from rnnpop.numerics.psychometrics import session_error
from rnnpop.numerics.sessions import Course, Steps, behaviour, play
from rnnpop.tasks.hierarchical_inference import HierarchicalInference

TASK = HierarchicalInference()
#: Blocks of 2 to 4 trials, three observations at most, a noise that is not 1.
TINY = HierarchicalInference(strengths=(0.0, 0.7, 2.0), shortest=2, longest=4, block_rate=0.3, observations=3, noise=1.3, threshold=0.8)
TRIALS = 9


def segmentations(trials: int, law: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """Chance and block numbers of every way to lay blocks over so many trials; the last block may go on."""
    if trials == 0:
        return [(1.0, np.empty(0, dtype=int))]
    found = []
    for length in range(1, len(law) + 1):
        if law[length - 1] == 0:
            continue
        if length < trials:
            for chance, rest in segmentations(trials - length, law):
                found.append((law[length - 1] * chance, np.concatenate([np.zeros(length, dtype=int), rest + 1])))
    goes_on = law[trials - 1 :].sum()  # P(length >= trials)
    return found + ([(goes_on, np.zeros(trials, dtype=int))] if goes_on else [])


def enumerated(evidence: np.ndarray, law: np.ndarray) -> np.ndarray:
    """P(side of the last trial's block, all data), by summation over all segmentations and first sides."""
    joint = np.zeros(2)
    for chance, number in segmentations(len(evidence), law):
        for first in (0, 1):
            side = (first + number) % 2
            joint[side[-1]] += chance * 0.5 * np.prod(evidence[np.arange(len(side)), side])
    return joint


def densities(generative: Generative, observed: np.ndarray) -> np.ndarray:
    """P(observations | stimulus side), left and right, as the mean over strengths of products of normal densities."""
    told = np.zeros(2)
    for side, strength in itertools.product((0, 1), generative.strengths):
        mean = np.array([strength * (side == 0), strength * (side == 1)])
        told[side] += np.prod(norm.pdf(observed, mean, generative.noise)) / len(generative.strengths)
    return told


def cut(record: Any, rows: slice) -> Any:
    """Some sessions of steps or of a course."""
    return type(record)(**{name: getattr(record, name)[rows] for name in type(record).__dataclass_fields__})


def played(
    task: HierarchicalInference, sessions: int, trials: int, block: Block = "exact", evidence: Evidence = "full", seed: int = 0, **more: Any
) -> tuple[Steps, Course]:
    """Sessions of so many trials; the luck is that of the seed."""
    course = task.course(np.random.default_rng(seed), sessions, steps=trials * (task.blanks + 1))
    course = replace(course, trials=np.full(sessions, trials))
    actor = Actor(task.generative, sessions, task.threshold, block=block, evidence=evidence, **more)
    return play(task, course, actor, trials * (task.blanks + task.observations)), course


def test_hazards_and_lengths_of_blocks() -> None:
    """T1: the table's values to their last digit, and the law is one of lengths."""
    hazard = observers.geometric_hazard(0.02, 20, 100)
    table = {19: 0, 20: 0.0248347, 40: 0.0282327, 60: 0.0355105, 80: 0.0578462, 90: 0.1003670, 99: 0.5050505, 100: 1}
    np.testing.assert_allclose(hazard[np.array(list(table)) - 1], list(table.values()), atol=5e-8)
    law, age = observers.lengths_law(hazard), np.arange(1, 101)
    assert law.sum() == pytest.approx(1, abs=1e-12)
    direct = np.where(age >= 20, 0.98 ** (age - 1.0), 0)
    np.testing.assert_allclose(law, direct / direct.sum(), atol=1e-14)
    mean = law @ age
    assert mean == pytest.approx(49.42, abs=5e-3)
    assert math.sqrt(law @ (age - mean) ** 2) == pytest.approx(21.92, abs=5e-3)
    rig = observers.lengths_law(observers.exponential_hazard(60, 20, 100))
    assert (rig @ np.arange(1, 100), rig.sum()) == (pytest.approx(50.87, abs=5e-3), pytest.approx(1, abs=1e-12))


@pytest.mark.parametrize("noise", [1.0, 0.6])
def test_posterior_within_a_trial(noise: float) -> None:
    """T2: with one strength it is m D/σ² for both observers; with several, that of the product of normal densities."""
    rng = np.random.default_rng(3)
    generative = replace(TASK.generative, noise=noise)
    observed = rng.normal((0, 1.4), 1.0, (7, 2))
    totals, number = observed.cumsum(axis=0), np.arange(1, 8)
    for evidence in ("full", "difference"):
        pair = observers.log_likelihoods(replace(generative, strengths=(1.5,)), totals, number, evidence)
        np.testing.assert_allclose(np.diff(pair, axis=-1)[:, 0], 1.5 * (totals[:, 1] - totals[:, 0]) / noise**2, rtol=1e-12)
    pair = observers.log_likelihoods(generative, totals, number)
    brute = np.log([densities(generative, observed[:t]) for t in number])
    np.testing.assert_allclose(np.diff(pair, axis=1), np.diff(brute, axis=1), atol=1e-12)
    of_difference = [
        np.mean([norm.pdf(np.diff(observed[:t], axis=1), sign * m, math.sqrt(2) * noise).prod() for m in generative.strengths])
        for t in number
        for sign in (-1, 1)
    ]
    pair = observers.log_likelihoods(generative, totals, number, "difference")
    np.testing.assert_allclose(np.diff(pair, axis=1)[:, 0], np.diff(np.log(of_difference).reshape(-1, 2), axis=1)[:, 0], atol=1e-12)


@pytest.mark.parametrize("reveal", [True, False])
def test_filter_of_blocks_is_the_sum_over_all_histories(reveal: bool) -> None:
    """T3: predictive, filtered and evidence to 1e-12."""
    rng = np.random.default_rng(5)
    hazard = TINY.generative.hazard
    weights = np.eye(2)[rng.integers(2, size=(4, TRIALS))] if reveal else rng.random((4, TRIALS, 2))
    evidence = observers.mixed(weights, 0.8)
    before = observers.filter_blocks(evidence, hazard)
    law = observers.lengths_law(hazard)
    for session, trial in itertools.product(range(4), range(TRIALS)):
        own = evidence[session, : trial + 1]
        joint = enumerated(own, law)
        filtered = before[session, trial] * own[-1]
        np.testing.assert_allclose(filtered / filtered.sum(), joint / joint.sum(), atol=1e-12)
        blind = enumerated(np.concatenate([own[:-1], np.ones((1, 2))]), law)
        np.testing.assert_allclose(before[session, trial], blind / blind.sum(), atol=1e-12)
        normalisers = (before[session, : trial + 1] * own).sum(axis=1)
        assert np.log(normalisers).sum() == pytest.approx(math.log(joint.sum()), abs=1e-12)


@pytest.mark.parametrize("reveal", [True, False])
def test_watching_is_the_sum_over_all_histories_at_every_step(reveal: bool) -> None:
    """Stimulus and block, at blanks and observations, with feedback that arrives one step late and timeouts that tell nothing."""
    steps, _ = played(TINY, 3, TRIALS, seed=1)
    generative, law = TINY.generative, observers.lengths_law(TINY.generative.hazard)
    stimulus, block = observers.watch(steps, generative, reveal=reveal)
    assert (steps.action[steps.ended] == 0).any()
    for session in range(3):
        told: list[np.ndarray] = []
        begun = 0
        for time in range(int(np.flatnonzero(steps.ended[session])[-1]) + 1):
            if steps.trial_step[session, time] == 0:
                if time and reveal and steps.action[session, time - 1]:
                    told[-1] = np.eye(2)[int(steps.action[session, time - 1] * steps.inputs[session, time, 2] > 0)]
                told.append(np.ones(2))
                begun = time
            observed = steps.inputs[session, begun + TINY.blanks : time + 1, :2].astype(float)
            told[-1] = densities(generative, observed) if len(observed) else np.ones(2)
            evidence = np.array([[0.8 * w[b] + 0.2 * w[1 - b] for b in (0, 1)] for w in told])
            joint = enumerated(evidence, law)
            blind = enumerated(np.concatenate([evidence[:-1], np.ones((1, 2))]), law)
            side = [told[-1][s] * (0.8 * blind[s] + 0.2 * blind[1 - s]) for s in (0, 1)]
            assert block[session, time] == pytest.approx(math.log(joint[1] / joint[0]), abs=1e-11)
            assert stimulus[session, time] == pytest.approx(math.log(side[1] / side[0]), abs=1e-11)


@pytest.mark.parametrize("task", [TINY, replace(TINY, feedback=False), replace(TINY, unbiased=5), replace(TINY, deadline="argmax")])
@pytest.mark.parametrize("block", ["exact", "soft"])
def test_an_actor_believes_what_an_observer_of_it_does(task: HierarchicalInference, block: Block) -> None:
    """Without feedback among the inputs both fall back to soft evidence; 1e-9 is a sum of three observations against three sums."""
    steps, course = played(task, 6, 30, block, seed=2, deadline=task.deadline)
    stimulus, belief = observers.watch(steps, task.generative, reveal=block == "exact")
    seen = (steps.trial_step >= task.blanks) & (steps.trial_number < 30)
    np.testing.assert_allclose(np.diff(steps.outputs, axis=-1)[..., 0][seen], stimulus[seen], atol=1e-9)
    assert not steps.outputs[(steps.trial_step < task.blanks) & (steps.trial_number < 30)].any()
    unbiased = np.take_along_axis(course.block_side, np.minimum(steps.trial_number, 29), axis=1) == 0
    assert not belief[unbiased].any()
    if not task.feedback:
        np.testing.assert_array_equal(stimulus, observers.watch(steps, task.generative, reveal=False)[0])


def test_an_observer_does_not_know_the_other_sessions_nor_the_future() -> None:
    steps, _ = played(TASK, 5, 40)
    every = np.stack(observers.watch(steps, TASK.generative, reveal=True))
    alone = np.stack(observers.watch(cut(steps, slice(2, 3)), TASK.generative, reveal=True))
    np.testing.assert_array_equal(every[:, 2:3], alone)
    early = Steps(**{name: getattr(steps, name)[:, :50] for name in Steps.__dataclass_fields__})
    np.testing.assert_array_equal(every[:, :, :50], np.stack(observers.watch(early, TASK.generative, reveal=True)))


def test_a_network_that_never_acts_is_watched_too() -> None:
    """Timeouts on every trial tell nothing: revealing or not is the same, and finite."""
    course = TASK.course(np.random.default_rng(0), 3, steps=200)
    steps = play(TASK, course, lambda inputs: np.full((len(inputs), 2), np.nan), 200)
    told, soft = (np.stack(observers.watch(steps, TASK.generative, reveal=reveal)) for reveal in (True, False))
    assert np.isfinite(told).all()
    np.testing.assert_array_equal(told, soft)


def test_a_constant_hazard_is_the_two_state_chain() -> None:
    rng = np.random.default_rng(7)
    evidence = rng.random((3, 40, 2))
    before = observers.filter_blocks(evidence, observers.CONSTANT_HAZARD)
    belief = np.full((3, 2), 0.5)
    for trial in range(40):
        np.testing.assert_allclose(before[:, trial], belief, atol=1e-12)
        belief = belief * evidence[:, trial]
        belief = (belief / belief.sum(axis=1, keepdims=True)) @ np.array([[0.98, 0.02], [0.02, 0.98]])


def test_accuracy_without_blocks() -> None:
    """Φ(m √(t/2)), the table to its last digit; and that is what counting signs of D gives."""
    told = [observers.blockless_accuracy(m, 1) for m in TASK.strengths]
    np.testing.assert_allclose(told, [0.5, 0.6382, 0.7602, 0.8556, 0.9214, 0.9615], atol=5e-5)
    for t, mean in {1: 0.7728, 2: 0.8228, 5: 0.8698, 10: 0.8925}.items():
        assert np.mean([observers.blockless_accuracy(m, t) for m in TASK.strengths]) == pytest.approx(mean, abs=5e-5)
    rng = np.random.default_rng(0)
    difference = rng.normal(3 * 0.8, math.sqrt(2 * 3 * 0.9**2), 20000)
    chance = observers.blockless_accuracy(0.8, 3, 0.9)
    assert (difference > 0).mean() == pytest.approx(chance, abs=4 * math.sqrt(chance * (1 - chance) / 20000))


def test_stopping_with_two_observations_is_what_can_be_told_by_hand() -> None:
    """T = 2, one strength: waiting after D is worth r + E|2p − 1|, in closed form by the normal law; the grid's error is O(spacing²)."""
    generative = replace(TASK.generative, strengths=(1.0,), observations=2)
    prior = np.linspace(-1.4, 1.4, 5)
    rule = observers.optimal_stopping(generative, prior, spacing=0.05)

    def correct(odds: np.ndarray) -> np.ndarray:
        """P(the likelier side is right) after one more observation: right is chosen where D' > −odds (m = 1)."""
        p = 1 / (1 + np.exp(-odds))
        return np.asarray(p * ndtr((1 + odds) / math.sqrt(2)) + (1 - p) * ndtr((1 - odds) / math.sqrt(2)))

    odds = rule.difference[:, None] + prior
    p = 1 / (1 + np.exp(-odds))
    inside = np.abs(rule.difference) < 6
    act, wait = 2 * np.maximum(p, 1 - p) - 1, -0.05 + 2 * correct(odds) - 1
    np.testing.assert_allclose(rule.value[1][inside], np.maximum(act, wait)[inside], atol=1e-3)
    clear = inside[:, None] & (np.abs(act - wait) > 1e-3)
    np.testing.assert_array_equal((rule.advantage[1] >= 0)[clear], (act > wait)[clear])
    assert (rule.advantage[2] > 0).all()


def test_the_value_of_stopping_is_the_reward_that_comes_and_no_threshold_has_more() -> None:
    """V₀ at each trial's own prior is the mean reward within 3 standard errors. All play the same luck, so that differences are paired."""
    limit = math.log(4)
    rule = observers.optimal_stopping(TASK.generative, np.linspace(-limit, limit, 33))
    steps, course = played(TASK, 150, 80, evidence="difference", stopping=rule)
    best = behaviour(steps, course, TASK.blanks)
    prior = observers.watch(steps, TASK.generative, reveal=True)[0][steps.trial_step == 0][: len(best.reward)]
    expected = np.interp(prior, rule.prior, rule.value[0, len(rule.difference) // 2])
    surplus = best.reward - expected
    assert abs(surplus.mean()) < 3 * session_error(surplus, best.session)
    for threshold in (0.6, 0.7, 0.75):
        other_steps, same = played(replace(TASK, threshold=threshold), 150, 80, evidence="difference")
        np.testing.assert_array_equal(course.noise, same.noise)
        other = behaviour(other_steps, same, TASK.blanks)
        gain = best.reward - other.reward
        assert gain.mean() > 3 * session_error(gain, best.session)
