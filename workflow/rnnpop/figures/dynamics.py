"""A figure of what holds a belief: circuits, vector fields under each input, and slow modes over the population."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.numerics.circuits import Groups, correlations, groups

#: Top of each row of panels, height of a population's line, in mm.
_ROWS, _LINE = (2.0, 58.0, 152.0), 5.4

#: Densities of weights: name, the groups they come from and go to, colour, dashes.
_QUADRANTS: tuple[tuple[str, int, int, str, Any], ...] = (
    ("1 → 1", 0, 0, "#0072B2", "-"),
    ("2 → 2", 1, 1, "#56B4E9", (0, (4, 1.5))),
    ("1 → 2", 0, 1, "#D55E00", (0, (1.5, 1))),
    ("2 → 1", 1, 0, "#000000", (0, (4, 1, 1, 1))),
)

#: What a network is under zero input: column of the summary, name, colour.
_CLASSES = (
    ("single_node", "one node", "#0072B2"),
    ("bistable", "two stable", "#E69F00"),
    ("neither_node_nor_bistable", "other", "#BBBBBB"),
)

#: Numbers of points that bars tell apart; the last stands for more, too.
_NUMBERS = (0, 1, 2, 3, 4)

#: Of the paper's distilled networks: time constants in steps, and |λ| at the zero-input fixed point nearest to its middle.
_PUBLISHED_CONSTANTS, _PUBLISHED_MODULI = (40.0, 1.105), (0.97531, 1.01781)

#: p below which a network's mark is filled.
_SIGNIFICANT = 0.05

_GUIDE: dict[str, Any] = {"color": "black", "lw": 0.6, "ls": (0, (2, 1.5)), "zorder": 0}


@final
@dataclass(frozen=True)
class Dynamics(Figure):
    """Panels a to h after Schaeffer et al. 2020, figure 7; reads summary, fields, fixed_points, sessions and networks.

    Of an example network, that of lowest index that met the criterion, in the first population that has one:
    (a) Pearson correlations of its hidden units over all steps of its sessions, and its recurrent weights (gated cells: those of the
    candidate), both sorted by group (complete linkage of the rows, cut at half the largest distance; lines between groups).
    (b) Densities of these weights from group to group, a unit's own left out, with the p-value of their difference within and between
    the two largest groups. (d) One step F(h) − h under each still input (o_left, o_right, r) in the plane of its first two principal
    components: arrows from places of the plane around which it has been, as long as the share of the step that lies in the plane; dots
    are visited states, off the plane too; colour is the length of the whole step from that very state. Fixed points under this input.

    Of all networks that met the criterion (N), by architecture and loss: (c) mean weight within groups less that between them, over the
    standard deviation of the weights; filled where p < 0.05. (e) What they have under zero input: one node, two stable states on either
    side of the block belief's middle, or anything else; and how many fixed points (upper bars) and stable ones (lower bars). (f) Largest
    |λ| at the slowest point, and time constants −1/ln|λ|: of the largest |λ| at stable points, and of the second largest at the slowest
    point; the numbers are medians of the first in trials of the network's own length. (g) Angle of the slow direction (the line between two
    stable states, else the eigenvector at the slowest point) to the directions of block and stimulus. (h) How far the slowest of
    the visited states of each block belief moves in a step of zero input, median over
    beliefs, over the typical step: 0 on a line attractor. Black bars are medians. Dashed: 0, and the values of the paper's
    distilled networks (40 and 1.1 steps; |λ| 0.975, and 1.018 of the leaky one); grey: 1.
    """

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        stores = [store for store in datasets["networks"] if store.sizes["network"]]
        chosen = _example(stores)
        summary = panels.trained(panels.of_study(datasets["summary"], stores))
        key = panels.key([*stores, datasets["summary"]])
        rows = _populations(summary, key)
        table = _numbers(summary)
        with style.sheet():
            figure = style.page(_ROWS[2] + 28 + _LINE * max(len(rows), 2))
            tables = {
                **_circuit(figure, _ROWS[0], chosen, datasets, table),
                "c": _effects(figure, _ROWS[0], table, rows, key),
                **_fields(figure, _ROWS[1], chosen, datasets),
                **_population(figure, _ROWS[2], table, rows, key),
            }
        return Drawing(figure, tables)


def _example(stores: Sequence[xr.Dataset]) -> xr.Dataset | None:
    """The network of lowest index that met the criterion, of the first population that has one, with its weights."""
    for store in stores:
        candidates = np.flatnonzero(store["status"].values == "ok")
        if candidates.size:
            return store.isel(network=[candidates[np.argmin(store["index"].values[candidates])]])
    return None


def _own(stores: Sequence[xr.Dataset], chosen: xr.Dataset) -> xr.Dataset:
    """The network's own part of a list of stores, its points alone where they have any."""
    store = panels.holding(stores, chosen)
    name = chosen["network"].values[0]
    mine = store.isel(network=int(np.flatnonzero(store["network"].values == name)[0]))
    return mine.isel(fixed_point=np.flatnonzero(mine["owner"].values == name)) if "fixed_point" in mine.dims else mine


