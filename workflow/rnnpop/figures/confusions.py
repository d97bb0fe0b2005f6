"""What students take their teachers for: how often a line attractor is read, limit sets change, and fixed points are right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import matplotlib.artist
import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize

from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.figures.panels import students
from rnnpop.numerics.prediction import wilson

#: What runs without noise come to, in the order of numerics/limit_sets.py, as they are written.
_CLASSES = {
    "origin": "origin",
    "fixed point": "fixed point",
    "limit cycle": "cycle",
    "torus or chaos": "torus, chaos",
    "diverged": "diverged",
}
#: Height of a line of panel a and of a row of panel b, width of the page's inside, in mm; height of panels c and d.
_LINE, _SQUARE, _INSIDE, _TALL = 4.2, 30.0, 150.0, 34.0
#: Tables of panel a in a row, and space below each, in mm.
_BESIDE, _BELOW = 2, 16.0
#: Shares of units at which confusions are shown, at most.
_SHOWN = 4
_SCALE = Normalize(0, 1)
#: Shares from none to all; text stands on it.
_PALE = LinearSegmentedColormap.from_list("pale", ["#FFFFFF", "#CFE3F1", "#0072B2", "#003B5C"])


@final
@dataclass(frozen=True)
class Confusions(Figure):
    """Panels a to d; reads summary (columns of statistic `imitation`).

    (a) Share of circuits, in per cent, whose student is read as a line attractor (score above 1, leading eigenvalue real and
    below 1), by architecture, share of units watched and kind of student; architectures whose own score is above 1 stand last,
    after a line. (b) What teachers' runs without noise come to, and what their students' do: numbers of networks, coloured by the
    share of the teacher's class. (c) Share of students that come to something else than their teacher. (d) Share of students with
    as many fixed points of each number of unstable directions as their teacher. Of linear circuits there is panel a alone; of trained
    networks a, and d under the letter b. In c and d: 95 % intervals (Wilson 1927), of networks; where several subsets of units were
    watched, a network counts with its mean.

    Attributes:
        task: what the networks were driven by, or trained on; all where it is empty.
    """

    task: str = ""

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        columns = ("line_attractor", "teacher_score", "mismatch", "topology_right")
        table = students.rows(datasets["summary"], columns)
        table = table[(table["status"] == "ok") & ((table["task"] == self.task) | (not self.task))].reset_index(drop=True)
        kinds = students.learners(table)
        read, changes = _read(table), _changes(table)
        right, other = _shares(table, "topology_right"), _shares(changes.assign(other=changes["own"] != changes["found"]), "other")
        own = {kind: part for kind in kinds if len(part := changes[changes["learner"] == kind])}
        lines, deep = max(read["architecture"].nunique(), 3), -(-max(read["learner"].nunique(), 1) // _BESIDE)
        nonlinear = len(changes) > 0 or len(right) > 0
        tops = np.cumsum([14.0, (_LINE * lines + _BELOW) * deep + 8, (_SQUARE + 11) * len(own) + (8 if own else 0)])
        with style.sheet():
            figure = style.page(tops[2] + _TALL + 21 if nonlinear else tops[1] - 8)
            style.heading(figure, 2, 4, "a", f"Students read as line attractors, % (N = {table['network'].nunique()})")
            _readings(figure, tops[0], _LINE * lines, read)
            if not nonlinear:
                return Drawing(figure, {"a": read})
            if own:
                style.heading(figure, 2, tops[1] - 6, "b", "Limit sets of teachers (rows) and of their students (columns), networks")
                style.heading(figure, 2, tops[2] - 6, "c", "Students with another limit set")
                _matrices(figure, tops[1], own)
                _curves(style.place(figure, 16, tops[2], 64, _TALL), other, kinds, "share of students")
            aside, letter = (90, "d") if own else (0, "b")
            style.heading(figure, 2 + aside, tops[2] - 6, letter, "Students with the right fixed points")
            _curves(style.place(figure, 16 + aside, tops[2], 64, _TALL), right, kinds, "share of students")
            entries = _legend(kinds, sorted({*other["architecture"], *right["architecture"]}))
            students.legend(figure, 8, tops[2] + _TALL + 14, entries)
        of_limit_sets = {"b": changes, "b_prevalence": _prevalence(changes), "c": other} if own else {}
        return Drawing(figure, {"a": read, **of_limit_sets, letter: right})


def _read(table: pd.DataFrame) -> pd.DataFrame:
    """Share of networks that are read as line attractors, by architecture, kind of student and share of units; lines in their order."""
    told = _shares(table, "line_attractor")
    own = table.groupby("architecture", sort=False)["teacher_score"].median()
    has = {name: bool(score > 1) for name, score in own.items()}
    return told.assign(has=told["architecture"].map(has).astype(bool)).sort_values("has", kind="stable").reset_index(drop=True)


def _shares(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Mean of a column over the networks that have a number, with Wilson's interval."""
    known = table[table[column].notna()]
    grouped = known.groupby(["architecture", "learner", "fraction"], sort=False)[column]
    told = grouped.agg(["sum", "count"]).astype(float).reset_index().rename(columns={"count": "networks"})
    low, high = wilson(told["sum"].to_numpy(), told["networks"].to_numpy())
    return told.assign(value=told["sum"] / told["networks"], low=low, high=high, networks=told["networks"].astype(int)).drop(columns="sum")


