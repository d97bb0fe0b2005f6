"""How many dimensions networks take to keep several classes apart: states, readouts and last states of tasks with N classes each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, final

import matplotlib.artist
import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Int
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from rnnpop.design import name_parts
from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.figures.panels import groups as grouped
from rnnpop.figures.panels import readers as reading
from rnnpop.figures.panels.groups import Groups
from rnnpop.figures.panels.students import legend
from rnnpop.numerics import prediction
from rnnpop.variants import Count

#: Heights of axes, and of a heading, in mm.
_NUMBERS, _STATES, _HEADING = 34.0, 32.0, 6.0

#: Column of the summary that says how many dimensions the documents themselves ask for.
_PREDICTED: Final = "predicted_dimension"
_PREDICTION: Final[dict[str, Any]] = {"ls": "none", "marker": "*", "ms": 6, "mew": 0.6, "mec": "black", "mfc": "#F0E442"}

#: What is expected.
_EXPECTED: Final[dict[str, Any]] = {"color": "black", "lw": 0.8, "ls": (0, (4, 2)), "zorder": 1}

#: Columns of panels a to d, and what their axes say.
_COLUMNS: Final = {
    "reading_participation": "participation ratio",
    "reading_components_95": "components",
    "readout_angle": "degrees",
    "test_accuracy": "share",
}
_HEADINGS: Final = ("Dimension of states", "Components that hold 95 %", "Angle between readouts", "Right answers")


@final
@dataclass(frozen=True)
class Simplex(Figure):
    """Panels a to e after Aitken et al. 2021, over tasks of several classes; reads `readings` and `summary`, with the columns of the
    statistics `reading` and `words`.

    (a) Participation ratio of states, (b) principal components that hold 95 % of their variance, (c) mean angle between two classes'
    readouts (less their mean), and (d) share of right answers, of each network over the number of classes N; dashed: N − 1 dimensions, and
    arccos(−1 / (N − 1)), the angle in a regular simplex; stars in a: what word counts of the documents predict; dotted in d: chance.
    (e) Last states of one network for each N, coloured by the class of the document, on three principal axes where N is above 3.

    Hollow marks are networks that did not meet the criterion. Black lines are medians of those that did, with a 95 % interval.

    Attributes:
        classes: task -> N.
        factors: coordinates of networks; those that agree in them are a group.
        shown: the group whose network is taken for e, by its place; the next one that has one, where it has none.
    """

    classes: Mapping[str, Count] = field(default_factory=dict)
    factors: tuple[str, ...] = ("architecture",)
    shown: int = 0

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        summary = panels.of_tasks(datasets["summary"], set(self.classes))
        if summary.sizes["network"]:
            summary = panels.of_level(summary, "learner", panels.levels(summary, "learner")[0])
        groups = Groups.of(summary, self.factors, {})
        number = np.array([self.classes[name_parts(name).task] for name in summary["network"].values], dtype=int)
        examples = self._examples(datasets.get("readings", []), groups)
        states = _HEADING + reading.lines(len(examples)) * (_STATES + 6)
        with style.sheet():
            figure = style.page(6 + _HEADING + _NUMBERS + 15 + states)
            tables: dict[str, pd.DataFrame] = {}
            for place, (column, text) in enumerate(_COLUMNS.items()):
                left, letter = 12 + 44.5 * place, "abcd"[place]
                style.heading(figure, left - 10, 5, letter, _HEADINGS[place])
                axes = style.place(figure, left, 2 + _HEADING, 32, _NUMBERS)
                found = _over_classes(axes, groups, number, column, text)
                tables |= {f"{letter}{suffix}": table for suffix, table in found.items()}
            legend(figure, 8, _HEADING + _NUMBERS + 13, _legend(groups))
            tables["e"] = _last(figure, _HEADING + _NUMBERS + 20, examples)
        return Drawing(figure, tables)

    def _examples(self, stores: Sequence[xr.Dataset], groups: Groups) -> dict[int, xr.Dataset]:
        """N -> a network that met the criterion."""
        label = dict(zip(groups.summary["network"].values, groups.label, strict=True))
        met = set(groups.summary["network"].values[groups.met])
        order = groups.names[self.shown :] + groups.names[: self.shown]
        found: dict[int, xr.Dataset] = {}
        for task, number in sorted(self.classes.items(), key=lambda entry: entry[1]):
            own = [
                store.isel(network=place)
                for store in stores
                for place, name in enumerate(store["network"].values)
                if name in met and name_parts(name).task == task and np.isfinite(store["end"].values[place]).all()
            ]
            if own:
                found[number] = min(own, key=lambda one: (order.index(label[one["network"].item()]), int(one["index"])))
        return found


def _over_classes(axes: Axes, groups: Groups, number: Int[np.ndarray, "network"], column: str, text: str) -> dict[str, pd.DataFrame]:
    """Panels a to d: networks of each group side by side at each N."""
    wide = 0.8 / max(len(groups.names), 1)
    asked = dict(zip(groups.summary["network"].values, number, strict=True))
    tables, medians = [], []
    for turn, group in enumerate(groups.names):
        own = groups.table(group, column)
        own["classes"] = own["network"].map(asked)
        for classes, here in own.groupby("classes"):
            middle = classes + (turn + 0.5) * wide - 0.4
            spread = ((np.arange(1, len(here) + 1) * (np.sqrt(5) - 1) / 2) % 1 - 0.5) * 0.75 * wide
            grouped.mark(axes, groups.look(group), here["met"].to_numpy(dtype=bool), middle + spread, here[column].to_numpy(dtype=float))
            told = prediction.median(here[column][here["met"]].to_numpy(dtype=float))
            axes.plot([middle - 0.42 * wide, middle + 0.42 * wide], [told.value] * 2, color="black", lw=1.2, zorder=4)
            axes.plot([middle] * 2, [told.low, told.high], color="black", lw=0.8, zorder=4)
            medians.append({"column": column, "group": group, "classes": classes} | told._asdict())
        tables.append(own.rename(columns={column: "value"}).assign(column=column))
    axes.set(xlabel="classes N", ylabel=text)
    if not medians:
        axes.set(xlabel="", ylabel="")
        panels.nothing(axes, "no network\nhas a value")
        return {"": reading.table([]), "_medians": reading.table([])}
    levels = np.unique(number)
    _expect(axes, column, levels)
    if column == "reading_participation" and _PREDICTED in groups.summary:
        predicted = groups.summary[_PREDICTED].values.astype(float)
        known = [predicted[(number == level) & np.isfinite(predicted)] for level in levels]
        stars = np.array([own[0] if len(own) else np.nan for own in known])  # of a task, the same for all
        axes.plot(levels + 0.48, stars, zorder=5, **_PREDICTION)
        tables.append(pd.DataFrame({"group": "predicted", "classes": levels, "value": stars, "column": column}))
    axes.set(xticks=levels, xlim=(levels[0] - 0.6, levels[-1] + 0.6))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=column == "reading_components_95"))
    return {"": pd.concat(tables, ignore_index=True), "_medians": pd.DataFrame(medians)}


def _expect(axes: Axes, column: str, levels: Int[np.ndarray, "level"]) -> None:
    """What theory says at each N."""
    for level in levels:
        ends = [level - 0.45, level + 0.45]
        if column in ("reading_participation", "reading_components_95"):
            axes.plot(ends, [level - 1] * 2, **_EXPECTED)
        elif column == "readout_angle":
            axes.plot(ends, [np.degrees(np.arccos(-1 / (level - 1)))] * 2, **_EXPECTED)
        else:
            axes.plot(ends, [1 / level] * 2, **style.CHANCE)


def _legend(groups: Groups) -> list[tuple[matplotlib.artist.Artist, str]]:
    marks = [(mark, f"{text} ({groups.counted(text)})") for mark, text in groups.legend()]
    expected = (Line2D([], [], **{key: value for key, value in _EXPECTED.items() if key != "zorder"}), "regular simplex")
    star = [(Line2D([], [], **_PREDICTION), "from word counts")] if _PREDICTED in groups.summary else []
    return [*marks, *groups.failed(), expected, *star]


def _last(figure: matplotlib.figure.Figure, top: float, examples: Mapping[int, xr.Dataset]) -> pd.DataFrame:
    """Panel e."""
    style.heading(figure, 2, top + 3, "e", "Last states of one network for each N on two (N ≤ 3) or three principal axes, by class")
    if not examples:
        reading.nothing(style.place(figure, 14, top + _HEADING, 40, _STATES))
        return reading.table([])
    titles = [f"N = {number} ({panels.called(own.expand_dims('network'))})" for number, own in examples.items()]
    tables = []
    for axes, (number, own) in zip(reading.tiles(figure, top + _HEADING - 2, titles, _STATES, _STATES + 6), examples.items(), strict=True):
        end, answered = own["end"].values, own["answered"].values
        flat = panels.flatten(end[:, :3]) if number > 3 else end[:, :2]
        for answer in range(number):
            axes.plot(*flat[answered == answer].T, ls="none", ms=1.8, mew=0, alpha=0.7, **style.look(answer))
        panels.frame(axes, flat)
        style.bare(axes)
        told = {"network": own["network"].item(), "classes": number, "answer": answered}
        tables.append(pd.DataFrame(told).assign(**{f"pc_{axis + 1}": end[:, axis] for axis in range(end.shape[1])}))
    return pd.concat(tables, ignore_index=True)
