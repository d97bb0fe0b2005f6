"""Figure 1: geometry and topology of the solutions of a memory task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import matplotlib.axes
import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.lines import Line2D

from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.numerics.graphs import labels
from rnnpop.variants import NonNegative

#: Height of the page, and top of each row of panels, in mm.
_HEIGHT, _ROWS = 232.0, (2.0, 58.0, 121.0, 170.0)


@final
@dataclass(frozen=True)
class Memory(Figure):
    """Panels a to f after Maheswaranathan et al. 2019, figure 1.

    (a) Inputs, targets and outputs of an example network; (b) its states on the probe trials, and those of one network of
    each other population, on their principal components; (c) distances of geometry, sorted by architecture and activation;
    (d) their MDS; (e) fixed points by number of unstable directions with heteroclinic connections, and as a graph over the
    signs of the outputs; (f) distances of topology, and their MDS. R² is PERMANOVA's, with its 95 % bootstrap interval.

    The example of a population is its network of lowest index that met the criterion, in its first shard; panel e shows the
    first example of each architecture, and panel a and the graph the first of all. A population without one leaves its
    place empty. Panels c, d and f show the
    networks that met the criterion (N); the stress is that of the map in which all networks with finite distances were placed.

    Attributes:
        geometry: measure of panels c and d, by its name in config.yaml.
        topology: measure of panel f.
        threshold: |output| above which a label's entry is its sign.
    """

    geometry: str
    topology: str
    threshold: NonNegative = 0.5

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        key = panels.key([*datasets["portraits"], datasets["atlas"][self.geometry]])
        examples = panels.examples(datasets["portraits"])
        with style.sheet():
            figure = style.page(_HEIGHT)
            style.heading(figure, 70, _ROWS[0] + 3, "b", "States on the probe trials (variance in PC1–3)")
            tables = {
                "a": _traces(figure, _ROWS[0], panels.first(examples)),
                "b": panels.states(figure, 70, _ROWS[0], examples, key),
                **panels.distances(figure, _ROWS[1], ("c", "d"), self.geometry, datasets, key),
                **_fixed_points(figure, _ROWS[2], _graphs(examples, datasets["transitions"], self.threshold), key),
                **panels.distances(figure, _ROWS[3], ("f", ""), self.topology, datasets, key),
            }
        return Drawing(figure, tables)


def _traces(figure: matplotlib.figure.Figure, top: float, chosen: xr.Dataset | None) -> pd.DataFrame:
    """Panel a: the first probe trial of an example, at most three channels."""
    style.heading(figure, 2, top + 3, "a", panels.title(chosen))
    if chosen is None:
        panels.nothing(style.place(figure, 14, top + 11, 46, 36))
        return pd.DataFrame()
    trial = chosen.isel(network=0, trial=0)
    channels, steps = min(3, trial.sizes["output"]), np.arange(trial.sizes["time"])
    height = 36 / channels
    lines: list[Any] = []
    for channel in range(channels):
        axes = style.place(figure, 14, top + 10.5 + channel * height, 46, height - 2)
        pulse, target, output = (trial[name].values[:, channel] for name in ("inputs", "targets", "outputs"))
        lines = [
            axes.vlines(steps[pulse != 0], 0, pulse[pulse != 0], color="0.75", lw=2.6),
            *axes.plot(steps, output, color="#D55E00", lw=1.0),
            *axes.plot(steps, target, color="black", lw=0.8, ls=(0, (2, 1.5)), drawstyle="steps-mid"),
        ]
        axes.set(ylim=(-1.5, 1.5), yticks=[-1, 1], yticklabels=["−1", "+1"], xlim=(steps[0], steps[-1]))
        axes.set_ylabel(f"{channel + 1}", rotation=0, va="center", labelpad=2)
        if channel < channels - 1:
            axes.spines["bottom"].set_visible(False)
            axes.set_xticks([])
    axes.set_xlabel("time step")
    style.write(figure, 3.5, top + 27.5, "channel", rotation=90, ha="center", va="center")
    panels.line(figure, 14, top + 7.5, [(lines[0], "input"), (lines[2], "target"), (lines[1], "output")])
    return pd.concat(
        [
            pd.DataFrame({"network": str(trial["network"].values), "channel": channel + 1, "step": steps}).assign(
                **{name: trial[f"{name}s"].values[:, channel] for name in ("input", "target", "output")}
            )
            for channel in range(channels)
        ],
        ignore_index=True,
    )


@dataclass(frozen=True)
class _Graph:
    """Fixed points of a network with their places in the picture, and the heteroclinic arrows between them."""

    called: str
    points: pd.DataFrame
    arrows: pd.DataFrame


def _graphs(examples: panels.Examples, transitions: list[xr.Dataset], threshold: float) -> dict[str, _Graph]:
    """Graph of the first example of each architecture."""
    graphs: dict[str, _Graph] = {}
    for (architecture, _), chosen in examples.items():
        if chosen is not None and architecture not in graphs:
            graphs[architecture] = _graph(chosen, panels.holding(transitions, chosen), threshold)
    return graphs


def _graph(chosen: xr.Dataset, transitions: xr.Dataset, threshold: float) -> _Graph:
    network = str(chosen["network"].values[0])
    points = chosen.isel(fixed_point=chosen["kind"].values == "fixed")
    position, label = points["position"].values, labels(points["point_outputs"].values, threshold)
    flat = panels.flatten(position)
    nodes = pd.DataFrame({"network": network, "node": points["node"].values, "unstable": points["unstable"].values}).assign(
        **{f"pc_{i + 1}": position[:, i] for i in range(3)},
        drawn_1=flat[:, 0],
        drawn_2=flat[:, 1],
        leading_modulus=np.abs(points["leading_eigenvalue"].values),
        **{f"label_{i + 1}": label[:, i] for i in range(label.shape[1])},
    )
    edges = pd.DataFrame({name: transitions[name].values for name in ("owner", "origin", "destination", "relation", "weight")})
    own = (edges["owner"] == network) & (edges["relation"] == "heteroclinic")
    own &= edges["origin"].isin(nodes["node"]) & edges["destination"].isin(nodes["node"])
    arrows = edges[own].drop(columns="relation").rename(columns={"owner": "network"})
    return _Graph(panels.called(chosen), nodes, arrows)


def _fixed_points(figure: matplotlib.figure.Figure, top: float, graphs: dict[str, _Graph], key: style.Key) -> dict[str, pd.DataFrame]:
    """Panel e: one network of each architecture, and the first one's graph."""
    style.heading(figure, 2, top + 3, "e", "Fixed points (their number) and heteroclinic connections")
    architectures = key.levels["architecture"]
    pitch = 128 / len(architectures)
    for number, architecture in enumerate(architectures):
        axes = style.place(figure, 4 + number * pitch, top + 9.5, pitch - 2, 29)
        graph = graphs.get(architecture)
        axes.set_title(f"{graph.called} ({len(graph.points)})" if graph else style.printed(architecture))
        if graph is None:
            panels.nothing(axes)
            continue
        where = graph.points.set_index("node")[["drawn_1", "drawn_2"]]
        ends = np.stack([where.loc[graph.arrows[end]].to_numpy() for end in ("origin", "destination")])
        axes.plot(*ends.transpose(2, 0, 1), color="0.72", lw=0.4, zorder=1)
        panels.by_order(axes, graph.points, "drawn_1", "drawn_2", 2.8)
        panels.frame(axes, where.to_numpy(), margin=1.14)
        style.bare(axes)
    whole = style.place(figure, 138, top + 9.5, 40, 34)
    if not graphs:
        panels.nothing(whole)
        return {"e": pd.DataFrame(), "e_edges": pd.DataFrame()}
    first = next(iter(graphs.values()))
    _draw_graph(whole, first)
    whole.set_title(f"{first.called}: output signs")
    tables = {
        "e": pd.concat([graph.points for graph in graphs.values()], ignore_index=True),
        "e_edges": pd.concat([graph.arrows for graph in graphs.values()], ignore_index=True),
    }
    panels.tripod(figure, 4, top + 46)
    entries = panels.order_entries(set(tables["e"]["unstable"]))
    panels.line(figure, 24, top + 43.5, [(Line2D([], [], linestyle="none"), "unstable directions:"), *entries])
    return tables


