"""What figures of networks that read share: looks of words and classes, networks in first shards, small axes of groups, curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float, Real
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullFormatter

from rnnpop.figures import panels, style
from rnnpop.figures.panels import groups as grouped
from rnnpop.figures.panels.groups import Groups
from rnnpop.figures.panels.populations import quartiles

#: Looks of words and documents by what they speak for.
VALENCES: Final[dict[str, dict[str, Any]]] = {
    "positive": {"color": "#0072B2", "marker": "^", "ls": "-"},
    "negative": {"color": "#D55E00", "marker": "v", "ls": (0, (3, 1.2))},
    "neutral": {"color": "#777777", "marker": "o", "ls": (0, (1, 1))},
}

#: Small axes in a row, and left of the first and right of the last, in mm; room left of each for what stands there, and below it.
_ACROSS, _LEFT, _RIGHT, _BESIDE, BELOW = 4, 4.0, 179.0, 10.0, 9.0

#: Left of the rows of numbers, in mm, and how many stand side by side.
_NAMES, _COLUMNS = 42.0, 6

#: What is said where no network of a group is to be drawn.
_NONE = "no network\nmet the criterion"

#: Column of a summary -> what is written below, where a dashed line stands, and the scale.
Numbers = Mapping[str, tuple[str, float | None, grouped.Scale]]


@dataclass(frozen=True)
class Example:
    """One network.

    Attributes:
        name: its own.
        reading: of stage `read`.
        appraisal: of stage `appraise`, under its first still input.
        points: the slow points that this used.
    """

    name: str
    reading: xr.Dataset
    appraisal: xr.Dataset
    points: xr.Dataset


@dataclass(frozen=True)
class Readers:
    """Networks that read: all of them in the summary, those of first shards with their stores.

    Attributes:
        groups: of the summary; its networks that did not meet the criterion stand in rows of numbers alone.
        readings, appraisals: stores of first shards.
    """

    groups: Groups
    readings: Sequence[xr.Dataset]
    appraisals: Sequence[xr.Dataset]

    @classmethod
    def of(cls, datasets: Mapping[str, Any], factors: Sequence[str]) -> Readers:
        readings, appraisals = (list(datasets.get(name, [])) for name in ("readings", "appraisals"))
        return cls(Groups.of(panels.of_study(datasets["summary"], readings), factors, {}), readings, appraisals)

    @property
    def names(self) -> list[str]:
        return self.groups.names

    def summary(self, group: str, *columns: str) -> Float[np.ndarray, "network column"]:
        """Columns of the summary, of the group's networks that met the criterion; without those that it lacks."""
        own = self.groups.summary.isel(network=(self.groups.label == group) & self.groups.met)
        known = [own[column].values.astype(float) for column in columns if column in own]
        return np.stack(known, axis=1) if known else np.empty((own.sizes["network"], 0))

    def met(self, group: str) -> set[str]:
        """Names of the group's networks that met the criterion."""
        return set(self.groups.summary["network"].values[(self.groups.label == group) & self.groups.met])

    def mine(self, stores: Sequence[xr.Dataset], group: str) -> list[xr.Dataset]:
        """The group's networks in these stores that met the criterion, one by one, by index."""
        met = self.met(group)
        found = [store.isel(network=place) for store in stores for place, name in enumerate(store["network"].values) if name in met]
        return sorted(found, key=lambda own: int(own["index"]))

    def values(self, stores: Sequence[xr.Dataset], group: str, column: str) -> Float[np.ndarray, "network *place"]:
        """A variable of these networks."""
        found = [own[column].values for own in self.mine(stores, group)]
        return np.array(found, dtype=float) if found else np.empty((0, 0))

    def points(self, group: str) -> list[xr.Dataset]:
        """Slow points of each network of the group that has any, under the first still input."""
        found = [points_of(own) for own in self.mine(self.appraisals, group)]
        return [own for own in found if own.sizes["fixed_point"]]

    def example(self, group: str) -> Example | None:
        """The group's network of lowest index whose states are finite, one with slow points before others; None if there is none."""
        readings = [own for own in self.mine(self.readings, group) if np.isfinite(own["plane"].values).all()]
        found = []
        for reading in readings:
            name = reading["network"].item()
            appraisal = next((own for own in self.mine(self.appraisals, group) if own["network"].item() == name), None)
            if appraisal is not None:
                found.append(Example(str(name), reading, appraisal.isel(still=0), points_of(appraisal)))
        return next((one for one in found if one.points.sizes["fixed_point"]), found[0] if found else None)


def points_of(appraisal: xr.Dataset) -> xr.Dataset:
    """Slow points of one network under its first still input."""
    own = (appraisal["owner"].values == appraisal["network"].item()) & (appraisal["condition"].values == appraisal["still"].values[0])
    return appraisal.isel(fixed_point=np.flatnonzero(own))


def classes(reading: xr.Dataset) -> list[tuple[str, dict[str, Any]]]:
    """Name and look of each class of documents."""
    number, outputs = reading.sizes["answer"], reading.sizes["output"]
    if number == 2:
        return [(name, VALENCES[name]) for name in ("negative", "positive")]
    bits = outputs > 1 and number == 2**outputs and outputs != number
    names = [
        "".join("+" if place >> bit & 1 else "−" for bit in range(outputs)) if bits else f"class {place + 1}" for place in range(number)
    ]
    return [(name, style.line(place)) for place, name in enumerate(names)]


