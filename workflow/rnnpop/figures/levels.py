"""What a factor of the design changes: columns of the summary, network by network, over its levels."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_lowercase
from typing import Any, final

import matplotlib.artist
import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, NullFormatter

from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.figures.panels import students
from rnnpop.figures.panels.populations import limits, quartiles
from rnnpop.seeds import stream

#: Panels in a row; left of their axes, distance from one to the next, width and height, in mm.
_ACROSS, _LEFT, _PITCH, _WIDTH, _TALL = 3, 14.0, 59.0, 43.0, 38.0

#: Letters of a heading's line, height of a line, mean width of a letter, in mm.
_LETTERS, _LINE, _LETTER = 36, 3.2, 1.4

#: What a factor's level reads where a network has none.
_NONE = ("", "nan")

#: Curves on a logarithmic axis end so far below their largest value; draws of a bootstrap.
_DEPTH, _DRAWS = 1e-4, 2000

#: Look of networks that did not meet the criterion; dashes of a reference; width of the legend, mm.
_FAILED: dict[str, Any] = {"marker": "o", "color": "0.55", "fillstyle": "none"}
_REFERENCE, _LEGEND = (0, (4, 2)), 172.0

_GOLDEN = (np.sqrt(5) - 1) / 2


@final
@dataclass(frozen=True)
class Levels(Figure):
    """One panel a column of the summary: each network over its level of a factor; reads `summary`.

    Reads `teachers` too where it is told to: networks of the same architecture and size that students, or networks with a lesion, are
    taken from, to stand beside them.

    Points are networks that met the criterion, coloured and marked by a second factor; black lines are their medians with a 95 % interval
    (percentiles of the median of 2000 resamples of networks; of three networks it is their range); levels that are numbers rise, and
    their medians are joined. Hollow grey points are networks that did not meet the criterion: in brackets below each level stand the
    numbers of networks drawn, behind a plus those that did not. A column with a further dimension (a curve) is drawn over it, coloured
    by the factor: median over networks, with a band between the quartiles.

    Attributes:
        factor: coordinate of the networks; or task, the first part of their names; or learner.
        columns: of the summary, in the order of the panels.
        by: the second factor.
        levels: those that are shown, in this order, and what is written below them; all where it is empty, in the order of config.yaml.
        name: what the factor is called; itself where it is empty.
        reference: column -> number at which a dashed line stands.
        logarithmic: columns whose axis is.
        at: dimension -> place on it: of columns over shares of watched units, one share; or another factor -> its only level.
    """

    factor: str
    columns: tuple[str, ...]
    by: str = "loss"
    levels: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    reference: Mapping[str, float] = field(default_factory=dict)
    logarithmic: tuple[str, ...] = ()
    at: Mapping[str, Any] = field(default_factory=dict)

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        stores = [datasets["summary"], *(_alike(datasets["summary"], store) for store in datasets.get("teachers", ()))]
        stores = [_placed(store, self.at) for store in stores]
        networks = pd.concat([self._networks(store) for store in stores], ignore_index=True)
        known = ~networks["level"].isin(_NONE)
        networks = networks[known | ~known.any()]
        written = self.levels or {level: style.printed(level) for level in _ordered(networks["level"])}
        shown = {str(level): str(text).replace("-", "−") if _numbers([text]) else str(text) for level, text in written.items()}
        networks = networks[networks["level"].isin(list(shown))]
        with style.sheet():
            return _Picture(self, stores, networks, shown, _ordered(networks["by"])).draw()

    def _networks(self, store: xr.Dataset) -> pd.DataFrame:
        """Name, status, and levels of both factors of each network."""
        names = [str(name) for name in store["network"].values]
        told = {"network": names, "status": store["status"].values}
        for name, factor in (("level", self.factor), ("by", self.by)):
            of_names = factor == "task"
            told[name] = [text.split("/")[0] for text in names] if of_names else [_plain(level) for level in panels.levels(store, factor)]
        return pd.DataFrame(told)


@dataclass(frozen=True)
class _Picture:
    """What is drawn.

    Attributes:
        networks: those that are shown; the index is the place in all stores one behind the other.
        shown: level -> what is written below.
        groups: levels of the second factor.
    """

    entry: Levels
    stores: Sequence[xr.Dataset]
    networks: pd.DataFrame
    shown: Mapping[str, str]
    groups: Sequence[str]

    def draw(self) -> Drawing:
        headings = [
            textwrap.wrap(_capital(self._told(column, "long_name", style.printed(column))), _LETTERS)[:3] for column in self.entry.columns
        ]
        rows = [range(first, min(first + _ACROSS, len(headings))) for first in range(0, len(headings), _ACROSS)]
        titles = [_LINE * max(len(headings[number]) for number in row) + 2 for row in rows]
        legend, high = self._legend(), _TALL + self._depth() + 6
        figure = style.page(5 + sum(titles) + high * len(rows) + 4.5 * len(legend))
        tables: dict[str, pd.DataFrame] = {}
        top = 4.0
        for row, title in zip(rows, titles, strict=True):
            for number in row:
                left, letter = _LEFT + _PITCH * (number % _ACROSS), ascii_lowercase[number]
                style.heading(figure, left - 12, top, letter, headings[number][0])
                for place, text in enumerate(headings[number][1:], 1):
                    style.write(figure, left - 7, top + _LINE * place, text)
                found = self._panel(style.place(figure, left, top + title, _WIDTH, _TALL), self.entry.columns[number])
                tables |= {f"{letter}{suffix}": table for suffix, table in found.items()}
            top += title + high
        for number, entries in enumerate(legend):
            panels.line(figure, 8, top + 4.5 * number, entries)
        return Drawing(figure, tables)

    @property
    def turned(self) -> bool:
        """Whether what stands below levels is too long for one beside the other."""
        return max(map(len, [*self.shown.values(), "(11+1)"])) * _LETTER > _WIDTH / max(len(self.shown), 1)

    @property
    def numeric(self) -> bool:
        """Whether levels are numbers, or called by numbers."""
        return _numbers([text.replace("−", "-") for text in self.shown.values()])

    def _factor(self) -> str:
        """What the factor is called."""
        return self.entry.name or style.printed(self.entry.factor)

    def _depth(self) -> float:
        """Height of what stands below levels, with the factor's name, mm."""
        return _LINE + (_LETTER * (max(map(len, self.shown.values()), default=0) + 9) if self.turned else 2 * _LINE)

    def _told(self, column: str, attribute: str, otherwise: str) -> str:
        """An attribute of a column, from the first store that has it."""
        return next((str(store[column].attrs[attribute]) for store in self.stores if column in store), "") or otherwise

    def _values(self, column: str) -> xr.DataArray | None:
        """A column of the networks that are shown; None where none has a value.

        Raises:
            ValueError: if it has more than one further dimension.
        """
        held = [store[[column]] if column in store else store[[]] for store in self.stores]
        joined = xr.concat([store.reset_coords(drop=True) for store in held], dim="network", join="outer", combine_attrs="override")
        if column not in joined or not np.isfinite(joined[column].values.astype(float)).any():
            return None
        if joined[column].ndim > 2:
            raise ValueError(f"column '{column}' has dimensions {joined[column].dims}; one beside network can be drawn over")
        found = joined[column].astype(float).isel(network=self.networks.index.to_numpy())
        return found if np.isfinite(found.values).any() else None

    def _panel(self, axes: Axes, column: str) -> dict[str, pd.DataFrame]:
        found = self._values(column)
        if found is None:
            panels.nothing(axes, "no network\nhas a value")
            return {"": self.networks.assign(value=np.nan)}
        unit = self._told(column, "units", "1")
        axes.set_ylabel("" if unit == "1" else unit)
        if column in self.entry.logarithmic and (found.values > 0).any():
            axes.set_yscale("log")
        if column in self.entry.reference:
            axes.axhline(self.entry.reference[column], color="black", lw=0.7, ls=_REFERENCE, zorder=2)
        tables = self._points(axes, column, found.values) if found.ndim == 1 else {"": self._curves(axes, found)}
        if axes.get_yscale() == "log":
            low, high = axes.get_ylim()
            axes.yaxis.set_major_locator(LogLocator(subs=(1,) if high > 100 * low else (1, 2, 5)))
            axes.yaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_minor_formatter(NullFormatter())
        return tables

    def _points(self, axes: Axes, column: str, values: Float[np.ndarray, "network"]) -> dict[str, pd.DataFrame]:
        """Networks, and medians of those that met the criterion; both as told, not as drawn where they are beyond the frame."""
        low, high = _frame(values, self.entry.reference.get(column), column in self.entry.logarithmic)
        table = self.networks.assign(value=values)
        known = table[np.isfinite(values)]
        beside = {level: [group for group in self.groups if group in set(own["by"])] for level, own in self.networks.groupby("level")}
        medians = []
        for turn, group in enumerate(self.groups):
            across, rows = [], []
            for place, level in enumerate(self.shown):
                if group in beside.get(level, ()):
                    width = 0.8 / len(beside[level])
                    across.append(place + (beside[level].index(group) + 0.5) * width - 0.4)
                    own = known[(known["level"] == level) & (known["by"] == group)]
                    rows.append({"level": level, "by": group} | _group(axes, own, style.look(turn), (across[-1], width, low, high), column))
            medians.append(pd.DataFrame(rows))
            if self.numeric:
                finite = medians[-1]["median"].notna()
                drawn = medians[-1]["median"][finite].clip(low, high)
                axes.plot(np.array(across)[finite], drawn, lw=0.6, zorder=1, **style.line(turn) | {"marker": ""})
        counted = pd.concat(medians).groupby("level")[["networks", "others"]].sum().reindex(list(self.shown), fill_value=0)
        self._levels_below(axes, counted)
        axes.set_ylim(low, high)
        beyond = int(((known["value"] < low) | (known["value"] > high)).sum())
        if beyond:
            axes.set_title(f"{beyond} beyond the frame", loc="right", color="0.3")
        return {"": table, "_medians": pd.concat(medians, ignore_index=True)}

    def _levels_below(self, axes: Axes, counted: pd.DataFrame) -> None:
        """Levels with their numbers of networks."""
        texts = []
        for level, text in self.shown.items():
            met, others = counted.loc[level, ["networks", "others"]]
            texts.append(f"{text}{' ' if self.turned else chr(10)}({met}{f'+{others}' if others else ''})")
        axes.set(xlim=(-0.55, len(texts) - 0.45), xticks=range(len(texts)), xlabel=f"{self._factor()} (N)")
        axes.set_xticklabels(texts, rotation=90 if self.turned else 0, linespacing=1.2)
        axes.tick_params(axis="x", length=0, pad=2.5)

    def _curves(self, axes: Axes, found: xr.DataArray) -> pd.DataFrame:
        """Medians and quartiles over the networks of a level that met the criterion."""
        x, met = found[found.dims[1]], (self.networks["status"] == "ok").to_numpy()
        tables: list[pd.DataFrame] = []
        for turn, group in enumerate(self.groups):
            for place, level in enumerate(self.shown):
                own = met & (self.networks["level"] == level).to_numpy() & (self.networks["by"] == group).to_numpy()
                told = quartiles(found.values[own])
                colour = self._colour(level)
                axes.fill_between(x, told["low"], told["high"], color=colour, alpha=0.15, lw=0)
                axes.plot(x, told["median"], color=colour, ls=self._dashes(turn, place), lw=1.0)
                tables.append(told.assign(x=x.values, level=level, by=group))
        table = pd.concat(tables, ignore_index=True)
        if not table["median"].notna().any():
            panels.nothing(axes)
            return table
        if x.name == "fraction":
            students.share_axis(axes, sorted(x.values))
        else:
            axes.set_xlabel(f"{style.printed(str(x.name))}")
        if axes.get_yscale() == "log" and (table["high"] > 0).any():
            top = table["high"].max()
            axes.set_ylim(max(_DEPTH * top, 0.8 * table["low"][table["low"] > 0].min()), 1.2 * top)
        return table

    def _colour(self, level: str) -> str:
        """Of a level's curve."""
        return style.Key({self.entry.factor: tuple(self.shown)}).colour(self.entry.factor, level)

    def _dashes(self, group: int, level: int) -> Any:
        """Of a curve: dashes tell groups, where there are several, and levels where there is one."""
        return style.line(group if len(self.groups) > 1 else level)["ls"]

    def _legend(self) -> list[list[tuple[matplotlib.artist.Artist, str]]]:
        """Lines of entries."""
        met = self.networks["status"] == "ok"
        counts = [(met & (self.networks["by"] == group)).sum() for group in self.groups]
        entries: list[tuple[matplotlib.artist.Artist, str]] = []
        drawn = {store[column].ndim for store in self.stores for column in self.entry.columns if column in store}
        for turn, (group, count) in enumerate(zip(self.groups, counts, strict=True)):
            factor = style.printed(self.entry.by)
            name = "networks" if len(self.groups) == 1 else f"{factor} not varied" if group in _NONE else f"{factor} {style.printed(group)}"
            look = {"color": "0.3", "ls": self._dashes(turn, 0), "marker": ""} if drawn == {2} else style.line(turn)
            entries.append((Line2D([], [], lw=0.9, ms=3.5, mew=0, **look), f"{name} (N = {count})"))
        if drawn != {2}:
            entries.append((Line2D([], [], color="black", lw=1.2), "median, 95 % interval"))
        if 2 in drawn:
            entries.append((Patch(color="0.85"), "curves: median, quartiles"))
        if not met.all():
            entries.append((Line2D([], [], ls="none", ms=3.5, mew=0.5, **_FAILED), f"criterion not met (N = {(~met).sum()})"))
        if set(self.entry.reference) & set(self.entry.columns):
            entries.append((panels.stroke("black", _REFERENCE), "reference"))
        if 2 in drawn:
            name = f"{self._factor()} " if self.numeric else ""
            looks = [(self._colour(level), self._dashes(0, place)) for place, level in enumerate(self.shown)]
            entries += [(panels.stroke(*look), f"{name}{text}") for look, text in zip(looks, self.shown.values(), strict=True)]
        lines: list[list[tuple[matplotlib.artist.Artist, str]]] = [[]]
        for entry in entries:
            if sum(len(text) * _LETTER + 9 for _, text in [*lines[-1], entry]) > _LEGEND:
                lines.append([])
            lines[-1].append(entry)
        return lines


