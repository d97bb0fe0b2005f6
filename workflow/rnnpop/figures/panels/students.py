"""What figures of students share: their rows of a summary, looks of lines, and curves over the share of units that is watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.artist
import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

from rnnpop.design import name_parts
from rnnpop.figures import panels, style
from rnnpop.numerics import prediction

#: How factors are written.
_WRITTEN = {"gamma_squared": "γ²", "beta": "β", "leading": "largest eigenvalue", "units": "D"}

#: Shares that are written below an axis of them, where they are within it.
_SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)

#: Between two of them at least, and width of a letter, in mm.
_GAP, _LETTER = 0.8, 1.2


def rows(summary: xr.Dataset, columns: Sequence[str]) -> pd.DataFrame:
    """One row a network and share of its units: who it is, the factors, and these columns; NaN, or no text, where there is none.

    A student that could not be fitted at a share has a row there, too. `teacher` is the same for all students of one circuit.
    """
    shares = summary["fraction"].values if "fraction" in summary.dims else np.empty(0)
    names = [name_parts(name) for name in summary["network"].values]
    count = (len(names), len(shares))
    told: dict[str, Any] = {
        str(name): np.repeat(np.asarray(item.values), count[1]) for name, item in summary.coords.items() if item.dims == ("network",)
    }
    told["task"] = np.repeat([name.task for name in names], count[1])
    told["teacher"] = np.repeat([f"{name.task}/{name.cell}/{name.number}" for name in names], count[1])
    told["fraction"] = np.tile(shares, count[0])
    for column in columns:
        values = summary[column].values if column in summary else np.full(count[0], np.nan)
        if values.dtype == object:
            values = np.array([text if isinstance(text, str) else "" for text in values.ravel()], dtype=object).reshape(values.shape)
        told[column] = (values if values.shape == count else np.repeat(values, count[1])).ravel()
    return pd.DataFrame(told)


def written(factor: str) -> str:
    """What a factor is called."""
    return _WRITTEN.get(factor) or style.printed(factor)


def having(table: pd.DataFrame, factor: str) -> pd.DataFrame:
    """Rows that have a level of a factor; all where none has one."""
    known = named(table, factor) != "one level"
    return table[known | ~known.any()]


def named(table: pd.DataFrame, factor: str) -> pd.Series:
    """Level of a factor in each row; those without one count as one level."""
    level = table[factor] if factor in table else pd.Series("", index=table.index)
    return level.where(level.notna() & (level.astype(str) != ""), "one level")


def medians(table: pd.DataFrame, factor: str, column: str) -> pd.DataFrame:
    """Median of a column at each level and share, with its interval."""
    rows = [
        {"level": key[0], "fraction": key[1], **prediction.median(group.to_numpy(dtype=float))._asdict()}
        for key, group in table[column].groupby([named(table, factor), table["fraction"]])
    ]
    return pd.DataFrame(rows, columns=["level", "fraction", *prediction.Estimate._fields])


def plain(axes: Axes, side: str) -> None:
    """A logarithmic axis with few, plain numbers."""
    axis = axes.xaxis if side == "x" else axes.yaxis
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1,) if high > 100 * low else (1, 2, 5) if high > 5 * low else (1, 1.5, 2, 3, 4, 6)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def share_axis(axes: Axes, shares: Sequence[float], text: str = "share of units watched") -> None:
    """A logarithmic axis of shares: a tick at each, and as many numbers as there is room for; of many shares round ones."""
    low, high = min(shares, default=0.1), max(shares, default=1.0)
    axes.set(xscale="log", xlim=(low / 1.15, high * 1.15))
    ticks = sorted(set(shares)) if len(set(shares)) <= len(_SHARES) else [share for share in _SHARES if low / 1.15 <= share <= high * 1.15]
    width = axes.bbox.width / axes.figure.dpi * style.INCH
    kept: list[float] = []
    for share in reversed(ticks):
        room = width * np.log10(kept[-1] / share) / np.log10(1.15**2 * high / low) if kept else np.inf
        if room > _GAP + _LETTER * (len(f"{share:g}") + len(f"{kept[-1]:g}") if kept else 0) / 2:
            kept.append(share)
    axes.set_xticks(kept, [f"{share:g}" for share in kept])
    axes.set_xticks([share for share in sorted(set(shares)) if share not in kept], minor=True)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(text)


def curve(axes: Axes, table: pd.DataFrame, x: str, **drawn: Any) -> None:
    """Estimates of `value` with their interval `low` to `high`, over a column: a band, or of a single estimate a bar."""
    table = table[table["value"].notna()].sort_values(x)
    colour = drawn["color"]
    if len(table) == 1:
        axes.vlines(table[x], table["low"].astype(float), table["high"].astype(float), color=colour, lw=0.9)
    axes.fill_between(table[x], table["low"].astype(float), table["high"].astype(float), color=colour, alpha=0.2, lw=0)
    axes.plot(table[x], table["value"], lw=0.9, ms=2.4, mew=0, **drawn)


def sample(**drawn: Any) -> Line2D:
    """A legend's sample of such a curve."""
    return Line2D([], [], lw=0.9, ms=3.2, mew=0, **drawn)


def legend(
    figure: matplotlib.figure.Figure, left: float, top: float, entries: Sequence[tuple[matplotlib.artist.Artist, str]], width: float = 170
) -> None:
    """Entries on as many lines, 4.2 mm apart, as this width asks for."""
    lines: list[list[tuple[matplotlib.artist.Artist, str]]] = [[]]
    for entry in entries:
        if sum(len(text) * 1.4 + 9 for _, text in [*lines[-1], entry]) > width:
            lines.append([])
        lines[-1].append(entry)
    for number, line in enumerate(lines):
        panels.line(figure, left, top + 4.2 * number, line)


def learners(table: pd.DataFrame) -> dict[str, int]:
    """Kinds of students in the order of first appearance, with their places."""
    return {str(name): place for place, name in enumerate(dict.fromkeys(table["learner"]))}


def levels_of(values: pd.Series) -> list[Any]:
    """Levels of a factor: numbers by size, words as they come; those that networks do not have left out."""
    found = [level for level in dict.fromkeys(values) if level == level and level != ""]
    try:
        return sorted(found, key=float)
    except (TypeError, ValueError):
        return found


def printed(levels: Mapping[Any, Any] | Sequence[Any]) -> list[str]:
    """Levels as they are written."""
    return [f"{float(level):g}" if isinstance(level, (int, float, np.number)) else style.printed(str(level)) for level in levels]
