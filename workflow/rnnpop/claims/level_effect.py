"""A claim on how much of the differences between networks in a statistic goes with a design factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from scipy.stats import rankdata

from rnnpop.claims import DRAWS, Claim, Decision, Verdict, given, kinship, levels, nearest, need_one, sound, undecided
from rnnpop.numerics import contrasts
from rnnpop.variants import Probability

_PERMUTATIONS = 999


@final
@dataclass(frozen=True)
class LevelEffect(Claim):
    """`factor` explains more than `above`, less than `below`, of the differences of `statistic` between networks of status ok.

    The estimate is epsilon^2 of the ranks (Kelley 1935): 1 - (1 - R^2) (N - 1) / (N - G) of N networks at G levels, 0 on the average where
    the factor does nothing. Its interval is the 2.5 and 97.5 percentiles over resamples of networks within cells, as for PERMANOVA's
    R^2, of which this is the case d = |rank - rank'|. p is of permutations of networks within the joint levels of the other
    factors.

    - holds: the interval lies above `above` with p <= 0.05, and below `below`, whichever are given.
    - does not hold: the interval lies below `above`, or above `below`.
    - undecided: otherwise, and where fewer than two levels have networks with that statistic.

    Attributes:
        statement: what is claimed.
        statistic: name of a column of the summary.
        factor: name of a design factor.
        above, below: shares of the variance of ranks; one of them is needed. The threshold told is the one nearest to the estimate.

    Raises:
        ValueError: if neither bound is given.
    """

    statement: str
    statistic: str
    factor: str
    above: Probability | None = None
    below: Probability | None = None

    def __post_init__(self) -> None:
        need_one(self, "above", "below")

    def decide(self, summary: xr.Dataset, contrast: xr.Dataset | None, rng: np.random.Generator) -> Decision:
        bounds = given(self.above, self.below)
        kept = sound(summary, self.statistic)
        number = kept.sizes["network"]
        names, labels = np.unique(levels(kept, self.factor), return_inverse=True)
        if not 1 < len(names) < number:
            return undecided(bounds[0], f"'{self.statistic}' is known at {len(names)} levels of '{self.factor}'")
        ranks = rankdata(kept[self.statistic].values.astype(float))
        distance = np.abs(ranks[:, None] - ranks)
        cells, units = kinship(kept)
        others = [] if contrast is None else [str(name) for name in contrast["factor"].values if name != self.factor and name in kept]
        known = [levels(kept, name) for name in others]
        found = contrasts.permanova(distance, contrasts.relabellings_of_units(labels, known, units, _PERMUTATIONS, rng))
        counts = contrasts.resamples(cells, units, DRAWS, rng)
        draws = contrasts.resampled_r2(distance, labels, contrasts.pair_weights(cells, units), counts)
        estimate, low, high = (float(contrasts.adjusted(r2, number, len(names))) for r2 in (found.r2, *contrasts.interval(draws)))
        return Decision(estimate, low, high, number, nearest(bounds, estimate), self._verdict(low, high, found.p), f"p = {found.p:.3g}")

    def _verdict(self, low: float, high: float, p: float) -> Verdict:
        more = self.above is None or (low > self.above and p <= 0.05)
        less = self.below is None or high < self.below
        refuted = (self.above is not None and high < self.above) or (self.below is not None and low > self.below)
        return "holds" if more and less else "does not hold" if refuted else "undecided"
