"""A claim that a design factor shows more in one distance than in another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr

from rnnpop.claims import Claim, Decision, Verdict
from rnnpop.numerics.contrasts import interval


@final
@dataclass(frozen=True)
class FactorDifference(Claim):
    """PERMANOVA's R^2 of `factor` is larger in the distances of `measure` than in those of `against`.

    The estimate is the difference of the two R^2. Its interval is the 2.5 and 97.5 percentiles of the difference over resamples of
    networks within populations, the same resamples for both measures.

    - holds: the interval lies above 0.
    - does not hold: the interval lies below 0.
    - undecided: otherwise, and where one of the two measures or the factor was not compared.

    Attributes:
        statement: what is claimed.
        measure, against: names of measures of the study.
        factor: name of a design factor.
    """

    statement: str
    measure: str
    against: str
    factor: str

    def decide(self, summary: xr.Dataset, contrast: xr.Dataset | None) -> Decision:
        measures = (self.measure, self.against)
        if contrast is None or self.factor not in contrast["factor"] or any(name not in contrast["measure"] for name in measures):
            missing = f"'{self.factor}' was not compared by '{self.measure}' and '{self.against}'"
            return Decision(np.nan, np.nan, np.nan, 0, 0.0, "undecided", missing)
        one, other = (contrast.sel(measure=name, factor=self.factor) for name in measures)
        low, high = interval(one["r2_draws"].values - other["r2_draws"].values)
        verdict: Verdict = "holds" if low > 0 else "does not hold" if high < 0 else "undecided"
        detail = f"{self.measure} {float(one['r2']):.3f}, {self.against} {float(other['r2']):.3f}"
        return Decision(float(one["r2"] - other["r2"]), low, high, int(contrast.attrs["kept"]), 0.0, verdict, detail)
