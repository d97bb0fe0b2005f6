"""The most probable network of the watched units alone, from a recording: ridge regression of the next state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from rnnpop.learners import ActivityLearner
from rnnpop.numerics.recurrences import NONLINEARITIES, Fit, Recording, Recurrence
from rnnpop.variants import NonNegative


@final
@dataclass(frozen=True)
class MaximumAPosteriori(ActivityLearner):
    """The A, with U and b, that minimise ½ Σ |x' − (1 − a) x − a (A φ(x) + U u + b)|² + ½ ρ |A|², x the watched units.

    In closed form, without U and b: A = a (Y − (1 − a) X) Zᵀ (ρ I + a² Z Zᵀ)⁺, with X, Y states and next states of all samples, Z = φ(X).
    Sums over time, not means: with means a ρ of 0.001 would leave nothing. The student has the recording's φ and the current form, which
    of a linear network is the rate form, too; of a non-linear one in the rate form it is a student of another form.

    Attributes:
        ridge: ρ: A has the prior N(0, (noise variance) / ρ) an entry. U and b have none.
        known_inputs: whether the recording's inputs are regressors.
        bias: whether a constant is one.

    Source: Qian et al. 2024, CCN equation 4.
    """

    ridge: NonNegative = 0.001
    known_inputs: bool = True
    bias: bool = False

    def fit(self, seen: Sequence[Recording], streams: Sequence[np.random.Generator]) -> list[Fit]:
        return [self._student(recording) for recording in seen]

    def _student(self, recording: Recording) -> Fit:
        states, inputs, following = recording.pairs
        units, leak = states.shape[1], recording.leak
        columns = [NONLINEARITIES[recording.activation][0](states)]
        if self.known_inputs and inputs.shape[1]:
            columns.append(inputs)
        if self.bias:
            columns.append(np.ones((len(states), 1)))
        regressors = np.concatenate(columns, axis=1)
        # a recording may have run away; its squares are then infinite
        with np.errstate(over="ignore", invalid="ignore"):
            moments = leak**2 * regressors.T @ regressors
            targets = leak * regressors.T @ (following - (1 - leak) * states)
        if not (np.isfinite(moments).all() and np.isfinite(targets).all()):
            return Fit(np.full(units, complex(np.nan, np.nan)), None, {})
        moments[np.arange(units), np.arange(units)] += self.ridge
        fitted = np.linalg.lstsq(moments, targets)[0].T
        weights, input_weights, bias = np.split(fitted, [units, fitted.shape[1] - self.bias], axis=1)
        model = Recurrence(
            weights,
            leak,
            recording.activation,
            input_weights=input_weights if input_weights.shape[1] else None,
            bias=bias[:, 0] if self.bias else None,
        )
        return Fit.of(model)
