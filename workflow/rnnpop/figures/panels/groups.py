"""Populations told apart by several factors at once: the groups' names and looks, and a row of each with a point a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib.artist
import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Bool, Float, Shaped
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, MaxNLocator, NullFormatter

from rnnpop.figures import panels, style
from rnnpop.figures.panels.populations import limits
from rnnpop.numerics import prediction

#: Heights of a group's row, and of what stands above and below an axes of rows, in mm.
ROW, ABOVE, BELOW = 4.6, 7.5, 10.5

#: Networks that did not meet the criterion.
_FAILED: Any = {"marker": "o", "color": "0.55", "fillstyle": "none"}

#: Counts from here on are drawn alike; colours of counts.
_MANY = 5
_COUNTS = ("#E5E5E5", *(style.SEQUENTIAL(place) for place in np.linspace(0, 1, _MANY)[::-1]))

#: Mean width of a letter, mm.
_LETTER = 1.4

Scale = Literal["linear", "log", "count"]

_GOLDEN = (np.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Groups:
    """Networks of a summary, by group.

    Attributes:
        summary: all of them.
        label: the group of each.
        met: whether it met the criterion.
    """

    summary: xr.Dataset
    label: Shaped[np.ndarray, "network"]
    met: Bool[np.ndarray, "network"]

    @classmethod
    def of(cls, summary: xr.Dataset, factors: Sequence[str], written: Mapping[str, str]) -> Groups:
        """Networks that agree in these factors are a group; see `labels`."""
        return cls(summary, np.array(labels(summary, factors, written), dtype=object), np.asarray(summary["status"].values == "ok"))

    @property
    def names(self) -> list[str]:
        """Groups, in the order of the summary."""
        return list(dict.fromkeys(self.label))

    def counted(self, group: str) -> str:
        """How many networks of a group met the criterion."""
        own = self.label == group
        met, trained = int((own & self.met).sum()), int(own.sum())
        return f"N = {met}" if met == trained else f"N = {met} of {trained}"

    def look(self, group: str) -> dict[str, Any]:
        """Colour and marker."""
        return style.look(self.names.index(group))

    def table(self, group: str, *columns: str) -> pd.DataFrame:
        """Networks of a group that have a value in all of these columns, with their names, and whether they met the criterion."""
        nothing = np.full(len(self.label), np.nan)
        values = {column: self.summary[column].values.astype(float) if column in self.summary else nothing for column in columns}
        told = pd.DataFrame({"group": self.label, "network": self.summary["network"].values, "met": self.met, **values})
        return told[(self.label == group) & np.isfinite(told[list(columns)]).all(axis=1)].reset_index(drop=True)

    def spread(self, group: str, column: str) -> pd.DataFrame:
        """Mean of a curve over networks that met the criterion, and what 95 % of them lie between; nothing where none has a value."""
        values = self.summary[column].values[(self.label == group) & self.met].astype(float) if column in self.summary else np.empty(0)
        if not np.isfinite(values).any():
            return pd.DataFrame()
        low, _, high = panels.percentiles(values)
        told = panels.mean_and_error(values)
        x = self.summary[self.summary[column].dims[1]].values
        return pd.DataFrame({"group": group, "x": x, "mean": told["mean"], "low": low, "high": high, "networks": told["networks"]})

    def average(self, column: str) -> Float[np.ndarray, "*place"]:
        """Mean over all networks that have a value: of what hardly differs between them."""
        values = self.summary[column].values.astype(float) if column in self.summary else np.full((0,), np.nan)
        known = values[np.isfinite(values).all(axis=tuple(range(1, values.ndim)))]
        return np.asarray(known.mean(axis=0)) if len(known) else np.full(values.shape[1:], np.nan)

    def legend(self) -> list[tuple[matplotlib.artist.Artist, str]]:
        """What markers mean."""
        return [(Line2D([], [], ls="none", ms=3.2, mew=0, **self.look(group)), group) for group in self.names]

    def failed(self) -> list[tuple[matplotlib.artist.Artist, str]]:
        """What hollow markers mean, where there are any."""
        entry = (Line2D([], [], ls="none", ms=3, mew=0.5, **_FAILED), "criterion not met")
        return [] if self.met.all() else [entry]


def labels(store: xr.Dataset, factors: Sequence[str], written: Mapping[str, str]) -> list[str]:
    """What the group of each network is called: its levels, or what is to be written for them; before numbers, the factor's name."""
    told = [[written.get(level) or _printed(factor, level) for level in panels.levels(store, factor)] for factor in factors]
    return [", ".join(filter(None, row)) or "networks" for row in zip(*told, strict=True)]


