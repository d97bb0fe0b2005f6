"""A claim that networks that are alike by a distance need not do alike."""

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
class Dissociation(Claim):
    """Distances by `measure` and differences of `quantity` have a rank correlation nearer to 0 than `below`.

    The estimate is Spearman's correlation over pairs of networks of d and |log q_i - log q_j|; its interval is the 2.5 and 97.5
    percentiles over resamples of networks within cells.

    - holds: the interval lies between -`below` and `below`.
    - does not hold: the interval lies beyond `below` or -`below`.
    - undecided: otherwise, and where the measure and the quantity were not held against each other.

    Attributes:
        statement: what is claimed.
        measure: name of a measure of the study.
        quantity: one of `contrast.quantities`.
        below: correlation.
    """

    statement: str
    measure: str
    quantity: str
    below: Probability

    def decide(self, summary: xr.Dataset, contrast: xr.Dataset | None, rng: np.random.Generator) -> Decision:
        if contrast is None or self.measure not in contrast["measure"] or self.quantity not in contrast["quantity"]:
            return undecided(self.below, f"'{self.measure}' was not held against '{self.quantity}'")
        found = contrast.sel(measure=self.measure, quantity=self.quantity)
        low, high = interval(found["dissociation_draws"].values)
        beyond = low > self.below or high < -self.below
        verdict: Verdict = "holds" if -self.below < low and high < self.below else "does not hold" if beyond else "undecided"
        detail = f"p = {float(found['dissociation_p']):.3g} of no correlation"
        return Decision(float(found["dissociation"]), low, high, int(contrast.attrs["kept"]), self.below, verdict, detail)