def _group(
    axes: Axes, networks: pd.DataFrame, look: Mapping[str, str], where: tuple[float, float, float, float], column: str
) -> dict[str, float]:
    """Networks of a level of both factors as points, with their median and its interval; returns those, and how many there are.

    Args:
        networks: those that have a value.
        where: middle and width on the axis of levels, and the limits of the other one, at which points beyond them are drawn.
    """
    middle, width, low, high = where
    values, met = networks["value"].to_numpy(), (networks["status"] == "ok").to_numpy()
    across = middle + ((np.arange(1, len(values) + 1) * _GOLDEN) % 1 - 0.5) * 0.75 * width
    for own, points in ((met, {"alpha": 0.8, **look}), (~met, _FAILED)):
        axes.plot(across[own], np.clip(values[own], low, high), ls="none", ms=2.6, mew=0.5, clip_on=False, **points)
    told = _median(values[met], column, *networks[["level", "by"]].iloc[:1].to_numpy().ravel())
    median, *ends = np.clip(list(told.values()), low, high)
    axes.plot([middle - 0.4 * width, middle + 0.4 * width], [median] * 2, color="black", lw=1.2, zorder=4)
    axes.plot([middle] * 2, ends, color="black", lw=0.8, zorder=4)
    return told | {"networks": int(met.sum()), "others": int((~met).sum())}


