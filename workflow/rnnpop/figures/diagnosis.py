"""What students of a recording of one's own say, and what activity says to that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import matplotlib.artist
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.figures.panels import students

#: Left of the panels, their top, width and height, in mm.
_LEFT, _TOP, _WIDTH, _TALL = (13.0, 58.0, 103.0, 148.0), 9.0, 30.0, 34.0

#: Modes that are farther from 0 than this are fast, and not shown.
_WINDOW = 1.5


@final
@dataclass(frozen=True)
class Diagnosis(Figure):
    """Panels a to d of one recording; reads the tables `scores`, `eigenvalues`, `correlations` and `subsamples` of stage `diagnose`.

    (a) Eigenvalues of each student, B scale: on the dotted line at 1 one would last for ever. (b) Line-attractor scores, log₂ of the
    two longest time constants' ratio, as they are ordered by real part; the dotted line at 1 is the score above which one is read as
    a line attractor. Hollow: the leading eigenvalue is complex, or 1 or more. (c) Autocorrelation of activity along each student's
    slow mode, over time in units of its time constant; the student itself decays as the dashed line, and where activity is below it,
    it forgets faster than the student. It ends where the record holds fewer than five such times. (d) Score of students of fewer of
    the units: mean over random orders of leaving out, and each.
    """

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        names = list(dict.fromkeys(datasets["scores"]["student"].astype(str)))
        drawn = {"a": ("eigenvalues", _spectrum), "b": ("scores", _scores), "c": ("correlations", _forgetting), "d": ("subsamples", _fewer)}
        titles = ("Eigenvalues", "Line-attractor score", "Memory of the slow mode", "Score of fewer units")
        entries: list[tuple[matplotlib.artist.Artist, str]] = [
            (students.sample(**style.line(place)), style.printed(name)) for place, name in enumerate(names)
        ]
        with style.sheet():
            figure = style.page(_TOP + _TALL + 20)
            tables = {}
            for left, title, (letter, (table, panel)) in zip(_LEFT, titles, drawn.items(), strict=True):
                style.heading(figure, left - 11, 4, letter, title)
                axes = style.place(figure, left, _TOP, _WIDTH, _TALL)
                tables[letter] = datasets[table]
                if np.isfinite(datasets[table].select_dtypes("number").to_numpy(dtype=float)).any():
                    panel(axes, datasets[table], names)
                else:
                    panels.nothing(axes, "nothing could\nbe fitted")
            students.legend(figure, 8, _TOP + _TALL + 13, [*entries, (panels.stroke("black", (0, (4, 2))), "the student's own decay")])
        return Drawing(figure, tables)


def _spectrum(axes: Axes, table: pd.DataFrame, names: list[str]) -> None:
    axes.axvline(1, **style.CHANCE)
    for place, name in enumerate(names):
        own = table[table["student"] == name]
        look = style.line(place) | {"ls": "none"}
        axes.plot(own["real"], own["imaginary"], ms=2.6, mew=0.5, fillstyle="none", **look)
    beyond = int(((table["real"] < -_WINDOW) | (table["real"] > _WINDOW) | (table["imaginary"].abs() > _WINDOW)).sum())
    axes.set(xlim=(-_WINDOW, _WINDOW), ylim=(-_WINDOW, _WINDOW), xlabel="Re λ", ylabel="Im λ", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    if beyond:
        axes.set_title(f"{beyond} beyond the frame", loc="right", color="0.3")


def _scores(axes: Axes, table: pd.DataFrame, names: list[str]) -> None:
    axes.axhline(1, **style.CHANCE)
    for place, name in enumerate(names):
        own = table[table["student"] == name].iloc[0]
        sound = not (own["unstable"] or own["leading_complex"])
        look = style.line(place) | {"ls": "none"}
        axes.plot(place, own["line_attractor_score"], ms=4, mew=0.8, fillstyle="full" if sound else "none", **look)
    finite = table["line_attractor_score"].replace([np.inf, -np.inf], np.nan).dropna()
    axes.set(xlim=(-0.6, len(names) - 0.4), xticks=[], ylim=(min(0.0, finite.min()) - 0.3, max(1.0, finite.max()) + 0.3), ylabel="score")


def _forgetting(axes: Axes, table: pd.DataFrame, names: list[str]) -> None:
    for place, name in enumerate(names):
        own = table[table["student"] == name]
        axes.plot(own["multiple"], own["correlation"], lw=1.0, **style.line(place) | {"marker": ""})
        axes.plot(own["multiple"], own["own"], color="black", lw=0.8, ls=(0, (4, 2)), zorder=4)
    axes.set(xlim=(0, 4), ylim=(0, 1.02), xlabel="time (time constants)", ylabel="|autocorrelation|")


def _fewer(axes: Axes, table: pd.DataFrame, names: list[str]) -> None:
    axes.axhline(1, **style.CHANCE)
    for place, name in enumerate(names):
        own = table[(table["student"] == name) & np.isfinite(table["score"])]
        look = style.line(place)
        axes.plot(own["units"], own["score"], alpha=0.5, ms=2, mew=0, **look | {"ls": "none"})
        mean = own.groupby("units")["score"].mean()
        axes.add_line(Line2D(mean.index, mean.to_numpy(), lw=1.0, **look | {"marker": ""}))
    axes.set(xlabel="units used", ylabel="score")
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
