"""A claim that most networks have a statistic within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from scipy.stats import binomtest

from rnnpop.claims import Claim, Decision, Verdict, need_one, sound, undecided, within
from rnnpop.variants import Probability


@final
@dataclass(frozen=True)
class Fraction(Claim):
    """At least `fraction` of the networks of status ok have `at_least` <= `statistic` <= `at_most`.

    The interval is the exact binomial one (Clopper & Pearson 1934, 95 %), of independent networks. A network whose statistic is NaN
    does not have it, or is left out (`known`).

    - holds: the interval lies at or above `fraction`.
    - holds in part: not that, but the networks of at least one architecture reach the fraction and those of at least one other
      do not.
    - does not hold: the interval lies below `fraction`.
    - undecided: otherwise, and without networks or without that column.

    Attributes:
        statement: what is claimed.
        statistic: name of a column of the summary.
        at_least, at_most: in units of the statistic; one of them is needed.
        fraction: of networks.
        known: whether only networks that have the statistic count, as where the question does not arise for others: what a student
            invents is asked of circuits that rest.

    Raises:
        ValueError: if neither bound is given.
    """

    statement: str
    statistic: str
    fraction: Probability
    at_least: int | float | None = None
    at_most: int | float | None = None
    known: bool = False

    def __post_init__(self) -> None:
        need_one(self, "at_least", "at_most")

    def decide(self, summary: xr.Dataset, contrast: xr.Dataset | None, rng: np.random.Generator) -> Decision:
        kept = summary.isel(network=summary["status"].values == "ok")
        number = kept.sizes["network"]
        if not number or self.statistic not in kept:
            return undecided(self.fraction, f"no '{self.statistic}'" if number else "no network met the criterion")
        if self.known:
            kept = sound(kept, self.statistic)
            number = kept.sizes["network"]
            if not number:
                return undecided(self.fraction, f"no network has '{self.statistic}'")
        reached = within(kept[self.statistic].values, self.at_least, self.at_most)
        bounds = binomtest(int(reached.sum()), number).proportion_ci(0.95, method="exact")
        estimate, low, high = float(reached.mean()), float(bounds.low), float(bounds.high)
        architecture = kept["architecture"].values.astype(str)
        levels = {str(level): reached[architecture == level] for level in np.unique(architecture)}
        detail = ", ".join([f"{reached.sum()} of {number}", *(f"{level} {own.sum()}/{own.size}" for level, own in levels.items())])
        met = {bool(own.mean() >= self.fraction) for own in levels.values()}
        return Decision(estimate, low, high, number, self.fraction, self._verdict(low, high, met), detail)

    def _verdict(self, low: float, high: float, met: set[bool]) -> Verdict:
        if low >= self.fraction:
            return "holds"
        if met == {True, False}:
            return "holds in part"
        return "does not hold" if high < self.fraction else "undecided"