def _printed(factor: str, level: str) -> str:
    if level in ("", "nan"):
        return ""
    try:
        return f"{style.printed(factor)} {float(level):g}"
    except ValueError:
        return style.printed(level)


def high(groups: Groups) -> float:
    """Height of axes of rows with what stands above and below, mm."""
    return ABOVE + ROW * max(len(groups.names), 1) + BELOW


def named(figure: matplotlib.figure.Figure, right: float, top: float, groups: Groups) -> float:
    """Names of the groups beside their rows, with the numbers of networks; returns the height of all rows, mm."""
    for place, group in enumerate(groups.names):
        style.write(figure, right, top + ROW * (place + 0.5), f"{group} ({groups.counted(group)})", ha="right", va="center")
    return ROW * max(len(groups.names), 1)


def rows(
    axes: Axes,
    groups: Groups,
    column: str,
    text: str,
    reference: float | None = None,
    scale: Scale = "linear",
    frame: tuple[float, float] | None = None,
) -> dict[str, pd.DataFrame]:
    """A point a network in the row of its group, hollow where it did not meet the criterion; of those that did, the median.

    The median has its 95 % interval, which fewer than 6 networks do not have.

    Args:
        text: what is written below.
        reference: where a dashed line stands.
        scale: of the axis; that of counts is logarithmic, and has a 0.
        frame: limits of the axis; those that hold what is not far out where None.

    Returns:
        The values, and the medians: also of points that are drawn at the frame, because they are far out.
    """
    tables = {group: groups.table(group, column).rename(columns={column: "value"}).assign(column=column) for group in groups.names}
    table = pd.concat([pd.DataFrame({"value": []}), *tables.values()], ignore_index=True)
    axes.set_xlabel(text, linespacing=1.15)
    if not len(table):
        panels.nothing(axes, "no network\nhas a value")
        return {"": pd.DataFrame({"column": [column]}), "_medians": pd.DataFrame({"column": [column]})}
    _lay_out(axes, groups)
    values = table["value"].to_numpy(dtype=float)
    low, high = frame or _frame(values, reference, scale)
    _scale(axes, scale, low, high)
    if reference is not None and np.isfinite(reference):
        axes.axvline(reference, color="black", lw=0.7, ls=(0, (4, 2)), zorder=1)
    medians = []
    for place, (group, own) in enumerate(tables.items()):
        spread = place + ((np.arange(1, len(own) + 1) * _GOLDEN) % 1 - 0.5) * 0.6
        mark(axes, groups.look(group), own["met"].to_numpy(dtype=bool), own["value"].clip(low, high).to_numpy(), spread)
        told = prediction.median(own["value"][own["met"]].to_numpy(dtype=float))
        axes.plot([np.clip(told.value, low, high)] * 2, [place - 0.4, place + 0.4], color="black", lw=1.2, zorder=4)
        axes.plot(np.clip([told.low, told.high], low, high), [place] * 2, color="black", lw=0.8, zorder=4)
        medians.append({"column": column, "group": group} | told._asdict())
    beyond = int(((values < low) | (values > high)).sum())
    if beyond:
        axes.set_title(f"{beyond} beyond", loc="right", color="0.3", pad=1)
    return {"": table, "_medians": pd.DataFrame(medians)}


def mark(
    axes: Axes,
    look: Mapping[str, Any],
    met: Bool[np.ndarray, "network"],
    across: Float[np.ndarray, "network"],
    along: Float[np.ndarray, "network"],
) -> None:
    """Networks as points, hollow and grey where they did not meet the criterion."""
    for own, drawn in ((met, {"mew": 0, **look}), (~met, {"mew": 0.5, **_FAILED})):
        axes.plot(across[own], along[own], ls="none", ms=2.4, alpha=0.8, clip_on=False, **drawn)


