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
from rnnpop.variants import Count

#: Tops of the rows of panels, height of a panel, left of the first one, width of all of them, in mm.
_ROWS, _TALL, _LEFT, _ACROSS = (13.0, 69.0, 127.0), 34.0, 16.0, 160.0
#: Score from which on a student is read as a line attractor.
_READ = 1.0
#: Scores above this have one colour: those of real line attractors would leave no colours for others.
_CAP = 6.0
_COLUMNS = ("line_attractor_score", "leading_real", "second_real", "time_constant_1", "time_constant_2", "observed")
#: Watched units, as a share of `watched`, within which networks count as watched by so many.
_NEAR = 0.1
#: d / √D beyond which students of chains have no slow mode, and are not shown.
_FAR = 6.0
#: How factors are written.
_WRITTEN = {"gamma_squared": "γ²", "beta": "β", "leading": "largest eigenvalue", "units": "D"}
_THEORY: dict[str, Any] = {"color": "black", "lw": 0.8, "ls": (0, (4, 2))}


@final
@dataclass(frozen=True)
class Phases(Figure):
    """Panels a to d of one kind of students; reads summary (columns of statistic `imitation`).

    (a) Median line-attractor score over teachers, by the share of units watched and a factor of the family; white line: where it is
    1; dashed: where the mean-field score of null circuits of rank 1 is 1. (b) The same medians as curves, with the interval between
    order statistics that holds a population's median at 95 %; dashed: mean field, level by level; dotted: what the scores of strongly
    non-normal ones tend to, log₂((2 − f) / f), and 1. (c) Scores of pure chains of D links that are watched at their output end, over
    the number d of watched units over √D: chains of all lengths are on one curve; dashed: exact, for the longest. (d) Two leading
    eigenvalues and time constants of students of a given number of units, over D; dashed: exact.

    Attributes:
        learner: whose students are shown.
        families: architecture -> factor, for panels a and b.
        mean_field: those of them that are null circuits of rank 1, their factor γ².
        chain: architecture of the pure chains of panels c and d; units are their factor.
        watched: d of panel d.
    """

    learner: str = "long_time_limit"
    families: Mapping[str, str] = field(default_factory=lambda: {"null_low_rank": "gamma_squared", "chain": "beta"})
    mean_field: tuple[str, ...] = ("null_low_rank",)
    chain: str = "pure_chain"
    watched: Count = 25

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        table = students.rows(datasets["summary"], _COLUMNS)
        table = table[(table["learner"] == self.learner) & (table["status"] == "ok")].reset_index(drop=True)
        scores = {
            family: students.medians(table[table["architecture"] == family], factor, "line_attractor_score")
            for family, factor in self.families.items()
            if (table["architecture"] == family).any()
        }
        chains = table[table["architecture"] == self.chain]
        with style.sheet():
            figure = style.page(_ROWS[2] + _TALL + 17)
            networks = len(set(table["network"]))
            style.heading(figure, 2, 4, "a", f"Median line-attractor score of students, {style.printed(self.learner)} (N = {networks})")
            style.heading(figure, 2, _ROWS[1] - 6, "b", "The same, with 95 % intervals over teachers")
            style.heading(figure, 2, _ROWS[2] - 6, "c", "Pure chains of D links")
            style.heading(figure, 64, _ROWS[2] - 6, "d", f"Students of {self.watched} units of pure chains")
            self._diagrams(figure, scores)
            self._curves(figure, scores)
            tables = {
                "a": _table(scores),
                "b": _table(scores),
                "c": self._collapse(figure, chains),
                "d": self._lengths(figure, chains),
            }
            entries: list[tuple[matplotlib.artist.Artist, str]] = [
                (panels.stroke("0.7"), "a: median score 1 (white)"),
                (panels.stroke("black", (0, (4, 2))), "mean field (a, b: rank 1), exact (c, d)"),
                (panels.stroke("0.4", ":"), "score 1; b: strong non-normality"),
                *(
                    (panels.mark(students.look(place)["marker"], "full", students.look(place)["color"]), f"d: {name}")
                    for place, name in enumerate(("first", "second"))
                ),
            ]
            panels.line(figure, 6, _ROWS[2] + _TALL + 14, entries)
        return Drawing(figure, tables)

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
        axes.set(xlim=(edges[0], edges[-1]), ylim=(-0.5, len(levels) - 0.5), ylabel=_written(self.families[family]))
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
                students.curve(axes, own[own["level"] == level], "fraction", **students.look(place) | {"color": colour, "ls": "-"})
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
                (students.sample(**students.look(place) | {"color": style.SEQUENTIAL(place / max(len(levels) - 1, 1)), "ls": "-"}), name)
                for place, name in enumerate(names)
            ]
            panels.line(figure, left, _ROWS[1] + _TALL + 10.5, entries[:4])

    def _collapse(self, figure: matplotlib.figure.Figure, chains: pd.DataFrame) -> pd.DataFrame:
        """Panel c."""
        axes = style.place(figure, _LEFT, _ROWS[2], 40, _TALL)
        own = chains[np.isfinite(chains["line_attractor_score"])] if "units" in chains else chains.iloc[:0]
        own = own.assign(ratio=own["observed"] / np.sqrt(own["units"].astype(float) if len(own) else 1.0))
        own = own[own["ratio"] < _FAR]
        if not len(own):
            panels.nothing(axes, "no pure chains")
            return pd.DataFrame(columns=["units", "observed", "line_attractor_score"])
        sizes = students.levels_of(own["units"])
        axes.axhline(_READ, **style.CHANCE)
        for place, size in enumerate(sizes):
            of_size = own[own["units"] == size].groupby("ratio")["line_attractor_score"].median()
            colour = style.SEQUENTIAL(place / max(len(sizes) - 1, 1))
            axes.plot(of_size.index, of_size, lw=0, ms=3, mew=0, **students.look(place) | {"color": colour, "ls": "none"})
        longest = int(sizes[-1])
        counts = np.unique(np.geomspace(2, max(3, min(longest - 1, 2.5 * np.sqrt(longest))), 20).astype(int))
        exact = [_score(exact_circuits.chain_spectrum(longest, int(count))) for count in counts]
        axes.plot(counts / np.sqrt(longest), exact, **_THEORY)
        axes.set(xscale="log", xlim=(0.8 * own["ratio"].min(), 1.2 * own["ratio"].max()), xlabel="d / √D", ylabel="score")
        students.plain(axes, "x")
        entries = [
            (panels.mark(students.look(place)["marker"], "full", style.SEQUENTIAL(place / max(len(sizes) - 1, 1))), f"{size:g}")
            for place, size in enumerate(map(float, sizes))
        ]
        axes.legend(*zip(*entries, strict=True), title="D", loc="upper right", handletextpad=0.1, borderpad=0, labelspacing=0.2)
        return own[["network", "units", "observed", "ratio", "line_attractor_score"]]

    def _lengths(self, figure: matplotlib.figure.Figure, chains: pd.DataFrame) -> pd.DataFrame:
        """Panel d: eigenvalues on the left, time constants on the right."""
        sides = [style.place(figure, 78 + 56 * side, _ROWS[2], 40, _TALL) for side in (0, 1)]
        near = np.abs(chains["observed"] / self.watched - 1) <= _NEAR
        own = chains[near & np.isfinite(chains["leading_real"])] if "units" in chains else chains.iloc[:0]
        if not len(own):
            for axes in sides:
                panels.nothing(axes, f"no pure chains with\n{self.watched} units watched")
            return pd.DataFrame(columns=["units", "observed"])
        sizes = own["units"].astype(float)
        fine = np.unique(np.geomspace(max(sizes.min(), self.watched + 1), max(sizes.max(), self.watched + 2), 15).astype(int))
        spectra = [exact_circuits.chain_spectrum(int(size), self.watched)[:2].real for size in fine]
        exact = np.array(spectra)
        for axes, columns, curves in (
            (sides[0], ("leading_real", "second_real"), exact),
            (sides[1], ("time_constant_1", "time_constant_2"), 1 / (1 - exact)),
        ):
            for place, (column, curve) in enumerate(zip(columns, curves.T, strict=True)):
                axes.plot(sizes, own[column], ms=3, mew=0, **students.look(place) | {"ls": "none"})
                axes.plot(fine, curve, **_THEORY | {"color": students.look(place)["color"]})
            axes.set(xscale="log", xlabel="D")
            students.plain(axes, "x")
        sides[0].axhline(1, **style.CHANCE)
        sides[0].set_ylabel("Re λ, two leading")
        sides[1].set(ylabel="time constants (τ)", yscale="log")
        students.plain(sides[1], "y")
        return own[["network", "units", *_COLUMNS[1:]]]


def _written(factor: str) -> str:
    return _WRITTEN.get(factor) or style.printed(factor)


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


def _score(spectrum: np.ndarray) -> float:
    """Line-attractor score of a stable spectrum by falling real part."""
    return float(np.log2((1 - spectrum[1].real) / (1 - spectrum[0].real)))