def _called(chosen: xr.Dataset) -> str:
    return f"{panels.called(chosen)}, {chosen.sizes['target']} units"


def _populations(summary: xr.Dataset, key: style.Key) -> list[tuple[str, str]]:
    """Architecture and loss of each line, in the order of the config."""
    own = list(zip(panels.levels(summary, "architecture"), panels.levels(summary, "loss"), strict=True))
    return sorted(dict.fromkeys(own), key=lambda levels: key.levels["architecture"].index(levels[0]))


def _numbers(summary: xr.Dataset) -> pd.DataFrame:
    """A row for each network: what it is, and the columns that are drawn; those that the summary lacks are NaN."""
    drawn = [name for name, *_ in _CLASSES] + [
        *("zero_input_fixed", "zero_input_stable", "zero_input_saddles", "leading_modulus", "second_modulus"),
        *("stable_time_constant", "stable_time_constant_trials", "leading_time_constant", "leading_time_constant_trials"),
        *("second_time_constant", "slow_stimulus_angle", "slow_block_angle", "path_speed"),
        *("circuit_weight_effect", "circuit_weight_p"),
    ]
    told = {name: panels.levels(summary, name) for name in ("architecture", "loss")}
    empty = np.full(summary.sizes["network"], np.nan)
    numbers = {name: summary[name].values.astype(float) if name in summary else empty for name in drawn}
    return pd.DataFrame({"network": summary["network"].values} | told | numbers)


