"""A figure of where circuits and their students go when they are left alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any, final

import matplotlib.figure
import pandas as pd
import xarray as xr

from rnnpop.figures import Drawing, Figure, style
from rnnpop.figures.panels import exhibits

#: Height of a row, of what stands above the first and below the last one, in mm; rows on a page.
_ROW, _ABOVE, _BELOW, _ROWS = 43.0, 8.0, 2.0, 5

#: Units whose traces are drawn, as the paper chose them.
_CHANNELS = (4, 5, 6, 7, 8)


@final
@dataclass(frozen=True)
class LimitSets(Figure):
    """Rows after Qian et al. 2024, NeurIPS figures 4 and 5 (CCN figure 3); reads exhibits and summary.

    A row is a population, of the first five: one circuit (teacher) and students that watch a share of its units. Eigenvalues over the unit
    circle, the student's at the smallest share; traces of five watched units, in the same noise; runs without noise from random starts,
    on their own first three principal components (the bar is a length), coloured by time. Below stands what most of them end in, and
    in how many of the population's teachers, or of their students, it is so.

    Attributes:
        populations: those that are shown, as cell/learner, in this order; all where it is empty.
    """

    populations: tuple[str, ...] = ()

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        shown = exhibits.chosen(datasets["exhibits"], self.populations)[:_ROWS]
        with style.sheet():
            figure = style.page(_ABOVE + _ROW * max(len(shown), 1) + _BELOW)
            exhibits.legend(figure, 8, 4)
            tables: dict[str, pd.DataFrame] = {}
            for place, exhibit in enumerate(shown):
                tables |= _row(figure, _ABOVE + place * _ROW, ascii_lowercase[place], exhibit, datasets["summary"])
        return Drawing(figure, tables)


def _row(figure: matplotlib.figure.Figure, top: float, letter: str, exhibit: xr.Dataset, summary: xr.Dataset) -> dict[str, pd.DataFrame]:
    """One population."""
    own = exhibits.population(summary, exhibit)
    learner = style.printed(exhibits.level(exhibit, "learner"))
    style.heading(figure, 2, top + 3, letter, f"{exhibits.factors(exhibit)}; {learner} student (N = {own.sizes['network']})")
    watching, truth = exhibits.students(exhibit), exhibits.teacher(exhibit)
    first = watching[0] if watching else truth
    tables = {f"{letter}_spectrum": exhibits.spectrum(style.place(figure, 11, top + 8, 24, 24), exhibit, first)}
    looks = ((truth, exhibits.TEACHER, "-"), (first, exhibits.STUDENT, exhibits.DASHES))
    axes = style.place(figure, 45, top + 8, 38, 24)
    tables[f"{letter}_traces"] = exhibits.traces(axes, exhibit, first, _CHANNELS, looks)
    axes.set_ylabel("unit")
    drawn, counted = [], []
    for number, place in enumerate([*watching[:2], truth]):
        left = 89 + 31 * number
        panel = style.place(figure, left, top + 10, 27, 20)
        drawn.append(exhibits.runs(panel, exhibit, place))
        counted.append(exhibits.endings(own, exhibit, place))
        text = "teacher" if place == truth else f"student, {float(exhibit['fraction'][place]):.0%}".replace("%", " %")
        style.write(figure, left + 13.5, top + 8, text, ha="center")
        style.write(figure, left + 13.5, top + 35, exhibits.ending(counted[-1]), ha="center", va="top", linespacing=1.2)
    return tables | {f"{letter}_runs": pd.concat(drawn, ignore_index=True), f"{letter}_endings": pd.concat(counted, ignore_index=True)}
