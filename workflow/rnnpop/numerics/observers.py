"""Ideal observers and actors of a task whose stimulus side is likelier on the side of a hidden block.

A pair of numbers, one for each side, stands on an axis `side`: left, right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.ndimage import map_coordinates
from scipy.special import ndtr

from rnnpop.numerics.sessions import Steps

#: What an actor makes of past trials, and of the observations of one (see `Actor`).
Block = Literal["exact", "hmm", "blockless", "smoothing", "soft", "published"]
Evidence = Literal["full", "difference"]

#: Hazard of the observers that take it for constant, as the published ones do; see `advance`.
CONSTANT_HAZARD = np.array([0.02])
#: Weight of a new side in exponential smoothing.
_FRESH = 0.1


@dataclass(frozen=True)
class Generative:
    """How blocks, sides, strengths and observations come about.

    Attributes:
        strengths: equally likely strengths m of a trial's stimulus.
        noise: standard deviation of an observation of either channel; its mean is m on the stimulus' side, 0 on the other.
        congruence: P(stimulus on the side of its block).
        hazard: h(a) = P(block ends after its trial of age a | it has lasted a trials), from a = 1 to the longest block, where it is 1.
        unbiased: trials of an unbiased first block; the side of the next block is drawn at random.
        blanks: steps of a trial before its first observation.
        observations: at most, in a trial.
        delay_reward: of a step that ends nothing.
    """

    strengths: tuple[float, ...]
    noise: float
    congruence: float
    hazard: Float[np.ndarray, "age"]
    unbiased: int
    blanks: int
    observations: int
    delay_reward: float


def geometric_hazard(rate: float, shortest: int, longest: int) -> Float[np.ndarray, "age"]:
    """h(a) = 0 for a < shortest, q / (1 − (1−q)^(longest+1−a)) from there on: a geometric length conditioned on shortest ≤ L ≤ longest.

    Args:
        rate: q, the chance that a block ends with a trial.
    """
    ages = np.arange(1, longest + 1)
    return np.where(ages < shortest, 0.0, rate / -np.expm1((longest + 1 - ages) * np.log1p(-rate)))


def exponential_hazard(scale: float, shortest: int, longest: int) -> Float[np.ndarray, "age"]:
    """Hazard of ⌊x⌋ for x exponential of mean `scale`, conditioned on shortest ≤ x < longest: the rule of the laboratory's rig.

    P(⌊x⌋ = l) ∝ e^{−l/scale} for l = shortest … longest − 1, so a block of `longest` trials never comes about.
    """
    ages = np.arange(1, longest)
    weight = np.where(ages < shortest, 0.0, np.exp(-ages / scale))
    return weight / weight[::-1].cumsum()[::-1]


def lengths_law(hazard: Float[np.ndarray, "age"]) -> Float[np.ndarray, "age"]:
    """P(block lasts a trials) for a = 1, 2, …: h(a) Π_{b<a} (1 − h(b))."""
    return hazard * np.concatenate([[1.0], np.cumprod(1 - hazard)[:-1]])


def log_likelihoods(
    generative: Generative, total: Float[np.ndarray, "*trial side"], number: Int[np.ndarray, "*trial"], evidence: Evidence = "full"
) -> Float[np.ndarray, "*trial side"]:
    """log l(s), the likelihood of a trial's observations if the stimulus is on side s, up to a term that is the same for both sides.

    With O_s the sum of t observations of channel s, D = O_right − O_left and σ the noise, the mean over strengths m of
    exp(m O_s/σ² − t m²/2σ²), or for an observer of the difference alone exp(±m D/2σ² − t m²/4σ²). They agree on the posterior where the
    strength is known: logit π + m D/σ².

    Args:
        total: O, the sum of the observations so far.
        number: t; where it is 0, so is the result.
    """
    if evidence == "difference":
        difference = np.diff(total, axis=-1) / 2
        total, half = np.concatenate([-difference, difference], axis=-1), 4
    else:
        half = 2
    strengths = np.array(generative.strengths)
    spent = number[..., None] * (strengths**2 / half)
    exponents = (total[..., None] * strengths - spent[..., None, :]) / generative.noise**2
    most = exponents.max(axis=-1)
    return np.asarray(most + np.log(np.exp(exponents - most[..., None]).mean(axis=-1)))


def relative(pair: Float[np.ndarray, "*trial side"]) -> Float[np.ndarray, "*trial side"]:
    """Likelihoods from their logarithms, the larger one 1."""
    return np.asarray(np.exp(pair - pair.max(axis=-1, keepdims=True)))


def mixed(weights: Float[np.ndarray, "*trial side"], congruence: float | Float[np.ndarray, "*any 1"]) -> Float[np.ndarray, "*trial side"]:
    """c w(s) + (1 − c) w(−s): P(stimulus on side s) from that of the block, and P(data | block side) from that given the stimulus' side."""
    return np.asarray(congruence * weights + (1 - congruence) * weights[..., ::-1])


