"""The line on which networks that read keep what they have summed: slow points, their modes, and how they lie to the readout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, final

import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Int
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.figures.panels import readers as reading
from rnnpop.figures.panels.readers import Example, Readers

#: Heights of axes, and of a heading, in mm.
_POINTS, _CIRCLE, _TIMES, _HEADING = 24.0, 30.0, 27.0, 6.0

#: Looks of the three points whose eigenvalues are shown, by rising logit.
_PLACES: Final[dict[str, dict[str, Any]]] = {
    "low": {"color": style.SEQUENTIAL(0.0), "marker": "v"},
    "middle": {"color": style.SEQUENTIAL(0.5), "marker": "s"},
    "high": {"color": style.SEQUENTIAL(1.0), "marker": "^"},
}

#: Time constants that are drawn over the line, and places on it at which their medians are taken.
_MODES, _BINS = 3, 11
#: Mean lengths of a document above which time constants, which have no limit where an eigenvalue is on the unit circle, are cut off.
_LONGEST: Final = 100


@final
@dataclass(frozen=True)
class Line(Figure):
    """Panels a to d after Maheswaranathan et al. 2019, figures 2c, 3 and 4b, d; reads `readings`, `appraisals` and `summary`, with the
    columns of the statistics `words` and `slow_points`.

    (a) Slow points of one network of each group in the plane of the first two principal components of its states, by their place θ along
    their own first component (the answer rises with θ), each fourth with the direction in which its slowest modes sum (strokes); marked:
    the first, the median and the last. (b) Eigenvalues of the Jacobian at these three, with the unit circle. (c) The three longest time
    constants over θ: networks of first shards (thin), and the median over them; dotted: mean length of a document. (d) Network by network:
    median of the longest time constant; modes slower than a mean document; share of points with an unstable direction; overlap of the
    slowest modes with the line of the points (dashed: of a random direction); |cosine| of that line and the readout; participation ratio
    and number of the points; range of their readouts over that of states; the second time constant; complex modes among the four of
    largest modulus; distance that the descent moved the points.

    Shown are networks that met the criterion (in d others stand as hollow marks), under the first still input. Black lines in d are medians
    with a 95 % interval.

    Attributes:
        factors: coordinates of networks; those that agree in them are a group.
    """

    factors: tuple[str, ...] = ("architecture",)

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        readers = Readers.of(datasets, self.factors)
        numbers = _numbers(readers)
        heights = [
            _HEADING + reading.group_height(readers, _POINTS) - 3,
            _HEADING + reading.group_height(readers, _CIRCLE),
            _HEADING + reading.group_height(readers, _TIMES),
            _HEADING + reading.numbers_height(readers, numbers),
        ]
        tops = np.cumsum([2.0, *heights])
        with style.sheet():
            figure = style.page(tops[-1])
            examples = {group: readers.example(group) for group in readers.names}
            style.heading(figure, 2, tops[3] + 3, "d", "Network by network; black: median with its 95 % interval")
            tables = {
                "a": _points(figure, tops[0], readers, examples),
                "b": _eigenvalues(figure, tops[1], readers, examples),
                **_times(figure, tops[2], readers),
                **{f"d{suffix}": table for suffix, table in reading.numbers(figure, tops[3] + _HEADING - 3, readers, numbers).items()},
            }
        return Drawing(figure, tables)


def _numbers(readers: Readers) -> reading.Numbers:
    """Columns of panel d."""
    null = readers.groups.average("integration_overlap_null")
    return {
        "tau_1": ("longest time\nconstant (words)", None, "log"),
        "slow_modes": ("modes slower than\na document", None, "linear"),
        "unstable_share": ("points with an\nunstable direction", None, "linear"),
        "integration_overlap": ("overlap of modes\nand line", float(null) if null.ndim == 0 else None, "linear"),
        "slow_readout_cosine": ("|cos| of line\nand readout", 1.0, "linear"),
        "slow_participation": ("participation ratio\nof points", 1.0, "linear"),
        "slow_kept": ("slow points", None, "count"),
        "slow_coverage": ("readouts, points\nover states", 1.0, "linear"),
        "tau_2": ("second time\nconstant (words)", None, "log"),
        "complex_modes": ("complex modes\namong four", None, "linear"),
        "slow_displacement": ("moved by descent\n(spread of states)", None, "linear"),
    }


def _marked(example: Example) -> dict[str, Int[np.ndarray, "one"]]:
    """Place -> the point there, as a row of the example's points; empty for none."""
    nodes = example.appraisal["push_point"].values
    return {place: np.flatnonzero(example.points["node"].values == node) for place, node in zip(_PLACES, nodes, strict=True)}


def _points(figure: matplotlib.figure.Figure, top: float, readers: Readers, examples: Mapping[str, Example | None]) -> pd.DataFrame:
    """Panel a."""
    style.heading(figure, 2, top + 3, "a", "Slow points of one network of each group, and directions in which they sum")
    reading.theta_bar(figure, 136, top + 1)
    tables = []
    for group, axes in reading.group_tiles(figure, top + _HEADING, readers, _POINTS, counted=False).items():
        example = examples[group]
        if example is None or not example.points.sizes["fixed_point"]:
            reading.nothing(axes, "no network\nhas slow points")
            continue
        axes.set_title(f"{group} ({example.points.sizes['fixed_point']} points)")
        told = reading.theta_points(axes, example.points)
        places = example.points["position"].values[:, :2]
        centre, half = panels.extent(places)
        span = float(half.max())
        for point in np.argsort(example.points["theta"].values, kind="stable")[::4]:
            tips = places[point] + 0.22 * span * np.outer([-1, 1], example.points["right"].values[point, :2])
            axes.plot(*tips.T, color="0.35", lw=0.6, zorder=3)
        for place, found in _marked(example).items():
            axes.plot(*places[found].T, ls="none", ms=5.5, mew=0.8, mec="black", mfc="none", marker=_PLACES[place]["marker"], zorder=5)
        panels.frame(axes, np.concatenate([places, centre + 1.1 * span * np.array([[-1, -1], [1, 1]])]), margin=1.05)
        axes.set(xticks=[], yticks=[], xlabel="PC1", ylabel="PC2")
        tables.append(told.assign(group=group, right_1=example.points["right"].values[:, 0], right_2=example.points["right"].values[:, 1]))
    return reading.table(tables)


