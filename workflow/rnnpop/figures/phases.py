"""Where students find line attractors: over the share of units watched, and how far circuits are from normal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import matplotlib.artist
import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.figures.panels import students
from rnnpop.numerics import exact_circuits

#: Tops of the rows of panels, height of a panel, left of the first one, width of all of them, in mm.
_ROWS, _TALL, _LEFT, _ACROSS = (13.0, 69.0), 34.0, 16.0, 160.0
#: Score from which on a student is read as a line attractor.
_READ = 1.0
#: Scores above this have one colour: those of real line attractors would leave no colours for others.
_CAP = 6.0
_THEORY: dict[str, Any] = {"color": "black", "lw": 0.8, "ls": (0, (4, 2))}


@final
@dataclass(frozen=True)
class Phases(Figure):
    """Panels a and b of one kind of students; reads summary (columns of statistic `imitation`).

    (a) Median line-attractor score over teachers, by the share of units watched and a factor of the family; white line: where it is
    1; dashed: where the mean-field score of null circuits of rank 1 is 1. (b) The same medians as curves, with the interval between
    order statistics that holds a population's median at 95 %; dashed: mean field, level by level; dotted: what the scores of strongly
    non-normal ones tend to, log₂((2 − f) / f), and 1.

    Attributes:
        learner: whose students are shown.
        families: architecture -> factor.
        mean_field: those of them that are null circuits of rank 1, their factor γ².
    """

    learner: str = "long_time_limit"
    families: Mapping[str, str] = field(default_factory=lambda: {"null_low_rank": "gamma_squared", "chain": "beta"})
    mean_field: tuple[str, ...] = ("null_low_rank",)

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        table = students.rows(datasets["summary"], ("line_attractor_score",))
        table = table[(table["learner"] == self.learner) & (table["status"] == "ok")].reset_index(drop=True)
        scores = {
            family: students.medians(table[table["architecture"] == family], factor, "line_attractor_score")
            for family, factor in self.families.items()
            if (table["architecture"] == family).any()
        }
        with style.sheet():
            figure = style.page(_ROWS[1] + _TALL + 23)
            networks = len(set(table["network"]))
            style.heading(figure, 2, 4, "a", f"Median line-attractor score of students, {style.printed(self.learner)} (N = {networks})")
            style.heading(figure, 2, _ROWS[1] - 6, "b", "The same, with 95 % intervals over teachers")
            self._diagrams(figure, scores)
            self._curves(figure, scores)
            entries: list[tuple[matplotlib.artist.Artist, str]] = [
                (panels.stroke("0.7"), "a: median score 1 (white)"),
                (panels.stroke("black", (0, (4, 2))), "mean field of rank 1"),
                (panels.stroke("0.4", ":"), "score 1; b: strong non-normality"),
            ]
            panels.line(figure, 6, _ROWS[1] + _TALL + 19, entries)
        return Drawing(figure, {"a": _table(scores), "b": _table(scores)})

    def _diagrams(self, figure: matplotlib.figure.Figure, scores: Mapping[str, pd.DataFrame]) -> None:
        """Panel a, with one scale for all families."""
        if not scores:
            panels.nothing(style.place(figure, _LEFT, _ROWS[0], _ACROSS, _TALL))
            return
        values = np.concatenate([own["value"].to_numpy() for own in scores.values()])
        finite = values[np.isfinite(values)]
        highest = max(2.0, finite.max(initial=0))
        scale = Normalize(min(0.0, finite.min(initial=0)), min(highest, _CAP))
        for (family, own), (left, width) in zip(scores.items(), _places(len(scores)), strict=True):
            axes = style.place(figure, left, _ROWS[0], width, _TALL)
            axes.set_title(style.printed(family))
            self._diagram(axes, family, own, scale)
        panels.colour_bar(
            figure,
            144,
            3.2,
            24,
            ScalarMappable(scale, style.SEQUENTIAL),
            "score" + (f" (from {_CAP:g} on alike)" if highest > _CAP else ""),
        )

    def _diagram(self, axes: Axes, family: str, own: pd.DataFrame, scale: Normalize) -> None:
        levels, shares = students.levels_of(own["level"]), sorted(set(own["fraction"]))
        grid = own.pivot(index="level", columns="fraction", values="value").reindex(index=levels, columns=shares).to_numpy(dtype=float)
        edges = _edges(np.array(shares))
        axes.pcolormesh(edges, np.arange(len(levels) + 1) - 0.5, grid, cmap=style.SEQUENTIAL, norm=scale, rasterized=True)
        students.share_axis(axes, shares)
        axes.set(xlim=(edges[0], edges[-1]), ylim=(-0.5, len(levels) - 0.5), ylabel=students.written(self.families[family]))
        axes.set_yticks(range(len(levels)), students.printed(levels))
        known = np.isfinite(grid)
        if min(grid.shape) > 1 and known.all() and grid.min() < _READ < grid.max():
            axes.contour(shares, range(len(levels)), grid, levels=[_READ], colors="white", linewidths=1.4)
        if family in self.mean_field and len(levels) > 1:
            fine = np.geomspace(edges[0], edges[-1], 200), np.linspace(-0.5, len(levels) - 0.5, 200)
            gamma = np.exp(np.interp(fine[1], range(len(levels)), np.log(np.array(levels, dtype=float))))
            expected = exact_circuits.mean_field_score(fine[0][None], gamma[:, None])
            axes.contour(*fine, expected, levels=[_READ], colors="black", linewidths=1.0, linestyles=[(0, (4, 2))])

    def _curves(self, figure: matplotlib.figure.Figure, scores: Mapping[str, pd.DataFrame]) -> None:
        """Panel b."""
        if not scores:
            panels.nothing(style.place(figure, _LEFT, _ROWS[1], _ACROSS, _TALL))
        for (family, own), (left, width) in zip(scores.items(), _places(len(scores)), strict=True):
            axes = style.place(figure, left, _ROWS[1], width, _TALL)
            levels, shares = students.levels_of(own["level"]), sorted(set(own["fraction"]))
            fine = np.geomspace(shares[0], shares[-1], 200)
            axes.axhline(_READ, **style.CHANCE)
            axes.plot(fine, exact_circuits.strong_score(fine), **style.CHANCE)
            for place, level in enumerate(levels):
                colour = style.SEQUENTIAL(place / max(len(levels) - 1, 1))
                students.curve(axes, own[own["level"] == level], "fraction", **style.line(place) | {"color": colour, "ls": "-"})
                if family in self.mean_field:
                    axes.plot(fine, exact_circuits.mean_field_score(fine, float(level)), **_THEORY | {"color": colour})
            students.share_axis(axes, shares)
            axes.set_ylabel("score" if left == _LEFT else "")
            top = np.nanmax([_READ, *own["value"], *own["high"]])
            axes.set_ylim(min(-0.3, float(np.nanmin([0, *own["value"]]))), 1.1 * top)
            counts = own["networks"]
            least = f"N = {counts.min()}" if counts.min() == counts.max() else f"N = {counts.min()}–{counts.max()}"
            axes.set_title(f"{least} each", loc="right", color="0.3")
            names = students.printed(levels)
            entries = [
                (students.sample(**style.line(place) | {"color": style.SEQUENTIAL(place / max(len(levels) - 1, 1)), "ls": "-"}), name)
                for place, name in enumerate(names)
            ]
            panels.line(figure, left, _ROWS[1] + _TALL + 10.5, entries[: max(3, 9 // len(scores))])


def _table(scores: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([pd.DataFrame(columns=["family"]), *(own.assign(family=family) for family, own in scores.items())], ignore_index=True)


def _places(number: int) -> list[tuple[float, float]]:
    """Left and width of panels side by side."""
    pitch = _ACROSS / max(number, 1)
    return [(_LEFT + place * pitch, pitch - 14) for place in range(number)]


def _edges(shares: np.ndarray) -> np.ndarray:
    """Of cells on a logarithmic axis."""
    logs = np.log(shares)
    middle = (logs[1:] + logs[:-1]) / 2
    first, last = (logs[0] - (middle[0] - logs[0]), logs[-1] + (logs[-1] - middle[-1])) if len(logs) > 1 else (logs[0] - 0.2, logs[0] + 0.2)
    return np.exp(np.array([first, *middle, last]))
