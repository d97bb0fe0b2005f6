"""Figure 3: geometry, topology and linear modes of networks that integrate the stream that a context names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.variants import Whole

#: Height of the page, and top of each row of panels, in mm; size of a distance matrix.
_HEIGHT, _ROWS, _SIZE = 231.0, (2.0, 58.0, 117.0, 177.0), 34.0

#: How much of panel f lies above its curves.
_ROOM = 0.25


@final
@dataclass(frozen=True)
class Integration(Figure):
    """Panels a to f after Maheswaranathan et al. 2019, figure 3; reads portraits, atlas, contrasts and summary.

    (a) A probe trial of an example network: two streams of noise, the context, target and output; (b) states of one network of each
    architecture and activation under constant drives of one context, with its fixed and slowest points; (c) distances of geometry and
    their MDS; (d) distances of topology and theirs; (e) |λ| of the linearised networks, sorted, mean over points; (f) output of the
    linearised network after a unit impulse, by the number of linear modes kept, as a fraction of the output of all of them, and the median
    number of modes from which on it stays within 10 % (marks above). In e and f: mean ± standard error over networks.

    Examples are the networks of lowest index that met the criterion; panels c to f show all that did (N). R² is PERMANOVA's, with its 95 %
    bootstrap interval.

    Attributes:
        geometry: measure of panel c, by its name in config.yaml.
        topology: measure of panel d.
        condition: still input of panel b.
        lag: steps from the impulse to the output of panel f.
    """

    geometry: str
    topology: str = "tree"
    condition: str = "context 1"
    lag: Whole = 0

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        portraits = datasets["portraits"]
        key = panels.key([*portraits, datasets["atlas"][self.geometry]])
        examples = panels.examples(portraits)
        colours = panels.colour_scale(panels.commands(portraits))
        summary = panels.trained(panels.of_study(datasets["summary"], portraits))
        with style.sheet():
            figure = style.page(_HEIGHT)
            style.heading(figure, 70, _ROWS[0] + 3, "b", f"States, {self.condition}, and fixed points (variance in PC1–3)")
            tables = {
                "a": _trial(figure, _ROWS[0], panels.first(examples)),
                "b": panels.states(figure, 70, _ROWS[0], examples, key, colours.to_rgba, self.condition, points=True),
                **panels.distances(figure, _ROWS[1], ("c", ""), self.geometry, datasets, key, _SIZE),
                **panels.distances(figure, _ROWS[2], ("d", ""), self.topology, datasets, key, _SIZE),
                "e": _spectra(figure, _ROWS[3], summary, key),
                **_retained(figure, _ROWS[3], summary, key, self.lag),
            }
            panels.colour_bar(figure, 153, _ROWS[0] + 51, 24, colours, "sum at the end of the trial (s.d.)")
        return Drawing(figure, tables)


def _trial(figure: matplotlib.figure.Figure, top: float, chosen: xr.Dataset | None) -> pd.DataFrame:
    """Panel a: the first probe trial."""
    style.heading(figure, 2, top + 3, "a", panels.title(chosen))
    if chosen is None:
        panels.nothing(style.place(figure, 14, top + 11, 46, 36))
        return pd.DataFrame()
    trial = chosen.isel(network=0, trial=int(np.flatnonzero(chosen["batch"].values == panels.PROBES)[0]))
    given, step = trial["inputs"].values, np.arange(trial.sizes["time"])
    streams = given.shape[1] // 2
    cued = int(given[0, streams:].argmax())
    names = [*(f"stream {i + 1}" for i in range(streams)), *(f"context {i + 1}" for i in range(streams))]
    height = 36 / (streams + 2)
    rows: list[list[tuple[np.ndarray, str, Any]]] = [[(given[:, i], "black" if i == cued else "0.65", "-")] for i in range(streams)]
    rows.append([(given[:, streams + i], "black" if i == cued else "0.65", "-") for i in range(streams)])
    rows.append([(trial["outputs"].values[:, 0], "#D55E00", "-"), (trial["targets"].values[:, 0], "black", (0, (2, 1.5)))])
    for number, (text, lines) in enumerate(zip([*names[:streams], "context", "sum"], rows, strict=True)):
        axes = style.place(figure, 20, top + 10.5 + number * height, 40, height - 1.6)
        for values, colour, dashes in lines:
            axes.plot(step, values, color=colour, ls=dashes, lw=0.9)
        axes.set(xlim=(step[0], step[-1]))
        axes.locator_params(axis="y", nbins=2)
        if text == "context":
            axes.set(ylim=(-0.2, 1.2), yticks=[0, 1])
        axes.set_ylabel(text, rotation=0, ha="right", va="center", labelpad=2)
        axes.yaxis.set_label_coords(-0.2, 0.5)
        if number < len(rows) - 1:
            axes.spines["bottom"].set_visible(False)
            axes.set_xticks([])
    axes.set_xlabel("time step")
    entries = [(panels.stroke("black"), "cued"), (panels.stroke("0.65"), "ignored"), (panels.stroke("black", (0, (2, 1.5))), "target")]
    panels.line(figure, 8, top + 7.5, [*entries, (panels.stroke("#D55E00"), "output")])
    told = {"network": str(trial["network"].values), "step": step} | {name: given[:, i] for i, name in enumerate(names)}
    return pd.DataFrame(told).assign(target=trial["targets"].values[:, 0], output=trial["outputs"].values[:, 0])


def _spectra(figure: matplotlib.figure.Figure, top: float, summary: xr.Dataset, key: style.Key) -> pd.DataFrame:
    """Panel e: one part for each activation."""
    style.heading(figure, 2, top + 3, "e", "Eigenvalues, mean ± s.e. over networks")
    spectrum = panels.measured(summary, "spectrum")
    parts = _parts(figure, 12, top, key)
    tables = [pd.DataFrame()]
    for activation, axes in parts.items():
        axes.set_xlabel("mode, by falling |λ|")
        if spectrum is None:
            panels.nothing(axes)
        else:
            tables += _lines(axes, spectrum["mode"].values + 1, spectrum.values, summary, key, activation, "mode")
    table = pd.concat(tables, ignore_index=True)
    _share(parts, table, (0.0, 1.08))
    next(iter(parts.values())).set_ylabel("|λ|")
    panels.line(figure, 12, top + 7.5, _markers(key))
    return table


def _retained(figure: matplotlib.figure.Figure, top: float, summary: xr.Dataset, key: style.Key, lag: int) -> dict[str, pd.DataFrame]:
    """Panel f: one part for each activation."""
    style.heading(figure, 94, top + 3, "f", f"Output {lag} steps after an impulse, by linear modes kept")
    retained, reach = (panels.measured(summary, name) for name in ("retained_output", "m90"))
    parts = _parts(figure, 104, top, key)
    tables, medians = [pd.DataFrame()], [pd.DataFrame()]
    for activation, axes in parts.items():
        axes.set_xlabel("modes kept")
        if retained is None or lag not in retained["lag"].values:
            panels.nothing(axes)
            continue
        tables += _lines(axes, retained["retained"].values, retained.sel(lag=lag).values, summary, key, activation, "retained")
        if reach is not None and lag in reach["lag"].values:
            medians.append(_marks(axes, reach.sel(lag=lag).values, summary, key, activation))
    table = pd.concat(tables, ignore_index=True)
    _share(parts, table, (0.0, 1.1), _ROOM)
    next(iter(parts.values())).set_ylabel("fraction of the output")
    panels.line(figure, 96, top + 7.5, [(panels.stroke("none"), "median m₉₀:"), *_markers(key)])
    return {"f": table, "f_medians": pd.concat(medians, ignore_index=True)}


def _markers(key: style.Key) -> list[tuple[Any, str]]:
    """Legend entries of the architectures."""
    return [(panels.mark(key.marker(a), "full", key.colour("architecture", a)), style.printed(a)) for a in key.levels["architecture"]]


def _share(parts: dict[str, Axes], drawn: pd.DataFrame, least: tuple[float, float], room: float = 0.0) -> None:
    """One scale for all parts: at least these limits, all means with their errors, and a fraction of empty room above; a line at 1."""
    low, high = least
    if len(drawn):
        error = drawn["standard_error"].fillna(0)
        low = min(low, float((drawn["mean"] - error).min()) - 0.03)
        high = max(high, float((drawn["mean"] + error).max()) + 0.03)
    for axes in parts.values():
        axes.set_ylim(low, low + (high - low) / (1 - room))
        axes.axhline(1, color="black", lw=0.5, ls=(0, (2, 1.5)), zorder=0)


def _parts(figure: matplotlib.figure.Figure, left: float, top: float, key: style.Key) -> dict[str, Axes]:
    """Axes for each activation, side by side over 76 mm, with a logarithmic scale of ranks."""
    activations = key.levels["activation"]
    width = 76 / len(activations)
    parts = {}
    for number, activation in enumerate(activations):
        axes = style.place(figure, left + number * width, top + 14.5, width - 4, 28)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.tick_params(which="minor", length=1.2, width=0.4)
        if number:
            axes.tick_params(labelleft=False)
        parts[activation] = axes
    return parts


def _lines(
    axes: Axes, x: np.ndarray, values: np.ndarray, summary: xr.Dataset, key: style.Key, activation: str, column: str
) -> list[pd.DataFrame]:
    """Mean ± s.e. of the networks of one activation, by architecture."""
    tables = []
    for name in key.levels["architecture"]:
        own = values[_of(summary, name, activation)]
        if np.isfinite(own).any():
            look: dict[str, Any] = {
                "color": key.colour("architecture", name),
                "marker": key.marker(name),
                "markevery": 0.12,
                "markersize": 2.4,
            }
            told = panels.band(axes, x, own, lw=0.9, markeredgewidth=0, **look)
            tables.append(told.assign(architecture=name, activation=activation, **{column: x}))
    count = int(np.isfinite(values[np.array(panels.levels(summary, "activation")) == activation]).any(axis=1).sum())
    axes.set_title(f"{style.printed(activation)} (N = {count})".strip())
    if not tables:
        panels.nothing(axes)
    return tables


def _marks(axes: Axes, values: np.ndarray, summary: xr.Dataset, key: style.Key, activation: str) -> pd.DataFrame:
    """The median number of modes of each architecture, as its marker, each on a line of its own above the curves."""
    rows = []
    for number, name in enumerate(key.levels["architecture"]):
        own = values[_of(summary, name, activation)]
        own = own[np.isfinite(own)]
        if own.size:
            rows.append({"architecture": name, "activation": activation, "m90_median": float(np.median(own)), "networks": own.size})
            height = 1 - _ROOM * (number + 0.5) / len(key.levels["architecture"]) * 0.9
            look: dict[str, Any] = {
                "marker": key.marker(name),
                "color": key.colour("architecture", name),
                "markersize": 3,
                "markeredgewidth": 0,
            }
            axes.plot(rows[-1]["m90_median"], height, transform=axes.get_xaxis_transform(), clip_on=False, **look)
    return pd.DataFrame(rows)


def _of(summary: xr.Dataset, architecture: str, activation: str) -> np.ndarray:
    """Which networks are of both levels."""
    return np.logical_and(
        *(
            np.array(panels.levels(summary, factor)) == level
            for factor, level in zip(panels.FACTORS, (architecture, activation), strict=True)
        )
    )
