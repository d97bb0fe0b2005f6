"""What foretells that a student's slow mode is not there: how far a circuit is from normal, and what activity alone can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, final

import matplotlib.artist
import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.figures.panels import students
from rnnpop.numerics import prediction
from rnnpop.seeds import stream
from rnnpop.variants import Positive, Probability

#: Tops of the rows of panels; left and width of panels in three columns; height, in mm.
_ROWS, _LEFTS, _WIDE, _TALL = (10.0, 70.0), (32.0, 84.0, 136.0), 38.0, 40.0
#: How columns are written.
_WRITTEN = {
    "noise_amplification": "noise amplification Λ",
    "abscissa_excess": "abscissa excess",
    "kreiss_constant": "Kreiss constant",
    "operator_norm": "operator norm",
    "largest_variance": "largest variance",
    "largest_observed_variance": "largest variance seen",
    "commutator_index": "commutator index",
    "henrici_index": "Henrici index",
    "noise_participation_ratio": "− participation ratio",
    "acf_deficit": "deficit, least",
    "acf_deficit_05": "deficit at ½",
    "acf_deficit_1": "deficit at 1",
    "acf_deficit_2": "deficit at 2",
    "acf_deficit_4": "deficit at 4",
    "nested_slope": "nested slope",
    "perturbation_mismatch": "perturbation",
}
#: Columns of which a small number speaks for an overestimated time constant.
_FALLING = ("acf_deficit", "acf_deficit_05", "acf_deficit_1", "acf_deficit_2", "acf_deficit_4", "noise_participation_ratio")
_INDICES = (
    "noise_amplification",
    "abscissa_excess",
    "kreiss_constant",
    "operator_norm",
    "largest_variance",
    "noise_participation_ratio",
    "commutator_index",
    "henrici_index",
)
#: Looks of panel f.
_FLAGGED: dict[str, Any] = {"color": "#D55E00", "fillstyle": "full"}
_OVER: dict[str, Any] = {"color": "0.3", "fillstyle": "none"}
_DIAGNOSTICS = ("acf_deficit", "acf_deficit_05", "acf_deficit_1", "acf_deficit_2", "acf_deficit_4", "nested_slope", "perturbation_mismatch")


@final
@dataclass(frozen=True)
class Predictors(Figure):
    """Panels a to f of one kind of students that watch one share of units; reads summary (of statistics `imitation` and `nonnormality`).

    (a) P(an index of a circuit whose student's time constant is above `overestimate` times its own is larger than that of one whose is
    not): area under the curve; (b) rank correlation of the index with the logarithm of that ratio. (c) The ratio over the noise
    amplification Λ: by theory never above it (line), where the student is that of an endless record. (d) Diagnostics, of activity alone
    (deficits of its autocorrelation, the slope over fewer units) and of a displaced teacher (perturbation): shares of overestimated
    students that are found, over shares of others that are found as well, as the threshold moves; (e) areas under them. Of students of an
    endless record, activity is that record: what finite ones can tell is asked of students that are fitted to some. (f) Shares of students
    of each architecture that are overestimated (hollow), and that are flagged, by a deficit below −`flag` (filled), with Wilson's
    intervals. Elsewhere: 95 % percentiles over 1000 resamples of circuits. A circuit is one point, whatever its architecture: areas say how
    well architectures are told apart, too.

    Attributes:
        learner: whose students are shown.
        fraction: share of units that they watch: the nearest one.
        overestimate: ratio of time constants that counts.
        flag: depth of the deficit that is flagged.
        indices: columns of panels a and b.
        diagnostics: columns of panels d and e.
        families: architectures that are shown; all where it is empty.
    """

    learner: str = "long_time_limit"
    fraction: Probability = 0.1
    overestimate: Positive = 1.5
    flag: Positive = 0.01
    indices: tuple[str, ...] = field(default=_INDICES)
    diagnostics: tuple[str, ...] = field(default=_DIAGNOSTICS)
    families: tuple[str, ...] = ()

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        wanted = dict.fromkeys(["overestimation", "noise_amplification", "acf_deficit", *self.indices, *self.diagnostics])
        table = students.rows(datasets["summary"], list(wanted))
        table = table[(table["learner"] == self.learner) & (table["status"] == "ok") & (table["overestimation"] > 0)]
        if self.families:
            table = table[table["architecture"].isin(self.families)]
        shares = sorted(set(table["fraction"]))
        share = min(shares, key=lambda found: abs(np.log(found / self.fraction)), default=self.fraction)
        table = table[table["fraction"] == share].reset_index(drop=True)
        over = (table["overestimation"] > self.overestimate).to_numpy()
        areas = _estimates(table, self.indices, over, "auc")
        ranks = _estimates(table, self.indices, np.log(table["overestimation"].to_numpy(dtype=float)), "spearman")
        found = _estimates(table, self.diagnostics, over, "auc")
        flags = self._flags(table, over)
        families = list(dict.fromkeys(table["architecture"]))
        with style.sheet():
            figure = style.page(_ROWS[1] + _TALL + 21)
            told = f"{style.printed(self.learner)}, {100 * share:g} % watched; N = {len(table)}, {over.sum()} overestimated"
            for place, (letter, text) in enumerate(zip("abc", ("Area under the curve", "Rank correlation", "Bound"), strict=True)):
                style.heading(figure, _LEFTS[place] - (30 if not place else 10), 4, letter, text)
            for place, (letter, text) in enumerate(zip("def", ("Diagnostics", "Area under the curve", "Flagged"), strict=True)):
                style.heading(figure, (2, 64, 126)[place], _ROWS[1] - 6, letter, text)
            _ladder(style.place(figure, _LEFTS[0], _ROWS[0], _WIDE, _TALL), areas, 0.5, "P(correct order)")
            _ladder(style.place(figure, _LEFTS[1], _ROWS[0], _WIDE, _TALL), ranks, 0.0, "Spearman, log ratio", names=False)
            bound = _bound(style.place(figure, _LEFTS[2] + 4, _ROWS[0], _WIDE, _TALL), table, families)
            curves = _curves(style.place(figure, 14, _ROWS[1], _WIDE, _TALL), table, found, over)
            _ladder(style.place(figure, 84, _ROWS[1], 34, _TALL), found, 0.5, "P(correct order)", coloured=True)
            _flagged(style.place(figure, 150, _ROWS[1], 26, _TALL), flags)
            entries: list[tuple[matplotlib.artist.Artist, str]] = [
                (panels.mark(style.line(place)["marker"], _fill(place), style.line(place)["color"]), f"c: {style.printed(name)}")
                for place, name in enumerate(families)
            ]
            for look, text in ((_OVER, "f: overestimated"), (_FLAGGED, f"f: deficit below −{self.flag:g}")):
                entries.append((panels.mark("o", look["fillstyle"], look["color"]), text))
            style.write(figure, 8, _ROWS[1] + _TALL + 11.5, told)
            students.legend(figure, 8, _ROWS[1] + _TALL + 15, entries)
        return Drawing(figure, {"a": areas, "b": ranks, "c": bound, "d": curves, "e": found, "f": flags})

    def _flags(self, table: pd.DataFrame, over: np.ndarray) -> pd.DataFrame:
        """Shares of each architecture that are overestimated, and that are flagged."""
        known = table["acf_deficit"].notna().to_numpy()
        told = [
            table[kept]
            .assign(what=what, successes=found[kept])
            .groupby(["architecture", "what"], sort=False)["successes"]
            .agg(["sum", "count"])
            for what, found, kept in (
                ("overestimated", over, np.ones(len(table), dtype=bool)),
                ("flagged", table["acf_deficit"].to_numpy(dtype=float) < -self.flag, known),
            )
        ]
        flags = pd.concat(told).astype(float).reset_index().rename(columns={"count": "networks"})
        low, high = prediction.wilson(flags["sum"].to_numpy(), flags["networks"].to_numpy())
        return flags.assign(value=flags["sum"] / flags["networks"], low=low, high=high).drop(columns="sum")


def _estimates(table: pd.DataFrame, columns: Sequence[str], against: np.ndarray, statistic: str) -> pd.DataFrame:
    """One row a column that any network has: its estimate, with its interval."""
    rows = []
    for column in columns:
        values = table[column].to_numpy(dtype=float) * (-1 if column in _FALLING else 1)
        if np.isfinite(values).any():
            told = prediction.resampled(getattr(prediction, statistic), values, against, stream(0, "predictors", statistic, column))
            rows.append({"column": column, **told._asdict()})
    return pd.DataFrame(rows, columns=["column", "value", "low", "high", "networks"])


def _written(column: str) -> str:
    return _WRITTEN.get(column) or style.printed(column)


def _ladder(axes: Axes, table: pd.DataFrame, none: float, text: str, *, names: bool = True, coloured: bool = False) -> None:
    """Estimates one below the other, with their intervals, and a line where there is no relation."""
    if not table["value"].notna().any():
        panels.nothing(axes, "nothing to tell\napart")
        return
    axes.axvline(none, **style.CHANCE)
    for place, row in enumerate(table.itertuples()):
        look = style.line(place) if coloured else {"color": "black", "marker": "o"}
        axes.plot([row.low, row.high], [place] * 2, color=look["color"], lw=0.9)
        axes.plot(row.value, place, ls="none", ms=3.2, mew=0, color=look["color"], marker=look["marker"])
    axes.set_yticks(range(len(table)), [_written(column) for column in table["column"]] if names else [])
    low = min(none, np.nanmin([*table["low"], *table["value"]]))
    axes.set(ylim=(len(table) - 0.5, -0.5), xlim=(low - 0.03, 1.03), xlabel=text)
    axes.tick_params(axis="y", length=0)


def _bound(axes: Axes, table: pd.DataFrame, families: list[str]) -> pd.DataFrame:
    """Panel c."""
    told = table[["network", "architecture", "noise_amplification", "overestimation"]]
    known = told[(told["noise_amplification"] > 0) & (told["overestimation"] > 0)]
    if not len(known):
        panels.nothing(axes, "no amplification\nknown")
        return told
    for place, family in enumerate(families):
        own = known[known["architecture"] == family]
        look = style.line(place) | {"ls": "none", "fillstyle": _fill(place)}
        axes.plot(
            own["noise_amplification"], own["overestimation"], ms=2.4, mew=0.4 if look["fillstyle"] == "none" else 0, alpha=0.7, **look
        )
    ends = [0.8, 1.5 * known["noise_amplification"].max()]
    axes.plot(ends, ends, color="black", lw=0.7)
    axes.set(xscale="log", yscale="log", xlabel="noise amplification Λ", ylabel="time constant / teacher's")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(numticks=5))
        axis.set_minor_locator(NullLocator())
    return told


def _fill(place: int) -> Literal["full", "none"]:
    """Looks come round after seven: the second seven are hollow."""
    return "full" if place < style.LOOKS else "none"


def _curves(axes: Axes, table: pd.DataFrame, found: pd.DataFrame, over: np.ndarray) -> pd.DataFrame:
    """Panel d: one curve a diagnostic, in the looks of panel e."""
    tables = []
    axes.plot([0, 1], [0, 1], **style.CHANCE)
    for place, column in enumerate(found["column"]):
        values = table[column].to_numpy(dtype=float) * (-1 if column in _FALLING else 1)
        known = np.isfinite(values)
        if 0 < over[known].sum() < known.sum():
            false, true = prediction.roc(values[known], over[known]).T
            axes.plot(false, true, lw=1.0, **style.line(place) | {"marker": ""})
            tables.append(pd.DataFrame({"column": column, "others_found": false, "overestimated_found": true}))
    axes.set(
        xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel="others found", ylabel="overestimated found", xticks=[0, 0.5, 1], yticks=[0, 0.5, 1]
    )
    return pd.concat([pd.DataFrame(columns=["column", "others_found", "overestimated_found"]), *tables], ignore_index=True)


def _flagged(axes: Axes, flags: pd.DataFrame) -> None:
    """Panel f."""
    if not len(flags):
        panels.nothing(axes)
        return
    families = list(dict.fromkeys(flags["architecture"]))
    for row in flags.itertuples():
        flagged = row.what == "flagged"
        place = families.index(row.architecture) + (0.16 if flagged else -0.16)
        look = _FLAGGED if flagged else _OVER
        axes.plot([row.low, row.high], [place] * 2, color=look["color"], lw=0.9)
        axes.plot(row.value, place, ls="none", marker="o", ms=3.2, mew=0.7, **look)
    axes.set_yticks(range(len(families)), [style.printed(name) for name in families])
    axes.set(ylim=(len(families) - 0.5, -0.5), xlim=(-0.04, 1.04), xlabel="share", xticks=[0, 0.5, 1])
    axes.tick_params(axis="y", length=0)
