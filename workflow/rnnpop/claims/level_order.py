"""A claim that a statistic is lower at one level of a factor than at others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Float
from scipy.stats import mannwhitneyu, rankdata

from rnnpop.claims import Claim, Decision, Verdict, bootstrap, levels, sound, undecided


@final
@dataclass(frozen=True)
class LevelOrder(Claim):
    """Networks at level `low` of `factor` have less of `statistic` than those at each of the levels `high`.

    The effect against a level is P(x_low < x_high) + P(x_low = x_high) / 2 over pairs of networks of status ok (McGraw & Wong 1992; the
    Mann-Whitney U over its maximum); 0.5 is no order. The estimate is the smallest effect; its interval is the 2.5 and 97.5
    percentiles over resamples of networks within cells. An order is *shown* where the median at `low` is below that at the other
    level and the one-sided Mann-Whitney test, corrected for all levels (Holm 1979), has p <= 0.05.

    - holds: the order is shown for every level.
    - holds in part: it is shown for some.
    - does not hold: it is shown for none, and the interval lies at or below 0.5.
    - undecided: otherwise, and where a level has no network with that statistic.

    Attributes:
        statement: what is claimed.
        statistic: name of a column of the summary.
        factor: name of a design factor.
        low: level.
        high: levels.
    """

    statement: str
    statistic: str
    factor: str
    low: str
    high: tuple[str, ...]

    def decide(self, summary: xr.Dataset, contrast: xr.Dataset | None, rng: np.random.Generator) -> Decision:
        kept = sound(summary, self.statistic)
        kept = kept.isel(network=np.isin(levels(kept, self.factor), [self.low, *self.high]))
        level_of = levels(kept, self.factor)
        if missing := [level for level in (self.low, *self.high) if level not in level_of]:
            return undecided(0.5, f"no network of {', '.join(missing)} has '{self.statistic}'")
        values = kept[self.statistic].values.astype(float)

        def smallest(rows: np.ndarray) -> float:
            own, at = values[rows], level_of[rows]
            return min(_effect(own[at == self.low], own[at == level]) for level in self.high)

        low = values[level_of == self.low]
        others = {level: values[level_of == level] for level in self.high}
        p = _holm(np.array([mannwhitneyu(low, other, alternative="less", method="asymptotic").pvalue for other in others.values()]))
        below = np.array([np.median(low) < np.median(other) for other in others.values()])
        ends = bootstrap(kept, smallest, rng)
        told = [f"{level} {np.median(other):.3g} (p = {own:.2g})" for (level, other), own in zip(others.items(), p, strict=True)]
        detail = f"medians: {self.low} {np.median(low):.3g}, {', '.join(told)}"
        return Decision(smallest(np.arange(len(values))), *ends, len(values), 0.5, _verdict(below & (p <= 0.05), ends[1]), detail)


def _verdict(shown: np.ndarray, high: float) -> Verdict:
    if shown.all():
        return "holds"
    if shown.any():
        return "holds in part"
    return "does not hold" if high <= 0.5 else "undecided"


def _effect(low: Float[np.ndarray, " one"], high: Float[np.ndarray, " other"]) -> float:
    ranks = rankdata(np.concatenate([low, high]))[len(low) :]
    return float((ranks.sum() - len(high) * (len(high) + 1) / 2) / (len(low) * len(high)))


def _holm(p: Float[np.ndarray, " test"]) -> Float[np.ndarray, " test"]:
    """Step-down corrected p (Holm 1979); where all values are the same, and a test says nothing, p is 1."""
    p = np.nan_to_num(p, nan=1.0)
    order = np.argsort(p, kind="stable")
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    return corrected
