"""A claim that the typical network has a statistic within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr

from rnnpop.claims import Claim, Decision, Verdict, bootstrap, given, nearest, need_one, sound, undecided, within


@final
@dataclass(frozen=True)
class Median(Claim):
    """The median of `statistic` over the networks of status ok lies within bounds: `at_least` <= median <= `at_most`.

    Networks whose statistic is NaN are left out, and counted in the detail. The interval is the 2.5 and 97.5 percentiles of the
    median over resamples of networks within cells.

    - holds: the interval lies within the bounds.
    - holds in part: not that, but the medians of some architectures lie within and those of others do not.
    - does not hold: the interval lies outside.
    - undecided: otherwise, and without networks.

    Attributes:
        statement: what is claimed.
        statistic: name of a column of the summary.
        at_least, at_most: in units of the statistic; one of them is needed. The threshold told is the bound nearest to the estimate.

    Raises:
        ValueError: if neither bound is given.
    """

    statement: str
    statistic: str
    at_least: int | float | None = None
    at_most: int | float | None = None

    def __post_init__(self) -> None:
        need_one(self, "at_least", "at_most")

    def decide(self, summary: xr.Dataset, contrast: xr.Dataset | None, rng: np.random.Generator) -> Decision:
        bounds = given(self.at_least, self.at_most)
        kept = sound(summary, self.statistic)
        if not kept.sizes["network"]:
            return undecided(bounds[0], f"no network has '{self.statistic}'")
        values = kept[self.statistic].values.astype(float)
        estimate = float(np.median(values))
        low, high = bootstrap(kept, lambda rows: float(np.median(values[rows])), rng)
        architecture = kept["architecture"].values.astype(str)
        medians = {str(level): float(np.median(values[architecture == level])) for level in np.unique(architecture)}
        missing = int((summary["status"].values == "ok").sum()) - len(values)
        detail = ", ".join([*(f"{level} {own:.3g}" for level, own in medians.items()), *([f"{missing} without it"] if missing else [])])
        verdict = self._verdict(low, high, list(medians.values()))
        return Decision(estimate, low, high, len(values), nearest(bounds, estimate), verdict, detail)

    def _verdict(self, low: float, high: float, medians: list[float]) -> Verdict:
        if within(np.array([low, high]), self.at_least, self.at_most).all():
            return "holds"
        if len(set(within(np.array(medians), self.at_least, self.at_most).tolist())) == 2:
            return "holds in part"
        outside = (self.at_least is not None and high < self.at_least) or (self.at_most is not None and low > self.at_most)
        return "does not hold" if outside else "undecided"
