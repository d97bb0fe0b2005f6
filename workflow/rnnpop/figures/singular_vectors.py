"""What remains of a circuit's strongest direction in its students: singular values and vectors over the share of units watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.figures.panels import students

#: Panels in the order of their letters: column of students, that of teachers or none, title.
_PANELS: dict[str, tuple[str, str | None, str]] = {
    "a": ("line_attractor_score", None, "Line-attractor score"),
    "b": ("singular_1", "true_singular_1", "Largest singular value"),
    "c": ("singular_2", "true_singular_2", "Second singular value"),
    "d": ("singular_cosine_left", None, "First left singular vector"),
    "e": ("singular_cosine_right", None, "First right singular vector"),
}
#: Left of the first panel, top of the first row, distance from one to the next across and down, width and height of a panel, in mm.
_LEFT, _TOP, _ACROSS, _DOWN, _WIDE, _TALL = 15.0, 10.0, 58.0, 51.0, 44.0, 34.0
#: A singular value that is less than this is a rounding.
_NONE = 1e-6


@final
@dataclass(frozen=True)
class SingularVectors(Figure):
    """Panels a to e of one kind of students, a line a level of a factor; reads summary (columns of statistic `imitation`).

    Medians over teachers by the share of units watched, with the interval between order statistics that holds a population's median at
    95 %. (a) Line-attractor score; dotted: 1. (b, c) The two largest singular values of the student's matrix; dotted: of the watched
    block of its teacher's. (d, e) |cosine| of the student's first left and right singular vector with the watched part of its teacher's;
    dotted: 1 / √d, that of two directions of d units by chance. After Qian et al. 2024, figures F.3 and F.4.

    Attributes:
        factor: coordinate of the networks.
        learner: whose students are shown.
    """

    factor: str = "gamma_squared"
    learner: str = "long_time_limit"

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        columns = [column for told in _PANELS.values() for column in told[:2] if column]
        table = students.rows(datasets["summary"], [*columns, "observed"])
        table = table[(table["learner"] == self.learner) & (table["status"] == "ok")]
        table = students.having(table, self.factor)
        counts = table.groupby(students.named(table, self.factor))["network"].nunique()
        levels = students.levels_of(pd.Series(counts.index, dtype=object))
        looks = {
            level: style.line(place) | {"ls": "-", "color": style.SEQUENTIAL(place / max(len(levels) - 1, 1))}
            for place, level in enumerate(levels)
        }
        tables = {}
        with style.sheet():
            figure = style.page(_TOP + 2 * _DOWN - 7)
            for number, (letter, (column, true, title)) in enumerate(_PANELS.items()):
                # the second row stands below the last two panels of the first
                place = number if number < 3 else number + 1
                left, top = _LEFT + _ACROSS * (place % 3), _TOP + _DOWN * (place // 3)
                style.heading(figure, left - 13, top - 6, letter, title)
                tables[letter] = _told(table, self.factor, column, true)
                axes = style.place(figure, left, top, _WIDE, _TALL)
                _panel(axes, letter, tables[letter], looks, table.groupby("fraction")["observed"].median())
            key = style.place(figure, 2, _TOP + _DOWN, _ACROSS - 6, _TALL)
            style.bare(key)
            named = zip(levels, students.printed(levels), strict=True)
            entries = [
                (students.sample(**looks[level]), f"{students.written(self.factor)} {name} (N = {counts[level]})") for level, name in named
            ]
            entries.append((panels.stroke("0.4", ":"), "a: 1; b, c: teacher; d, e: chance"))
            who = f"{style.printed(self.learner)}{'' if levels else ' (N = 0)'}"
            key.legend(*zip(*entries, strict=True), title=who, loc="upper left", alignment="left", borderpad=0, borderaxespad=0)
        return Drawing(figure, tables)


def _told(table: pd.DataFrame, factor: str, column: str, true: str | None) -> pd.DataFrame:
    """Medians of students, and of their teachers where there is something of them."""
    whose = {"student": column} | ({"teacher": true} if true else {})
    return pd.concat([students.medians(table, factor, name).assign(whose=who) for who, name in whose.items()], ignore_index=True)


def _panel(axes: Axes, letter: str, told: pd.DataFrame, looks: Mapping[Any, Mapping[str, Any]], observed: pd.Series) -> None:
    own = told[told["whose"] == "student"]
    values = told["value"].to_numpy(dtype=float)
    known = values[np.isfinite(values)]
    if not len(known) or (letter in "bc" and known.max() < _NONE):
        panels.nothing(axes, "0 throughout" if len(known) else "no network\nhas a value")
        return
    for level, look in looks.items():
        students.curve(axes, own[own["level"] == level], "fraction", **look)
        teachers = told[(told["whose"] == "teacher") & (told["level"] == level)]
        axes.plot(teachers["fraction"], teachers["value"], color=look["color"], lw=1.0, ls=":")
    students.share_axis(axes, sorted(set(told["fraction"])))
    if letter == "a":
        axes.axhline(1, **style.CHANCE)
        axes.set_ylabel("score")
    elif letter in "bc":
        if known.min() > _NONE:
            axes.set_yscale("log")
            students.plain(axes, "y")
    else:
        axes.plot(observed.index, 1 / np.sqrt(observed), **style.CHANCE)
        axes.set(ylim=(0, 1.05), ylabel="|cosine|")