def _circuit(
    figure: matplotlib.figure.Figure, top: float, chosen: xr.Dataset | None, datasets: Mapping[str, Any], table: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Panels a and b: correlations and weights of the example, sorted by group, and the densities of its weights."""
    style.heading(figure, 2, top + 3, "a", "Correlation of units, and recurrent weights")
    style.heading(figure, 92, top + 3, "b", "Weights, group to group")
    if chosen is None:
        for left in (8, 101):
            panels.nothing(style.place(figure, left, top + 12, 34, 34))
        return {"a": pd.DataFrame(), "b": pd.DataFrame()}
    style.write(figure, 7, top + 7.5, _called(chosen))
    sessions = _own(datasets["sessions"], chosen)
    hidden = sessions["state"].values[..., sessions["part"].values == "hidden"].astype(np.float64)
    correlation = correlations(hidden.reshape(-1, hidden.shape[-1]))
    weights = chosen["recurrent_weights"].isel(network=0, checkpoint=-1).sel(gate="candidate").values.astype(np.float64)
    found = groups(correlation)
    reach = float(np.quantile(np.abs(weights), 0.99)) or 1.0
    for left, matrix, limit, text in ((8, correlation, 1.0, "correlation"), (51, weights, reach, "weight (row: target)")):
        axes = style.place(figure, left, top + 11, 34, 34)
        image = axes.imshow(
            matrix[np.ix_(found.order, found.order)], cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest", aspect="auto"
        )
        image.set_rasterized(True)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(True)
        for bound in found.sizes.cumsum()[:-1] - 0.5:
            axes.axhline(bound, color="black", lw=0.4)
            axes.axvline(bound, color="black", lw=0.4)
        bar = style.place(figure, left, top + 46.5, 34, 1.6)
        figure.colorbar(image, cax=bar, orientation="horizontal", ticks=MaxNLocator(4)).set_label(text)
        bar.spines[:].set_visible(False)
        bar.tick_params(length=1.5, width=0.5, pad=1)
    own = table[table["network"] == chosen["network"].values[0]]
    return {
        "a": pd.DataFrame({"unit": found.order, "group": found.label[found.order] + 1}).assign(network=chosen["network"].values[0]),
        "a_correlations": pd.DataFrame(correlation[np.ix_(found.order, found.order)]),
        "a_weights": pd.DataFrame(weights[np.ix_(found.order, found.order)]),
        "b": _densities(style.place(figure, 101, top + 19.5, 28, 25.5), figure, top, weights, found, own),
    }


def _densities(
    axes: Axes, figure: matplotlib.figure.Figure, top: float, weights: np.ndarray, found: Groups, own: pd.DataFrame
) -> pd.DataFrame:
    """Panel b: densities of weights from group to group, on one scale of bins."""
    low, high = (weights.min(), weights.max()) if np.ptp(weights) > 0 else (-1.0, 1.0)
    bins = np.linspace(low, high, 21)
    tables, entries = [pd.DataFrame(columns=["quadrant", "low", "high", "density", "weights"])], []
    for name, origin, destination, colour, dashes in _QUADRANTS:
        pairs = (found.label[:, None] == destination) & (found.label == origin) & ~np.eye(len(weights), dtype=bool)
        if pairs.any():
            density = np.histogram(weights[pairs], bins, density=True)[0]
            axes.stairs(density, bins, color=colour, ls=dashes, lw=0.9)
            told = {"quadrant": name, "low": bins[:-1], "high": bins[1:], "density": density, "weights": int(pairs.sum())}
            tables.append(pd.DataFrame(told))
            entries.append((panels.stroke(colour, dashes), name))
    axes.set(xlabel="weight", ylabel="density", ylim=(0, None))
    axes.locator_params(nbins=3)
    for place in (0, 2):
        panels.line(figure, 97, top + 7 + 2 * place, entries[place : place + 2])
    if len(own) and np.isfinite(own["circuit_weight_p"].iloc[0]):
        p = float(own["circuit_weight_p"].iloc[0])
        style.write(figure, 97, top + 15.5, f"within ≠ between: p = {p:.3f}")
    return pd.concat([part for part in tables if len(part)] or tables, ignore_index=True)


def _effects(
    figure: matplotlib.figure.Figure, top: float, table: pd.DataFrame, rows: list[tuple[str, str]], key: style.Key
) -> pd.DataFrame:
    """Panel c: effect sizes of all networks."""
    style.heading(figure, 136, top + 3, "c", "Weight within − between")
    tested = table["circuit_weight_p"].notna()
    significant = table["circuit_weight_p"] < _SIGNIFICANT
    axes = style.place(figure, 158, top + 19, 18, 26)
    style.write(figure, 141, top + 8, f"p < {_SIGNIFICANT} (filled):")
    style.write(figure, 141, top + 12, f"{significant.sum()} of {tested.sum()} networks")
    if tested.any():
        _strip(axes, table, rows, key, "circuit_weight_effect", filled=significant.to_numpy())
        axes.axvline(0, **_GUIDE)
        axes.set_xlabel("effect (s.d.)")
        axes.set_yticks(range(len(rows)), [" ".join(map(style.printed, row)).strip() for row in rows])
        axes.tick_params(axis="y", length=0)
    else:
        panels.nothing(axes)
    return table[["network", "architecture", "loss", "circuit_weight_effect", "circuit_weight_p"]]


def _fields(
    figure: matplotlib.figure.Figure, top: float, chosen: xr.Dataset | None, datasets: Mapping[str, Any]
) -> dict[str, pd.DataFrame]:
    """Panel d: the plane under each still input."""
    style.heading(figure, 2, top + 3, "d", "One step of the example under each constant input (left, right, feedback)")
    if chosen is None:
        panels.nothing(style.place(figure, 12, top + 12, 150, 60))
        return {"d": pd.DataFrame(), "d_points": pd.DataFrame()}
    fields, points = _own(datasets["fields"], chosen), _own(datasets["fixed_points"], chosen)
    shown = np.flatnonzero(fields["visits"].values > 0)
    colours = _speeds(fields["speed"].values[:, shown], fields["visited_speed"].values)
    places = (points["state"].values - fields["centre"].values) @ fields["plane"].values
    arrows, drawn = [], []
    inputs = dict(zip(points["still"].values, points["still_input"].values, strict=True))
    for number, still in enumerate(fields["still"].values):
        axes = style.place(figure, 12 + number % 3 * 55, top + 9 + number // 3 * 38, 50, 28)
        under = points["condition"].values == still
        fixed = under & (points["kind"].values == "fixed")
        stable = points["unstable"].values == 0
        arrows.append(_field(axes, fields.isel(still=number), shown, colours))
        for which, face in ((fixed & stable, "black"), (fixed & ~stable, "white")):
            axes.plot(*places[which].T, "o", markersize=4.2, markerfacecolor=face, markeredgecolor="black", markeredgewidth=0.9, zorder=5)
        drawn.append(pd.DataFrame(places[fixed], columns=["pc_1", "pc_2"]).assign(still=still, stable=stable[fixed]))
        text = ", ".join(f"{value:g}" for value in inputs[still]).replace("-", "−")
        axes.set_title(f"{still} ({text})")
        if number >= 3:
            axes.set_xlabel("PC 1")
        if number % 3 == 0:
            axes.set_ylabel("PC 2")
    entries = [(panels.mark("o", "full", "black"), "stable fixed point"), (panels.mark("o", "none", "black"), "unstable")]
    panels.line(figure, 12, top + 87.5, entries)
    _colour_bar(figure, 128, top + 86, 44, colours, "length of the step from this very state, |F(h) − h|")
    points_table = pd.concat(drawn, ignore_index=True)
    return {"d": pd.concat(arrows, ignore_index=True).assign(network=chosen["network"].values[0]), "d_points": points_table}


def _speeds(*speeds: Float[np.ndarray, "..."]) -> ScalarMappable:
    """One logarithmic scale of colours for all inputs; the slowest hundredth share its dark end."""
    values = np.concatenate([each.ravel() for each in speeds])
    values = values[np.isfinite(values) & (values > 0)]
    if not values.size or values.min() == values.max():
        return ScalarMappable(Normalize(0, 1), style.SEQUENTIAL)
    return ScalarMappable(LogNorm(np.quantile(values, 0.01), values.max()), style.SEQUENTIAL)


def _colour_bar(figure: matplotlib.figure.Figure, left: float, top: float, width: float, colours: ScalarMappable, text: str) -> None:
    """A lying colour bar as in `panels`, with powers of ten, and simple numbers between them where they are few."""
    bar = style.place(figure, left, top, width, 1.6)
    low, high = colours.get_clim()
    ticks = [10.0**power * part for power in range(-12, 7) for part in ((1, 2, 5) if high < 30 * low else (1,))]
    figure.colorbar(colours, cax=bar, orientation="horizontal", ticks=[tick for tick in ticks if low <= tick <= high])
    bar.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    bar.minorticks_off()
    bar.tick_params(length=1.5, width=0.5, pad=1)
    bar.spines[:].set_visible(False)
    style.write(figure, left - 1.5, top + 1.9, text, ha="right")


def _field(axes: Axes, field: xr.Dataset, shown: np.ndarray, colours: ScalarMappable) -> pd.DataFrame:
    """Arrows of the grid's places where the network has been, over its visited states."""
    visited, position = field["visited"].values, field["position"].values
    axes.scatter(*visited.T, c=colours.to_rgba(field["visited_speed"].values), s=2.5, lw=0, alpha=0.45, rasterized=True, zorder=1)
    start, flow, speed = position[shown], field["flow"].values[shown], field["speed"].values[shown]
    low, high = position.min(axis=0), position.max(axis=0)
    pitch = np.where(high > low, (high - low) / max(len(np.unique(position[:, 0])) - 1, 1), 1.0)
    axes.set(xlim=(low[0] - pitch[0], high[0] + pitch[0]), ylim=(low[1] - pitch[1], high[1] + pitch[1]))
    # as long on the page as the share of the step in the plane, whichever way it goes
    scale = axes.get_window_extent().size / (high - low + 2 * pitch)
    page = flow * scale
    share = np.linalg.norm(flow, axis=1) / np.where(speed > 0, speed, 1.0)
    length = np.linalg.norm(page, axis=1)
    page = page / np.where(length > 0, length, 1.0)[:, None] * share[:, None]
    axes.quiver(
        *start.T,
        *page.T,
        color=colours.to_rgba(speed),
        angles="uv",
        scale=22,
        width=0.006,
        headwidth=4,
        headlength=4.5,
        pivot="mid",
        zorder=3,
    )
    axes.locator_params(nbins=4)
    columns = {"pc_1": start[:, 0], "pc_2": start[:, 1], "flow_1": flow[:, 0], "flow_2": flow[:, 1], "speed": speed}
    return pd.DataFrame({"still": str(field["still"].values)} | columns)


def _population(
    figure: matplotlib.figure.Figure, top: float, table: pd.DataFrame, rows: list[tuple[str, str]], key: style.Key
) -> dict[str, pd.DataFrame]:
    """Panels e to h: a line for each population, the same in all of them."""
    height = _LINE * max(len(rows), 2)
    lefts, widths = (27, 54, 82, 104, 137, 162), (22, 22, 18, 20, 18, 15)
    axes = [style.place(figure, left, top + 15, width, height) for left, width in zip(lefts, widths, strict=True)]
    for left, letter, text in (
        (2, "e", "Fixed points under zero input (N)"),
        (78, "f", "Slow modes"),
        (132, "g", "Slow direction"),
        (157, "h", "Slow path"),
    ):
        style.heading(figure, left, top + 3, letter, text)
    letters = {
        "e": ["zero_input_fixed", "zero_input_stable", "zero_input_saddles", *(name for name, *_ in _CLASSES)],
        "f": [*(name for name in table if "modulus" in name or "time_constant" in name)],
        "g": ["slow_stimulus_angle", "slow_block_angle"],
        "h": ["path_speed"],
    }
    tables = {letter: table[["network", "architecture", "loss", *columns]] for letter, columns in letters.items()}
    counted = _count(table, rows)
    if table[letters["e"][0]].notna().sum() == 0:
        for each in axes:
            panels.nothing(each, "no network" if each is not axes[0] else "no network\nmet the\ncriterion")
        return tables | {"e_shares": counted}
    _bars(axes[0], counted, rows, [(name, colour) for name, _, colour in _CLASSES], 0.7)
    axes[0].set_yticks(range(len(rows)), [_name(row, counted) for row in rows])
    axes[0].tick_params(axis="y", length=0)
    shades = [style.SEQUENTIAL(place / (len(_NUMBERS) - 1)) for place in range(len(_NUMBERS))]
    for kind, offset in (("fixed", -0.2), ("stable", 0.2)):
        _bars(axes[1], counted, rows, [(f"{kind}_{number}", shade) for number, shade in zip(_NUMBERS, shades, strict=True)], 0.36, offset)
    for each in axes[:2]:
        each.set(xlim=(0, 1), xticks=[0, 0.5, 1], xticklabels=["0", "½", "1"], xlabel="fraction")
    panels.line(figure, 7, top + 7.5, [(Patch(color=colour), name) for _, name, colour in _CLASSES])
    names = [f"{number}+" if number == _NUMBERS[-1] else str(number) for number in _NUMBERS]
    patches = [(Patch(color=shade), name) for shade, name in zip(shades, names, strict=True)]
    panels.line(figure, 3, top + 11.5, [(panels.stroke("none"), "points (fixed above stable):"), *patches])
    _strip(axes[2], table, rows, key, "leading_modulus")
    for value in (1.0, *_PUBLISHED_MODULI):
        axes[2].axvline(value, **_GUIDE | ({"ls": "-", "color": "0.6"} if value == 1 else {}))
    axes[2].set_xlabel("largest |λ|")
    _strip(axes[3], table, rows, key, "stable_time_constant")
    _strip(axes[3], table, rows, key, "second_time_constant", filled=np.zeros(len(table), dtype=bool))
    axes[3].set_xscale("log")
    for value in _PUBLISHED_CONSTANTS:
        axes[3].axvline(value, **_GUIDE)
    axes[3].xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes[3].minorticks_off()
    axes[3].set_xlabel("time constant (step)")
    panels.line(figure, 83, top + 7.5, [(panels.mark("o", "full", "0.4"), "longest"), (panels.mark("o", "none", "0.4"), "second")])
    style.write(figure, 130, top + 13.5, "trials", ha="right")
    beside: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "center", "annotation_clip": False}
    for place, row in enumerate(rows):
        axes[3].annotate(_trials(table, row), (1.3, place), **beside)
    _strip(axes[4], table, rows, key, "slow_block_angle")
    _strip(axes[4], table, rows, key, "slow_stimulus_angle", filled=np.zeros(len(table), dtype=bool))
    panels.line(figure, 132, top + 7.5, [(panels.mark("o", "full", "0.4"), "block"), (panels.mark("o", "none", "0.4"), "stimulus")])
    axes[4].set(xlim=(0, 92), xticks=[0, 45, 90], xlabel="angle (°)")
    _strip(axes[5], table, rows, key, "path_speed")
    axes[5].set_xlabel("speed")
    axes[5].set_xlim(0, None)
    return tables | {"e_shares": counted}


