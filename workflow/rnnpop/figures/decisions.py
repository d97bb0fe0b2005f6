"""How networks of a perceptual decision choose, beside the ideal observer: psychometric curves, kernels, accuracy, efficiency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, final

import matplotlib.figure
import numpy as np
import pandas as pd
from jaxtyping import Float, Real
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, NullFormatter

from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.figures.panels import groups as grouped
from rnnpop.figures.panels.groups import Groups

#: Of the small axes, one a group: at most how many in a row, left of the first and right of the last, height, height of a row, in mm.
_ACROSS, _LEFT, _RIGHT, _TALL, _PITCH = 7, 14.0, 178.0, 24.0, 37.0

#: Heights of a heading, of what stands below axes, and of panel c, in mm.
_HEADING, _BELOW, _ACCURACY = 6.0, 9.0, 30.0

#: Left of the rows of panel d, in mm.
_NAMES = 55.0

#: The ideal observer; means over networks.
_IDEAL: Final[dict[str, Any]] = {"color": "black", "lw": 0.8, "ls": (0, (3, 1.5))}

#: Columns of panel d: what is written below, and where a dashed line stands (of a text: the mean of that column).
_NUMBERS: Final[dict[str, tuple[str, float | str | None]]] = {
    "decision_accuracy": ("accuracy", "ideal_accuracy"),
    "relative_efficiency": ("relative\nefficiency", 1.0),
    "decision_bias": ("bias (%)", 0.0),
    "decision_threshold": ("threshold (%)", None),
    "decision_lapse": ("lapse", 0.0),
    "kernel_primacy": ("primacy", 0.0),
    "choice_along_pc1": ("choice read\nfrom PC1", None),
}


@final
@dataclass(frozen=True)
class Decisions(Figure):
    """Panels a to d; reads `networks` and `summary`, with the columns of the statistic `decisions`.

    (a) Probability of the first choice in trials with a choice, by signed coherence: on a logarithmic axis on both sides, which is linear
    up to the weakest coherence. (b) Weight of each sample of evidence in the choice, in trials of weak evidence, over their mean size: 1
    for who weighs all alike. (c) Accuracy by coherence; trials without a choice are wrong. (d) Network by network: accuracy, efficiency
    relative to the ideal observer, bias, threshold and mean lapse of the psychometric curve, primacy of the kernel (above 0: early evidence
    weighs more), and how well the choice can be told from principal component 1 at the end of the stimulus.

    Dashed: the ideal observer, on the same trials. Curves and marks are means over networks that met the criterion (N), bands and bars
    hold 95 % of these networks; black lines in d are their medians with a 95 % interval. Hollow points of d did not meet the criterion.

    Attributes:
        factors: coordinates of networks; those that agree in them are a group.
        written: level -> what is written for it.
    """

    factors: tuple[str, ...] = ("architecture",)
    written: Mapping[str, str] = field(default_factory=dict)

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        groups = Groups.of(panels.of_study(datasets["summary"], datasets["networks"]), self.factors, self.written)
        many = _HEADING + -(-max(len(groups.names), 1) // _across(groups)) * _PITCH + 3.5
        tops = np.cumsum([2.0, many, many, _HEADING + _ACCURACY + _BELOW])
        with style.sheet():
            figure = style.page(tops[-1] + grouped.high(groups))
            tables = {
                "a": _choices(figure, tops[0], groups),
                "b": _kernels(figure, tops[1], groups),
                "c": _accuracies(figure, tops[2], groups),
                **_numbers(figure, tops[3], groups),
            }
        return Drawing(figure, tables)


def _choices(figure: matplotlib.figure.Figure, top: float, groups: Groups) -> pd.DataFrame:
    """Panel a."""
    style.heading(figure, 2, top + 3, "a", "First choices by signed coherence, mean and 95 % of networks; dashed: ideal observer")
    ideal = groups.average("ideal_first_choice")
    table = _curves(figure, top, groups, "first_choice", ("signed coherence (%)", "P(first choice)"), ideal)
    for axes in table.axes:
        axes.set(ylim=(-0.04, 1.04), yticks=[0, 0.5, 1])
        if len(table.x):
            _signed(axes, table.x)
    return table.numbers


def _kernels(figure: matplotlib.figure.Figure, top: float, groups: Groups) -> pd.DataFrame:
    """Panel b."""
    style.heading(
        figure, 2, top + 3, "b", "Integration kernels: weight of each sample in the choice, mean and 95 % of networks; dashed: all alike"
    )
    table = _curves(
        figure, top, groups, "integration_kernel", ("sample of evidence", "weight"), np.ones_like(groups.average("integration_kernel"))
    )
    low, high = min([0.0, *table.numbers.get("low", ())]), max([2.0, *table.numbers.get("high", ())])
    for axes in table.axes:
        axes.set(ylim=(low - 0.05, high + 0.05))
        axes.axhline(0, **style.CHANCE)
        axes.set_xticks([1, len(table.x) // 2, len(table.x)] if len(table.x) > 5 else table.x)
        axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    return table.numbers


@dataclass(frozen=True)
class _Curves:
    """Small axes that were drawn, the places on their common axis, and their numbers."""

    axes: list[Axes]
    x: Real[np.ndarray, "place"]
    numbers: pd.DataFrame


def _curves(
    figure: matplotlib.figure.Figure,
    top: float,
    groups: Groups,
    column: str,
    texts: tuple[str, str],
    ideal: Float[np.ndarray, "*place"],
) -> _Curves:
    """One axes a group: mean over networks, the band that holds 95 % of them, and the ideal observer."""
    across = _across(groups)
    pitch = (_RIGHT - _LEFT) / across
    x = groups.summary[groups.summary[column].dims[1]].values if column in groups.summary else np.empty(0)
    drawn, tables = [], [pd.DataFrame({"group": "ideal", "x": x, "mean": ideal})] if ideal.shape == x.shape else []
    for place, group in enumerate(groups.names):
        left, down = _LEFT + pitch * (place % across), top + _HEADING + _PITCH * (place // across)
        axes = style.place(figure, left, down + 6.5, pitch - 3.5, _TALL)
        style.write(figure, left + (pitch - 3.5) / 2, down + 5.5, f"{group}\n{groups.counted(group)}", ha="center", linespacing=1.2)
        told = groups.spread(group, column)
        if not len(told):
            panels.nothing(axes)
            continue
        colour = groups.look(group)["color"]
        axes.plot(x, ideal, zorder=2, **_IDEAL)
        axes.fill_between(x, told["low"], told["high"], color=colour, alpha=0.3, lw=0)
        axes.plot(x, told["mean"], lw=1.0, ms=2.2, mew=0, zorder=3, **groups.look(group))
        axes.set_ylabel("" if place % across else texts[1])
        if place % across:
            axes.tick_params(labelleft=False)
        drawn.append(axes)
        tables.append(told)
    bottom = top + _HEADING + _PITCH * (1 + (max(len(groups.names), 1) - 1) // across)
    style.write(figure, (_LEFT + _RIGHT) / 2, bottom + 1, texts[0], ha="center")
    return _Curves(drawn, x, pd.concat(tables, ignore_index=True) if tables else pd.DataFrame({"group": groups.names}))


def _across(groups: Groups) -> int:
    """How many small axes stand in a row, so that rows are of one length as nearly as can be."""
    rows = -(-len(groups.names) // _ACROSS)
    return max(4, -(-len(groups.names) // max(rows, 1)))


def _signed(axes: Axes, x: Float[np.ndarray, "signed_strength"]) -> None:
    """An axis on which doublings of a coherence are as far apart, on both sides of 0."""
    weakest = np.abs(x[x != 0]).min(initial=np.inf)
    if np.isfinite(weakest):
        axes.set_xscale("symlog", linthresh=weakest, base=2, linscale=1)
    # the outermost ones would run into the next axes' own
    axes.xaxis.set_major_locator(FixedLocator([x[1], 0, x[-2]] if len(x) > 3 else list(x)))
    axes.xaxis.set_minor_locator(FixedLocator(list(x)))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.axhline(0.5, **style.CHANCE)


def _accuracies(figure: matplotlib.figure.Figure, top: float, groups: Groups) -> pd.DataFrame:
    """Panel c, with what the marks of all panels mean beside it."""
    style.heading(figure, 2, top + 3, "c", "Accuracy by coherence, mean and 95 % of networks")
    axes = style.place(figure, _LEFT, top + _HEADING, 120, _ACCURACY)
    told = {group: groups.spread(group, "decision_accuracy_by_strength") for group in groups.names}
    told = {group: table for group, table in told.items() if len(table)}
    if not told:
        panels.nothing(axes)
        return pd.DataFrame({"group": groups.names or [""]})
    strengths, ideal = groups.summary["strength"].values, groups.average("ideal_accuracy_by_strength")
    places = np.arange(len(strengths))
    axes.hlines(ideal, places - 0.45, places + 0.45, zorder=2, **{"color": "black", "lw": 0.8, "ls": _IDEAL["ls"]})
    for number, (group, table) in enumerate(told.items()):
        across = places + 0.8 * ((number + 0.5) / len(told) - 0.5)
        look = groups.look(group)
        axes.vlines(across, table["low"], table["high"], color=look["color"], lw=0.8)
        axes.plot(across, table["mean"], ls="none", ms=3.2, mew=0, zorder=3, **look)
    axes.axhline(0.5, **style.CHANCE)
    axes.set(xlim=(-0.5, len(strengths) - 0.5), xticks=places, xticklabels=[f"{c:g}" for c in strengths], xlabel="coherence (%)")
    axes.set(ylabel="accuracy", ylim=(min(0.45, min(t["low"].min() for t in told.values()) - 0.02), 1.02))
    axes.tick_params(axis="x", length=0)
    entries = [*groups.legend(), *groups.failed(), (Line2D([], [], **_IDEAL), "ideal observer"), (panels.stroke("0.4", ":"), "chance")]
    for number, entry in enumerate(entries):
        panels.line(figure, _LEFT + 124, top + _HEADING + 1 + 3.6 * number, [entry])
    told["ideal"] = pd.DataFrame({"group": "ideal", "x": strengths, "mean": ideal})
    return pd.concat(told.values(), ignore_index=True)


def _numbers(figure: matplotlib.figure.Figure, top: float, groups: Groups) -> dict[str, pd.DataFrame]:
    """Panel d."""
    style.heading(figure, 2, top + 3, "d", "Network by network; black: median with its 95 % interval; dashed: ideal observer")
    height = grouped.named(figure, _NAMES - 2, top + grouped.ABOVE, groups)
    pitch = (_RIGHT - _NAMES) / len(_NUMBERS)
    found = []
    for place, (column, (text, reference)) in enumerate(_NUMBERS.items()):
        axes = style.place(figure, _NAMES + place * pitch, top + grouped.ABOVE, pitch - 4, height)
        line = float(groups.average(reference)) if isinstance(reference, str) else reference
        found.append(grouped.rows(axes, groups, column, text, line))
    return {f"d{suffix}": pd.concat([tables[suffix] for tables in found], ignore_index=True) for suffix in ("", "_medians")}
