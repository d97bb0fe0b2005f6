"""Discrete memory: the n-bit flip-flop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np
from jaxtyping import Float

from rnnpop.tasks import Task, Trials
from rnnpop.variants import Count, Positive, Probability


@final
@dataclass(frozen=True)
class FlipFlop(Task):
    """Each output holds the sign of the last pulse on its channel: y*_t = sign of the most recent nonzero x_s, s <= t; 0 before the first.

    Pulses of −1 and +1 come with probability `pulse_probability` per channel and step, their signs fair (Sussillo & Barak 2013;
    Maheswaranathan et al. 2019, figure 1). The paper's trial length and pulse probability could not be read: both are ours.
    Ideal solution: 3ⁿ fixed points, sign patterns {−1, 0, +1}ⁿ, with one unstable direction for each 0.

    Attributes:
        channels: n.
        steps: steps of a trial.
        pulse_probability: of a pulse, per channel and step.
        criterion: mean squared error at which a network counts as trained.
        probe_trials: trials in a probe batch.
    """

    channels: Count = 3
    steps: Count = 100
    pulse_probability: Probability = 0.2
    criterion: Positive = 0.001
    probe_trials: Count = 64

    @property
    def inputs(self) -> int:  # type: ignore[override]
        return self.channels

    @property
    def outputs(self) -> int:  # type: ignore[override]
        return self.channels

    def trials(self, rng: np.random.Generator, number: int) -> Trials:
        shape = (self.steps, number, self.channels)  # time first, as training takes it
        size = int(np.prod(shape))
        words = rng.integers(0, 2**64, (size + 1) // 2, dtype=np.uint64)  # the generator's own words: two draws of 31 bits each
        draw = (words.view(np.uint32)[:size] >> 1).reshape(shape)
        pulse, up = (draw < np.uint32(self.pulse_probability * odds) for odds in (2**31, 2**30))
        sign = 2 * up.view(np.int8) - pulse
        # step and sign in one number, sign 0 where there is no pulse: the largest so far is the latest pulse
        step = np.arange(1, self.steps + 1, dtype=np.min_scalar_type(-4 * (self.steps + 1)))
        latest = 1 + sign + 4 * step[:, None, None] * pulse
        reach = 1
        while reach < self.steps:  # running maximum in log2(steps) passes
            before, latest = latest, latest.copy()
            np.maximum(before[reach:], before[:-reach], out=latest[reach:])
            reach *= 2
        inputs, targets = (array.astype(np.float32).swapaxes(0, 1) for array in (sign, (latest & 3) - 1))
        return Trials(inputs, targets)

    def probes(self, rng: np.random.Generator, batch: int) -> Trials:
        return self.trials(rng, self.probe_trials)

    def beyond(self, rng: np.random.Generator) -> Trials:
        """Trials of twice the length with a quarter of the pulses: memories four times as old."""
        return replace(self, steps=2 * self.steps, pulse_probability=self.pulse_probability / 4).trials(rng, self.probe_trials)

    def still_inputs(self) -> dict[str, Float[np.ndarray, "input"]]:
        return {"none": np.zeros(self.channels)}

    def pulses(self) -> dict[str, Float[np.ndarray, "input"]]:
        return {f"channel{i}:{sign:+d}": sign * np.eye(self.channels)[i] for i in range(self.channels) for sign in (-1, 1)}
