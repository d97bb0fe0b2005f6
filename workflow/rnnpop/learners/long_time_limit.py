"""What a linear student of an endless recording comes to, in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, final

import numpy as np

from rnnpop.learners import ActivityLearner
from rnnpop.numerics.recurrences import Fit, Recurrence
from rnnpop.numerics.stationary import Seen
from rnnpop.variants import NonNegative


@final
@dataclass(frozen=True)
class LongTimeLimit(ActivityLearner):
    """A = P B S Pᵀ (P S Pᵀ + ρ I)⁻¹, S the stationary covariance of the circuit B, P the units watched.

    The limit of the maximum a posteriori student as the recording goes on for ever. With all units watched and ρ = 0 it is B itself, and
    has B's eigenvalues, which are not computed anew: those of a nilpotent matrix of 500 units would come out at 0.9.

    Attributes:
        ridge: ρ, in units of the variance of an unconnected unit.
        time: of the equation for S: J S + S Jᵀ = −2 I with J = B − I, or that of the map (1 − a) I + a B.

    Source: Qian et al. 2024, appendix B.2.
    """

    sees: ClassVar[Literal["recording", "covariance"]] = "covariance"

    ridge: NonNegative = 0.0
    time: Literal["continuous", "discrete"] = "continuous"

    def fit(self, seen: Sequence[Seen], streams: Sequence[np.random.Generator]) -> list[Fit]:
        return [self._student(one) for one in seen]

    def _student(self, seen: Seen) -> Fit:
        regularised = seen.covariance + self.ridge * np.eye(len(seen.covariance))
        fit = Fit.of(Recurrence(np.linalg.solve(regularised, seen.flow.T).T, seen.leak))
        return replace(fit, spectrum=seen.whole.propagator.spectrum) if seen.complete and not self.ridge else fit
