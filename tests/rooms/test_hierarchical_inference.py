"""The mouse's task: what chance brings has the law that it should, and the machine of steps does what the paper's environment does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rnnpop.numerics.observers import Actor, lengths_law
from rnnpop.numerics.sessions import Course, Steps, behaviour, play
from rnnpop.tasks.hierarchical_inference import HierarchicalInference

TASK = HierarchicalInference()
BLANKS = TASK.blanks


def cut(record: Any, rows: slice) -> Any:
    """Some sessions of steps or of a course."""
    return type(record)(**{name: getattr(record, name)[rows] for name in type(record).__dataclass_fields__})


def exact(environments: int, task: HierarchicalInference = TASK) -> Actor:
    return Actor(task.generative, environments, task.threshold, deadline=task.deadline)


@pytest.fixture(scope="module")
def course() -> Course:
    return TASK.course(np.random.default_rng(0), 400, steps=1200)


@pytest.fixture(scope="module")
def steps(course: Course) -> Steps:
    return play(TASK, cut(course, slice(40)), exact(40), 1200)


def test_the_law_of_what_chance_brings(course: Course) -> None:
    """T8: five standard errors of independent draws, 160,400 of them; sides agree with blocks at every strength alike."""
    agrees, number = course.side == course.block_side, course.side.size
    assert agrees.mean() == pytest.approx(0.8, abs=5 * 0.4 / number**0.5)
    for strength in TASK.strengths:
        own = course.strength == strength
        assert own.mean() == pytest.approx(1 / 6, abs=5 * (5 / 36 / number) ** 0.5)
        assert agrees[own].mean() == pytest.approx(0.8, abs=5 * 0.4 / own.sum() ** 0.5)
    assert abs((course.block_side[:, 0] > 0).mean() - 0.5) < 5 * 0.5 / len(course.trials) ** 0.5
    noise = course.noise.astype(float)
    assert noise.mean() == pytest.approx(0, abs=5 / noise.size**0.5)
    assert noise.var() == pytest.approx(1, abs=5 * (2 / noise.size) ** 0.5)
    assert np.corrcoef(noise.reshape(-1, 2).T)[0, 1] == pytest.approx(0, abs=5 / (noise.size / 2) ** 0.5)


def test_blocks_alternate_and_last_as_they_should() -> None:
    """Whole blocks: each age counts on from 1, sides alternate, the mean length is the law's within five standard errors."""
    course = TASK.course(np.random.default_rng(1), 500, blocks=4)
    lengths = []
    for session in range(500):
        played = slice(course.trials[session])
        block, age, side = course.block[session, played], course.block_trial[session, played], course.block_side[session, played]
        starts = np.flatnonzero(age == 1)
        np.testing.assert_array_equal(block[starts], np.arange(4))
        np.testing.assert_array_equal(age, np.arange(len(age)) - starts[block] + 1)
        np.testing.assert_array_equal(side, side[0] * (-1) ** block)
        lengths.append(np.diff([*starts, len(age)]))
    length = np.concatenate(lengths)
    law = lengths_law(TASK.generative.hazard)
    assert length.min() >= 20
    assert length.max() <= 100
    assert length.mean() == pytest.approx(law @ np.arange(1, 101), abs=5 * 21.92 / len(length) ** 0.5)


def test_an_unbiased_block_comes_first_and_favours_no_side() -> None:
    course = replace(TASK, unbiased=90).course(np.random.default_rng(2), 300, steps=600)
    assert not course.block_side[:, :90].any()
    assert course.block_side[:, 90:].all()
    np.testing.assert_array_equal(course.block_trial[:, 90], 1)
    assert (course.side[:, :90] > 0).mean() == pytest.approx(0.5, abs=5 * 0.5 / 27000**0.5)
    assert (course.block_side[:, 90] > 0).mean() == pytest.approx(0.5, abs=5 * 0.5 / 300**0.5)


def test_the_machine_of_steps(course: Course, steps: Steps) -> None:
    """T8: two blanks of zeros, nothing can be done on them; feedback comes with the first one alone; at most 12 steps; timeouts −1."""
    blank = steps.trial_step < BLANKS
    assert not steps.inputs[..., :2][blank].any()
    assert steps.inputs[..., :2][~blank].all()
    assert not steps.action[blank].any()
    assert not steps.reward[blank].any()
    assert not steps.ended[blank].any()
    assert steps.trial_step.max() == 11
    np.testing.assert_array_equal(steps.inputs[:, 0, 2], 0)
    np.testing.assert_array_equal(steps.inputs[:, 1:, 2], steps.reward[:, :-1].astype(np.float32))
    np.testing.assert_array_equal(np.abs(steps.inputs[..., 2]) == 1, (steps.trial_step == 0) & (np.arange(1200) > 0))
    np.testing.assert_array_equal(steps.trial_number[:, 1:], steps.trial_number[:, :-1] + steps.ended[:, :-1])
    np.testing.assert_array_equal(steps.trial_step[:, 1:], np.where(steps.ended[:, :-1], 0, steps.trial_step[:, :-1] + 1))
    side = np.take_along_axis(cut(course, slice(40)).side, steps.trial_number, axis=1)
    np.testing.assert_array_equal(steps.reward[steps.ended], np.where(steps.action == side, 1, -1)[steps.ended])
    timeout = steps.ended & (steps.action == 0)
    assert timeout.any()
    np.testing.assert_array_equal(steps.trial_step[timeout], 11)
    np.testing.assert_array_equal(steps.reward[timeout], -1)
    np.testing.assert_array_equal(steps.reward[~blank & ~steps.ended], TASK.delay_reward)