def lines(number: int) -> int:
    """Rows of small axes."""
    return -(-max(number, 1) // _ACROSS)


def tiles(figure: matplotlib.figure.Figure, top: float, titles: Sequence[str], tall: float, pitch: float) -> list[Axes]:
    """Small axes side by side, each with its title above; rows are `pitch` mm apart."""
    wide = (_RIGHT - _LEFT) / _ACROSS
    found = []
    for number, title in enumerate(titles):
        left, down = _LEFT + wide * (number % _ACROSS), top + pitch * (number // _ACROSS)
        found.append(style.place(figure, left + _BESIDE, down + 4, wide - _BESIDE - 2, tall))
        found[-1].set_title(title)
    return found


def group_tiles(figure: matplotlib.figure.Figure, top: float, readers: Readers, tall: float, counted: bool = True) -> dict[str, Axes]:
    """Small axes of each group, with its name and, where all its networks are drawn, how many they are."""
    titles = [f"{name} ({readers.groups.counted(name)})" if counted else name for name in readers.names]
    return dict(zip(readers.names, tiles(figure, top, titles, tall, tall + BELOW + 5), strict=True))


def group_height(readers: Readers, tall: float) -> float:
    """Height of the small axes of all groups, mm."""
    return lines(len(readers.names)) * (tall + BELOW + 5)


def nothing(axes: Axes, text: str = _NONE) -> None:
    """Say that there is nothing to draw."""
    panels.nothing(axes, text)


def curve(axes: Axes, x: Real[np.ndarray, "place"], values: Float[np.ndarray, "network place"], **look: Any) -> pd.DataFrame:
    """Median over networks, with a band between the quartiles; returns both, nothing where fewer than half the networks have a value."""
    if not values.size or not np.isfinite(values).any():
        return pd.DataFrame()
    told = quartiles(values)
    axes.fill_between(x, told["low"], told["high"], color=look["color"], alpha=0.2, lw=0)
    axes.plot(x, told["median"], **{"lw": 1.0, "ms": 2.4, "mew": 0} | look)
    return told.assign(x=x)


def theta_bar(figure: matplotlib.figure.Figure, left: float, top: float) -> None:
    """What colours of slow points mean, 40 mm wide from these millimetres."""
    bar = style.place(figure, left + 22, top, 16, 1.6)
    figure.colorbar(ScalarMappable(Normalize(-1, 1), style.SEQUENTIAL), cax=bar, orientation="horizontal", ticks=[-1, 0, 1])
    bar.set_xticklabels(["−1", "0", "1"])
    bar.tick_params(length=1.5, width=0.5, pad=1)
    bar.spines[:].set_visible(False)
    style.write(figure, left + 20.5, top + 1.9, "slow points: θ", ha="right")


def theta_points(axes: Axes, points: xr.Dataset, size: float = 6.0) -> pd.DataFrame:
    """A network's slow points on its first two components, coloured by their place along their line; returns them."""
    places, theta = points["position"].values[:, :2], points["theta"].values
    axes.scatter(*places.T, c=np.nan_to_num(theta), cmap=style.SEQUENTIAL, vmin=-1, vmax=1, s=size, lw=0.3, edgecolors="white", zorder=4)
    return pd.DataFrame({"network": points["network"].item(), "pc_1": places[:, 0], "pc_2": places[:, 1], "theta": theta})


def arrow(axes: Axes, tip: Float[np.ndarray, "axis"], colour: str, start: Float[np.ndarray, "axis"] | None = None) -> None:
    """From the origin, or a start."""
    look = {"arrowstyle": "-|>", "lw": 0.9, "mutation_scale": 6, "shrinkA": 0, "shrinkB": 0, "color": colour}
    tail = (0.0, 0.0) if start is None else (start[0], start[1])
    axes.annotate("", xy=(tip[0], tip[1]), xytext=tail, arrowprops=look, zorder=4)


def logarithmic(axes: Axes) -> None:
    """An upright logarithmic axis with few, plain numbers."""
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    shown = (1,) if high > 30 * low else (1, 3) if high > 4 * low else (1, 2, 3, 5, 7)
    decades = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    ticks = [tick for tick in np.outer(decades, shown).ravel().tolist() if low <= tick <= high]
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())


def table(found: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Tables one below the other; one row that says nothing where all are empty."""
    filled = [each for each in found if len(each)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame({"group": [""]})


def valences(*names: str, marker: bool = True) -> list[tuple[Line2D, str]]:
    """Legend of words' classes."""
    hidden = {} if marker else {"marker": ""}
    return [(Line2D([], [], ms=3.2, mew=0, lw=1.0, **VALENCES[name] | ({"ls": "none"} if marker else hidden)), name) for name in names]


def numbers_height(readers: Readers, columns: Numbers) -> float:
    """Height of `numbers`, mm."""
    return -(-len(columns) // _COLUMNS) * (grouped.ROW * max(len(readers.names), 1) + grouped.BELOW + 4.5)


def numbers(
    figure: matplotlib.figure.Figure, top: float, readers: Readers, columns: Numbers, frame: tuple[float, float] | None = None
) -> dict[str, pd.DataFrame]:
    """Columns of the summary, network by network: a row a group, at most six axes side by side; values ("") and medians ("_medians").

    Args:
        frame: limits of all axes; each its own where None.
    """
    found = []
    pitch, tall = (_RIGHT - _NAMES) / _COLUMNS, numbers_height(readers, dict(list(columns.items())[:1]))
    for number, (column, (text, reference, scale)) in enumerate(columns.items()):
        down = top + tall * (number // _COLUMNS) + 3
        if number % _COLUMNS == 0:
            height = grouped.named(figure, _NAMES - 2, down, readers.groups)
        axes = style.place(figure, _NAMES + number % _COLUMNS * pitch, down, pitch - 4, height)
        found.append(grouped.rows(axes, readers.groups, column, text, reference, scale, frame))
    return {suffix: pd.concat([tables[suffix] for tables in found], ignore_index=True) for suffix in ("", "_medians")}
