"""Sessions of a task that answers back: agents play them, and what they did is taken apart trial by trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

#: What plays: the outputs of each environment for its inputs. It may keep a memory of its own.
Agent = Callable[[Float[np.ndarray, "environment input"]], Float[np.ndarray, "environment output"]]


@dataclass(frozen=True)
class Course:
    """What chance brings to sessions, drawn before anybody acts: agents that play the same course have the same luck.

    Attributes:
        side: side of the stimulus, −1 left, +1 right (drawn at strength 0 too, where it decides which answer is right).
        strength: strength of the stimulus.
        block_side: side that the block favours; 0 in an unbiased one.
        block: number of the block in its session, from 0.
        block_trial: number of the trial in its block, from 1.
        noise: what is added to the left and the right channel at each observation of a trial.
        trials: trials of each session; a session that has played them is over.
    """

    side: Int[np.ndarray, "environment trial"]
    strength: Float[np.ndarray, "environment trial"]
    block_side: Int[np.ndarray, "environment trial"]
    block: Int[np.ndarray, "environment trial"]
    block_trial: Int[np.ndarray, "environment trial"]
    noise: Float[np.ndarray, "environment trial observation channel"]
    trials: Int[np.ndarray, "environment"]


@dataclass
class Clock:
    """Where each environment is: its own trial and step, and the reward that its last step gave."""

    trial: Int[np.ndarray, "environment"]
    step: Int[np.ndarray, "environment"]
    reward: Float[np.ndarray, "environment"]


@dataclass(frozen=True)
class Response:
    """What a task answers to the outputs of one step.

    Attributes:
        action: −1 left, +1 right, 0 none.
        reward: of this step; the network sees it with its next input.
        ended: whether the trial ended with this step.
        wanted: what the outputs are scored against: the right answer, one-hot; 0 where a step is not scored.
    """

    action: Int[np.ndarray, "environment"]
    reward: Float[np.ndarray, "environment"]
    ended: Bool[np.ndarray, "environment"]
    wanted: Float[np.ndarray, "environment output"]


@dataclass(frozen=True)
class Steps:
    """All steps of sessions, in order; `reward` is given after the outputs of its step, and seen one step later."""

    inputs: Float[np.ndarray, "session time input"]
    outputs: Float[np.ndarray, "session time output"]
    trial_number: Int[np.ndarray, "session time"]
    trial_step: Int[np.ndarray, "session time"]
    action: Int[np.ndarray, "session time"]
    reward: Float[np.ndarray, "session time"]
    ended: Bool[np.ndarray, "session time"]


@dataclass(frozen=True)
class Behaviour:
    """What a network, an ideal observer or a mouse did: one row a finished trial, by session and in order.

    Attributes:
        session: number of the session.
        number: number of the trial in its session, from 0.
        side: side of the stimulus, −1 left, +1 right; told at strength 0 too.
        strength: of the stimulus, in the task's units (mice: contrast).
        block_side: −1, +1; 0 in an unbiased block.
        block: number of the block in its session, from 0.
        block_trial: number of the trial in its block, from 1.
        action: −1 left, +1 right, 0 none (a timeout; a mouse's no-go).
        reward: sum over the trial; NaN where it is not known.
        duration: observations (networks, observers), s from stimulus to response (mice; NaN where not known).
    """

    session: Int[np.ndarray, "trial"]
    number: Int[np.ndarray, "trial"]
    side: Int[np.ndarray, "trial"]
    strength: Float[np.ndarray, "trial"]
    block_side: Int[np.ndarray, "trial"]
    block: Int[np.ndarray, "trial"]
    block_trial: Int[np.ndarray, "trial"]
    action: Int[np.ndarray, "trial"]
    reward: Float[np.ndarray, "trial"]
    duration: Float[np.ndarray, "trial"]

    @property
    def signed_strength(self) -> Float[np.ndarray, "trial"]:
        """Strength, negative on the left."""
        return self.strength * self.side

    @property
    def concordant(self) -> Bool[np.ndarray, "trial"]:
        """Whether the stimulus is on the side that the block favours."""
        return self.side == self.block_side

    @property
    def correct(self) -> Bool[np.ndarray, "trial"]:
        """Whether the action is the stimulus' side; a timeout is not."""
        return self.action == self.side

    @property
    def timed_out(self) -> Bool[np.ndarray, "trial"]:
        """Whether no action was taken."""
        return self.action == 0


def play(task: Any, course: Course, agent: Agent, steps: int) -> Steps:
    """Let an agent play every environment of a course side by side, each by its own clock.

    Args:
        steps: of every session; fewer where all trials of the course are over before.
    """
    clock = task.begin(course)
    kept: dict[str, list[np.ndarray]] = {name: [] for name in Steps.__dataclass_fields__}
    for _ in range(steps):
        if (clock.trial >= course.trials).all():
            break
        kept["trial_number"].append(clock.trial.copy())
        kept["trial_step"].append(clock.step.copy())
        inputs = task.observe(course, clock)
        outputs = agent(inputs)
        response = task.respond(course, clock, outputs)
        for name, value in {
            "inputs": inputs,
            "outputs": outputs,
            "action": response.action,
            "reward": response.reward,
            "ended": response.ended,
        }.items():
            kept[name].append(value)
    return Steps(**{name: np.stack(values, axis=1) for name, values in kept.items()})


def behaviour(steps: Steps, course: Course, blanks: int) -> Behaviour:
    """The finished trials of sessions.

    Args:
        blanks: steps of a trial before its first observation.
    """
    session, time = np.nonzero(steps.ended)
    number = steps.trial_number[session, time]
    paid = np.concatenate([np.zeros((len(steps.reward), 1)), steps.reward.astype(float).cumsum(axis=1)], axis=1)
    begun = time - steps.trial_step[session, time]
    return Behaviour(
        session=session,
        number=number,
        side=course.side[session, number],
        strength=course.strength[session, number],
        block_side=course.block_side[session, number],
        block=course.block[session, number],
        block_trial=course.block_trial[session, number],
        action=steps.action[session, time],
        reward=np.round(paid[session, time + 1] - paid[session, begun], 6),
        duration=steps.trial_step[session, time] + 1.0 - blanks,
    )


def played(sessions: Any, network: int) -> tuple[Steps, Course]:
    """What one network of a store of stage `play` did, and its luck, float64; noise is not kept, it stands in the inputs."""

    def stored(name: str) -> np.ndarray:
        item = sessions[name]
        values = item.isel(network=network).values if "network" in item.dims else item.values
        return values.astype(float) if values.dtype.kind == "f" else values

    steps = Steps(**{name: stored(name) for name in Steps.__dataclass_fields__})
    luck = {name: stored(name) for name in ("side", "strength", "block_side", "block", "block_trial")}
    number, trials = luck["side"].shape
    return steps, Course(**luck, noise=np.empty((number, trials, 0, 2)), trials=np.full(number, trials))
