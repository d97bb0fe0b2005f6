"""A supplementary figure: what networks do in a task that answers back, beside ideal and published agents."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float, Real
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator

from rnnpop.figures import Drawing, Figure, panels, style

#: Heights in mm: of an axes, from one to the next below it, of a text over an axes, of a heading, of tick labels, of the name of an axis,
#: of what is above all panels.
_AXES, _GAP, _TEXT, _HEADING, _TICKS, _NAME, _TOP = 13.0, 2.5, 2.5, 6.0, 4.5, 4.0, 13.0

#: Left of the first axes and right of the last, and the widest column, in mm.
_LEFT, _RIGHT, _WIDEST = 15.0, 178.0, 84.0

#: Dashes of the first and the second curve of a panel.
_DASHES: tuple[Any, ...] = ("-", (0, (3, 1.5)))

#: Agents beside the networks, by their names among the observers, and what they are drawn in.
_ACTORS = {"exact": "black", "published": "0.6"}

#: How the paper's own numbers are drawn.
_CROSS: dict[str, Any] = {"linestyle": "none", "marker": "P", "markersize": 3.4, "markeredgewidth": 0.6}

#: Place on the x-axis and value of each number that the paper gives of its own network.
_Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class _Curve:
    """A variable of the summary and of the actors, where it is taken, and the paper's own values."""

    variable: str
    chosen: tuple[tuple[str, Any], ...] = ()
    published: _Points = ()


@dataclass(frozen=True)
class _Row:
    """Axes side by side, one for each architecture.

    Attributes:
        level: the only level of the factor that is shown; all where None.
        limits: of the y-axis; those of the curves where None.
        counted: variable with the number of blocks behind each point, which is written over the axes.
    """

    y: str
    curves: tuple[_Curve, ...]
    limits: tuple[float, float] | None = (0.0, 1.02)
    chance: float | None = 0.5
    level: str | None = None
    counted: str = ""

    @property
    def height(self) -> float:
        """In mm, to the next row."""
        return _AXES + _GAP + (_TEXT if self.counted else 0)


@dataclass(frozen=True)
class _Panel:
    letter: str
    title: str
    x: str
    rows: tuple[_Row, ...]

    @property
    def height(self) -> float:
        """In mm, to the next panel."""
        return _HEADING + sum(row.height for row in self.rows) - _GAP + _TICKS + (_NAME if self.x else 0)


@final
@dataclass(frozen=True)
class Behaviour(Figure):
    """Panels a to f after Schaeffer et al. 2020, figures 2 and 3, a column for each architecture; reads networks, summary and observers.

    Lines are medians over the networks that met the criterion (N above each column, all sizes together), bands reach from the 2.5th to
    the 97.5th percentile of the networks. Black: the exact Bayesian actor of the same threshold; grey: the paper's baseline actor as its
    code computes it; crosss: what the paper shows of its own network. Both actors play sessions of their own. Dotted: chance. All is of
    the sessions that networks play after training, of all finished trials; a side is drawn at strength 0 too, which decides what
    is correct and whether a trial is concordant (its stimulus on the side of its block).

    (a) Fraction of correct trials, and of timeouts, which are not correct, by strength, negative on the left. (b) Fraction of right among
    actions in right and left blocks, one row a loss. (c) Mean number of observations of a trial, timeouts included; blanks do not count.
    (d) Accuracy on concordant and discordant trials by strength; and by how much the exact observer of the networks' own sessions,
    who uses feedback, and the soft one, who does not, are more often right at the end of a trial, the networks' likelier side taken
    for their choice at timeouts (dotted: 0). (e) Accuracy by trial of the block after a switch of sides, the session's
    first block left out, for all strengths and for strength 0; trials with fewer than 10 blocks behind them in a network are left
    out, and the numbers say how many blocks are behind the first and the last one that is shown (median over networks). All networks
    play the same sessions, so they share the luck of a trial. (f) Accuracy and mean reward of trials by their number of
    observations, where there are 10 such trials; timeouts are among those with the largest number.

    Attributes:
        factor: design factor whose levels are told apart by colour and marker.
    """

    factor: str = "loss"

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        summary = panels.of_study(datasets["summary"], datasets["networks"])
        shown = _shown(summary, self.factor, datasets["observers"])
        page = _panels(shown.levels)
        tops = [_TOP, *itertools.accumulate((panel.height for panel in page), initial=_TOP)][1:]
        with style.sheet():
            figure = style.page(tops[-1])
            _legend(figure, shown)
            for number, architecture in enumerate(shown.columns):
                left, width = shown.column(number)
                style.write(figure, left + width / 2, _TOP - 4, shown.count(architecture), ha="center")
            tables = {panel.letter: _draw_panel(figure, top, panel, shown) for panel, top in zip(page, tops, strict=False)}
        return Drawing(figure, tables)


