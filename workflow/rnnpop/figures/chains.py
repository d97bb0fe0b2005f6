"""Pure feedforward chains that are watched at their output end: one curve for all lengths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import matplotlib.artist
import matplotlib.figure
import numpy as np
import pandas as pd

from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.figures.panels import students
from rnnpop.numerics import exact_circuits
from rnnpop.variants import Count

#: Top and height of the panels, left of the first one, in mm.
_TOP, _TALL, _LEFT = 13.0, 40.0, 16.0
#: Score from which on a student is read as a line attractor.
_READ = 1.0
_COLUMNS = ("line_attractor_score", "leading_real", "second_real", "time_constant_1", "time_constant_2", "observed")
#: d / √D beyond which students of chains have no slow mode, and are not shown.
_FAR = 6.0
_THEORY: dict[str, Any] = {"color": "black", "lw": 0.8, "ls": (0, (4, 2))}


@final
@dataclass(frozen=True)
class Chains(Figure):
    """Panels a and b; reads summary (columns of statistic `imitation`).

    (a) Scores of pure chains of D links that are watched at their output end, over the number d of watched units over √D: chains of all
    lengths are on one curve; dashed: exact, for the longest. (b) Two leading eigenvalues and time constants of students of a given number
    of units, over D; dashed: exact. After Qian et al. 2024, NeurIPS figure 3.

    Attributes:
        learner: whose students are shown.
        chain: architecture of the chains; units are their factor.
        watched: d of panel b.
    """

    learner: str = "long_time_limit"
    chain: str = "pure_chain"
    watched: Count = 25

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        table = students.rows(datasets["summary"], _COLUMNS)
        mine = (table["learner"] == self.learner) & (table["status"] == "ok") & (table["architecture"] == self.chain)
        chains = table[mine].reset_index(drop=True)
        with style.sheet():
            figure = style.page(_TOP + _TALL + 20)
            style.heading(figure, 2, 4, "a", f"Pure chains of D links (N = {len(set(chains['network']))})")
            style.heading(figure, 64, 4, "b", f"Students of {self.watched} units")
            tables = {"a": self._collapse(figure, chains), "b": self._lengths(figure, chains)}
            entries: list[tuple[matplotlib.artist.Artist, str]] = [
                (panels.stroke("black", (0, (4, 2))), "exact"),
                (panels.stroke("0.4", ":"), "a: score 1"),
                *(
                    (panels.mark(style.line(place)["marker"], "full", style.line(place)["color"]), f"b: {name}")
                    for place, name in enumerate(("first", "second"))
                ),
            ]
            panels.line(figure, 6, _TOP + _TALL + 16, entries)
        return Drawing(figure, tables)

    def _collapse(self, figure: matplotlib.figure.Figure, chains: pd.DataFrame) -> pd.DataFrame:
        """Panel a."""
        axes = style.place(figure, _LEFT, _TOP, 40, _TALL)
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
            axes.plot(of_size.index, of_size, lw=0, ms=3, mew=0, **style.line(place) | {"color": colour, "ls": "none"})
        longest = int(sizes[-1])
        counts = np.unique(np.geomspace(2, max(3, min(longest - 1, 2.5 * np.sqrt(longest))), 20).astype(int))
        exact = [_score(exact_circuits.chain_spectrum(longest, int(count))) for count in counts]
        axes.plot(counts / np.sqrt(longest), exact, **_THEORY)
        axes.set(xscale="log", xlim=(0.8 * own["ratio"].min(), 1.2 * own["ratio"].max()), xlabel="d / √D", ylabel="score")
        students.plain(axes, "x")
        entries = [
            (panels.mark(style.line(place)["marker"], "full", style.SEQUENTIAL(place / max(len(sizes) - 1, 1))), f"{size:g}")
            for place, size in enumerate(map(float, sizes))
        ]
        axes.legend(*zip(*entries, strict=True), title="D", loc="upper right", handletextpad=0.1, borderpad=0, labelspacing=0.2)
        return own[["network", "units", "observed", "ratio", "line_attractor_score"]]

    def _lengths(self, figure: matplotlib.figure.Figure, chains: pd.DataFrame) -> pd.DataFrame:
        """Panel b: eigenvalues on the left, time constants on the right."""
        sides = [style.place(figure, 78 + 56 * side, _TOP, 40, _TALL) for side in (0, 1)]
        own = chains[(chains["observed"] == self.watched) & np.isfinite(chains["leading_real"])] if "units" in chains else chains.iloc[:0]
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
                axes.plot(sizes, own[column], ms=3, mew=0, **style.line(place) | {"ls": "none"})
                axes.plot(fine, curve, **_THEORY | {"color": style.line(place)["color"]})
            axes.set(xscale="log", xlabel="D")
            students.plain(axes, "x")
        sides[0].axhline(1, **style.CHANCE)
        sides[0].set_ylabel("Re λ, two leading")
        sides[1].set(ylabel="time constants (τ)", yscale="log")
        students.plain(sides[1], "y")
        return own[["network", "units", *_COLUMNS[1:]]]


def _score(spectrum: np.ndarray) -> float:
    """Line-attractor score of a stable spectrum by falling real part."""
    return float(np.log2((1 - spectrum[1].real) / (1 - spectrum[0].real)))
