"""Claims: what a study says of its networks, and how the evidence decides it; one file a way to decide, one row of `claims.csv` a claim."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Float, Int, Shaped

from rnnpop.design import name_parts
from rnnpop.numerics.contrasts import interval, resamples

#: Bootstrap resamples of networks for an interval.
DRAWS = 1000

#: What can come of a claim.
Verdict = Literal["holds", "holds in part", "does not hold", "undecided"]


class Decision(NamedTuple):
    """What the evidence says.

    Attributes:
        estimate, low, high: the number that decides, and its 95 % interval; NaN without evidence.
        n: networks that the number comes from.
        threshold: what the number is held against.
        detail: what the number hides, in a phrase.
    """

    estimate: float
    low: float
    high: float
    n: int
    threshold: float
    verdict: Verdict
    detail: str


class Claim(ABC):
    """One sentence on the networks of a task, with the rule that decides it, fixed before the evidence is in.

    Attributes:
        statement: the sentence.
    """

    statement: str

    @abstractmethod
    def decide(self, summary: xr.Dataset, contrast: xr.Dataset | None, rng: np.random.Generator) -> Decision:
        """The verdict for one task.

        Args:
            summary: statistics of the networks of the task and of the study's own learner.
            contrast: store of stage `contrast` for the same networks; None where nothing was compared.
            rng: belongs to the study, the task and the claim alone.
        """


def undecided(threshold: float, why: str) -> Decision:
    """The decision without evidence."""
    return Decision(np.nan, np.nan, np.nan, 0, threshold, "undecided", why)


def sound(summary: xr.Dataset, statistic: str) -> xr.Dataset:
    """Networks of status ok whose `statistic` is a finite number; none where there is no such column."""
    if statistic not in summary:
        return summary.isel(network=slice(0))
    return summary.isel(network=(summary["status"].values == "ok") & np.isfinite(summary[statistic].values.astype(float)))


def levels(networks: xr.Dataset, factor: str) -> Shaped[np.ndarray, " network"]:
    """Level of each network, as text; the same, empty one where they do not have that factor."""
    return networks[factor].values.astype(str) if factor in networks.coords else np.full(networks.sizes["network"], "")


def kinship(networks: xr.Dataset) -> tuple[Int[np.ndarray, " network"], Int[np.ndarray, " network"]]:
    """Cell and unit of each network: those of one cell and index that differ by their learner alone began alike, and are one unit."""
    parts = [name_parts(name) for name in networks["network"].values]
    cells, units = ([part.cell for part in parts], [f"{part.cell}/{part.number}" for part in parts])
    return np.unique(cells, return_inverse=True)[1], np.unique(units, return_inverse=True)[1]


def bootstrap(networks: xr.Dataset, number: Callable[[Int[np.ndarray, " draw"]], float], rng: np.random.Generator) -> tuple[float, float]:
    """95 % percentile interval of `number`, a function of rows of `networks`, over resamples of units within cells."""
    counts = resamples(*kinship(networks), DRAWS, rng).astype(int)
    rows = np.arange(networks.sizes["network"])
    return interval(np.array([number(np.repeat(rows, count)) for count in counts]))


def within(values: Float[np.ndarray, "*any"] | float, at_least: float | None, at_most: float | None) -> np.ndarray:
    """Whether values lie within bounds, both included; NaN does not."""
    values = np.asarray(values, dtype=float)
    return (values >= (-np.inf if at_least is None else at_least)) & (values <= (np.inf if at_most is None else at_most))


def given(*bounds: float | None) -> list[float]:
    """The bounds that are not left out."""
    return [float(bound) for bound in bounds if bound is not None]


def nearest(bounds: Sequence[float], estimate: float) -> float:
    """The bound that is told as the threshold."""
    return min(bounds, key=lambda bound: abs(bound - estimate))


def need_one(claim: Claim, *names: str) -> None:
    """Raise ValueError, naming them, unless one at least of these fields of a claim is given."""
    if all(getattr(claim, name) is None for name in names):
        raise ValueError(f"the claim '{claim.statement}' needs {' or '.join(names)}")