def _trials(table: pd.DataFrame, row: tuple[str, str]) -> str:
    """Median time constant of a population's stable points, in trials."""
    own = table.loc[(table["architecture"] == row[0]) & (table["loss"] == row[1]), "stable_time_constant_trials"].dropna()
    return f"{own.median():.1f}" if len(own) else "–"


def _name(row: tuple[str, str], counted: pd.DataFrame) -> str:
    """A population as print writes it, with its number of networks."""
    count = counted.set_index(["architecture", "loss"]).loc[row, "networks"]
    return f"{' '.join(map(style.printed, row)).strip()} ({count})"


def _count(table: pd.DataFrame, rows: list[tuple[str, str]]) -> pd.DataFrame:
    """Fractions of each population by class and by number of points."""
    told = []
    for architecture, loss in rows:
        own = table[(table["architecture"] == architecture) & (table["loss"] == loss) & table["zero_input_fixed"].notna()]
        shares = {name: own[name].mean() for name, *_ in _CLASSES}
        for kind in ("fixed", "stable"):
            held = own[f"zero_input_{kind}"].clip(upper=_NUMBERS[-1])
            shares |= {f"{kind}_{number}": (held == number).mean() for number in _NUMBERS}
        told.append({"architecture": architecture, "loss": loss, "networks": len(own)} | shares)
    return pd.DataFrame(told)