def log_odds(weights: Float[np.ndarray, "*trial side"]) -> Float[np.ndarray, "*trial"]:
    """log w(right)/w(left); infinite where a side is out of the question."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(weights[..., 1]) - np.log(weights[..., 0]))


def undecided(environments: int, hazard: Float[np.ndarray, "age"]) -> Float[np.ndarray, "environment side age"]:
    """P(age, block side) before the first trial of the first block."""
    belief = np.zeros((environments, 2, len(hazard)))
    belief[:, :, 0] = 0.5
    return belief


def advance(
    belief: Float[np.ndarray, "environment side age"], evidence: Float[np.ndarray, "environment side"], hazard: Float[np.ndarray, "age"]
) -> Float[np.ndarray, "environment side age"]:
    """P(age, block side) of the next trial: condition on a trial, then a block of age a ends with chance h(a) and the side changes.

    A hazard whose last entry is below 1 stays at it: a single entry is a constant hazard.

    Args:
        belief: P(age, block side | earlier trials).
        evidence: P(the trial's data | block side), up to a factor.
    """
    filtered = belief * evidence[..., None]
    filtered /= filtered.sum(axis=-1, keepdims=True).sum(axis=-2, keepdims=True)
    stays = filtered * (1 - hazard)
    following = np.empty_like(belief)
    following[..., 1:] = stays[..., :-1]
    following[..., 0] = (filtered * hazard).sum(axis=-1)[..., ::-1]
    following[..., -1] += stays[..., -1]
    return following


def filter_blocks(
    evidence: Float[np.ndarray, "session trial side"], hazard: Float[np.ndarray, "age"], unbiased: int = 0
) -> Float[np.ndarray, "session trial side"]:
    """P(block side | earlier trials) before each trial; times the evidence, and normalised, it is the belief after it.

    Args:
        evidence: P(trial's data | block side), up to a factor; with the factor, Σ over trials of log Σ over sides of belief times evidence
            is the log-likelihood of all data.
        unbiased: trials of a first block that favours no side.
    """
    belief = undecided(len(evidence), hazard)
    before = np.full(evidence.shape, 0.5)
    for trial in range(unbiased, evidence.shape[1]):
        before[:, trial] = belief.sum(axis=-1)
        belief = advance(belief, evidence[:, trial], hazard)
    return before


def watch(
    steps: Steps, generative: Generative, *, reveal: bool
) -> tuple[Float[np.ndarray, "session time"], Float[np.ndarray, "session time"]]:
    """What the exact observer of somebody's own sessions believes after every step: log-odds of right for the stimulus and for the block.

    The belief in the block is carried from trial to trial with its age; within a trial both change with every observation. Feedback after
    an action tells the side of the stimulus; it comes with the first step of the next trial, whose block the belief is then about. A
    timeout tells nothing, nor does a feedback that is not among the inputs.

    Args:
        reveal: whether feedback is made use of.
    """
    sessions, times = steps.trial_number.shape
    row, number = np.arange(sessions)[:, None], steps.trial_number
    observation = steps.trial_step - generative.blanks
    seen = (observation >= 0) & (observation < generative.observations)
    place = np.broadcast_to(row, seen.shape)[seen], number[seen], observation[seen]
    totals = np.zeros((sessions, number.max() + 1, generative.observations, 2))
    totals[place] = steps.inputs[seen, :2]
    totals = totals.cumsum(axis=2)
    now = np.zeros((sessions, times, 2))
    now[seen] = totals[place]
    pair = log_likelihoods(generative, now, np.where(seen, observation + 1, 0))

    session, time = np.nonzero(steps.ended)
    known = np.zeros(totals.shape[:2])
    if reveal:
        later = time < times - 1  # what is paid after the last step is never seen
        at = session[later], time[later]
        known[session[later], number[at]] = steps.action[at] * steps.inputs[session[later], time[later] + 1, 2]
    final = np.zeros((*known.shape, 2))
    final[session, number[session, time]] = pair[session, time]

    congruence = np.where(np.arange(totals.shape[1]) < generative.unbiased, 0.5, generative.congruence)[:, None]
    before = filter_blocks(mixed(_sides(known, final), congruence), generative.hazard, generative.unbiased)
    prior = log_odds(mixed(before, congruence))
    block = log_odds(before)[row, number] + log_odds(mixed(relative(pair), congruence[number]))
    return prior[row, number] + np.diff(pair, axis=-1)[..., 0], block


def blockless_accuracy(strength: float, observations: int, noise: float = 1.0) -> float:
    """Φ(m √(t/2) / σ): chance that t observations of strength m favour the stimulus' side, whatever is known of the strength."""
    return float(ndtr(strength * np.sqrt(observations / 2) / noise))


@dataclass(frozen=True)
class Stopping:
    """When to act for the most reward in a trial, for an observer of the difference of the channels alone.

    Attributes:
        prior: log-odds of right before the trial, evenly spaced.
        difference: D, the sum of right minus left so far, evenly spaced.
        value: V_t, the reward expected after t = 0, 1, … observations (before the first there is nothing to decide).
        advantage: 2 max(p, 1−p) − 1 of acting now minus the value of waiting; positive at the last observation.
    """

    prior: Float[np.ndarray, "prior"]
    difference: Float[np.ndarray, "difference"]
    value: Float[np.ndarray, "observation difference prior"]
    advantage: Float[np.ndarray, "observation difference prior"]

    def acts(
        self, number: Int[np.ndarray, "trial"], difference: Float[np.ndarray, "trial"], prior: Float[np.ndarray, "trial"]
    ) -> Bool[np.ndarray, "trial"]:
        """Whether to act after so many observations of this sum, with this prior; linear between the places of the grid."""
        grids = ((self.difference, difference), (self.prior, prior))
        places = [(value - grid[0]) / (grid[1] - grid[0]) for grid, value in grids]
        return np.asarray(map_coordinates(self.advantage, [number, *places], order=1, mode="nearest") >= 0)


def optimal_stopping(generative: Generative, prior: Float[np.ndarray, "prior"], spacing: float = 0.2) -> Stopping:
    """Backward induction: V_T = 2 max(p, 1−p) − 1, V_t = max(2 max(p, 1−p) − 1, r + E V_{t+1}), r the reward of waiting.

    E is over the next difference, normal of variance 2σ² about ±m, with the posterior over side and strength; its integral is a sum over
    the grid, whose kernels are normalised, so that what lies beyond the grid is held at its edge.

    Args:
        prior: log-odds of right before the trial, evenly spaced.
        spacing: of the grid of D, in units of the noise.
    """
    strengths, noise, most = np.array(generative.strengths), generative.noise, generative.observations
    reach = most * strengths.max() + 6 * noise * math.sqrt(2 * most)
    difference = np.linspace(-reach, reach, 2 * math.ceil(reach / (spacing * noise)) + 1)
    means = np.concatenate([-strengths, strengths])
    kernels = np.exp(-((difference - difference[:, None] - means[:, None, None]) ** 2) / (4 * noise**2))
    kernels /= kernels.sum(axis=2, keepdims=True)
    sides = np.where(np.arange(len(means)) < len(strengths), -0.5, 0.5)[:, None, None] * prior

    value = np.empty((most + 1, len(difference), len(prior)))
    advantage = np.empty_like(value)
    wait = np.full(value.shape[1:], -np.inf)
    for number in range(most, -1, -1):
        exponents = (means[:, None, None] * difference[:, None] / 2 - number * means[:, None, None] ** 2 / 4) / noise**2 + sides
        joint = np.exp(exponents - exponents.max(axis=0))
        joint /= joint.sum(axis=0)
        if number < most:
            paid = generative.delay_reward if number else 0.0
            wait = paid + (joint * (kernels @ value[number + 1])).sum(axis=0)
        act = np.abs(1 - 2 * joint[: len(strengths)].sum(axis=0)) if number else np.full_like(wait, -np.inf)
        value[number] = np.maximum(act, wait)
        advantage[number] = np.clip(act - wait, -2.0, 2.0)
    return Stopping(prior, difference, value, advantage)


class Actor:
    """An agent that infers the stimulus' side from what it is given, and puts out its log-odds Λ as (−Λ/2, +Λ/2), so that the softmax is
    the posterior; 0 on blanks.

    It keeps a clock for each environment, and knows the rule by which the environment takes actions from outputs, hence its own. What it
    makes of past trials, in `block`:

    - exact: the age and side of the block, by the law of block lengths; a timeout, or feedback that is not there, tells no side, and the
      trial's own observations are all that is learnt from it.
    - soft: as exact, without any use of feedback.
    - hmm: as exact, with a constant hazard of 0.02.
    - blockless: nothing; both sides are equally likely.
    - smoothing: π ← 0.9 π + 0.1 [right], or P(right) where the side is not known.
    - published: the baseline of Schaeffer et al. 2020 as their code computes it, whose numbers the paper shows. Three errors make it
      confident and fast: the block's probability is taken for the stimulus' (up to 0.98 where 0.8 is right); the strength is averaged out
      anew at each observation, as if it were redrawn; a timeout is read as a wrong answer, and the side that is then less likely is taken
      for the true one. The hazard is constant, and only the difference of the channels is used.

    Args:
        threshold: of the probability of an action, exceeded.
        block: as above.
        evidence: what it takes from observations: both channels, or their difference.
        deadline: what the last observation brings without an action: a timeout, or the likelier action.
        stopping: when to act, instead of by the posterior; the outputs then exceed the threshold, or are kept from it. It wants the
            difference as its evidence.
    """

    def __init__(
        self,
        generative: Generative,
        environments: int,
        threshold: float,
        *,
        block: Block = "exact",
        evidence: Evidence = "full",
        deadline: Literal["timeout", "argmax"] = "timeout",
        stopping: Stopping | None = None,
    ) -> None:
        constant = block in ("hmm", "published")
        self._generative = replace(generative, hazard=CONSTANT_HAZARD) if constant else generative
        self._limit = math.log(threshold / (1 - threshold))
        self._block, self._evidence, self._deadline = block, "difference" if block == "published" else evidence, deadline
        self._stopping = stopping
        self._belief = undecided(environments, self._generative.hazard)
        self._prior = np.full((environments, 2), 0.5)
        self._trial = np.zeros(environments, dtype=np.int64)
        self._step = np.zeros(environments, dtype=np.int64)
        self._action = np.zeros(environments, dtype=np.int64)
        self._total = np.zeros((environments, 2))
        self._pair = np.zeros((environments, 2))

    def __call__(self, inputs: Float[np.ndarray, "environment 3"]) -> Float[np.ndarray, "environment 2"]:
        given = inputs.astype(np.float64)
        begun = np.flatnonzero((self._step == 0) & (self._trial > 0))
        self._learn(begun, given[begun, 2])
        self._total[begun], self._pair[begun] = 0, 0
        number = self._step - self._generative.blanks + 1
        seen = number > 0
        self._take_in(np.where(seen[:, None], given[:, :2], 0), np.maximum(number, 0))
        prior = log_odds(self._prior)
        odds = np.where(seen, prior + self._pair[:, 1] - self._pair[:, 0], 0)
        if self._stopping:
            acts = self._stopping.acts(number, self._total[:, 1] - self._total[:, 0], prior)
            odds = np.where(acts, np.copysign(np.maximum(np.abs(odds), self._limit + 1), odds), np.clip(odds, -self._limit, self._limit))
        self._act(odds, number)
        return np.stack([-odds / 2, odds / 2], axis=1)

    def _take_in(self, observation: Float[np.ndarray, "environment 2"], number: Int[np.ndarray, "environment"]) -> None:
        if self._block == "published":
            self._pair += log_likelihoods(self._generative, observation, np.minimum(number, 1), self._evidence)
        else:
            self._total += observation
            self._pair = log_likelihoods(self._generative, self._total, number, self._evidence)

    def _act(self, odds: Float[np.ndarray, "environment"], number: Int[np.ndarray, "environment"]) -> None:
        """The environment's rule: the clocks go on."""
        last = number == self._generative.observations
        acts = (number > 0) & (np.abs(odds) > self._limit)
        ended = acts | last
        believed = acts | (last & (self._deadline == "argmax" or self._block == "published"))
        self._action = np.where(believed, np.where(odds > 0, 1, -1), 0)
        self._trial, self._step = self._trial + ended, np.where(ended, 0, self._step + 1)

    def _learn(self, rows: Int[np.ndarray, "row"], feedback: Float[np.ndarray, "row"]) -> None:
        """What the trial that is over says about the next one."""
        biased = self._trial[rows] > self._generative.unbiased
        rows, feedback = rows[biased], feedback[biased]
        if self._block == "blockless" or not len(rows):
            return
        known = np.zeros(len(rows)) if self._block == "soft" else self._action[rows] * feedback
        weights = _sides(known, self._pair[rows])
        if self._block == "smoothing":
            posterior = weights * self._prior[rows]
            self._prior[rows] += _FRESH * (posterior / posterior.sum(axis=1, keepdims=True) - self._prior[rows])
            return
        self._belief[rows] = advance(self._belief[rows], mixed(weights, self._generative.congruence), self._generative.hazard)
        block = self._belief[rows].sum(axis=-1)
        self._prior[rows] = block if self._block == "published" else mixed(block, self._generative.congruence)


def _sides(known: Float[np.ndarray, "*trial"], pair: Float[np.ndarray, "*trial side"]) -> Float[np.ndarray, "*trial side"]:
    """Likelihood of either side of the stimulus: of the known one alone, or by the observations where it is 0, not known."""
    told = np.stack([known < 0, known > 0], axis=-1)
    return np.where((known == 0)[..., None], relative(pair), told)