@dataclass(frozen=True)
class _Shown:
    """Whose behaviour is shown.

    Attributes:
        columns: architectures.
        levels: of the factor that is told apart by colour.
        groups: networks that met the criterion, by architecture and level.
    """

    columns: tuple[str, ...]
    levels: tuple[str, ...]
    groups: dict[tuple[str, str], xr.Dataset]
    actors: xr.Dataset

    def column(self, number: int) -> tuple[float, float]:
        """Left and width of the axes of a column, in mm."""
        pitch = min((_RIGHT - _LEFT) / len(self.columns), _WIDEST)
        return _LEFT + number * pitch, pitch - 4

    def count(self, architecture: str) -> str:
        """Name of a column, and the networks in it, by level."""
        numbers = [(level, self.groups[architecture, level].sizes["network"]) for level in self.levels]
        told = ", ".join(f"{style.printed(level)} {number}" if len(numbers) > 1 else f"N = {number}" for level, number in numbers)
        return f"{style.printed(architecture)} ({told})"


def _shown(summary: xr.Dataset, factor: str, actors: xr.Dataset) -> _Shown:
    met = panels.trained(summary)
    columns, levels = (panels.all_levels([summary], name) or ("",) for name in ("architecture", factor))
    groups = {
        (architecture, level): panels.of_level(panels.of_level(met, "architecture", architecture), factor, level)
        for architecture, level in itertools.product(columns, levels)
    }
    return _Shown(columns, levels, groups, actors)


def _panels(levels: tuple[str, ...]) -> tuple[_Panel, ...]:
    """What stands in each panel."""
    right, left = (("block_side", 1),), (("block_side", -1),)
    concordant, discordant = (("concordance", "concordant"),), (("concordance", "discordant"),)
    outcomes = (_Curve("correct_fraction", (), ((-2.5, 0.975), (0, 0.63), (2.5, 0.975))), _Curve("timeout_fraction"))
    sides = (_Curve("right_fraction", right, ((0, 0.74),)), _Curve("right_fraction", left, ((0, 0.30),)))
    long = (_Curve("duration", (), ((-2.5, 1.12), (0, 1.60), (2.5, 1.12))),)
    agreement = (
        _Curve("accuracy_by_strength", concordant, ((0, 0.72), (2.5, 0.99))),
        _Curve("accuracy_by_strength", discordant, ((0, 0.27), (2.5, 0.92))),
    )
    gaps = tuple(_Curve("observer_gap", (("observer", observer),)) for observer in ("exact", "soft"))
    after, zero = _Curve("accuracy_by_block_trial", (), ((1, 0.66), (20, 0.87))), _Curve("zero_accuracy_by_block_trial")
    return (
        _Panel("a", "Outcome of trials by signed strength: correct (solid) and timeout (dashed)", "", (_Row("fraction", outcomes),)),
        _Panel(
            "b",
            "Actions by signed strength, in right blocks (solid) and left blocks (dashed)",
            "",
            tuple(_Row("P(right)" + (f"\n{style.printed(level)}" if level else ""), sides, level=level) for level in levels),
        ),
        _Panel("c", "Number of observations of a trial", "signed strength", (_Row("number", long, None, None),)),
        _Panel(
            "d",
            "Accuracy on concordant (solid) and discordant trials (dashed); "
            "below, what is missing to the exact (solid) and the soft observer (dashed)",
            "strength",
            (_Row("accuracy", agreement), _Row("missing", gaps, None, 0.0)),
        ),
        _Panel(
            "e",
            "Accuracy after a switch of blocks, and blocks behind its first and its last trial",
            "trial of the block",
            (
                _Row("all\nstrengths", (after,), (0.2, 1.02), counted="blocks_by_block_trial"),
                _Row("strength\n0", (zero,), (0.0, 1.02), counted="zero_blocks_by_block_trial"),
            ),
        ),
        _Panel(
            "f",
            "Accuracy and reward by number of observations",
            "observations",
            (
                _Row("accuracy", (_Curve("accuracy_by_observations"),)),
                _Row("reward", (_Curve("reward_by_observations", (), ((1, 0.70),)),), None, None),
            ),
        ),
    )


def _draw_panel(figure: matplotlib.figure.Figure, top: float, panel: _Panel, shown: _Shown) -> pd.DataFrame:
    """All axes of a panel; returns every curve that stands in it."""
    style.heading(figure, 2, top + 2, panel.letter, panel.title)
    tables, everything = [pd.DataFrame()], []
    bottom = top + _HEADING - 2
    for row in panel.rows:
        bottom += row.height
        drawn: list[Axes] = []
        for number, architecture in enumerate(shown.columns):
            left, width = shown.column(number)
            axes = style.place(figure, left, bottom - _GAP - _AXES, width, _AXES)
            tables.append(_draw_axes(axes, row, architecture, shown).assign(architecture=architecture, row=row.y.replace("\n", " ")))
            axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
            axes.yaxis.set_major_locator(FixedLocator([0, 0.5, 1]) if row.limits else MaxNLocator(3))
            last = row is panel.rows[-1]
            axes.tick_params(labelleft=number == 0, labelbottom=last)
            axes.set(xlabel=panel.x if last else "", ylabel="" if number else row.y)
            drawn.append(axes)
        limits = row.limits or _union([axes.get_ylim() for axes in drawn])
        for axes in drawn:
            axes.set_ylim(*limits)
        everything += drawn
    across = _union([axes.get_xlim() for axes in everything])
    for axes in everything:
        axes.set_xlim(*across)
    return pd.concat(tables, ignore_index=True)


