"""The most probable network of low rank of the watched units alone: reduced-rank regression of the next state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from rnnpop.learners import ActivityLearner
from rnnpop.numerics.recurrences import NONLINEARITIES, Fit, Recording, Recurrence
from rnnpop.variants import Count, NonNegative


@final
@dataclass(frozen=True)
class LowRankFit(ActivityLearner):
    """The A of rank at most r that minimises Σ |x' − (1 − a) x − a (A φ(x) + U u)|² + ρ (|A|² + |U|²), x the watched units.

    A bias is an input that is always 1.

    In closed form: Â, Û being the minimum without the bound, any other A costs tr (A − Â) G (A − Â)ᵀ more, where G is the second moment of
    the part of a φ(x) that u does not explain, plus ρ. So the best A is V Vᵀ Â, V the r leading left singular vectors of Â G^½. At full
    rank it is the ridge regression.

    Attributes:
        rank: r; all units where fewer are watched.
        ridge: ρ, as in `maximum_a_posteriori`.
        bias: whether there is one.

    Source: reduced-rank regression: Izenman 1975; of dynamics that are watched in part: Valente, Ostojic & Pillow 2022.
    """

    rank: Count = 2
    ridge: NonNegative = 0.001
    bias: bool = False

    def fit(self, seen: Sequence[Recording], streams: Sequence[np.random.Generator]) -> list[Fit]:
        return [self._student(recording) for recording in seen]

    def _student(self, recording: Recording) -> Fit:
        states, inputs, following = recording.pairs
        units, leak, known = states.shape[1], recording.leak, inputs.shape[1]
        inputs = np.concatenate([inputs, np.ones((len(inputs), int(self.bias)))], axis=1)
        regressors = leak * np.concatenate([NONLINEARITIES[recording.activation][0](states), inputs], axis=1)
        # a recording may have run away; its squares are then infinite
        with np.errstate(over="ignore", invalid="ignore"):
            moments = regressors.T @ regressors
            targets = regressors.T @ (following - (1 - leak) * states)
        if not (np.isfinite(moments).all() and np.isfinite(targets).all()):
            return Fit(np.full(units, np.nan, dtype=complex), None, {})
        moments += self.ridge * np.eye(len(moments))
        full = np.linalg.lstsq(moments, targets)[0].T[:, :units]
        of_units, across, of_inputs = moments[:units, :units], moments[:units, units:], moments[units:, units:]
        unexplained = of_units - across @ np.linalg.lstsq(of_inputs, across.T)[0]
        variance, axes = np.linalg.eigh(unexplained)
        leading = np.linalg.svd(full @ (axes * np.sqrt(np.maximum(variance, 0))), full_matrices=False)[0][:, : self.rank]
        weights = leading @ (leading.T @ full)
        input_weights = np.linalg.lstsq(of_inputs, targets[units:] - across.T @ weights.T)[0].T
        model = Recurrence(
            weights,
            leak,
            recording.activation,
            input_weights=input_weights[:, :known] if known else None,
            bias=input_weights[:, -1] if self.bias else None,
        )
        return Fit.of(model)
