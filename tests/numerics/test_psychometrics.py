"""Curves of behaviour against agents whose curves are known, and against plain loops."""

from __future__ import annotations

import warnings
from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.special import expit

from rnnpop.numerics import psychometrics
from rnnpop.numerics.observers import Actor, watch
from rnnpop.numerics.sessions import Behaviour, play
from rnnpop.numerics.sessions import behaviour as finished
from rnnpop.tasks.hierarchical_inference import HierarchicalInference

STRENGTHS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5)


def made(rng: np.random.Generator, sessions: int, blocks: int, shortest: int = 20, longest: int = 60, unbiased: int = 0) -> Behaviour:
    """Sessions of whole blocks of random lengths without any action, the block's side with probability 0.8."""
    rows = []
    for session in range(sessions):
        side, number = rng.choice((-1, 1)), 0
        for block in range(blocks):
            first = block == 0 and unbiased > 0
            length = unbiased if first else rng.integers(shortest, longest + 1)
            for trial in range(length):
                rows.append((session, number, block, trial + 1, 0 if first else side))
                number += 1
            side = -side
    session, number, block, block_trial, block_side = np.array(rows).T
    agrees = rng.random(len(rows)) < 0.8
    return Behaviour(
        session=session,
        number=number,
        side=np.where(block_side == 0, rng.choice((-1, 1), len(rows)), np.where(agrees, block_side, -block_side)),
        strength=rng.choice(STRENGTHS, len(rows)),
        block_side=block_side,
        block=block,
        block_trial=block_trial,
        action=np.zeros(len(rows), dtype=int),
        reward=np.full(len(rows), -1.0),
        duration=np.full(len(rows), 10.0),
    )


def answering(behaviour: Behaviour, correct: np.ndarray) -> Behaviour:
    return replace(behaviour, action=np.where(correct, behaviour.side, -behaviour.side))


def rows(behaviour: Behaviour, chosen: np.ndarray) -> Behaviour:
    return Behaviour(**{field.name: getattr(behaviour, field.name)[chosen] for field in fields(Behaviour)})


@pytest.mark.parametrize("truth", [(0.4, 1.1, 0.05, 0.1), (-0.7, 0.5, 0.02, 0.0), (0.0, 2.5, 0.2, 0.15)])
def test_the_fit_finds_the_function_that_made_the_fractions(truth: tuple[float, ...]) -> None:
    """Without noise the likelihood is greatest at the truth; 1e-2 is what the optimiser's stop leaves along its flattest direction."""
    x = np.linspace(-2.5, 2.5, 11)
    found = psychometrics.fit(x, psychometrics.psychometric(x, *truth), np.full(11, 1e4))
    np.testing.assert_allclose(found, truth, atol=1e-2)


def test_the_fit_of_drawn_choices_is_as_good_as_the_truth() -> None:
    """The likelihood of the maximum is at least that of the truth, and beats it by no more than χ²₄ does once in 10 000 (23.5 / 2)."""
    rng, x, truth = np.random.default_rng(3), np.linspace(-2.5, 2.5, 11), (0.3, 1.0, 0.04, 0.08)
    count = np.full(11, 400.0)
    fraction = rng.binomial(400, psychometrics.psychometric(x, *truth)) / 400

    def likelihood(parameters: tuple[float, ...]) -> float:
        chance = psychometrics.psychometric(x, *parameters)
        return float(400 * (fraction @ np.log(chance) + (1 - fraction) @ np.log(1 - chance)))

    assert 0 <= likelihood(psychometrics.fit(x, fraction, count)) - likelihood(truth) < 23.5 / 2


def test_a_curve_that_is_told_at_three_levels_is_not_fitted() -> None:
    count = np.array([5.0, 5.0, 5.0, 0.0])
    assert np.isnan(psychometrics.fit(np.arange(4.0), np.array([0, 0.5, 1, np.nan]), count)).all()


