"""Linear prediction of the watched units from several of their past states, by least squares over a recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from rnnpop.learners import ActivityLearner
from rnnpop.numerics.autoregressions import companion, modes
from rnnpop.numerics.recurrences import Fit, Recording, by_real_part
from rnnpop.variants import Count, Positive


@final
@dataclass(frozen=True)
class Autoregression(ActivityLearner):
    """x(t + h) = Σ_{k < p} Φ_k x(t − k h), least squares over every t; its modes are those of its companion matrix.

    Not a network: no model. Known inputs are no regressors: this is a student of activity in noise.

    Attributes:
        lags: p.
        step: h in τ; taken as the nearest whole number of the recording's steps, at least one.

    Source: Lütkepohl 2005, sections 3.2 and 2.1.
    """

    lags: Count = 2
    step: Positive = 0.25

    def fit(self, seen: Sequence[Recording], streams: Sequence[np.random.Generator]) -> list[Fit]:
        return [self._student(recording) for recording in seen]

    def _student(self, recording: Recording) -> Fit:
        states = recording.states
        units, hop = states.shape[2], max(1, round(self.step / recording.leak))
        last = states.shape[1] - self.lags * hop
        if last < 1:
            return _nothing(self.lags * units)
        lagged = [states[:, k * hop : k * hop + last] for k in reversed(range(self.lags))]
        past = np.concatenate(lagged, axis=2).reshape(-1, self.lags * units)
        following = states[:, self.lags * hop :].reshape(-1, units)
        # a recording may have run away; its squares are then infinite
        with np.errstate(over="ignore", invalid="ignore"):
            moments, targets = past.T @ past, past.T @ following
        if not (np.isfinite(moments).all() and np.isfinite(targets).all()):
            return _nothing(self.lags * units)
        coefficients = np.linalg.lstsq(moments, targets)[0].T
        return Fit(by_real_part(modes(companion(coefficients), hop * recording.leak, recording.leak)), None, {})


def _nothing(modes: int) -> Fit:
    return Fit(np.full(modes, complex(np.nan, np.nan)), None, {})