def _placed(store: xr.Dataset, at: Mapping[str, Any]) -> xr.Dataset:
    """Columns at these places of dimensions, without those whose dimension has no such place; networks at these levels of factors."""
    for name, place in at.items():
        if name in store.dims:
            found = np.flatnonzero(store[name].values == place)
            store = store.isel({name: found[0]}, drop=True) if len(found) else store.drop_dims(name)
        else:
            store = store.isel(network=[_plain(level) == _plain(str(place)) for level in panels.levels(store, name)])
    return store


def _alike(summary: xr.Dataset, teachers: xr.Dataset) -> xr.Dataset:
    """The teachers that have the architecture and size of some network of the study."""
    own = set(zip(panels.levels(summary, "architecture"), panels.levels(summary, "units"), strict=True))
    pairs = zip(panels.levels(teachers, "architecture"), panels.levels(teachers, "units"), strict=True)
    return teachers.isel(network=[pair in own for pair in pairs])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _plain(level: str) -> str:
    """A level without the decimals that a table of numbers puts on whole ones."""
    return f"{float(level):g}" if _numbers([level]) else level


def _numbers(levels: Sequence[str]) -> bool:
    """Whether all levels are numbers."""
    try:
        return all(np.isfinite(float(level)) for level in levels)
    except ValueError:
        return False


