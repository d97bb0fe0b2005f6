"""What linear prediction from several past states of an endless recording comes to: block Yule–Walker equations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, final

import numpy as np

from rnnpop.learners import ActivityLearner
from rnnpop.numerics.autoregressions import block_toeplitz, companion, modes
from rnnpop.numerics.recurrences import Fit, by_real_part
from rnnpop.numerics.stationary import Seen
from rnnpop.variants import Count, Positive


@final
@dataclass(frozen=True)
class AutoregressionLimit(ActivityLearner):
    """x(t + h) = Σ_{k < p} Φ_k x(t − k h) with (Φ₀, Φ₁, …) = (C(h), C(2h), …) G⁻¹, G the second moments of the past.

    Not a network: no model. With one lag and h → 0 its modes are those of the long-time limit of the maximum a posteriori student.

    Attributes:
        lags: p.
        step: h in τ.
        time: of the circuit's covariance, as in `long_time_limit`.

    Source: Lütkepohl 2005, section 2.1.5.
    """

    sees: ClassVar[Literal["recording", "covariance"]] = "covariance"

    lags: Count = 2
    step: Positive = 0.25
    time: Literal["continuous", "discrete"] = "continuous"

    def fit(self, seen: Sequence[Seen], streams: Sequence[np.random.Generator]) -> list[Fit]:
        return [self._student(one) for one in seen]

    def _student(self, seen: Seen) -> Fit:
        lagged = np.stack([seen.lagged(k * self.step) for k in range(self.lags + 1)])
        ahead = np.concatenate(list(lagged[1:]), axis=1)
        coefficients = np.linalg.solve(block_toeplitz(lagged[:-1]), ahead.T).T
        leak = seen.leak if seen.time == "discrete" else None
        return Fit(by_real_part(modes(companion(coefficients), self.step, leak)), None, {})
