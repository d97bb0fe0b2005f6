"""How networks read documents: units, dimension of states, states by answer, accuracy beside simpler readers, and silence afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, final

import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.figures.panels import readers as reading
from rnnpop.figures.panels.readers import Example, Readers

#: Heights of axes, and of a heading, in mm.
_UNITS, _VARIANCE, _PLANE, _CURVES, _HEADING = 24.0, 24.0, 32.0, 28.0, 6.0

#: Components whose variance the summary has.
_COMPONENTS: Final = np.array([1, 2, 3, 5, 10])

#: Columns of panel d, all shares of right answers: what is written below; all have the same scale.
_ACCURACIES: Final = {
    "test_accuracy": "network",
    "shuffled_accuracy": "words shuffled",
    "rollout_accuracy": "linear system\nof one point",
    "fading_bag_accuracy": "its slowest\nmodes",
    "squashed_accuracy_1": "last state cut\nto PC1",
}
#: Before and after training.
_BEFORE: Final[dict[str, Any]] = {"color": "#999999", "marker": "s", "ls": (0, (3, 1.2))}
_AFTER: Final[dict[str, Any]] = {"color": "#0072B2", "marker": "o", "ls": "-"}


@final
@dataclass(frozen=True)
class Reading(Figure):
    """Panels a to f after Maheswaranathan et al. 2019, figures 1 and 2; reads `readings`, `appraisals` and `summary`, with the columns of
    the statistics `reading` and `words`.

    (a) All units of one network while it reads a long document of the first class and one of the last. (b) Variance in the
    leading principal components of states, before training and after it. (c) One network of each group in the plane of its first two
    components: how often states are in each place, by the class of the document (stronger is more often, on a logarithmic scale); the same
    two documents; the first state; readout directions, and where the readout is 0; slow points, by their place along their line. (d) Shares
    of right answers: of the network, of the network on shuffled words, of the linear system of the slow point of least certain answer, of
    that point's slowest modes, and of the readout of last states cut to one component; dashed: sums of the words' values; dotted: chance.
    (e) Accuracy of last states cut to their leading components. (f) Relative speed of states after the last word, without input.

    Curves and states are of networks that met the criterion; in d others stand as hollow marks. Curves are medians over networks, bands
    their quartiles; in b, d and f all networks, in e those of first shards. Black lines in d are medians with a 95 % interval.

    Attributes:
        factors: coordinates of networks; those that agree in them are a group.
    """

    factors: tuple[str, ...] = ("architecture",)

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        readers = Readers.of(datasets, self.factors)
        numbers: reading.Numbers = {column: (text, _bag_of_words(readers), "linear") for column, text in _ACCURACIES.items()}
        heights = [
            _HEADING + _UNITS + reading.BELOW,
            _HEADING + reading.group_height(readers, _VARIANCE),
            _HEADING + reading.group_height(readers, _PLANE),
            _HEADING + reading.numbers_height(readers, numbers),
            _HEADING + _CURVES + reading.BELOW + 6,
        ]
        tops = np.cumsum([2.0, *heights])
        with style.sheet():
            figure = style.page(tops[-1])
            examples = {group: readers.example(group) for group in readers.names}
            tables = {
                "a": _units(figure, tops[0], readers),
                "b": _variance(figure, tops[1], readers),
                **_planes(figure, tops[2], readers, examples),
                **_accuracies(figure, tops[3], readers, numbers),
                **_after(figure, tops[4], readers),
            }
        return Drawing(figure, tables)


def _units(figure: matplotlib.figure.Figure, top: float, readers: Readers) -> pd.DataFrame:
    """Panel a: of the first networks of first shards the one that is right most often."""
    met = set().union(*map(readers.met, readers.names))
    firsts = [store for store in readers.readings if store["network"].values[0] in met]
    chosen = max(firsts, key=lambda store: store["accuracy"].values[0, -1, -1], default=None)
    called = f" ({panels.called(chosen)})" if chosen is not None else ""
    style.heading(
        figure, 2, top + 3, "a", f"All units of one network{called}; colour: their last state in the right document, less that in the left"
    )
    places = [style.place(figure, left, top + _HEADING + 3, 69, _UNITS - 3) for left in (19, 107)]
    if chosen is None:
        for axes in places:
            reading.nothing(axes)
        return pd.DataFrame({"group": [""]})
    names = reading.classes(chosen)
    asked = chosen["answered"].values[chosen["shown"].values]
    documents = _pair(asked)
    states = [chosen["activity"].values[document] for document in documents]
    states = [own[np.isfinite(own).all(axis=1)] for own in states]
    change = states[1][-1] - states[0][-1]
    colours = style.DIVERGING(0.5 + 0.5 * change / (np.abs(change).max() or 1.0))
    reach = 1.05 * max(float(np.abs(own).max()) for own in states)
    tables = []
    for axes, document, own in zip(places, documents, states, strict=True):
        for unit in np.argsort(np.abs(change), kind="stable"):
            axes.plot(np.arange(1, len(own) + 1), own[:, unit], color=colours[unit], lw=0.5, alpha=0.8)
        axes.yaxis.set_major_locator(MaxNLocator(2))
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.set(xlim=(1, len(own)), ylim=(-reach, reach), xlabel="word", ylabel="state", title=f"{names[asked[document]][0]} document")
        step, unit = np.indices(own.shape).reshape(2, -1)
        told = {
            "network": chosen["network"].values[0],
            "answer": names[asked[document]][0],
            "step": step,
            "unit": unit,
            "state": own.ravel(),
        }
        tables.append(pd.DataFrame(told))
    return pd.concat(tables, ignore_index=True)


def _pair(answered: Int[np.ndarray, "document"]) -> list[int]:
    """Of the documents shown, the first of the first class, and of the last one."""
    return [int(np.flatnonzero(answered == answer)[0]) for answer in (answered.min(), answered.max())]


def _variance(figure: matplotlib.figure.Figure, top: float, readers: Readers) -> pd.DataFrame:
    """Panel b."""
    style.heading(figure, 2, top + 3, "b", "Variance of states in the leading principal components, median and quartiles of networks")
    entries = [(Line2D([], [], ms=3.2, mew=0, lw=1.0, **look), text) for look, text in ((_AFTER, "trained"), (_BEFORE, "before training"))]
    panels.line(figure, 128, top + 2.1, entries)
    tables = []
    for group, axes in reading.group_tiles(figure, top + _HEADING, readers, _VARIANCE).items():
        for prefix, look in (("untrained_", _BEFORE), ("", _AFTER)):
            known = readers.summary(group, *(f"{prefix}reading_variance_{number}" for number in _COMPONENTS))
            if known.shape[1] == len(_COMPONENTS):
                told = reading.curve(axes, _COMPONENTS, known, **look)
                tables.append(told.assign(group=group, quantity=f"{prefix}variance"))
        if not sum(map(len, tables[-2:])):
            reading.nothing(axes, "no network\nhas a value")
            continue
        axes.set(xscale="log", ylim=(0, 1.02), yticks=[0, 0.5, 1], xlabel="components", ylabel="share of variance")
        axes.xaxis.set_major_locator(FixedLocator(list(_COMPONENTS)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_locator(NullLocator())
    return reading.table(tables)


def _planes(
    figure: matplotlib.figure.Figure, top: float, readers: Readers, examples: Mapping[str, Example | None]
) -> dict[str, pd.DataFrame]:
    """Panel c."""
    style.heading(figure, 2, top + 3, "c", "States of one network of each group, with its slow points")
    shown = [example for example in examples.values() if example is not None]
    entries = [(Line2D([], [], ls="none", marker="s", ms=3.5, mew=0, color=look["color"]), name) for name, look in _classes(shown)]
    marks = [
        (Line2D([], [], ls="none", marker="*", ms=6, mew=0.5, mec="black", mfc="white"), "first state"),
        (panels.stroke("black"), "readout"),
    ]
    if any(example.reading.sizes["output"] == 1 for example in shown):
        marks.append((panels.stroke("black", (0, (3, 1.5))), "readout = 0"))
    panels.line(figure, 7, top + 7, [*entries, *marks])
    reading.theta_bar(figure, 138, top + 5)
    tables, points = [], []
    for group, axes in reading.group_tiles(figure, top + _HEADING + 4, readers, _PLANE, counted=False).items():
        example = examples[group]
        if example is None:
            reading.nothing(axes)
            continue
        tables.append(_plane(axes, example).assign(group=group))
        points.append(reading.theta_points(axes, example.points).assign(group=group))
    return {"c": reading.table(tables), "c_points": reading.table(points)}


def _classes(shown: list[Example]) -> list[tuple[str, dict[str, Any]]]:
    """Those of the first network with the most."""
    return max((reading.classes(example.reading) for example in shown), key=len, default=[])


def _plane(axes: Axes, example: Example) -> pd.DataFrame:
    """States of one network; returns how often they are where."""
    own = example.reading
    places, counts = own["position"].values[:, :2], own["visits"].values.astype(float)
    looks = reading.classes(own)
    axes.imshow(**_density(places, counts, [look["color"] for _, look in looks]), interpolation="nearest", origin="lower", aspect="auto")
    axes.images[-1].set_rasterized(True)
    answered = own["answered"].values[own["shown"].values]
    for document in _pair(answered):
        path = own["trajectory"].values[document, :, :2]
        axes.plot(*path.T, color="black", lw=1.4, zorder=2)
        axes.plot(*path.T, color=looks[answered[document]][1]["color"], lw=0.7, zorder=2)
    axes.plot(*own["first_state"].values[:2], ls="none", marker="*", ms=6, mew=0.5, mec="black", mfc="white", zorder=5)
    centre, half = panels.extent(places)
    axes.set(xlim=(centre[0] - 1.1 * half[0], centre[0] + 1.1 * half[0]), ylim=(centre[1] - 1.25 * half[1], centre[1] + 1.25 * half[1]))
    axes.set(xticks=[], yticks=[])
    _readout(axes, own)
    share = 100 * own["explained"].values[-1]
    axes.set(xlabel=f"PC1 ({share[0]:.0f} %)", ylabel=f"PC2 ({share[1]:.0f} %)")
    answer, cell = np.nonzero(counts)
    told = {"network": example.name, "answer": answer, "pc_1": places[cell, 0], "pc_2": places[cell, 1], "states": counts[answer, cell]}
    return pd.DataFrame(told)


def _density(places: Float[np.ndarray, "point axis"], counts: Float[np.ndarray, "answer point"], colours: list[str]) -> dict[str, Any]:
    """An image of cells in the mean colour of the classes there, the stronger the more often states are in it."""
    side = round(np.sqrt(len(places)))
    whole = counts.sum(axis=0)
    shade = np.log1p(whole) / (np.log1p(whole).max() or 1.0)
    mixed = counts.T @ np.array([to_rgb(colour) for colour in colours]) / np.where(whole > 0, whole, 1)[:, None]
    image = np.concatenate([mixed, np.where(whole > 0, 0.15 + 0.75 * shade, 0)[:, None]], axis=1).reshape(side, side, 4)
    step = (places[-1] - places[0]) / (2 * max(side - 1, 1))
    (left, low), (right, high) = places[0] - step, places[-1] + step
    return {"X": image.swapaxes(0, 1), "extent": (left, right, low, high)}


def _readout(axes: Axes, own: xr.Dataset) -> None:
    """Readout directions from the middle of the frame; of one output also the line on which it is 0."""
    rows, offset = own["readout"].values[:, :2], own["centre_outputs"].values
    middle, half = (
        np.array([np.mean(axes.get_xlim()), np.mean(axes.get_ylim())]),
        np.array([np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())]) / 2,
    )
    if len(rows) == 1 and rows.any():
        foot = -offset[0] * rows[0] / (rows[0] @ rows[0])
        across = np.array([-rows[0, 1], rows[0, 0]]) / np.linalg.norm(rows[0])
        ends = foot + np.outer([-4, 4], across) * half.max()
        axes.plot(*ends.T, color="black", lw=0.8, ls=(0, (3, 1.5)), zorder=3, scalex=False, scaley=False)
        middle = foot
    elif len(rows) > 1:
        rows = rows - rows.mean(axis=0)
    for row in rows:
        size = np.linalg.norm(row / half)
        if size > 0:
            reading.arrow(axes, middle + 0.45 * row / size, "black", middle)


def _accuracies(figure: matplotlib.figure.Figure, top: float, readers: Readers, numbers: reading.Numbers) -> dict[str, pd.DataFrame]:
    """Panel d."""
    style.heading(figure, 2, top + 3, "d", "Share of right answers, network by network; dashed: a bag of words, dotted: chance")
    chance, before = _chance(readers), len(figure.axes)
    low = (
        np.concatenate([[chance], *(readers.groups.table(group, column)[column] for group in readers.names for column in numbers)]).min()
        - 0.03
    )
    found = reading.numbers(figure, top + _HEADING - 3, readers, numbers, (low, 1.02))
    for axes in figure.axes[before:]:
        if axes.spines["bottom"].get_visible():
            axes.axvline(chance, **style.CHANCE)
            axes.set_xticks([0.5, 1.0] if low > 0.25 else [0, 0.5, 1.0])
    return {f"d{suffix}": table for suffix, table in found.items()}


def _bag_of_words(readers: Readers) -> float | None:
    """The same for all networks of a task; None where it is not known."""
    known = readers.groups.average("value_bag_accuracy")
    return float(known) if known.ndim == 0 and np.isfinite(known) else None


def _chance(readers: Readers) -> float:
    """Of classes that come equally often; of several signs, of each sign."""
    store = next(iter(readers.readings), None)
    if store is None:
        return 0.5
    outputs = store.sizes["output"]
    return 1 / outputs if store.sizes["answer"] == outputs and outputs > 1 else 0.5


def _after(figure: matplotlib.figure.Figure, top: float, readers: Readers) -> dict[str, pd.DataFrame]:
    """Panels e and f."""
    style.heading(figure, 2, top + 3, "e", "Last states cut to their leading components")
    style.heading(figure, 92, top + 3, "f", "Speed of states after the last word, without input")
    cut, slow = (style.place(figure, left, top + _HEADING, 70, _CURVES) for left in (14, 106))
    tables: dict[str, list[pd.DataFrame]] = {"e": [], "f": []}
    entries = []
    for place, group in enumerate(readers.names):
        look = style.line(place)
        stores = readers.readings
        squashed = readers.values(stores, group, "squashed_accuracy")
        if squashed.size:
            x = stores[0]["retained"].values
            tables["e"].append(reading.curve(cut, x, squashed[:, -1], **look).assign(group=group))
        entries.append((Line2D([], [], ms=3.2, mew=0, lw=1.0, **look), f"{group} ({len(squashed)}; {len(readers.met(group))})"))
        lags = stores[0]["lag"].values if stores else np.empty(0, dtype=int)
        speeds = readers.summary(group, *(f"relaxation_{lag}" for lag in lags))
        if speeds.shape[1] == len(lags) > 0:
            tables["f"].append(reading.curve(slow, lags, np.where(speeds > 0, speeds, np.nan), **look).assign(group=group))
    if sum(map(len, tables["e"])):
        cut.set(xscale="log", xlabel="components", ylabel="share of right answers")
        cut.xaxis.set_major_locator(FixedLocator([1, 2, 3, 5, 10, 20]))
        cut.xaxis.set_major_formatter("{x:g}")
        cut.xaxis.set_minor_locator(NullLocator())
        cut.axhline(_chance(readers), **style.CHANCE)
    else:
        reading.nothing(cut)
    if sum(map(len, tables["f"])):
        slow.set_xscale("symlog", linthresh=1, linscale=0.4)
        slow.xaxis.set_major_locator(FixedLocator([0, 1, 2, 5, 10, 20, 50]))
        slow.xaxis.set_major_formatter("{x:g}")
        reading.logarithmic(slow)
        slow.set(xlabel="steps after the last word", ylabel="|h(t+1) − h(t)| / |h(t)|")
    else:
        reading.nothing(slow, "no network\nhas a value")
    panels.line(figure, 14, top + _HEADING + _CURVES + reading.BELOW + 2, [*entries, (Line2D([], [], ls="none"), "(networks in e; f)")])
    return {letter: reading.table(found) for letter, found in tables.items()}
