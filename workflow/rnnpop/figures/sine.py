"""Figure 2: geometry, topology and linearised dynamics of networks that generate sine waves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.cm import ScalarMappable
from matplotlib.patches import Circle

from rnnpop.figures import Drawing, Figure, panels, style

#: Height of the page, and top of each row of panels, in mm; size of a distance matrix.
_HEIGHT, _ROWS, _SIZE = 247.0, (2.0, 57.0, 109.0, 151.0, 204.0), 28.0


@final
@dataclass(frozen=True)
class SineWaves(Figure):
    """Panels a to f after Maheswaranathan et al. 2019, figure 2; reads portraits, fixed_points, atlas, contrasts and summary.

    (a) Input, target and output of an example network at the lowest, a middle and the highest frequency that is shown; (b) orbits of one
    network of each architecture and activation on its principal components; (c) distances of geometry and their MDS; (d) fixed points
    amid the orbits, and the eigenvalues of the networks linearised there, for one network of each architecture; (e) distances of
    topology and their MDS; (f) frequency of the oscillatory mode, |arg λ|/(2π dt) of the complex pair of largest |λ|, against the command,
    and its deviation from it, mean ± standard error over networks.

    Examples are the networks of lowest index that met the criterion; panels c, e and f show all that did (N). R² is PERMANOVA's, with its
    95 % bootstrap interval.

    Attributes:
        geometry: measure of panel c, by its name in config.yaml.
        topology: measure of panel e.
    """

    geometry: str
    topology: str = "tree"

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        portraits, points = datasets["portraits"], datasets["fixed_points"]
        key = panels.key([*portraits, datasets["atlas"][self.geometry]])
        examples = panels.examples(portraits)
        colours = panels.colour_scale(panels.commands(portraits))
        summary = panels.trained(panels.of_study(datasets["summary"], portraits))
        with style.sheet():
            figure = style.page(_HEIGHT)
            style.heading(figure, 70, _ROWS[0] + 3, "b", "Orbits, by command (variance in PC1–3)")
            tables = {
                "a": _traces(figure, _ROWS[0], panels.first(examples)),
                "b": panels.states(figure, 70, _ROWS[0], examples, key, colours.to_rgba),
                **panels.distances(figure, _ROWS[1], ("c", ""), self.geometry, datasets, key, _SIZE),
                **_linearised(figure, _ROWS[2], examples, points, key, colours),
                **panels.distances(figure, _ROWS[3], ("e", ""), self.topology, datasets, key, _SIZE),
                "f": _frequencies(figure, _ROWS[4], summary, key),
            }
            panels.colour_bar(figure, 153, _ROWS[0] + 1.4, 24, colours, "Hz")
        return Drawing(figure, tables)


def _traces(figure: matplotlib.figure.Figure, top: float, chosen: xr.Dataset | None) -> pd.DataFrame:
    """Panel a: three of the trials for pictures."""
    style.heading(figure, 2, top + 3, "a", panels.title(chosen))
    if chosen is None:
        panels.nothing(style.place(figure, 14, top + 11, 46, 36))
        return pd.DataFrame()
    trials = panels.pictured(chosen).isel(network=0)
    order = np.argsort(trials["command"].values, kind="stable")
    picked = dict.fromkeys([order[0], order[len(order) // 2], order[-1]])
    time, tables, lines = trials["time"].values, [], []
    for number, trial in enumerate(picked):
        axes = style.place(figure, 14, top + 10.5 + number * 12, 46, 10)
        given, target, output = (trials[name].values[trial, :, 0] for name in ("inputs", "targets", "outputs"))
        lines = [
            *axes.plot(time, given, color="0.75", lw=2.0),
            *axes.plot(time, output, color="#D55E00", lw=1.0),
            *axes.plot(time, target, color="black", lw=0.8, ls=(0, (2, 1.5))),
        ]
        axes.set(ylim=(-1.4, 1.5), yticks=[-1, 1], yticklabels=["−1", "1"], xlim=(time[0], time[-1]))
        command = float(trials["command"].values[trial])
        axes.set_ylabel(f"{command:.3g} Hz", labelpad=1)
        if number < len(picked) - 1:
            axes.spines["bottom"].set_visible(False)
            axes.set_xticks([])
        told = {"network": str(trials["network"].values), "command": command, "time": time}
        tables.append(pd.DataFrame(told | {"input": given, "target": target, "output": output}))
    axes.set_xlabel("time (s)")
    panels.line(figure, 14, top + 7.5, [(lines[0], "input"), (lines[2], "target"), (lines[1], "output")])
    return pd.concat(tables, ignore_index=True)


def _linearised(
    figure: matplotlib.figure.Figure,
    top: float,
    examples: panels.Examples,
    points: list[xr.Dataset],
    key: style.Key,
    colours: ScalarMappable,
) -> dict[str, pd.DataFrame]:
    """Panel d: for each architecture, fixed points amid the orbits, and eigenvalues in the complex plane."""
    style.heading(figure, 2, top + 3, "d", "Fixed points, by command, amid the orbits (their number)")
    style.heading(figure, 92, top + 3, "", "Eigenvalues there; oscillatory pair by command")
    architectures = key.levels["architecture"]
    chosen = {
        name: next((found for (own, _), found in examples.items() if own == name and found is not None), None) for name in architectures
    }
    pitch, tables, spectra = 84 / len(architectures), [pd.DataFrame()], [pd.DataFrame()]
    for number, (architecture, network) in enumerate(chosen.items()):
        left = style.place(figure, 4 + number * pitch, top + 9.5, pitch - 2, 21)
        side = min(pitch - 5, 22)
        right = style.place(figure, 99 + number * pitch, top + 9.5, side, side)
        if network is None:
            left.set_title(style.printed(architecture))
            right.set_title(style.printed(architecture))
            panels.nothing(left)
            panels.nothing(right)
            continue
        own, modes = _points(network, panels.holding(points, network))
        panels.orbits(left, network, "0.8")
        left.scatter(own["drawn_1"], own["drawn_2"], color=colours.to_rgba(own["command"].to_numpy()), s=5, lw=0, zorder=3)
        left.set_title(panels.called(network))
        style.write(figure, 3 + (number + 0.5) * pitch, top + 33.5, str(len(own)), ha="center")
        _plane(right, modes, colours)
        right.set_title(panels.called(network))
        if number:
            right.set_yticklabels([])
        else:
            right.set_ylabel("Im λ", labelpad=0)
        right.set_xlabel("Re λ", labelpad=1)
        tables.append(own)
        spectra.append(modes)
    panels.tripod(figure, 4, top + 40)
    return {"d": pd.concat(tables, ignore_index=True), "d_eigenvalues": pd.concat(spectra, ignore_index=True)}


def _points(network: xr.Dataset, points: xr.Dataset) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fixed points of a network in the picture, and the eigenvalues of its linearisations there."""
    name = str(network["network"].values[0])
    commands = dict(zip(points["still"].values, points["command"].values, strict=True))
    shown = network.isel(fixed_point=network["kind"].values == "fixed")
    position = shown["position"].values
    flat = panels.flatten(position)
    placed = pd.DataFrame({"network": name, "node": shown["node"].values, "condition": shown["still"].values})
    placed = placed.assign(
        command=[commands[still] for still in placed["condition"]],
        unstable=shown["unstable"].values,
        **{f"pc_{i + 1}": position[:, i] for i in range(position.shape[1])},
        drawn_1=flat[:, 0],
        drawn_2=flat[:, 1],
    )
    own = points.isel(fixed_point=(points["owner"].values == name) & (points["kind"].values == "fixed"))
    eigenvalue = own["eigenvalue"].values
    # modes stand by falling modulus, so the first complex one and its conjugate are the oscillatory pair
    turning = np.isfinite(eigenvalue) & (np.abs(eigenvalue.imag) > 1e-9)
    leading = np.where(turning.any(axis=1), np.abs(np.take_along_axis(eigenvalue, turning.argmax(axis=1)[:, None], axis=1))[:, 0], np.nan)
    oscillatory = turning & np.isclose(np.abs(eigenvalue), leading[:, None], rtol=1e-9, atol=0)
    row, mode = np.nonzero(np.isfinite(eigenvalue))
    spectra = pd.DataFrame({"network": name, "node": own["node"].values[row], "mode": mode}).assign(
        command=np.array([commands[still] for still in own["condition"].values], dtype=float)[row],
        real=eigenvalue.real[row, mode],
        imaginary=eigenvalue.imag[row, mode],
        oscillatory=oscillatory[row, mode],
    )
    return placed, spectra