def _ordered(levels: pd.Series) -> list[str]:
    """Levels that occur: numbers by size, words in the order of their first appearance."""
    found = list(dict.fromkeys(levels))
    return sorted(found, key=float) if _numbers(found) else found


def _frame(values: Float[np.ndarray, "network"], reference: float | None, logarithmic: bool) -> tuple[float, float]:
    """Limits of the axis that holds values and reference; on a logarithmic one, those above 0."""
    others = [] if reference is None else [reference]
    known = values[np.isfinite(values)]
    if not logarithmic or not (known > 0).any():
        return limits(known, others)
    low, high = limits(np.log10(known[known > 0]), [float(np.log10(value)) for value in others])
    return 10**low, 10**high


def _median(values: Float[np.ndarray, "network"], *named: str) -> dict[str, float]:
    """Median, and the 2.5 and 97.5 percentiles of the median of resamples; NaN without networks, of one alone no interval."""
    if len(values) < 2:
        return {"median": float(values[0]) if len(values) else np.nan, "low": np.nan, "high": np.nan}
    draws = np.median(values[stream(0, "levels", *named).integers(len(values), size=(_DRAWS, len(values)))], axis=1)
    low, high = np.percentile(draws, [2.5, 97.5])
    return {"median": float(np.median(values)), "low": float(low), "high": float(high)}