def _bars(
    axes: Axes, counted: pd.DataFrame, rows: list[tuple[str, str]], parts: Sequence[tuple[str, Any]], height: float, offset: float = 0.0
) -> None:
    """Stacked fractions, a bar for each population, from the top down."""
    where, left = np.arange(len(rows)) + offset, np.zeros(len(rows))
    for name, colour in parts:
        share = np.nan_to_num(counted[name].to_numpy(dtype=float))
        axes.barh(where, share, height, left=left, color=colour, edgecolor="white", lw=0.3)
        left += share
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks([])


def _strip(
    axes: Axes, table: pd.DataFrame, rows: list[tuple[str, str]], key: style.Key, column: str, filled: np.ndarray | None = None
) -> None:
    """A mark for each network on its population's line, spread over the line in the order of the table, and the median."""
    filled = np.ones(len(table), dtype=bool) if filled is None else filled
    for place, (architecture, loss) in enumerate(rows):
        own = ((table["architecture"] == architecture) & (table["loss"] == loss) & np.isfinite(table[column])).to_numpy()
        values = table[column].to_numpy()[own]
        height = place + 0.6 * ((np.arange(own.sum()) * 0.618034) % 1 - 0.5)  # spread evenly, whatever the number
        look: dict[str, Any] = {"linestyle": "none", "marker": key.marker(architecture), "markersize": 2.2, "markeredgewidth": 0.5}
        colour = key.colour("architecture", architecture)
        for full in (True, False):
            which = filled[own] == full
            axes.plot(values[which], height[which], color=colour, fillstyle="full" if full else "none", alpha=0.8, **look)
        if values.size:
            axes.plot([np.median(values)] * 2, [place - 0.4, place + 0.4], color="black", lw=1.1)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks([])
    axes.locator_params(axis="x", nbins=3)