def shares(axes: Axes, groups: Groups, column: str, text: str) -> pd.DataFrame:
    """Share of each group's networks that met the criterion with 0, 1, … of something, as bars; from 5 on all alike."""
    axes.set_xlabel(text)
    table = []
    for place, group in enumerate(groups.names):
        own = groups.table(group, column)
        known = own[column][own["met"]].to_numpy(dtype=int)
        number = np.bincount(known.clip(max=_MANY), minlength=_MANY + 1)
        share = number / max(len(known), 1)
        axes.barh([place] * len(share), share, 0.75, np.cumsum(share) - share, color=_COUNTS, lw=0)
        table.append(pd.DataFrame({"column": column, "group": group, "count": range(_MANY + 1), "networks": number, "of": len(known)}))
    _lay_out(axes, groups)
    axes.set(xlim=(0, 1), xticks=[0, 0.5, 1], xticklabels=["0", "0.5", "1"])
    if not sum(own["networks"].sum() for own in table):
        axes.cla()
        panels.nothing(axes, "no network\nhas a value")
    return pd.concat([pd.DataFrame(columns=["column", "group", "count", "networks", "of"]), *table], ignore_index=True)


def counts() -> list[tuple[matplotlib.artist.Artist, str]]:
    """What the colours of `shares` mean."""
    return [(Patch(color=colour, lw=0), f"{number}+" if number == _MANY else f"{number}") for number, colour in enumerate(_COUNTS)]


def count_axis(axes: Axes, side: Literal["x", "y"] = "x") -> None:
    """A logarithmic axis of counts with a 0."""
    axis = axes.xaxis if side == "x" else axes.yaxis
    (axes.set_xscale if side == "x" else axes.set_yscale)("symlog", linthresh=1, linscale=0.5)
    axis.set_major_locator(FixedLocator([0, 1, 10, 100, 1000]))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(FixedLocator([]))


def _lay_out(axes: Axes, groups: Groups) -> None:
    axes.set(ylim=(len(groups.names) - 0.5, -0.5), yticks=[])
    for place in range(len(groups.names)):
        axes.axhline(place, color="0.92", lw=0.5, zorder=0)


def _frame(values: Float[np.ndarray, "network"], reference: float | None, scale: Scale) -> tuple[float, float]:
    """Limits that hold what is not far out, and the reference."""
    if scale == "count":
        return 0.0, max(1.3 * float(values.max()), 12.0)
    others = [] if reference is None or not np.isfinite(reference) else [reference]
    if scale == "linear" or not (values > 0).any():
        return limits(values, others)
    low, high = limits(np.log10(values[values > 0]), [float(np.log10(value)) for value in others])
    return 10**low, 10**high


def _scale(axes: Axes, scale: Scale, low: float, high: float) -> None:
    if scale == "count":
        count_axis(axes)
    elif scale == "log" and low > 0:
        axes.set_xscale("log")
        decades = 10.0 ** np.arange(np.floor(np.log10(low)), np.log10(high))
        ticks = next(
            (found for subs in ((1,), (1, 3), (1, 1.5, 2, 3, 5, 7)) if len(found := _within(np.outer(decades, subs), low, high)) > 1), []
        )
        axes.xaxis.set_major_locator(FixedLocator(ticks))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(low, high)
    if axes.get_xscale() == "linear":
        _few_ticks(axes)


def _within(values: Float[np.ndarray, "decade sub"], low: float, high: float) -> list[float]:
    return [float(value) for value in values.ravel() if low <= value <= high][:4]


def _few_ticks(axes: Axes) -> None:
    """Numbers below an axis, as many as there is room for: three, or two."""
    low, high = axes.get_xlim()
    ticks = [tick for tick in MaxNLocator(2, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high) if low <= tick <= high]
    written = [f"{tick:.10g}".replace("-", "−") for tick in ticks]
    across = axes.bbox.width / axes.figure.dpi * style.INCH * np.diff(ticks, prepend=low).min(initial=high - low) / (high - low)
    step = 1 if max(map(len, written), default=0) * _LETTER + 1 < across or len(ticks) < 2 else len(ticks) - 1
    axes.set_xticks(ticks[::step], written[::step])
