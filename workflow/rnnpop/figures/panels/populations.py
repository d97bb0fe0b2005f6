"""Panels of whole populations: every network a point, every published number a mark, curves as medians with quartiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.artist
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Bool, Float, Real
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from rnnpop.figures import panels, style

#: Colour and marker of published numbers.
PUBLISHED: dict[str, Any] = {"color": "#D55E00", "marker": "*"}

#: Lines of the levels of a second factor; fills of its points.
_DASHES: tuple[Any, ...] = ("-", (0, (3, 1.2)), (0, (1, 1)), "-.")
_FILLS: tuple[style.Fill, ...] = ("full", "none", "left", "top")

#: Points farther than this many interquartile ranges out of the quartiles are drawn at the frame.
_REACH = 3.0

_GOLDEN = (np.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Populations:
    """Networks of a summary by architecture and one further factor.

    Attributes:
        summary: the networks that are shown.
        key: looks of the levels.
        factor: the further factor: the loss, say; it may be missing.
    """

    summary: xr.Dataset
    key: style.Key
    factor: str = "loss"

    def groups(self) -> list[tuple[str, str, Bool[np.ndarray, " network"]]]:
        """Architecture, level and networks of each group that has any, in the order of the levels."""
        architecture, level = (np.array(panels.levels(self.summary, factor)) for factor in ("architecture", self.factor))
        found = [(a, b, (architecture == a) & (level == b)) for a in self.key.levels["architecture"] for b in self.key.levels[self.factor]]
        return [(a, b, own) for a, b, own in found if own.any()]

    def place(self, level: str) -> int:
        """Number of a level of the further factor."""
        return self.key.levels[self.factor].index(level) % len(_FILLS)

    def legend(self) -> list[tuple[matplotlib.artist.Artist, str]]:
        """Entries of `panels.line`: each architecture with its number of networks, each level of the factor, and what is published."""
        counted = panels.levels(self.summary, "architecture")
        entries: list[tuple[matplotlib.artist.Artist, str]] = []
        for architecture in self.key.levels["architecture"]:
            mark = panels.mark(self.key.marker(architecture), "full", self.key.colour("architecture", architecture))
            entries.append((mark, f"{style.printed(architecture)} (N = {counted.count(architecture)})".strip()))
        levels = self.key.levels[self.factor]
        for level in levels if len(levels) > 1 else ():
            look: dict[str, Any] = {"ls": _DASHES[self.place(level)], "marker": "o", "fillstyle": _FILLS[self.place(level)]}
            sample = Line2D([], [], color="0.3", lw=0.9, markersize=3.5, markeredgewidth=0.6, **look)
            entries.append((sample, f"{style.printed(level)} {style.printed(self.factor)}"))
        return [
            *entries,
            (Line2D([], [], color="black", lw=1.2), "median"),
            (Line2D([], [], linestyle="none", markersize=6, markeredgewidth=0, **PUBLISHED), "published"),
        ]


def distribution(
    axes: Axes,
    populations: Populations,
    columns: Mapping[str, str],
    published: Mapping[str, Sequence[float]] | None = None,
    lines: Sequence[float] = (),
) -> pd.DataFrame:
    """Each network as a point, by quantity and group, with the median of each group.

    Args:
        columns: what is written below -> column of the summary.
        published: numbers in the literature, by what is written below.
        lines: values at which a thin line stands: none, the ideal.

    Returns:
        One row a network and quantity: also of those that are drawn at the frame, because they are far out.
    """
    summary = populations.summary
    published = published or {}
    known = {text: summary[name].values.astype(float) for text, name in columns.items() if name in summary}
    values = np.concatenate([np.empty(0), *known.values()])
    if not np.isfinite(values).any():
        panels.nothing(axes)
        return pd.DataFrame()
    low, high = limits(values[np.isfinite(values)], [*lines, *(number for numbers in published.values() for number in numbers)])
    for value in lines:
        axes.axhline(value, color="0.7", lw=0.5, zorder=0)
    groups, tables = populations.groups(), []
    width = 0.8 / max(len(groups), 1)
    for place, (text, series) in enumerate(known.items()):
        for turn, (architecture, level, own) in enumerate(groups):
            finite = np.flatnonzero(own & np.isfinite(series))
            middle = place + (turn + 0.5) * width - 0.4
            spread = ((np.arange(1, len(finite) + 1) * _GOLDEN) % 1 - 0.5) * 0.75 * width
            look: dict[str, Any] = {
                "marker": populations.key.marker(architecture),
                "fillstyle": _FILLS[populations.place(level)],
                "color": populations.key.colour("architecture", architecture),
            }
            drawn = np.clip(series[finite], low, high)
            axes.plot(middle + spread, drawn, linestyle="none", markersize=2.2, markeredgewidth=0.5, alpha=0.8, clip_on=False, **look)
            if len(finite):
                median = float(np.clip(np.median(series[finite]), low, high))
                axes.plot([middle - 0.42 * width, middle + 0.42 * width], [median] * 2, color="black", lw=1.2, zorder=4)
            told = {"quantity": columns[text], "architecture": architecture, populations.factor: level}
            names = {"network": summary["network"].values[finite], "value": series[finite]}
            tables.append(pd.DataFrame(names).assign(**told))
        for number in published.get(text, ()):
            axes.plot([place - 0.42, place + 0.42], [number] * 2, color=PUBLISHED["color"], lw=0.6, ls=(0, (2, 1.5)), zorder=1)
            axes.plot(place + 0.42, number, linestyle="none", markersize=6, markeredgewidth=0, clip_on=False, zorder=5, **PUBLISHED)
    axes.set(xlim=(-0.5, len(known) - 0.5), ylim=(low, high), xticks=range(len(known)), xticklabels=list(known))
    axes.tick_params(axis="x", length=0, pad=3)
    beyond = int(((values < low) | (values > high)).sum())
    if beyond:
        axes.set_title(f"{beyond} beyond the frame", loc="right", color="0.3")
    marks = [{"quantity": columns[text], "value": number, "network": "published"} for text in known for number in published.get(text, ())]
    return pd.concat([*tables, pd.DataFrame(marks)], ignore_index=True)


def curve(
    axes: Axes, populations: Populations, column: str, x: Real[np.ndarray, " column"], values: Float[np.ndarray, "network column"]
) -> pd.DataFrame:
    """Median over the networks of each group with a band between the quartiles; where fewer than half of them have a value, nothing."""
    tables = [pd.DataFrame()]
    for architecture, level, own in populations.groups():
        told = quartiles(values[own])
        if told["median"].notna().any():
            colour = populations.key.colour("architecture", architecture)
            axes.fill_between(x, told["low"], told["high"], color=colour, alpha=0.25, lw=0)
            axes.plot(x, told["median"], color=colour, ls=_DASHES[populations.place(level)], lw=1.0)
            tables.append(told.assign(x=x, quantity=column, architecture=architecture, **{populations.factor: level}))
    return pd.concat(tables, ignore_index=True)


def quartiles(values: Float[np.ndarray, "network column"]) -> pd.DataFrame:
    """Median and quartiles of the finite values of each column, and their number; NaN where fewer than half the networks have one."""
    count = np.isfinite(values).sum(axis=0)
    table = np.full((3, values.shape[1]), np.nan)
    enough = (2 * count >= len(values)) & (count > 0)
    table[:, enough] = np.nanpercentile(values[:, enough], [25, 50, 75], axis=0)
    return pd.DataFrame({"low": table[0], "median": table[1], "high": table[2], "networks": count})


def limits(values: Float[np.ndarray, " value"], others: Sequence[float]) -> tuple[float, float]:
    """The range of values that are not far out, and of others whatever they are, with some room."""
    first, third = np.percentile(values, [25, 75])
    reach = _REACH * (third - first)
    inner = np.array([*values[(values >= first - reach) & (values <= third + reach)], *others])
    room = 0.06 * (np.ptp(inner) or abs(inner[0]) or 1.0)
    return float(inner.min() - room), float(inner.max() + room)
