"""Back-propagation through time on windows of a recording, with the watched units now and then put where they were seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Bool, Float, Float32

from rnnpop.learners import ActivityLearner
from rnnpop.numerics.recurrences import Fit, Recording, Recurrence
from rnnpop.variants import Count, NonNegative, Positive, Probability, Whole


@final
@dataclass(frozen=True)
class Backpropagation(ActivityLearner):
    """A tanh network x' = (1 − a) x + a W tanh(x), of the watched units and `hidden` ones, by gradient descent with momentum.

    A window begins at the watched state and 0 in hidden units. Before each of its steps the watched units of the whole batch are put where
    they were seen, with probability `forced`; no gradient passes through that. Loss: Σ |tanh(x) − tanh(seen)|² over windows, steps and
    watched units. W begins at g N(0, 1/n). Windows overlap by a half, in an order that is new in each epoch. float32 in training.
    The student hears of no inputs.

    Attributes:
        hidden: units that are not in the recording.
        epochs: the paper's text has 100, its code 200.
        window: steps of one.
        batch: windows of an update.
        learning_rate, momentum: v ← momentum v + gradient, W ← W − learning_rate v.
        forced: probability.
        gain: g.
        published_timing: hold F(x) against what was seen before the step, not after it, as the published code does: the student is asked to
            stay where it is wherever it is put there.

    Source: Qian et al. 2024.
    """

    hidden: Whole = 0
    epochs: Count = 100
    window: Count = 500
    batch: Count = 16
    learning_rate: Positive = 0.01
    momentum: Probability = 0.9
    forced: Probability = 0.5
    gain: NonNegative = 0.1
    published_timing: bool = False

    def fit(self, seen: Sequence[Recording], streams: Sequence[np.random.Generator]) -> list[Fit]:
        return [self._student(recording, rng) for recording, rng in zip(seen, streams, strict=True)]

    def _student(self, recording: Recording, rng: np.random.Generator) -> Fit:
        watched = recording.states.shape[2]
        units = watched + self.hidden
        nothing = Fit(np.full(units, np.nan, dtype=complex), None, {})
        windows = self._windows(recording)
        if not np.isfinite(windows).all():
            return nothing
        weights = (self.gain / np.sqrt(units) * rng.standard_normal((units, units))).astype(np.float32)
        velocity, error = np.zeros_like(weights), np.nan
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(self.epochs):
                order, losses = rng.permutation(len(windows)), 0.0
                for first in range(0, len(order), self.batch):
                    chosen = windows[order[first : first + self.batch]].swapaxes(0, 1)
                    forced = rng.random(len(chosen)) < self.forced
                    loss, gradient = through_time(weights, chosen, forced, recording.leak, self.published_timing)
                    velocity = self.momentum * velocity + gradient
                    weights = weights - self.learning_rate * velocity
                    losses += loss
                error = losses / windows[:, 1:].size
                if not np.isfinite(weights).all():
                    return nothing
        readout = np.eye(watched, units) if self.hidden else None
        return Fit.of(Recurrence(weights.astype(float), recording.leak, "tanh", readout=readout), squared_error=error)

    def _windows(self, recording: Recording) -> Float32[np.ndarray, "window time unit"]:
        """Windows of each trial, every half window one; the whole trial where it is shorter."""
        length = min(self.window, recording.states.shape[1])
        begins = range(0, recording.states.shape[1] - length + 1, max(length // 2, 1))
        with np.errstate(over="ignore"):  # a recording may have run away
            return np.stack([trial[begin : begin + length] for trial in recording.states for begin in begins]).astype(np.float32)


def through_time(
    weights: Float[np.ndarray, "unit unit"],
    seen: Float[np.ndarray, "time window watched"],
    forced: Bool[np.ndarray, "time"],
    leak: float,
    published_timing: bool = False,
) -> tuple[float, Float[np.ndarray, "unit unit"]]:
    """Loss of a batch of windows and its gradient, forward and backward by hand, in the precision of `weights`.

    Step t makes o_t = (1 − a) y_t + a W φ(y_t); y_{t+1} = o_t, but for watched units where `forced[t + 1]`. With g_t = ∂L/∂o_t,

        ∂L/∂y_t = (1 − a) g_t + a (Wᵀ g_t) φ'(y_t),   ∂L/∂W = a Σ_t g_t φ(y_t)ᵀ

    Args:
        forced: whether watched units are put where they were seen before step t; they are at the first in any case.
    """
    length, windows, watched = seen.shape
    rates = np.tanh(seen)
    # o_t is held against what was seen at t + 1; as published, against what was seen at t
    counted, wanted = (range(1, length), rates) if published_timing else (range(length - 1), rates[1:])
    steps = counted.stop
    state = np.zeros((windows, len(weights)), dtype=weights.dtype)
    state[:, :watched] = seen[0]
    before = np.zeros((steps, windows, len(weights)), dtype=weights.dtype)
    after = np.empty((steps, windows, len(weights)), dtype=weights.dtype)
    before[0] = np.tanh(state)
    transposed = np.ascontiguousarray(leak * weights.T, dtype=weights.dtype)
    for t in range(steps):
        state *= 1 - leak
        state += before[t] @ transposed
        np.tanh(state, out=after[t])
        if t + 1 < steps:
            before[t + 1] = after[t]
            if forced[t + 1]:
                state[:, :watched] = seen[t + 1]
                before[t + 1, :, :watched] = rates[t + 1]
    missed = after[counted.start :, :, :watched] - wanted[counted.start : steps]
    gradients = np.zeros_like(after)
    gradients[counted.start :, :, :watched] = 2 * missed * (1 - after[counted.start :, :, :watched] ** 2)
    slopes = np.subtract(1, before**2)
    scaled = transposed.T
    for t in range(steps - 1, 0, -1):
        back = gradients[t] @ scaled
        back *= slopes[t]
        back += (1 - leak) * gradients[t]
        if forced[t]:
            back[:, :watched] = 0
        gradients[t - 1] += back
    flat = gradients.reshape(-1, len(weights))
    return float((missed**2).sum(dtype=np.float64)), leak * (flat.T @ before.reshape(flat.shape))
