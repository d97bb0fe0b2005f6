"""The mouse's task: infer the side of a noisy stimulus from a few observations, and the hidden block that makes a side likelier."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, final

import numpy as np
from jaxtyping import Float

from rnnpop.numerics.observers import Actor, Generative, exponential_hazard, geometric_hazard, lengths_law
from rnnpop.numerics.sessions import Clock, Course, Response, play
from rnnpop.tasks import ClosedLoopTask, Trials
from rnnpop.variants import Count, NonNegative, Positive, Probability, Whole

#: Threshold of the actor that plays the probe sessions; near the best one in reward.
_PROBED = 0.75


@final
@dataclass(frozen=True)
class HierarchicalInference(ClosedLoopTask):
    """Two channels of unit noise, one of them with the stimulus' strength as its mean; blocks of trials favour a side 4 to 1.

    A trial: `blanks` steps of zeros, on which nothing can be done; then an observation (o_left, o_right) a step. The network acts when the
    softmax of its outputs (left, right) exceeds `threshold`; this or the last observation ends the trial. Reward is +1 for the stimulus'
    side, −1 for the other and for a timeout, `delay_reward` for an observation without an action; it is the third input, one step later, so
    that feedback comes with the first step of the next trial, which is its only cue. The state is never reset within a session. Outputs are
    scored against the stimulus' side at every observation. At strength 0 there is a side too: it decides which answer is right.

    After Schaeffer et al. 2020 (constants: their public code), a model of the International Brain Laboratory's task.

    Attributes:
        strengths: equally likely; constant in a trial.
        congruence: P(stimulus on the side of its block).
        block_rate: chance q that a block ends with a trial (geometric law); mean of the exponential law in trials is 1/q.
        block_law: of block lengths: geometric conditioned on shortest ≤ L ≤ longest; or that of the laboratory's rig, the whole part of
            an exponential between the two.
        shortest, longest: block lengths, in trials.
        unbiased: trials of a first block that favours no side (90 in the laboratory, none in the paper).
        blanks: steps before a trial's first observation.
        observations: at most, in a trial.
        threshold: of the probability of an action; exceeded, not met.
        deadline: what the last observation brings without an action: a timeout, or the likelier action.
        delay_reward: reward of an observation without an action.
        noise: standard deviation of an observation.
        feedback: whether the reward is an input; else that input is 0.
        criterion: a network counts as trained when at most this fraction of trials ends with the wrong side likelier.
        sessions, session_steps: what every network plays after training.
        probe_sessions, probe_steps: sessions, as an exact Bayesian actor of threshold 0.75 played them, on which networks are compared.
        dt: a step, which has no physical length.
    """

    strengths: tuple[float, ...] = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5)
    congruence: Probability = 0.8
    block_rate: Probability = 0.02
    block_law: Literal["geometric", "exponential"] = "geometric"
    shortest: Count = 20
    longest: Count = 100
    unbiased: Whole = 0
    blanks: Whole = 2
    observations: Count = 10
    threshold: Probability = 0.9
    deadline: Literal["timeout", "argmax"] = "timeout"
    delay_reward: float = -0.05
    noise: Positive = 1.0
    feedback: bool = True
    criterion: NonNegative = 0.2
    sessions: Count = 24
    session_steps: Count = 1500
    probe_sessions: Count = 16
    probe_steps: Count = 200
    dt: Positive = 1.0

    inputs = 3
    outputs = 2

    @cached_property
    def generative(self) -> Generative:
        """How this task makes its sessions, as ideal observers want to know it."""
        law = geometric_hazard if self.block_law == "geometric" else exponential_hazard
        rate = self.block_rate if self.block_law == "geometric" else 1 / self.block_rate
        hazard = law(rate, self.shortest, self.longest)
        shape = self.strengths, self.noise, self.congruence, hazard, self.unbiased, self.blanks, self.observations, self.delay_reward
        return Generative(*shape)

    def course(self, rng: np.random.Generator, environments: int, *, steps: int = 0, blocks: int = 0) -> Course:
        """Sessions of at least `steps` steps, or of so many whole blocks."""
        law = lengths_law(self.generative.hazard).cumsum()
        most = math.ceil(steps / (self.blanks + 1)) + 1  # each trial takes a step at least
        number = blocks or max(most - self.unbiased, 0) // self.shortest + 2
        drawn = 1 + np.searchsorted(law, rng.random((environments, number)) * law[-1], side="right")
        first = rng.choice((-1, 1), size=(environments, 1))
        sides = first * (-1) ** np.arange(number)
        if self.unbiased:
            drawn = np.column_stack([np.full(environments, self.unbiased), drawn])
            sides = np.column_stack([np.zeros(environments, dtype=int), sides])
        trials = drawn.sum(axis=1) if blocks else np.full(environments, most)
        ends = drawn.cumsum(axis=1)
        trial = np.broadcast_to(np.arange(trials.max()), (environments, trials.max()))
        block = np.minimum((trial[:, :, None] >= ends[:, None]).sum(axis=2), ends.shape[1] - 1)
        block_side = np.take_along_axis(sides, block, axis=1)
        chance = np.where(block_side == 0, 0.5, self.congruence)
        agrees = rng.random(trial.shape) < chance
        return Course(
            side=np.where(agrees, 1, -1) * np.where(block_side == 0, 1, block_side),
            strength=rng.choice(self.strengths, size=trial.shape),
            block_side=block_side,
            block=block,
            block_trial=trial - np.take_along_axis(ends - drawn, block, axis=1) + 1,
            noise=(self.noise * rng.standard_normal((*trial.shape, self.observations, 2), dtype=np.float32)),
            trials=trials,
        )

    def begin(self, course: Course) -> Clock:
        number = len(course.trials)
        return Clock(np.zeros(number, dtype=np.int64), np.zeros(number, dtype=np.int64), np.zeros(number))

    def observe(self, course: Course, clock: Clock) -> Float[np.ndarray, "environment input"]:
        rows = np.arange(len(clock.trial))
        trial = np.minimum(clock.trial, course.trials - 1)
        seen = self._seen(course, clock)
        inputs = np.zeros((len(rows), 3), dtype=np.float32)
        inputs[:, :2] = course.noise[rows, trial, np.maximum(clock.step - self.blanks, 0)]
        inputs[rows, (course.side[rows, trial] > 0).astype(int)] += course.strength[rows, trial]
        inputs *= seen[:, None]
        if self.feedback:
            inputs[:, 2] = clock.reward
        return inputs

    def respond(self, course: Course, clock: Clock, outputs: Float[np.ndarray, "environment output"]) -> Response:
        rows = np.arange(len(clock.trial))
        side = course.side[rows, np.minimum(clock.trial, course.trials - 1)]
        seen = self._seen(course, clock)
        odds = outputs[:, 1].astype(float) - outputs[:, 0]
        last = seen & (clock.step == self.blanks + self.observations - 1)
        acts = seen & (np.abs(odds) > math.log(self.threshold / (1 - self.threshold)))
        if self.deadline == "argmax":
            acts |= last
        action = np.where(acts, np.where(odds > 0, 1, -1), 0)
        ended = acts | last
        reward = np.where(ended, np.where(action == side, 1.0, -1.0), np.where(seen, self.delay_reward, 0.0))
        wanted = (seen[:, None] & (np.stack([side < 0, side > 0], axis=1))).astype(np.float32)
        over = clock.trial + ended >= course.trials
        clock.trial, clock.step, clock.reward = clock.trial + ended, np.where(ended | over, 0, clock.step + 1), reward
        return Response(action, reward, ended, wanted)

    def evaluation(self, rng: np.random.Generator) -> Course:
        """Sessions on which a network is judged while it trains."""
        return self.course(rng, self.sessions, steps=self.probe_steps)

    def trials(self, rng: np.random.Generator, number: int) -> Trials:
        """Sessions as the ideal actor of the probes plays them."""
        return self._watched(rng, number, self.probe_steps)

    def probes(self, rng: np.random.Generator, batch: int) -> Trials:
        return self._watched(rng, self.probe_sessions, self.probe_steps)

    def beyond(self, rng: np.random.Generator) -> Trials:
        """Sessions of twice the length."""
        return self._watched(rng, self.probe_sessions, 2 * self.probe_steps)

    def still_inputs(self) -> dict[str, Float[np.ndarray, "input"]]:
        """An observation of either side, one of none; a blank with the feedback of a right answer, of a wrong one, and without."""
        seen = {"left": (1.2, 0.2), "neither": (0.2, 0.2), "right": (0.2, 1.2)}
        paid = {"wrong": -1.0, "blank": 0.0, "correct": 1.0}
        return {name: np.array([*pair, self.delay_reward]) for name, pair in seen.items()} | {
            name: np.array([0.0, 0.0, reward]) for name, reward in paid.items()
        }

    def _watched(self, rng: np.random.Generator, environments: int, steps: int) -> Trials:
        """Sessions of an exact Bayesian actor; the targets are its own outputs, half its log-odds of either side."""
        task, course = replace(self, threshold=_PROBED), self.course(rng, environments, steps=steps)
        played = play(task, course, Actor(self.generative, environments, _PROBED, deadline=self.deadline), steps)
        return Trials(played.inputs, played.outputs.astype(np.float32))

    def _seen(self, course: Course, clock: Clock) -> np.ndarray:
        """Which environments are given an observation."""
        return (clock.step >= self.blanks) & (clock.trial < course.trials)
