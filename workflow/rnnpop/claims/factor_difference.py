"""A claim that a design factor shows more in one distance than in another, or more than another factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Float

from rnnpop.claims import Claim, Decision, Verdict, need_one, undecided
from rnnpop.numerics.contrasts import adjusted, interval


@final
@dataclass(frozen=True)
class FactorDifference(Claim):
    """PERMANOVA's effect of `factor` in the distances of `measure` is larger than that of `against_factor` in those of `against`.

    The effect is R^2 without what levels alone explain, 1 - (1 - R^2) (N - 1) / (N - G) of N networks at G levels, so that factors of
    few and of many levels can be compared. The estimate is the difference of the two. Its interval is the 2.5 and 97.5 percentiles
    of the difference over resamples of networks within cells, the same resamples for both.

    - holds: the interval lies above 0.
    - does not hold: the interval lies below 0.
    - undecided: otherwise, and where a measure or factor was not compared.

    Attributes:
        statement: what is claimed.
        measure: name of a measure of the study.
        factor: name of a design factor.
        against: the other measure; the same one if it is left out.
        against_factor: the other factor; the same one if it is left out.

    Raises:
        ValueError: if neither `against` nor `against_factor` is given.
    """

    statement: str
    measure: str
    factor: str
    against: str | None = None
    against_factor: str | None = None

    def __post_init__(self) -> None:
        need_one(self, "against", "against_factor")

    def decide(self, summary: xr.Dataset, contrast: xr.Dataset | None, rng: np.random.Generator) -> Decision:
        sides = [(self.measure, self.factor), (self.against or self.measure, self.against_factor or self.factor)]
        if contrast is None:
            return undecided(0.0, "nothing was compared")
        for measure, factor in sides:
            if factor not in contrast["factor"] or measure not in contrast["measure"]:
                return undecided(0.0, f"'{factor}' was not compared by '{measure}'")
        number = int(contrast.attrs["kept"])
        one, other = (contrast.sel(measure=measure, factor=factor) for measure, factor in sides)
        gap, draws = (_effect(one, name, number) - _effect(other, name, number) for name in ("r2", "r2_draws"))
        low, high = interval(draws)
        verdict: Verdict = "holds" if low > 0 else "does not hold" if high < 0 else "undecided"
        named = "{0}" if not self.against_factor else "{1}" if not self.against else "{1} by {0}"
        told = zip(sides, (one, other), strict=True)
        detail = ", ".join(f"{named.format(*side)} {float(_effect(own, 'r2', number)):.3f}" for side, own in told)
        return Decision(float(gap), low, high, number, 0.0, verdict, detail)


def _effect(found: xr.Dataset, name: str, number: int) -> Float[np.ndarray, "*draw"]:
    return adjusted(found[name].values, number, 1 / float(found["knn_chance"]))