def _union(limits: list[tuple[float, float]]) -> tuple[float, float]:
    return min(low for low, _ in limits), max(high for _, high in limits)


def _draw_axes(axes: Axes, row: _Row, architecture: str, shown: _Shown) -> pd.DataFrame:
    """Networks as median and band, actors as lines, the paper's numbers as crosses."""
    tables = [pd.DataFrame()]
    groups = {level: shown.groups[architecture, level] for level in shown.levels if row.level in (None, level)}
    if row.chance is not None:
        axes.axhline(row.chance, **style.CHANCE)
    for curve, dashes in zip(row.curves, _DASHES, strict=False):
        about = {"variable": curve.variable} | dict(curve.chosen)
        for actor, colour in _ACTORS.items():
            if curve.variable in shown.actors and actor in shown.actors["actor"].values:
                found = shown.actors[curve.variable].sel(actor=actor, **dict(curve.chosen))
                x = found[found.dims[0]].values
                axes.plot(x, found.values, color=colour, ls=dashes, lw=0.7, zorder=2)
                tables.append(pd.DataFrame({"agent": f"{actor} actor", "x": x, "median": found.values}).assign(**about))
        for level, store in groups.items():
            if curve.variable in store and store.sizes["network"]:
                found = store[curve.variable].sel(dict(curve.chosen))
                values = found.values.astype(float)
                told = _spread(axes, found[found.dims[1]].values, values, dashes, **style.look(shown.levels.index(level)))
                tables.append(told.assign(agent="networks", level=level, **about))
        if curve.published:
            x, y = np.array(curve.published).T
            axes.plot(x, y, color="black", zorder=4, **_CROSS)
            tables.append(pd.DataFrame({"agent": "paper", "x": x, "median": y}).assign(**about))
    if not any(store.sizes["network"] for store in groups.values()):
        axes.text(0.5, 0.5, "no network met the criterion", transform=axes.transAxes, ha="center", va="center", color="0.4")
    elif row.counted:
        axes.text(1, 1.03, _blocks(groups, row), transform=axes.transAxes, ha="right", va="bottom")
    return pd.concat(tables, ignore_index=True)


def _spread(
    axes: Axes, x: Real[np.ndarray, " place"], values: Float[np.ndarray, "network place"], dashes: Any, **look: Any
) -> pd.DataFrame:
    """Median over networks and a band from the 2.5th to the 97.5th percentile, of finite values; returns the numbers."""
    low, median, high = panels.percentiles(values)
    axes.fill_between(x, low, high, color=look["color"], alpha=0.25, lw=0)
    every = max(len(x) // 10, 1)
    axes.plot(x, median, ls=dashes, lw=0.9, markersize=2.2, markeredgewidth=0, markevery=every, zorder=3, **look)
    return pd.DataFrame({"low": low, "median": median, "high": high, "networks": np.isfinite(values).sum(axis=0), "x": x})


def _blocks(groups: Mapping[str, xr.Dataset], row: _Row) -> str:
    """Median over networks of the blocks behind the first and the last trial that is shown of them, of each level."""
    texts = []
    for level, store in groups.items():
        accuracy = panels.measured(store, row.curves[0].variable)
        if accuracy is not None and row.counted in store:
            count = store[row.counted].sel(block_trial=accuracy["block_trial"]).where(np.isfinite(accuracy))
            first, last = (np.nanmedian(count.isel(block_trial=place).values) for place in (0, -1))
            texts.append(f"{style.printed(level)} {first:.0f}–{last:.0f}" if len(groups) > 1 else f"{first:.0f}–{last:.0f}")
    return f"{', '.join(texts)} blocks" if texts else ""


def _legend(figure: matplotlib.figure.Figure, shown: _Shown) -> None:
    """What colours and markers mean."""
    entries = [
        (
            Line2D([], [], lw=0.9, markersize=3, markeredgewidth=0, **style.look(number)),
            f"networks, {style.printed(level)}" if level else "networks",
        )
        for number, level in enumerate(shown.levels)
    ]
    known = shown.actors["actor"].values if "actor" in shown.actors else ()
    texts = {"exact": "exact actor", "published": "the paper's actor"}
    entries += [(panels.stroke(colour), texts[actor]) for actor, colour in _ACTORS.items() if actor in known]
    cross = Line2D([], [], color="black", **_CROSS)
    panels.line(figure, 7, 4, [*entries, (cross, "the paper's network"), (panels.stroke("0.4", ":"), "chance")])