def test_tables_are_those_of_a_loop() -> None:
    rng = np.random.default_rng(0)
    behaviour = made(rng, 3, 4, unbiased=15)
    action = rng.choice((-1, 0, 1), len(behaviour.side))
    behaviour = replace(behaviour, action=action, duration=rng.integers(1, 11, len(action)).astype(float), reward=rng.random(len(action)))
    drawn, axes = psychometrics.curves(behaviour, STRENGTHS), psychometrics.coordinates(STRENGTHS)

    def mean(values: np.ndarray, *conditions: np.ndarray) -> float:
        chosen = np.all(conditions, axis=0)
        return float(values[chosen].mean()) if chosen.any() else np.nan

    for i, signed in enumerate(axes["signed_strength"]):
        here = behaviour.signed_strength == signed
        assert drawn["timeout_fraction"][1][i] == mean(action == 0, here)
        assert drawn["correct_fraction"][1][i] == mean(action == behaviour.side, here)
        for j, side in enumerate(axes["block_side"]):
            np.testing.assert_allclose(drawn["right_fraction"][1][i, j], mean(action == 1, here, action != 0, behaviour.block_side == side))
            assert drawn["acted_trials"][1][i, j] == (here & (action != 0) & (behaviour.block_side == side)).sum()
    for i, concordance in enumerate(axes["concordance"]):
        agrees = (behaviour.side * behaviour.block_side) == {"discordant": -1, "concordant": 1}[concordance]
        for j, strength in enumerate(STRENGTHS):
            here = agrees & (behaviour.strength == strength)
            np.testing.assert_allclose(drawn["accuracy_by_strength"][1][i, j], mean(action == behaviour.side, here))
            np.testing.assert_allclose(drawn["duration_wrong"][1][i, j], mean(behaviour.duration, here, action == -behaviour.side))
    for i, long in enumerate(axes["observation"]):
        np.testing.assert_allclose(drawn["reward_by_observations"][1][i], mean(behaviour.reward, behaviour.duration == long), rtol=1e-12)


def test_fractions_of_outcomes_sum_to_one() -> None:
    rng = np.random.default_rng(1)
    behaviour = made(rng, 2, 3)
    drawn = psychometrics.curves(replace(behaviour, action=rng.choice((-1, 0, 1), len(behaviour.side))), STRENGTHS)
    total = sum(drawn[f"{name}_fraction"][1] for name in ("correct", "wrong", "timeout"))
    np.testing.assert_allclose(total, 1, rtol=1e-12)


def test_a_dip_is_measured_with_the_time_constant_that_made_it() -> None:
    """4000 blocks: four standard errors √(p(1−p)/n) of the first trial; τ to 25 %, four times its bootstrap error, which is asked too."""
    rng = np.random.default_rng(2)
    behaviour = made(rng, 40, 101)
    behaviour = answering(behaviour, rng.random(len(behaviour.side)) < 0.9 - 0.4 * np.exp(-(behaviour.block_trial - 1) / 5))
    told = psychometrics.numbers(behaviour, STRENGTHS)
    assert abs(told["first_trial_accuracy"] - 0.5) < 4 * np.sqrt(0.25 / 4000)
    assert abs(told["plateau_accuracy"] - 0.9) < 0.01
    assert abs(told["recovery_trials"] / 5 - 1) < 0.25
    error = psychometrics.recovery_errors(behaviour, np.random.default_rng(0))
    np.testing.assert_allclose(error["first_trial_accuracy"], np.sqrt(0.25 / 4000), rtol=0.2)  # 200 draws: 5 %
    assert error["recovery_trials"] < 0.25 * 5 / 4 * 1.2
    curve, count = (psychometrics.curves(behaviour, STRENGTHS)[f"{name}_by_block_trial"][1] for name in ("accuracy", "blocks"))
    assert count[0] == 4000
    assert abs(curve[4] - (0.9 - 0.4 * np.exp(-4 / 5))) < 4 * np.sqrt(0.25 / 4000)