def _changes(table: pd.DataFrame) -> pd.DataFrame:
    """Limit sets of each student and its teacher, where both are known."""
    known = table[table["mismatch"].astype(str).str.contains(" -> ", regex=False)]
    pairs = [str(text).split(" -> ") for text in known["mismatch"]]
    told = known[["network", "architecture", "learner", "fraction"]].reset_index(drop=True)
    return told.assign(own=[pair[0] for pair in pairs], found=[pair[1] for pair in pairs])


def _prevalence(changes: pd.DataFrame) -> pd.DataFrame:
    """How many of the networks of each class of teachers have students of each class, with Wilson's interval."""
    of_teacher = ["architecture", "learner", "fraction", "own"]
    count = changes.groupby([*of_teacher, "found"], sort=False).size().rename("count").reset_index()
    total = changes.groupby(of_teacher, sort=False).size().rename("networks").reset_index()
    told = count.merge(total, on=of_teacher)
    low, high = wilson(told["count"].to_numpy(), told["networks"].to_numpy())
    return told.assign(value=told["count"] / told["networks"], low=low, high=high)


def _readings(figure: matplotlib.figure.Figure, top: float, tall: float, read: pd.DataFrame) -> None:
    """Panel a: a table of numbers for each kind of student, two in a row."""
    shown = list(dict.fromkeys(read["learner"]))
    if not shown:
        panels.nothing(style.place(figure, 30, top, _INSIDE - 10, tall), "no student has a score")
        return
    lines, shares = list(dict.fromkeys(read["architecture"])), sorted(set(read["fraction"]))
    has = read.drop_duplicates("architecture")["has"].to_numpy()
    pitch = _INSIDE / _BESIDE
    for place, kind in enumerate(shown):
        left, down = 30 + (place % _BESIDE) * pitch, top + (place // _BESIDE) * (tall + _BELOW)
        axes = style.place(figure, left, down, pitch - 4, tall)
        own = read[read["learner"] == kind].pivot(index="architecture", columns="fraction", values="value")
        grid = own.reindex(index=lines, columns=shares).to_numpy(dtype=float)
        _numbers(axes, grid, np.array([[f"{100 * value:.0f}" if np.isfinite(value) else "" for value in line] for line in grid]))
        axes.set_title(style.printed(kind))
        axes.set_xticks(range(len(shares)), [f"{share:g}" for share in shares], rotation=90 if pitch / len(shares) < 8 else 0)
        axes.set_yticks(range(len(lines)), [] if place % _BESIDE else [style.printed(name) for name in lines])
        axes.set_xlabel("share of units watched")
        if has.any() and not has.all():
            axes.axhline(len(lines) - has.sum() - 0.5, color="black", lw=0.8)
    panels.colour_bar(figure, 148, 3.2, 24, ScalarMappable(Normalize(0, 100), _PALE), "%")


def _matrices(figure: matplotlib.figure.Figure, top: float, own: Mapping[str, pd.DataFrame]) -> None:
    """Panel b: a row for each kind of student, a column for each share of units."""
    for row, (kind, changes) in enumerate(own.items()):
        classes = [name for name in _CLASSES if name in {*changes["own"], *changes["found"]}]
        shares = sorted(set(changes["fraction"]))
        shares = [shares[place] for place in np.unique(np.linspace(0, len(shares) - 1, min(_SHOWN, len(shares))).astype(int))]
        down = top + row * (_SQUARE + 11)
        style.write(figure, 4, down + _SQUARE / 2 - 3, style.printed(kind), rotation=90, ha="center", va="center")
        for column, share in enumerate(shares):
            axes = style.place(figure, 30 + column * (_INSIDE / _SHOWN), down, _INSIDE / _SHOWN - 6, _SQUARE - 8)
            part = changes[changes["fraction"] == share]
            counts = pd.crosstab(part["own"], part["found"]).reindex(index=classes, columns=classes, fill_value=0).to_numpy()
            total = counts.sum(axis=1, keepdims=True)
            _numbers(axes, np.where(total > 0, counts / np.maximum(total, 1), np.nan), np.where(total > 0, counts.astype(str), ""))
            names = [_CLASSES[name] for name in classes]
            axes.set_xticks(range(len(classes)), names, rotation=90 if len(classes) > 2 else 0)
            axes.set_yticks(range(len(classes)), names if not column else [])
            axes.set_title(f"{100 * share:g} % watched")
            if not column:
                axes.set_ylabel("teacher")


def _numbers(axes: Axes, grid: np.ndarray, texts: np.ndarray) -> None:
    """A table whose cells are coloured by shares."""
    axes.imshow(grid, cmap=_PALE, norm=_SCALE, aspect="auto", interpolation="nearest").set_rasterized(True)
    for (row, column), text in np.ndenumerate(texts):
        if text:
            axes.text(column, row, text, ha="center", va="center_baseline", color="white" if grid[row, column] > 0.6 else "black")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _curves(axes: Axes, shares: pd.DataFrame, kinds: Mapping[str, int], text: str) -> None:
    """Panels c and d: a colour for each kind of student, dashes for architectures."""
    if not len(shares):
        panels.nothing(axes, "none known")
        return
    architectures = sorted(set(shares["architecture"]))
    groups = shares.groupby(["architecture", "learner"], sort=False)
    for turn, ((architecture, learner), own) in enumerate(groups):
        look = style.line(kinds[learner]) | {"ls": style.line(architectures.index(architecture))["ls"]}
        aside = 1.1 ** (2 * (turn + 0.5) / len(groups) - 1) if shares["fraction"].nunique() == 1 else 1
        students.curve(axes, own.assign(fraction=aside * own["fraction"]), "fraction", **look)
    students.share_axis(axes, sorted(set(shares["fraction"])))
    counts = shares["networks"]
    axes.set(ylim=(-0.03, 1.03), ylabel=text)
    axes.set_title(f"N = {counts.min()}" + (f"–{counts.max()}" if counts.max() > counts.min() else "") + " each", loc="right", color="0.3")


def _legend(kinds: Mapping[str, int], architectures: list[str]) -> list[tuple[matplotlib.artist.Artist, str]]:
    """Colours of kinds of students, dashes of architectures."""
    entries: list[tuple[matplotlib.artist.Artist, str]] = [
        (students.sample(**style.line(place) | {"ls": "-"}), style.printed(kind)) for kind, place in kinds.items()
    ]
    if len(architectures) > 1:
        entries += [(panels.stroke("0.3", style.line(place)["ls"]), style.printed(name)) for place, name in enumerate(architectures)]
    return entries
