"""Discrete memory: the n-bit flip-flop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float

from rnnpop.tasks import Task, Trials
from rnnpop.variants import Count, Positive, Probability

#: Value of a pulse by its code: none, up, (unused), down.
_SIGN = np.array([0, 1, 0, -1], dtype=np.float32)


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
        # time first: the running maximum below then goes along contiguous rows
        draw = rng.random((self.steps, number, self.channels), dtype=np.float32)
        pulse = (draw < self.pulse_probability).astype(np.int32)
        pulse += 2 * (draw < self.pulse_probability / 2)
        # step and sign in one number, 0 where there is no pulse: the largest so far is the latest pulse
        coded = np.where(pulse, 4 * np.arange(self.steps, dtype=np.int32)[:, None, None] + pulse, 0)
        latest = np.maximum.accumulate(coded, axis=0)
        return Trials(*(_SIGN[code & 3].swapaxes(0, 1) for code in (coded, latest)))

    def probes(self, rng: np.random.Generator) -> Trials:
        return self.trials(rng, self.probe_trials)

    def still_inputs(self) -> dict[str, Float[np.ndarray, "input"]]:
        return {"none": np.zeros(self.channels)}

    def pulses(self) -> dict[str, Float[np.ndarray, "input"]]:
        return {f"channel{i}:{sign:+d}": sign * np.eye(self.channels)[i] for i in range(self.channels) for sign in (-1, 1)}