def _plane(axes: Any, modes: pd.DataFrame, colours: ScalarMappable) -> None:
    pair, others = modes[modes["oscillatory"]], modes[~modes["oscillatory"]]
    axes.add_patch(Circle((0, 0), 1, fill=False, color="0.5", lw=0.5))
    axes.plot(
        others["real"], others["imaginary"], linestyle="none", marker=".", color="0.72", markersize=1.5, markeredgewidth=0, rasterized=True
    )
    axes.scatter(pair["real"], pair["imaginary"], color=colours.to_rgba(pair["command"].to_numpy()), s=4, lw=0, zorder=3)
    reach = 1.08 * max(1.0, float(modes[["real", "imaginary"]].abs().to_numpy().max(initial=1.0)))
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    axes.set_xticklabels(["−1", "0", "1"])
    axes.set_yticklabels(["−1", "0", "1"])


def _frequencies(figure: matplotlib.figure.Figure, top: float, summary: xr.Dataset, key: style.Key) -> pd.DataFrame:
    """Panel f: for each factor, frequency above and deviation below."""
    style.heading(figure, 2, top + 3, "f", "Frequency of the oscillatory mode against the command, mean ± s.e. over networks (number)")
    frequency, command = (panels.measured(summary, name) for name in ("mode_frequency", "command_frequency"))
    tables = [pd.DataFrame()]
    for number, factor in enumerate(panels.FACTORS):
        left = 14 + number * 88
        above, below = style.place(figure, left, top + 6, 48, 17), style.place(figure, left, top + 25.5, 48, 10)
        if frequency is None or command is None:
            panels.nothing(above)
            below.remove()
            continue
        both = [still for still in frequency["still"].values if still in command["still"].values]
        asked = command.sel(still=both).mean("network").values
        order = np.argsort(asked, kind="stable")
        x, level = asked[order], np.array(panels.levels(summary, factor))
        entries = []
        above.plot(x, x, color="black", lw=0.6, ls=(0, (2, 1.5)))
        below.axhline(0, color="black", lw=0.6, ls=(0, (2, 1.5)))
        for name in key.levels[factor]:
            values = frequency.sel(still=both).values[level == name][:, order]
            if not np.isfinite(values).any():
                continue
            colour = key.colour(factor, name)
            marker = key.marker(name) if factor == "architecture" else "o"
            look = {"color": colour, "marker": marker, "markersize": 2, "markeredgewidth": 0, "lw": 0.7}
            told = panels.band(above, x, values, **look)
            deviation = panels.band(below, x, values - x, **look)
            table = told.assign(deviation=deviation["mean"], deviation_error=deviation["standard_error"])
            tables.append(table.assign(factor=factor, level=name, command=x))
            count = int(np.isfinite(values).any(axis=1).sum())
            entries.append((above.lines[-1], f"{style.printed(name) or 'all'} ({count})"))
        entries.append((above.lines[0], "identity"))
        for axes, text in ((above, "mode (Hz)"), (below, "deviation\n(Hz)")):
            axes.set_ylabel(text, linespacing=1.1)
            axes.yaxis.set_label_coords(-0.17, 0.5)
        below.locator_params(axis="y", nbins=3)
        below.set_xlabel("command (Hz)")
        above.set_xticklabels([])
        above.legend(
            [line for line, _ in entries], [text for _, text in entries], loc="center left", bbox_to_anchor=(1.0, 0.4), handlelength=1.2
        )
    return pd.concat(tables, ignore_index=True)
