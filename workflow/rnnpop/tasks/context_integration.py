"""Analog memory: integrate the one of two noise streams that the context names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np
from jaxtyping import Float

from rnnpop.tasks import Task, Trials
from rnnpop.variants import Count, Positive


@final
@dataclass(frozen=True)
class ContextIntegration(Task):
    """y*_t = Σ_{s≤t} x_{s,c}: the sum so far of the stream that the context c names; the other stream is to be ignored.

    Inputs: two streams of independent Gaussian noise of standard deviation 1/√steps, so that y* ends with unit variance; and the
    context, one-hot and constant (Mante et al. 2013; Maheswaranathan et al. 2019, figure 3a, whose steps and noise could not be read:
    both are ours). Ideal solution: a line of fixed points for each context, along which the readout is the sum.

    Attributes:
        steps: steps of a trial.
        criterion: mean squared error at which a network counts as trained; that of an output of 0 is about 1/2.
        probe_trials: trials in a probe batch, half of them in each context.
        reach: largest sum that is looked at, in standard deviations of y* at the end of a trial.
        drives: constant inputs, each bringing y* to a sum between ±reach, in the trials for pictures.
        held: sums between ±reach at which the slowest point of each context is sought.
    """

    steps: Count = 50
    criterion: Positive = 0.01
    probe_trials: Count = 128
    reach: Positive = 2.0
    drives: Count = 9
    held: Count = 21

    inputs = 4
    outputs = 1

    def trials(self, rng: np.random.Generator, number: int) -> Trials:
        noise = rng.standard_normal((number, self.steps, 2)) / np.sqrt(self.steps)
        return self._integrated(noise, np.arange(number) % 2)

    def probes(self, rng: np.random.Generator, batch: int) -> Trials:
        return self.trials(rng, self.probe_trials)

    def shown(self) -> Trials:
        """The cued stream drives at a constant rate, the other one as strongly the other way; every drive in either context."""
        sums = np.tile(np.linspace(-self.reach, self.reach, self.drives), 2)
        context = np.repeat([0, 1], self.drives)
        signed = sums[:, None] * np.where(np.arange(2) == context[:, None], 1, -1) / self.steps
        return replace(
            self._integrated(np.repeat(signed[:, None], self.steps, axis=1), context),
            condition=tuple(_NAMES[c] for c in context),
            command=tuple(map(float, sums)),
        )

    def beyond(self, rng: np.random.Generator) -> Trials:
        """Trials of twice the length, noise as in training."""
        noise = rng.standard_normal((self.probe_trials, 2 * self.steps, 2)) / np.sqrt(self.steps)
        return self._integrated(noise, np.arange(self.probe_trials) % 2)

    def still_inputs(self) -> dict[str, Float[np.ndarray, "input"]]:
        return {name: np.append([0.0, 0.0], np.eye(2)[context]) for context, name in enumerate(_NAMES)}

    def levels(self) -> Float[np.ndarray, "level"]:
        return np.linspace(-self.reach, self.reach, self.held)

    def _integrated(self, streams: Float[np.ndarray, "trial time stream"], context: np.ndarray) -> Trials:
        number, steps, _ = streams.shape
        cue = np.broadcast_to(np.eye(2)[context][:, None], (number, steps, 2))
        target = np.take_along_axis(streams.cumsum(axis=1), context[:, None, None], axis=2)
        return Trials(np.concatenate([streams, cue], axis=2).astype(np.float32), target.astype(np.float32))


_NAMES = ("context 1", "context 2")