def test_observations_are_the_noise_and_the_strength_on_one_side(course: Course, steps: Steps) -> None:
    session, time = np.nonzero(steps.trial_step >= BLANKS)
    trial = steps.trial_number[session, time]
    expected = course.noise[session, trial, steps.trial_step[session, time] - BLANKS].astype(float)
    expected[np.arange(len(session)), (course.side[session, trial] > 0).astype(int)] += course.strength[session, trial]
    np.testing.assert_allclose(steps.inputs[session, time, :2], expected, atol=1e-6)  # float32


def test_a_threshold_is_exceeded_not_met_and_a_deadline_may_force() -> None:
    """The softmax of the outputs against 0.9: a hair below waits to the end, a hair above acts at once, with the sign of the outputs."""
    limit = np.log(9.0)
    for odds, action, length in ((limit * (1 - 1e-9), 0, 10), (limit * (1 + 1e-9), 1, 1), (-limit * (1 + 1e-9), -1, 1), (np.nan, 0, 10)):
        course = TASK.course(np.random.default_rng(0), 3, steps=60)
        outputs = np.array([-odds / 2, odds / 2])
        found = play(TASK, course, lambda inputs, given=outputs: np.tile(given, (len(inputs), 1)), 60)
        done = behaviour(found, course, BLANKS)
        assert set(done.action) == {action}
        assert set(done.duration) == {length}
    task = replace(TASK, deadline="argmax")
    found = play(task, course, lambda inputs: np.tile([0.0, 0.1], (len(inputs), 1)), 60)
    assert (found.action[found.ended] == 1).all()
    assert (found.trial_step[found.ended] == 11).all()


def test_what_outputs_are_scored_against(course: Course) -> None:
    """The stimulus' side, one-hot, at every observation; nothing on blanks."""
    few = cut(course, slice(5))
    clock = TASK.begin(few)
    for _ in range(30):
        step, side = clock.step.copy(), few.side[np.arange(5), clock.trial]
        response = TASK.respond(few, clock, np.zeros((5, 2)))
        np.testing.assert_array_equal(response.wanted, (step >= BLANKS)[:, None] & np.stack([side < 0, side > 0], axis=1))


@pytest.mark.parametrize("block", ["exact", "hmm", "smoothing", "published"])
def test_sessions_side_by_side_are_those_played_alone(block: Any, course: Course) -> None:
    """T9: to the bit, each with its own clock."""
    few = cut(course, slice(6))
    together = play(TASK, few, Actor(TASK.generative, 6, TASK.threshold, block=block), 200)
    assert len(np.unique(together.trial_number[:, -1])) > 1  # the clocks did part
    for session in range(6):
        alone = play(TASK, cut(course, slice(session, session + 1)), Actor(TASK.generative, 1, TASK.threshold, block=block), 200)
        for name in Steps.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(together, name)[session], getattr(alone, name)[0], err_msg=name)


def test_agents_on_one_course_have_the_same_luck(course: Course) -> None:
    """T12: whatever they do, trial n has the same side, strength and block, and its k-th observation the same noise."""
    few = cut(course, slice(8))
    hasty = play(TASK, few, lambda inputs: np.tile([9.0, 0.0], (len(inputs), 1)), 150)
    careful = play(TASK, few, lambda inputs: np.zeros((len(inputs), 2)), 600)
    done = [behaviour(found, few, BLANKS) for found in (hasty, careful)]
    for name in ("side", "strength", "block_side", "block", "block_trial"):
        first, second = (dict(zip(zip(one.session, one.number, strict=True), getattr(one, name), strict=True)) for one in done)
        assert first.keys() == second.keys()
        assert first == second
    for trial in range(50):
        own = [found.inputs[(found.trial_number == trial) & (found.trial_step == BLANKS), :2] for found in (hasty, careful)]
        np.testing.assert_array_equal(own[0], own[1])


def test_a_course_is_long_enough_for_whoever_acts_at_once() -> None:
    course = TASK.course(np.random.default_rng(0), 4, steps=100)
    found = play(TASK, course, lambda inputs: np.tile([9.0, 0.0], (len(inputs), 1)), 100)
    assert found.inputs.shape == (4, 100, 3)
    assert (found.trial_number[:, -1] < course.trials).all()


def test_an_ablated_feedback_is_no_input(course: Course) -> None:
    task = replace(TASK, feedback=False)
    found = play(task, cut(course, slice(4)), exact(4, task), 100)
    assert not found.inputs[..., 2].any()
    assert np.abs(found.reward).max() == 1
