"""FORCE: recursive least squares on the watched units alone, while the student runs by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from rnnpop.learners import ActivityLearner
from rnnpop.numerics.kernels.least_squares import passes
from rnnpop.numerics.recurrences import Fit, Recording, Recurrence
from rnnpop.variants import Count, NonNegative, Positive


@final
@dataclass(frozen=True)
class Force(ActivityLearner):
    """A tanh network x' = (1 − a) x + a J tanh(x) that is corrected at every step of its own run, over passes of the recording.

    J begins at g N(0, 1/d), P at p I. A pass begins at the first state of the recording and hears of it no more but through the errors
    tanh(x) − tanh(seen), by which J is corrected: see `least_squares.passes`. No noise, and no inputs, known or not.

    Attributes:
        passes: over the recording.
        steps: of it, from the first on.
        gain: g.
        rate: p.

    Source: Qian et al. 2024, after Perich et al. 2020 and Sussillo & Abbott 2009.
    """

    passes: Count = 1000
    steps: Count = 5000
    gain: NonNegative = 1.5
    rate: Positive = 0.01

    def fit(self, seen: Sequence[Recording], streams: Sequence[np.random.Generator]) -> list[Fit]:
        return [self._student(recording, rng) for recording, rng in zip(seen, streams, strict=True)]

    def _student(self, recording: Recording, rng: np.random.Generator) -> Fit:
        states = recording.states[:, : self.steps]
        units = states.shape[2]
        weights = self.gain / np.sqrt(units) * rng.standard_normal((units, units))
        inverse = self.rate * np.eye(units)
        first, rates = np.ascontiguousarray(states[:, 0]), np.tanh(states, order="C")
        missed = passes(weights, inverse, first, rates, recording.leak, self.passes) if np.isfinite(states).all() else np.nan
        if not (np.isfinite(missed) and np.isfinite(weights).all()):
            return Fit(np.full(units, np.nan, dtype=complex), None, {})
        varied = float(((rates - rates.mean(axis=(0, 1))) ** 2).sum())
        return Fit.of(Recurrence(weights, recording.leak, "tanh"), fitted_r2=1 - missed / varied if varied > 0 else np.nan)