def test_without_a_dip_there_is_nothing_to_recover_from() -> None:
    behaviour = made(np.random.default_rng(4), 4, 5)
    told = psychometrics.numbers(answering(behaviour, np.ones(len(behaviour.side), dtype=bool)), STRENGTHS)
    assert (told["accuracy"], told["switch_dip"]) == (1, 0)
    assert np.isnan(told["recovery_trials"])


def test_points_with_few_blocks_are_masked_and_their_number_is_told() -> None:
    behaviour = made(np.random.default_rng(5), 3, 5)  # 12 switched blocks
    drawn = psychometrics.curves(behaviour, STRENGTHS, fewest=10)
    accuracy, count = (drawn[f"{name}_by_block_trial"][1] for name in ("accuracy", "blocks"))
    assert count[0] == 12
    assert np.isfinite(accuracy[:20]).all()
    np.testing.assert_array_equal(np.isnan(accuracy), count < 10)
    assert (count < 10).any()
    assert np.isnan(drawn["zero_accuracy_by_block_trial"][1][drawn["zero_blocks_by_block_trial"][1] < 10]).all()


@pytest.mark.parametrize(("unbiased", "first"), [(0, 1), (30, 2)])
def test_a_switch_is_from_one_side_to_the_other(unbiased: int, first: int) -> None:
    behaviour = made(np.random.default_rng(6), 2, 4, unbiased=unbiased)
    np.testing.assert_array_equal(psychometrics.switched(behaviour), behaviour.block >= first)
    assert len(psychometrics.by_block(behaviour)) == 2 * (4 - first)


def test_early_slopes_are_those_of_the_blocks_after_such_lengths() -> None:
    """Right from the third trial on after short blocks, from the seventh on after long ones: lines through those steps."""
    rng = np.random.default_rng(7)
    behaviour = made(rng, 8, 20)
    length = {(s, b): 0 for s, b in zip(behaviour.session, behaviour.block, strict=True)}
    for pair in zip(behaviour.session, behaviour.block, strict=True):
        length[pair] += 1
    before = np.array([length.get((s, b - 1), 0) for s, b in zip(behaviour.session, behaviour.block, strict=True)])
    late = np.where(before < 40, 3, 7)
    drawn = psychometrics.curves(answering(behaviour, behaviour.block_trial >= late), STRENGTHS)
    x = np.arange(10)
    for group, step in ((0, 3), (1, 7)):
        expected = np.polyfit(x, x + 1 >= step, 1)
        np.testing.assert_allclose([drawn[f"early_{name}"][1][group] for name in ("slope", "intercept")], expected, atol=1e-12)
    assert np.isnan(drawn["early_slope"][1][3])
    assert drawn["early_blocks"][1].sum() == 8 * 19


def test_numbers_of_an_agent_that_follows_the_block_where_nothing_is_seen() -> None:
    rng = np.random.default_rng(8)
    behaviour = made(rng, 5, 10)
    behaviour = replace(behaviour, action=np.where(behaviour.strength == 0, behaviour.block_side, behaviour.side))
    told = psychometrics.numbers(behaviour, STRENGTHS)
    assert told["zero_contrast_block_effect"] == 1
    assert (told["zero_contrast_concordant"], told["zero_contrast_discordant"], told["strongest_discordant"]) == (1, 0, 1)
    assert (told["timeouts"], told["observations"], told["reward"]) == (0, 10, -1)


@pytest.mark.parametrize("trials", [0, 1, 40])
def test_what_cannot_be_told_is_nan_without_a_warning(trials: int) -> None:
    behaviour = rows(made(np.random.default_rng(9), 1, 3), np.arange(trials))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = psychometrics.numbers(behaviour, STRENGTHS)
        psychometrics.recovery_errors(behaviour, np.random.default_rng(0))
        psychometrics.session_error(behaviour.correct, behaviour.session)
        weights, _ = psychometrics.history(behaviour, np.zeros(trials))
    assert np.isnan(told["plateau_accuracy"])
    assert np.isnan(told["zero_contrast_block_effect"])  # nobody acted
    assert np.isnan(weights).all()
    assert np.isnan(told["accuracy"]) == (trials == 0)


