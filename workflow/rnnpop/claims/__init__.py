"""Claims: what a study says of its networks, and how the evidence decides it; one file a way to decide, one row of `claims.csv` a claim."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal, NamedTuple

import xarray as xr

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
    def decide(self, summary: xr.Dataset, contrast: xr.Dataset | None) -> Decision:
        """The verdict for one task.

        Args:
            summary: statistics of the networks of the task and of the study's own learner.
            contrast: store of stage `contrast` for the same networks; None where nothing was compared.
        """
