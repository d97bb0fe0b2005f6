"""Figures: one file each; a figure draws finished stores and never computes what a stage could."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib.figure
import pandas as pd

from rnnpop.figures import style


@dataclass(frozen=True)
class Drawing:
    """A finished picture, and the numbers that stand in it.

    Attributes:
        figure: the picture; `render` writes it.
        tables: the plotted numbers by panel letter ("d"), with a suffix where a panel has several tables ("d_effects").
    """

    figure: matplotlib.figure.Figure
    tables: dict[str, pd.DataFrame]

    def render(self, file_format: Literal["pdf", "png", "svg"], origin: str | None = None) -> bytes:
        """Content of the picture's file: fonts embedded, 300 dots per inch, no date, so that equal drawings are equal bytes.

        Args:
            origin: what it was drawn from; stands in the file's metadata (`Subject` of a PDF, `Description` of others).
        """
        said = {
            "pdf": {"CreationDate": None, "Subject": origin},
            "svg": {"Date": None, "Description": origin},
            "png": {"Description": origin} if origin else {},
        }
        stream = io.BytesIO()
        with style.sheet():
            self.figure.savefig(stream, format=file_format, dpi=300, metadata=said[file_format])
        return stream.getvalue()


class Figure(ABC):
    """A figure of one study, drawn from its finished stores."""

    @abstractmethod
    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        """The picture and its numbers.

        Args:
            datasets: what the entry's `reads` names, of one task and the study's own learner, or of all tasks: "portraits", "transitions",
                "fixed_points", "slow_points", "linearisations", "orbits", "readings", "appraisals", "networks" (lists, the first shard of
                each population, in the order of config.yaml), "exhibits" (a list, one a population), "atlas" (by name of measure) and
                "contrasts"; "controls" (contrasts by control learner); "summary" (all networks of the study); "claims" (the table of
                claims.csv).
        """
