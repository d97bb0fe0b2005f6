"""How many slow modes students find: their leading eigenvalues beside those of their teachers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any, final

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes

from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.figures.panels import students
from rnnpop.numerics import prediction
from rnnpop.variants import Positive

#: Eigenvalues that are shown, at most; columns of students and of their teachers.
_SHOWN = 10
_COLUMNS = ("eigenvalue_real", "teacher_eigenvalue_real")
#: Left of the first panel, width of all of them, top of the first row, height of a panel, from one row to the next, in mm.
_LEFT, _ACROSS, _TOP, _TALL, _PITCH = 14.0, 162.0, 12.0, 34.0, 53.0
_TEACHERS: dict[str, Any] = {"color": "0.55", "marker": "_", "ls": "-"}


@final
@dataclass(frozen=True)
class StudentSpectra(Figure):
    """A row of panels a task, a panel a level of a factor; reads summary (columns of statistic `imitation`).

    Real parts of students' leading eigenvalues, in their order, at one share of units watched: median over teachers, and the interval
    between order statistics that holds a population's median at 95 %; a line a kind of student. Grey: the teachers' own, as they were
    constructed. Dotted: 1, from which on a mode lasts for ever. After Qian et al. 2024, figure F.1.

    Attributes:
        factor: coordinate of the networks.
        fraction: share of units watched.
        learners: whose students are shown, in this order; all where it is empty.
    """

    factor: str = "rank"
    fraction: Positive = 0.05
    learners: tuple[str, ...] = ()

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        table = self._students(datasets["summary"])
        kinds = self.learners or tuple(students.learners(table))
        told = _medians(students.having(table[table["learner"].isin(kinds)], self.factor), self.factor)
        tasks, levels = list(dict.fromkeys(told["task"])) or [""], students.levels_of(told["level"]) or [""]
        looks = {"teacher": _TEACHERS} | {kind: style.line(place) for place, kind in enumerate(kinds)}
        drawn = told[["value", "low", "high"]].to_numpy(dtype=float)
        limits = np.array([np.nanmin(drawn, initial=0.0), np.nanmax(drawn, initial=1.0)])
        limits += 0.05 * np.ptp(limits) * np.array([-1, 1])
        pitch, bottom = _ACROSS / len(levels), _TOP + _PITCH * len(tasks)
        tables = {}
        with style.sheet():
            figure = style.page(bottom - 3)
            for row, (letter, task) in enumerate(zip(ascii_lowercase, tasks, strict=False)):
                tables[letter] = told[told["task"] == task] if task else told
                top = _TOP + _PITCH * row
                text = f"Leading eigenvalues of students that watch {100 * self.fraction:g} % of the units"
                style.heading(figure, 2, top - 8, letter, f"{text}: {style.printed(task)}" if task else text)
                for column, level in enumerate(levels):
                    axes = style.place(figure, _LEFT + column * pitch, top, pitch - 8, _TALL)
                    own = tables[letter][tables[letter]["level"] == level]
                    _panel(axes, own, looks)
                    axes.set(title=_title(self.factor, level, own), ylim=limits, ylabel="" if column else "Re λ")
            entries = [(students.sample(**look), style.printed(kind)) for kind, look in looks.items()]
            panels.line(figure, _LEFT, bottom - 6.5, [*entries, (panels.stroke("0.4", ":"), "1: lasts for ever")])
        return Drawing(figure, tables)

    def _students(self, summary: xr.Dataset) -> pd.DataFrame:
        """One row a student; its eigenvalues and its teacher's in numbered columns."""
        numbered = {
            f"{column}_{place + 1}": summary[column].isel(timescale=place, drop=True)
            for column in _COLUMNS
            if column in summary
            for place in range(min(_SHOWN, summary.sizes["timescale"]))
        }
        table = students.rows(summary.assign(numbered), [f"{column}_{place + 1}" for column in _COLUMNS for place in range(_SHOWN)])
        return table[(table["fraction"] == self.fraction) & (table["status"] == "ok")]


def _medians(table: pd.DataFrame, factor: str) -> pd.DataFrame:
    """Median of each eigenvalue over the students of a kind, and over teachers; those that nobody has are left out."""
    level = students.named(table, factor)
    whose = [(_COLUMNS[0], table, table["learner"]), (_COLUMNS[1], table.drop_duplicates("teacher"), pd.Series("teacher", table.index))]
    rows = [
        {"task": task, "level": at, "learner": learner, "eigenvalue": place + 1}
        | prediction.median(own[f"{column}_{place + 1}"].to_numpy(dtype=float))._asdict()
        for column, networks, learners in whose
        for (task, at, learner), own in networks.groupby([networks["task"], level, learners], sort=False)
        for place in range(_SHOWN)
    ]
    told = pd.DataFrame(rows, columns=["task", "level", "learner", "eigenvalue", *prediction.Estimate._fields])
    return told[told["networks"] > 0]


def _title(factor: str, level: Any, own: pd.DataFrame) -> str:
    """A panel's level, and how many networks the students of each kind are of."""
    counts = own[(own["eigenvalue"] == 1) & (own["learner"] != "teacher")]["networks"]
    return f"{students.written(factor)} {students.printed([level])[0]} (N = {', '.join(map(str, dict.fromkeys(counts))) or 0})"


def _panel(axes: Axes, own: pd.DataFrame, looks: Mapping[str, Mapping[str, Any]]) -> None:
    if not len(own):
        panels.nothing(axes)
        return
    axes.axhline(1, **style.CHANCE)
    for kind, look in looks.items():
        students.curve(axes, own[own["learner"] == kind], "eigenvalue", **look)
    axes.set(xlim=(0.5, _SHOWN + 0.5), xticks=range(1, _SHOWN + 1, 3), xlabel="eigenvalue")
