"""A figure of circuits that integrate, and of what is fitted to a few of their units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_lowercase
from typing import Any, final

import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from rnnpop.figures import Drawing, Figure, style
from rnnpop.figures.panels import exhibits
from rnnpop.figures.panels.populations import PUBLISHED

#: Height of a circuit's block, of the legend above, in mm; blocks on a page, learners whose scores are drawn.
_BLOCK, _ABOVE, _BLOCKS, _LEARNERS = 97.0, 8.0, 2, 3

#: Left of each column, and width.
_LEFTS, _WIDTH = (13.0, 58.0, 103.0, 148.0), 29.0

_GOLDEN = (np.sqrt(5) - 1) / 2


@final
@dataclass(frozen=True)
class LineAttractors(Figure):
    """Blocks after Qian et al. 2024, CCN figures 1 and 2 and NeurIPS figure 1; reads exhibits and summary.

    A block is a circuit, of the first two, with the student of its first learner that watches the smallest share of its units. Above: the
    circuit's first modes and the signal that enters; its readout beside the integral of the signal; watched units, true and fitted. Below:
    the longest time constants in the order of real parts, of the students of all teachers (points; bars are their medians, diamonds the
    student that is shown); line-attractor scores, of the first three learners' students (above the dotted line one counts as a line
    attractor; below stands the first learner's median with the range of 95 %); flows of teacher and student without input, in the plane of
    the first two principal components of their states.

    Attributes:
        published: architecture -> line-attractor score in the literature.
        populations: those that are shown, as cell/learner, in this order; all where it is empty.
    """

    published: Mapping[str, float] = field(default_factory=dict)
    populations: tuple[str, ...] = ()

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        shown = exhibits.by_circuit(exhibits.chosen(datasets["exhibits"], self.populations))[:_BLOCKS]
        with style.sheet():
            figure = style.page(_ABOVE + _BLOCK * max(len(shown), 1))
            published = Line2D([], [], linestyle="none", markersize=6, markeredgewidth=0, **PUBLISHED)
            exhibits.legend(figure, 8, 4, (_shown_mark(), "student shown"), *([(published, "published")] if self.published else []))
            tables: dict[str, pd.DataFrame] = {}
            for place, held in enumerate(shown):
                value = self.published.get(exhibits.level(held[0], "architecture"), np.nan)
                found = _block(figure, _ABOVE + place * _BLOCK, ascii_lowercase[place], held[:_LEARNERS], datasets["summary"], float(value))
                tables |= {f"{ascii_lowercase[place]}_{name}": table for name, table in found.items()}
        return Drawing(figure, tables)


def _shown_mark() -> Line2D:
    """The student that is shown, among others."""
    return Line2D([], [], linestyle="none", marker="D", color="black", markersize=3.2, markeredgewidth=0)


def _block(
    figure: matplotlib.figure.Figure, top: float, letter: str, held: Sequence[xr.Dataset], summary: xr.Dataset, published: float
) -> dict[str, pd.DataFrame]:
    """One circuit; all but the score is of the first learner's student."""
    exhibit = held[0]
    truth = exhibits.teacher(exhibit)
    place = (exhibits.students(exhibit) or [truth])[0]
    own = exhibits.population(summary, exhibit)
    learner = style.printed(exhibits.level(exhibit, "learner"))
    count = f"{exhibits.watching(exhibit, place)} (N = {own.sizes['network']})"
    style.heading(figure, 2, top + 3, letter, f"{exhibits.factors(exhibit)}; {learner} student watches {count}")
    upper = [(left, top + 9) for left in _LEFTS]
    lower = [(left, top + 54) for left in _LEFTS]
    tables = {"scheme": exhibits.scheme(style.place(figure, *upper[0], _WIDTH, 10), exhibit)}
    tables["signals"] = _signals(figure, upper[:2], exhibit)
    channels = list(range(0, exhibit.sizes["channel"], max(exhibit.sizes["channel"] // 8, 1)))[:8]
    drawn = []
    for at, sight, text, colour in (
        (upper[2], truth, "watched units", exhibits.TEACHER),
        (upper[3], place, "the same, fitted", exhibits.STUDENT),
    ):
        axes = style.place(figure, *at, _WIDTH, 30)
        drawn.append(exhibits.traces(axes, exhibit, place, channels, [(sight, colour, "-")]))
        axes.set_title(text)
        axes.set_ylabel("unit" if sight == truth else "")
    tables["traces"] = pd.concat(drawn, ignore_index=True)
    tables["time_constants"] = _time_constants(style.place(figure, *lower[0], _WIDTH, 30), exhibit, place, own)
    tables["scores"] = _scores(style.place(figure, *lower[1], _WIDTH, 30), held, summary, published)
    flows = []
    for at, sight, text in ((lower[2], truth, "flow, teacher"), (lower[3], place, "flow, student")):
        axes = style.place(figure, *at, _WIDTH, 30)
        flows.append(exhibits.flow(axes, exhibit, sight))
        axes.set_title(text)
    return tables | {"flow": pd.concat(flows, ignore_index=True)}


def _signals(figure: matplotlib.figure.Figure, places: Sequence[tuple[float, float]], exhibit: xr.Dataset) -> pd.DataFrame:
    """What enters, and what is read."""
    told = pd.DataFrame({"time": exhibit["time"].values} | {name: exhibit[name].values for name in ("signal", "readout", "integral")})
    (left, top), second = places
    signal, read = style.place(figure, left, top + 14, _WIDTH, 16), style.place(figure, *second, _WIDTH, 30)
    signal.plot(told["time"], told["signal"], color="black", lw=0.6)
    signal.set_title("signal")
    read.plot(told["time"], told["integral"], color="black", lw=0.9, ls=(0, (2, 1.5)), zorder=3)
    read.plot(told["time"], told["readout"], color=exhibits.TEACHER, lw=0.8)
    read.set_title("readout (dashed: integral)")
    for axes in (signal, read):
        axes.set(xlim=(told["time"].iloc[0], told["time"].iloc[-1]), xlabel="time (τ)")
        axes.locator_params(nbins=3)
    return told


def _strip(axes: Axes, place: float, values: Float[np.ndarray, " network"], shown: float) -> None:
    """Students of all teachers as points, their median as a bar, and the one that is shown."""
    finite = values[np.isfinite(values)]
    across = place + 0.5 * ((np.arange(1, len(finite) + 1) * _GOLDEN) % 1 - 0.5)
    axes.plot(across, finite, linestyle="none", marker="^", color=exhibits.STUDENT, markersize=2.6, markeredgewidth=0, alpha=0.6, zorder=2)
    if len(finite):
        axes.plot([place - 0.3, place + 0.3], [np.median(finite)] * 2, color="black", lw=1.1, zorder=3)
    axes.plot([place], [shown], linestyle="none", marker="D", color="black", markersize=3.2, markeredgewidth=0, zorder=4)


def _time_constants(axes: Axes, exhibit: xr.Dataset, place: int, own: xr.Dataset) -> pd.DataFrame:
    """The longest time constants."""
    truth, student = (exhibit["time_constant"].values[sight] for sight in (exhibits.teacher(exhibit), place))
    numbers = np.arange(1, len(truth) + 1)
    tables = [pd.DataFrame({"of": "teacher shown", "n": numbers, "time_constant": truth})]
    tables.append(pd.DataFrame({"of": "student shown", "n": numbers, "time_constant": student}))
    axes.plot(numbers, truth, color=exhibits.TEACHER, marker="o", fillstyle="none", markersize=3.2, markeredgewidth=0.6, lw=0.8, zorder=1)
    for number in numbers:
        values = exhibits.across(own, f"time_constant_{number}", float(exhibit["fraction"][place])).astype(float)
        _strip(axes, float(number), values, float(student[number - 1]))
        networks = own["network"].values[: len(values)]
        tables.append(pd.DataFrame({"of": "students", "n": number, "time_constant": values, "network": networks}))
    axes.set(yscale="log", xlim=(0.4, len(numbers) + 0.6), xticks=numbers, xlabel="mode n")
    axes.yaxis.set_major_locator(LogLocator(numticks=6))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.minorticks_off()
    axes.set_title("time constant n (τ)")
    return pd.concat(tables, ignore_index=True)


def _scores(axes: Axes, held: Sequence[xr.Dataset], summary: xr.Dataset, published: float) -> pd.DataFrame:
    """The line-attractor score of the teacher, and of each learner's students."""
    teacher = float(held[0]["line_attractor_score"][exhibits.teacher(held[0])])
    axes.axhline(1, **style.CHANCE)
    axes.plot(
        [-0.7], [teacher], linestyle="none", marker="o", fillstyle="none", color=exhibits.TEACHER, markersize=3.2, markeredgewidth=0.6
    )
    axes.plot([0.42], [published], linestyle="none", markersize=6, markeredgewidth=0, zorder=4, **PUBLISHED)
    rows = pd.DataFrame([{"of": of, "line_attractor_score": value} for of, value in (("teacher shown", teacher), ("published", published))])
    tables = [rows]
    for number, exhibit in enumerate(held):
        place = (exhibits.students(exhibit) or [exhibits.teacher(exhibit)])[0]
        own = exhibits.population(summary, exhibit)
        values = exhibits.across(own, "line_attractor_score", float(exhibit["fraction"][place])).astype(float)
        shown = float(exhibit["line_attractor_score"][place])
        _strip(axes, number, values, shown)
        told = pd.DataFrame({"of": "students", "network": own["network"].values[: len(values)], "line_attractor_score": values})
        table = pd.concat([pd.DataFrame([{"of": "student shown", "line_attractor_score": shown}]), told], ignore_index=True)
        tables.append(table.assign(learner=exhibits.level(exhibit, "learner")))
        if number == 0:
            axes.set_xlabel(f"{style.printed(exhibits.level(exhibit, 'learner'))}: {exhibits.spread(values)}")
    names = [style.printed(exhibits.level(exhibit, "learner")).replace(" ", "\n") for exhibit in held]
    axes.set(xlim=(-1.0, len(held) - 0.45), xticks=range(len(held)))
    axes.set_xticklabels(names, linespacing=1.1)
    axes.tick_params(axis="x", length=0)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_title("line-attractor score (log₂)")
    return pd.concat(tables, ignore_index=True)