def _draw_graph(axes: matplotlib.axes.Axes, graph: _Graph) -> None:
    """Nodes at the signs of their outputs, the first three as a cube whose corners are named by them."""
    signs = [name for name in graph.points.columns if name.startswith("label_")][:3]
    cube = np.zeros((len(graph.points), 3))
    cube[:, : len(signs)] = graph.points[signs]
    nodes = graph.points.assign(**dict(zip("xy", panels.fan_out(panels.flatten(cube)).T, strict=True)))
    where = nodes.set_index("node")[["x", "y"]]
    for arrow in graph.arrows[graph.arrows["origin"] != graph.arrows["destination"]].itertuples():
        axes.annotate(
            "",
            xy=where.loc[arrow.destination],
            xytext=where.loc[arrow.origin],
            arrowprops={"arrowstyle": "-|>", "color": "0.6", "lw": 0.4, "mutation_scale": 3.5, "shrinkA": 1.5, "shrinkB": 2},
            zorder=1,
        )
    panels.by_order(axes, nodes, "x", "y", 3.2)
    for corner in np.unique(cube[(cube != 0).all(axis=1)], axis=0):
        text = "".join("+" if sign > 0 else "−" for sign in corner[: len(signs)])
        axes.annotate(
            text,
            tuple(panels.flatten(corner)),
            (3 * corner[0], 0),
            textcoords="offset points",
            ha="left" if corner[0] > 0 else "right",
            va="center",
            zorder=2,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.2},
        )
    ends = np.array([(-1.0, -1.0, -1.0), (1.0, 1.0, 1.0)])
    panels.frame(axes, panels.flatten(ends), margin=1.4)
    style.bare(axes)
