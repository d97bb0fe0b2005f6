"""Perceptual decisions: which of two noisy channels was the stronger one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, final

import numpy as np
from jaxtyping import Float, Int

from rnnpop.numerics import evidence
from rnnpop.tasks import Task, Trials
from rnnpop.variants import Count, NonNegative, Positive, Probability


@final
@dataclass(frozen=True)
class PerceptualDecision(Task):
    """Hold fixation, see a stimulus of coherence c for one of two choices, and name the choice when fixation ends.

    Inputs: fixation, 1 until the decision and 0 in it; and two channels, 0.5 ± c/200 during the stimulus (+ for the choice that is right),
    else 0; all with Gaussian noise of deviation `noise` / √dt at every step, dt in ms. Outputs: scores of fixation and of the two choices,
    judged by their softmax; wanted is fixation at every step before the decision, then the choice. Signs: evidence for the first choice is
    positive.

    The defaults are those of the public tutorial: 22 steps, chance 0.5, and at coherence 0 nothing better than chance is possible, so that
    accuracies are to be read against `ideal_accuracy`. Ideal solution: a line of states that hold the sum of the differences so far.

    Attributes:
        dt: length of a step, s.
        fixation, stimulus, delay, decision: durations, s; stimulus and decision last at least a step.
        coherences: c, %; drawn alike often.
        noise: σ, √ms.
        noisy: whether the noise is of all channels, or of the two that are to be compared.
        fixation_weight: weight of a step before the decision in the score; a step of the decision has 1.
        criterion: mean cross-entropy over steps (nats) at which a network counts as trained. By the defaults who knows the task needs
            0.0089 (simulated); networks of the tutorial end at 0.016.
        share: least accuracy of a trained network, as a share of the ideal observer's on the same trials.
        repeats: trials of each coherence and choice in the evaluation, and in a probe batch.
        longer: stimulus of the trials beyond training, as a multiple of that in training.

    Source: Britten et al. 1992; Yang & Wang 2020.
    """

    dt: Positive = 0.1
    fixation: NonNegative = 0.1
    stimulus: Positive = 2.0
    delay: NonNegative = 0.0
    decision: Positive = 0.1
    coherences: tuple[NonNegative, ...] = (0.0, 6.4, 12.8, 25.6, 51.2)
    noise: NonNegative = 1.0
    noisy: Literal["all", "choices"] = "all"
    fixation_weight: NonNegative = 1.0
    criterion: Positive = 0.02
    share: Probability = 0.95
    repeats: Count = 40
    longer: Positive = 2.0

    loss: ClassVar[Literal["squared", "log", "logistic"]] = "log"
    inputs = 3
    outputs = 3

    def trials(self, rng: np.random.Generator, number: int) -> Trials:
        coherence = rng.choice(self.coherences, number)
        return self._made(coherence, rng.integers(2, size=number), rng)

    def evaluation(self, rng: np.random.Generator) -> Trials:
        return self._every(rng, self.repeats)

    def probes(self, rng: np.random.Generator, batch: int) -> Trials:
        return self._every(rng, self.repeats)

    def shown(self) -> Trials:
        """One trial of each coherence and choice, without noise."""
        return self._every(None, 1)

    def beyond(self, rng: np.random.Generator) -> Trials:
        """Trials with a longer stimulus."""
        return self._every(rng, self.repeats, self.longer * self.stimulus)

    def still_inputs(self) -> dict[str, Float[np.ndarray, "input"]]:
        """Fixation, with the stimulus of each signed coherence, by rising evidence for the first choice."""
        signed = np.unique(np.concatenate([[0.0], self.coherences, np.negative(self.coherences)]) + 0.0)  # + 0.0: there is one zero
        return {_name(c): np.array([1.0, 0.5 + c / 200, 0.5 - c / 200]) for c in signed}

    def commands(self) -> dict[str, float]:
        """Signed coherence, %."""
        return {name: round(100 * float(still[1] - still[2]), 9) + 0.0 for name, still in self.still_inputs().items()}

    def solves(self, answer: Callable[[], Float[np.ndarray, "trial time output"]], trials: Trials) -> bool:
        wanted = evidence.choices(trials.target)
        own, ideal = (np.mean(chosen == wanted) for chosen in (evidence.choices(answer()), evidence.ideal_choices(trials.input)))
        return bool(own >= self.share * ideal)

    def ideal_accuracy(self) -> Float[np.ndarray, "coherence"]:
        """P(correct) at each coherence of who compares the sums of the two channels over the stimulus."""
        return evidence.ideal_accuracy(np.array(self.coherences), self._steps(self.stimulus), self._deviation)

    @property
    def _deviation(self) -> float:
        return self.noise / np.sqrt(1000 * self.dt)

    def _steps(self, duration: float, least: int = 1) -> int:
        return max(least, round(duration / self.dt))

    def _every(self, rng: np.random.Generator | None, repeats: int, stimulus: float | None = None) -> Trials:
        """Each coherence and choice as often as any other."""
        coherence = np.tile(np.repeat(self.coherences, 2), repeats)
        return self._made(coherence, np.arange(len(coherence)) % 2, rng, stimulus)

    def _made(
        self,
        coherence: Float[np.ndarray, "trial"],
        choice: Int[np.ndarray, "trial"],
        rng: np.random.Generator | None,
        stimulus: float | None = None,
    ) -> Trials:
        """Trials; without noise where there is no generator.

        Args:
            choice: 0 for the first, 1 for the second.
        """
        seen, answered = self._steps(stimulus or self.stimulus), self._steps(self.decision)
        before = self._steps(self.fixation, 0)
        waiting = before + seen + self._steps(self.delay, 0)
        shape = len(choice), waiting + answered, 3
        signed = np.where(choice == 0, coherence, -coherence) + 0.0
        given, target = np.zeros(shape), np.zeros(shape)
        given[:, :waiting, 0] = 1
        given[:, before : before + seen, 1:] = 0.5 + (signed[:, None] * [1, -1] / 200)[:, None]
        if rng is not None:
            given += self._deviation * rng.standard_normal(shape) * [self.noisy == "all", 1, 1]
        target[:, :waiting, 0] = self.fixation_weight
        target[np.arange(len(choice)), waiting:, 1 + choice] = 1
        return Trials(given.astype(np.float32), target.astype(np.float32), tuple(_name(c) for c in signed), tuple(map(float, signed)))


def _name(signed: float) -> str:
    return f"{signed:+g} %" if signed else "no evidence"
