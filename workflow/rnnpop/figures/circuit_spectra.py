"""A figure of spectra and flows of circuits and students that differ in how long they watch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any, final

import matplotlib.figure
import pandas as pd
import xarray as xr

from rnnpop.figures import Drawing, Figure, style
from rnnpop.figures.panels import exhibits

#: Height of a row and of the legend above, in mm; rows on a page, students in a row.
_ROW, _ABOVE, _ROWS, _STUDENTS = 50.0, 8.0, 4, 2

#: Panels of a row: left of the first, width, and from one to the next.
_LEFT, _WIDTH, _PITCH = 11.0, 24.0, 35.5


@final
@dataclass(frozen=True)
class CircuitSpectra(Figure):
    """Rows after Qian et al. 2024, NeurIPS figure 2; reads exhibits and summary.

    A row is a kind of circuit, of the first four, with the students of its first two learners that watch the smallest share of its units.
    Eigenvalues of teacher and student over the unit circle, with the line-attractor score of the one shown, and that of all
    teachers' students: median, and the range of 95 %; flows of the teacher and of the students without input, in the
    plane of the first two principal components of their states.

    Attributes:
        populations: those that are shown, as cell/learner, in this order; all where it is empty.
    """

    populations: tuple[str, ...] = ()

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        circuits = exhibits.by_circuit(exhibits.chosen(datasets["exhibits"], self.populations))[:_ROWS]
        with style.sheet():
            figure = style.page(_ABOVE + _ROW * max(len(circuits), 1))
            exhibits.legend(figure, 8, 4)
            tables: dict[str, pd.DataFrame] = {}
            for place, held in enumerate(circuits):
                tables |= _row(figure, _ABOVE + place * _ROW, ascii_lowercase[place], held[:_STUDENTS], datasets["summary"])
        return Drawing(figure, tables)


def _row(
    figure: matplotlib.figure.Figure, top: float, letter: str, held: Sequence[xr.Dataset], summary: xr.Dataset
) -> dict[str, pd.DataFrame]:
    """One circuit."""
    first = held[0]
    watched = (exhibits.students(first) or [exhibits.teacher(first)])[0]
    watching, own = exhibits.watching(first, watched), exhibits.score(first, exhibits.teacher(first))
    style.heading(figure, 2, top + 3, letter, f"{exhibits.factors(first)} (score {own}); students watch {watching}")
    spectra, scores, flows = [], [], []
    shown = [(first, exhibits.teacher(first), "teacher")]
    for number, exhibit in enumerate(held):
        place = (exhibits.students(exhibit) or [exhibits.teacher(exhibit)])[0]
        learner = exhibits.level(exhibit, "learner")
        axes = style.place(figure, _LEFT + _PITCH * number, top + 9, _WIDTH, _WIDTH)
        axes.set_title(style.printed(learner))
        spectra.append(exhibits.spectrum(axes, exhibit, place).assign(learner=learner))
        fitted = exhibits.population(summary, exhibit)
        values = exhibits.across(fitted, "line_attractor_score", float(exhibit["fraction"][place]))
        text = f"score {exhibits.score(exhibit, place)}; all students\n{exhibits.spread(values)}"
        style.write(figure, _LEFT + _PITCH * number + _WIDTH / 2, top + 41, text, ha="center", va="top", linespacing=1.2)
        rows = pd.DataFrame({"network": fitted["network"].values[: len(values)], "line_attractor_score": values})
        scores.append(rows.assign(learner=learner))
        shown.append((exhibit, place, style.printed(learner)))
    for number, (exhibit, place, text) in enumerate(shown, len(held)):
        axes = style.place(figure, _LEFT + _PITCH * number, top + 9, _WIDTH, _WIDTH)
        axes.set_title(text)
        flows.append(exhibits.flow(axes, exhibit, place).assign(learner=exhibits.level(exhibit, "learner")))
    parts = {"spectrum": spectra, "scores": scores, "flow": flows}
    return {f"{letter}_{name}": pd.concat(tables, ignore_index=True) for name, tables in parts.items()}
