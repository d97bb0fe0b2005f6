"""A claim that a design factor shows in a distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr

from rnnpop.claims import Claim, Decision, Verdict, undecided
from rnnpop.numerics.contrasts import interval
from rnnpop.variants import Probability


@final
@dataclass(frozen=True)
class FactorEffect(Claim):
    """PERMANOVA's R^2 of `factor` in the distances of `measure` is above `above`.

    The interval is the 2.5 and 97.5 percentiles of R^2 over resamples of networks within cells: it speaks of these populations. The
    detail adds the one over resamples of whole populations within levels, where levels have several: it speaks of others like them.

    - holds: the interval lies above `above`, and the permutation test has p <= 0.05.
    - does not hold: the interval lies below `above`.
    - undecided: otherwise, and where the measure or the factor was not compared.

    Attributes:
        statement: what is claimed.
        measure: name of a measure of the study.
        factor: name of a design factor.
        above: fraction of the sum of squares.
    """

    statement: str
    measure: str
    factor: str
    above: Probability

    def decide(self, summary: xr.Dataset, contrast: xr.Dataset | None, rng: np.random.Generator) -> Decision:
        if contrast is None or self.measure not in contrast["measure"] or self.factor not in contrast["factor"]:
            return undecided(self.above, f"'{self.factor}' was not compared by '{self.measure}'")
        found = contrast.sel(measure=self.measure, factor=self.factor)
        estimate, p = float(found["r2"]), float(found["p"])
        low, high = interval(found["r2_draws"].values)
        wide_low, wide_high = interval(found["r2_configuration_draws"].values)
        detail = f"p = {p:.3g}" + (f"; over populations [{wide_low:.3f}, {wide_high:.3f}]" if np.isfinite(wide_low) else "")
        return Decision(estimate, low, high, int(contrast.attrs["kept"]), self.above, self._verdict(low, high, p), detail)

    def _verdict(self, low: float, high: float, p: float) -> Verdict:
        if low > self.above and p <= 0.05:
            return "holds"
        return "does not hold" if high < self.above else "undecided"