def _eigenvalues(figure: matplotlib.figure.Figure, top: float, readers: Readers, examples: Mapping[str, Example | None]) -> pd.DataFrame:
    """Panel b."""
    style.heading(figure, 2, top + 3, "b", "Eigenvalues of the Jacobian at the three points marked")
    names = ("lowest θ", "median", "highest θ")
    marks = [Line2D([], [], ls="none", ms=3.5, mew=0.3, mec="black", **look) for look in _PLACES.values()]
    panels.line(figure, 110, top + 2.1, list(zip(marks, names, strict=True)))
    tables = []
    for group, axes in reading.group_tiles(figure, top + _HEADING, readers, _CIRCLE, counted=False).items():
        example = examples[group]
        if example is None or not example.points.sizes["fixed_point"]:
            reading.nothing(axes, "no network\nhas slow points")
            continue
        axes.add_patch(Circle((0, 0), 1, fill=False, color="0.6", lw=0.5))
        axes.axhline(0, color="0.85", lw=0.5, zorder=0)
        for place, found in _marked(example).items():
            values = example.points["eigenvalue"].values[found].ravel()
            axes.plot(values.real, values.imag, ls="none", ms=2.6, mew=0.2, mec="black", alpha=0.8, **_PLACES[place])
            tables.append(
                pd.DataFrame({"group": group, "network": example.name, "place": place, "real": values.real, "imaginary": values.imag})
            )
        everything = np.concatenate([example.points["eigenvalue"].values[found].ravel() for found in _marked(example).values()])
        reach = 1.08 * max(1.0, float(np.abs(everything).max(initial=0)))
        panels.frame(axes, reach * np.array([[-1.0, -1.0], [1.0, 1.0]]), margin=1.0)
        axes.set(
            xticks=[-1, 0, 1], yticks=[-1, 0, 1], xticklabels=["−1", "0", "1"], yticklabels=["−1", "0", "1"], xlabel="Re λ", ylabel="Im λ"
        )
    return reading.table(tables)


def _times(figure: matplotlib.figure.Figure, top: float, readers: Readers) -> dict[str, pd.DataFrame]:
    """Panel c."""
    style.heading(figure, 2, top + 3, "c", "The three longest time constants along the line; dotted: mean length of a document")
    looks = [style.line(mode) | {"marker": ""} for mode in range(_MODES)]
    panels.line(
        figure,
        133,
        top + 2.1,
        [(Line2D([], [], lw=1.2, **look), text) for look, text in zip(looks, ("first", "second", "third"), strict=True)],
    )
    points, medians = [], []
    length = next((float(store["mean_length"]) for store in readers.appraisals), np.nan)
    for group, axes in reading.group_tiles(figure, top + _HEADING, readers, _TIMES).items():
        own = readers.points(group)
        if not own:
            reading.nothing(axes, "no network\nhas slow points")
            continue
        told = pd.concat([_rows(network) for network in own], ignore_index=True)
        for mode, look in enumerate(looks):
            for _, network in told[told["mode"] == mode].groupby("network"):
                axes.plot(network["theta"], network["time_constant"], **look | {"lw": 0.4, "alpha": 0.5})
            medians.append(_medians(told[told["mode"] == mode]).assign(group=group, mode=mode))
            axes.plot(medians[-1]["theta"], medians[-1]["time_constant"], zorder=3, **look | {"lw": 1.4})
        axes.axhline(length, **style.CHANCE)
        axes.set_yscale("log")
        if np.isfinite(length):
            axes.set_ylim(top=min(axes.get_ylim()[1], _LONGEST * length))
        reading.logarithmic(axes)
        axes.set(
            xlim=(-1.05, 1.05),
            xticks=[-1, 0, 1],
            xticklabels=["−1", "0", "1"],
            xlabel="θ",
            ylabel="words",
            title=f"{group} (N = {len(own)})",
        )
        points.append(told.assign(group=group))
    return {"c": reading.table(points), "c_medians": reading.table(medians)}


def _rows(points: xr.Dataset) -> pd.DataFrame:
    """Longest time constants of one network's points, along its line; none where they are not finite."""
    order = np.argsort(points["theta"].values, kind="stable")
    times = points["time_constant"].values[order, :_MODES]
    theta, mode = np.indices(times.shape).reshape(2, -1)
    told = {
        "network": points["network"].item(),
        "theta": points["theta"].values[order][theta],
        "mode": mode,
        "time_constant": times.ravel(),
    }
    table = pd.DataFrame(told)
    return table[np.isfinite(table[["theta", "time_constant"]]).all(axis=1)]


def _medians(told: pd.DataFrame) -> pd.DataFrame:
    """Over networks, of each one's median in an interval of θ."""
    place = np.round((told["theta"] + 1) / 2 * (_BINS - 1)) / (_BINS - 1) * 2 - 1
    each = told.groupby([place, "network"])["time_constant"].median()
    return each.groupby("theta").median().reset_index()