def test_unknown_rewards_and_durations_leave_the_rest() -> None:
    """A mouse's table: no rewards, some response times missing, contrasts of its own, more seconds than are told apart."""
    rng = np.random.default_rng(10)
    behaviour = made(rng, 2, 5, unbiased=90)
    contrasts = (0.0, 0.0625, 0.125, 0.25, 1.0)
    nothing = np.full(len(behaviour.side), np.nan)
    duration = np.where(rng.random(len(nothing)) < 0.1, np.nan, 100 * rng.random(len(nothing)))
    behaviour = replace(behaviour, strength=rng.choice(contrasts, len(nothing)), reward=nothing, duration=duration)
    behaviour = answering(behaviour, np.ones(len(nothing), dtype=bool))
    drawn, told = psychometrics.curves(behaviour, contrasts), psychometrics.numbers(behaviour, contrasts)
    assert np.isnan(told["reward"])
    np.testing.assert_allclose(told["observations"], np.nanmean(duration), rtol=1e-12)
    assert drawn["trials_by_observations"][1].sum() == (duration <= 10).sum()
    assert drawn["acted_trials"][1][:, 1].sum() == 180  # the unbiased trials stand by themselves
    assert np.isfinite(drawn["accuracy_by_strength"][1]).all()


def test_the_error_over_sessions_of_equal_length_is_that_of_their_means() -> None:
    values = np.random.default_rng(11).random((6, 50))
    told = psychometrics.session_error(values.ravel(), np.repeat(np.arange(6), 50))
    np.testing.assert_allclose(told, values.mean(axis=1).std(ddof=1) / np.sqrt(6), rtol=1e-12)


@pytest.mark.parametrize("habit", [0.0, 0.8])
def test_a_habit_is_told_from_the_structure_of_blocks(habit: float) -> None:
    """An agent that follows prior and stimulus, and its own last choice by `habit`: each weight within four of its standard errors."""
    rng = np.random.default_rng(12)
    behaviour = made(rng, 20, 10)
    prior = 1.4 * behaviour.block_side + 0.3 * rng.standard_normal(len(behaviour.side))
    action = np.zeros(len(prior), dtype=int)
    for i in range(len(prior)):
        last = action[i - 1] if i and behaviour.session[i] == behaviour.session[i - 1] else 0
        action[i] = 1 if rng.random() < expit(0.2 + prior[i] + 0.7 * behaviour.signed_strength[i] + habit * last) else -1
    weights, errors = psychometrics.history(replace(behaviour, action=action), prior)
    truth = np.array([0.2, 1.0, 0.7, habit, 0.0])
    assert (np.abs(weights - truth) < 4 * errors).all()
    assert (errors < 0.1).all()


def test_choices_that_can_be_told_without_error_have_finite_weights() -> None:
    behaviour = made(np.random.default_rng(13), 2, 5)
    prior = behaviour.block_side.astype(float)
    weights, errors = psychometrics.history(replace(behaviour, action=behaviour.block_side), prior)
    assert weights[1] > 3
    assert np.isfinite([weights, errors]).all()


@pytest.mark.parametrize("block", ["exact", "soft"])
def test_ideal_actors_have_no_habit_beside_their_own_prior(block: str) -> None:
    """Weights of the past are 0 within four standard errors, for one who uses feedback and for one who does not."""
    task = HierarchicalInference(threshold=0.75)
    course = task.course(np.random.default_rng(14), 40, steps=600)
    steps = play(task, course, Actor(task.generative, 40, 0.75, block=block), 600)
    own = finished(steps, course, task.blanks)
    odds, _ = watch(steps, task.generative, reveal=block == "exact")
    session, end = np.nonzero(steps.ended)
    weights, errors = psychometrics.history(own, odds[session, end - steps.trial_step[session, end] + task.blanks - 1])
    assert (np.abs(weights[3:]) < 4 * errors[3:]).all()
    assert (errors < 0.15).all()
    assert (weights[1:3] > 4 * errors[1:3]).all()
