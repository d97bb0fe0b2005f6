"""Panels that several figures share: distance matrix, MDS map, states in three axes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import matplotlib.artist
import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from rnnpop.figures import style

#: How far the third axis goes right and up in the flat picture, a unit of it.
_OBLIQUE = (0.45, 0.30)

#: Networks of a population that are drawn before it is the next one's turn.
_TURN = 8

_GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


def flatten(points: Float[np.ndarray, "*points axis"]) -> Float[np.ndarray, "*points flat"]:
    """Oblique projection of three axes onto the page: the first two undistorted, the third receding to the upper right."""
    return points[..., :2] + points[..., 2:3] * np.array(_OBLIQUE)


def frame(axes: Axes, flat: Float[np.ndarray, "*points flat"], margin: float = 1.08) -> None:
    """Limits with equal scales and room for all finite points."""
    centre, half = extent(flat)
    size = np.array(axes.get_window_extent().size)
    half = (half / size).max() * margin * size  # one scale for both: that of the tighter direction
    axes.set(xlim=(centre[0] - half[0], centre[0] + half[0]), ylim=(centre[1] - half[1], centre[1] + half[1]))


def extent(flat: Float[np.ndarray, "*points flat"]) -> tuple[Float[np.ndarray, " flat"], Float[np.ndarray, " flat"]]:
    """Centre and half widths of the finite points; half a unit each way where they have no spread at all."""
    points = flat[np.isfinite(flat).all(axis=-1)]
    if not len(points):
        return np.zeros(2), np.full(2, 0.5)
    low, high = points.min(axis=0), points.max(axis=0)
    return (low + high) / 2, (high - low) / 2 if (high - low).max() > 1e-9 else np.full(2, 0.5)


def tripod(figure: matplotlib.figure.Figure, left: float, bottom: float) -> None:
    """The three axes of `flatten`, as arrows from a corner at these millimetres from the page's left and top; 15 by 9 mm."""
    axes = style.place(figure, left, bottom - 8, 14, 8)
    axes.set(xlim=(0, 14), ylim=(0, 8))
    style.bare(axes)
    arrow = {"arrowstyle": "-|>", "lw": 0.5, "mutation_scale": 4, "shrinkA": 0, "shrinkB": 0, "color": "black"}
    for text, tip, across, up in (
        ("PC1", (5, 0), "left", "center"),
        ("PC2", (0, 5), "center", "bottom"),
        ("PC3", (3.6, 2.4), "left", "bottom"),
    ):
        axes.annotate("", xy=tip, xytext=(0, 0), annotation_clip=False, arrowprops=arrow)
        axes.annotate(text, tip, (1 if tip[0] else 0, 0), textcoords="offset points", annotation_clip=False, ha=across, va=up)
    axes.patch.set_alpha(0)


def networks(store: xr.Dataset, key: style.Key) -> pd.DataFrame:
    """Names, places and factor levels of the networks of a store that met the criterion and have finite distances, sorted by factors."""
    count = store.sizes["network"]
    rows = pd.DataFrame({"network": store["network"].values, "row": np.arange(count), "status": store["status"].values})
    for factor in key.levels:
        rows[factor] = levels(store, factor)
    distance = store["distance"].values
    ok = (rows["status"] == "ok").to_numpy()
    finite = np.isfinite(store["position"].values).all(axis=1)
    finite &= np.isfinite(distance[:, ok & finite]).all(axis=1)
    kept = rows[ok & finite]
    ranks = [kept[factor].map(scale.index) for factor, scale in key.levels.items()]
    return kept.iloc[np.lexsort([np.arange(len(kept)), *reversed(ranks)])].reset_index(drop=True)


def levels(store: xr.Dataset, factor: str) -> list[str]:
    """Level of a factor for each network; one nameless level where the study does not vary it."""
    if factor not in store.coords:
        return [""] * store.sizes["network"]
    return [str(level) for level in np.broadcast_to(store[factor].values, store.sizes["network"])]


def all_levels(stores: list[xr.Dataset], factor: str) -> tuple[str, ...]:
    """Every level of a factor, in the order of first appearance."""
    return tuple(dict.fromkeys(level for store in stores for level in levels(store, factor)))


def distance_matrix(
    figure: matplotlib.figure.Figure, left: float, top: float, size: float, store: xr.Dataset, rows: pd.DataFrame, key: style.Key
) -> pd.DataFrame:
    """Distances sorted by factors, with bars that name the groups, and a colour bar; returns the matrix as drawn.

    Args:
        left, top, size: of the square, in mm. Bars and names take 16 mm to its left, bars 4 mm above, the colour bar 12 mm
            to its right.
        rows: what `networks` returned for this store.
    """
    axes = style.place(figure, left, top, size, size)
    distance = store["distance"].values[np.ix_(rows["row"], rows["row"])]
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    if len(rows):
        largest = float(distance.max()) or 1.0
        image = axes.imshow(distance, cmap="cividis", vmin=0, vmax=largest, interpolation="nearest", aspect="auto")
        image.set_rasterized(True)
        bar = style.place(figure, left + size + 2, top, 2, size)
        figure.colorbar(image, cax=bar, ticks=MaxNLocator(4)).set_label("distance")
        bar.spines[:].set_visible(False)
        bar.tick_params(length=2, width=0.5)
        _group_bars(figure, left, top, size, rows, key)
    else:
        nothing(axes)
    return pd.DataFrame(distance, index=pd.Index(rows["network"], name="network"), columns=rows["network"].to_list()).reset_index()


def _group_bars(figure: matplotlib.figure.Figure, left: float, top: float, size: float, rows: pd.DataFrame, key: style.Key) -> None:
    width, gap = 1.4, 0.3
    for number, factor in enumerate(reversed(key.levels)):  # the outer bar is the factor sorted by first
        beside = style.place(figure, left - (number + 1) * (width + gap), top, width, size)
        above = style.place(figure, left, top - (number + 1) * (width + gap), size, width)
        for axes in (beside, above):
            style.bare(axes)
        beside.set(ylim=(len(rows), 0), xlim=(0, 1))
        above.set(xlim=(0, len(rows)), ylim=(0, 1))
        level = rows[factor].to_numpy()
        bounds = [0, *(np.flatnonzero(level[1:] != level[:-1]) + 1).tolist(), len(level)]
        for first, end in itertools.pairwise(bounds):
            colour = key.colour(factor, level[first])
            beside.axhspan(first, end, color=colour, lw=0)
            above.axvspan(first, end, color=colour, lw=0)
            if factor == "architecture":
                beside.text(-0.4, (first + end) / 2, style.printed(level[first]), ha="right", va="center")


def embedding(axes: Axes, store: xr.Dataset, rows: pd.DataFrame, key: style.Key, colour_by: str, effect: dict[str, float]) -> pd.DataFrame:
    """MDS map: colour by one factor; marker and fill say both in any case. Networks at one place are fanned out.

    Args:
        effect: `r2`, `low`, `high` of the factor in this distance, for the title.

    Returns:
        Networks with their factors, positions, and where they were drawn.
    """
    position = store["position"].values[rows["row"], :2]
    drawn = fan_out(position)
    frame(axes, position, margin=1.12)
    size = float(np.clip(30 / np.sqrt(max(len(rows), 1)), 1.5, 3.5))
    population = ["architecture", "activation"]
    # populations take turns, so that none lies on top of all others where they overlap
    turns = rows.assign(turn=rows.groupby(population).cumcount() // _TURN).sort_values("turn", kind="stable")
    for (_, *level), group in turns.groupby(["turn", *population], sort=False):
        architecture, activation = level
        colour = key.colour(colour_by, dict(zip(population, level, strict=True))[colour_by])
        axes.plot(
            *drawn[group.index].T,
            linestyle="none",
            marker=key.marker(architecture),
            fillstyle=key.fill(activation),
            color=colour,
            markersize=size,
            markeredgewidth=0.6,
            markerfacecoloralt="white",
        )
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.set_xlabel("MDS 1")
    if not len(rows):
        nothing(axes)
    interval = f"R² {effect['r2']:.2f} [{effect['low']:.2f}, {effect['high']:.2f}]".replace("-", "−")
    interval = interval if np.isfinite(effect["r2"]) else "R² undefined"
    axes.set_title(f"coloured by {colour_by}\n{interval}", linespacing=1.25)
    return rows.drop(columns=["row", "status"]).assign(
        **{f"mds_{i + 1}": position[:, i] for i in range(2)}, **{f"drawn_{i + 1}": drawn[:, i] for i in range(2)}
    )


def fan_out(position: Float[np.ndarray, "network axis"]) -> Float[np.ndarray, "network axis"]:
    """Positions with those that coincide (within 1e-6 of the extent) spread on a small sunflower, so that each can be seen."""
    width = 2 * float(extent(position)[1].max())
    cell = np.round(position / (1e-6 * width)).astype(np.int64)
    _, place, count = np.unique(cell, axis=0, return_inverse=True, return_counts=True)
    place = place.ravel()
    rank = np.zeros(len(position), dtype=int)
    for number in np.flatnonzero(count > 1):
        rank[place == number] = np.arange(count[number])
    radius = min(0.035, 0.4 / np.sqrt(rank.max(initial=0) + 1)) * width * np.sqrt(rank)  # never farther than the picture is wide
    return position + radius[:, None] * np.stack([np.cos(rank * _GOLDEN_ANGLE), np.sin(rank * _GOLDEN_ANGLE)], axis=1)


def effect(contrasts: xr.Dataset, measure: str, factor: str) -> dict[str, float]:
    """PERMANOVA R² of a factor and its 95 % bootstrap interval; NaN where it was not computed."""
    if measure not in contrasts["measure"].values or factor not in contrasts["factor"].values:
        return dict.fromkeys(("r2", "low", "high"), np.nan)
    cell = contrasts.sel(measure=measure, factor=factor)
    draws = cell["r2_draws"].values[np.isfinite(cell["r2_draws"].values)]
    low, high = np.percentile(draws, [2.5, 97.5]) if draws.size else (np.nan, np.nan)
    return {"r2": float(cell["r2"]), "low": float(low), "high": float(high)}


def legend(figure: matplotlib.figure.Figure, left: float, top: float, key: style.Key) -> None:
    """What markers, colours and fills mean in `embedding`, on one line that starts at these millimetres."""
    entries = []
    for level in key.levels["architecture"]:
        entries.append((_mark(key.marker(level), "full", key.colour("architecture", level)), style.printed(level)))
    for level in key.levels["activation"]:
        entries.append((_mark("o", key.fill(level), key.colour("activation", level)), style.printed(level)))
    line(figure, left, top, entries)


def line(figure: matplotlib.figure.Figure, left: float, top: float, entries: Sequence[tuple[matplotlib.artist.Artist, str]]) -> None:
    """A legend on one line that starts at these millimetres from the page's left and top."""
    across, down = figure.get_size_inches() * style.INCH
    shown = [(mark, text) for mark, text in entries if text]
    figure.legend(
        [mark for mark, _ in shown],
        [text for _, text in shown],
        loc="center left",
        bbox_to_anchor=(left / across, 1 - top / down),
        ncols=max(len(shown), 1),
        handletextpad=0.3,
        columnspacing=1.2,
        handlelength=1.2,
        borderpad=0,
        borderaxespad=0,
    )


def _mark(marker: str, fill: style.Fill, colour: str) -> Line2D:
    return Line2D([], [], linestyle="none", marker=marker, fillstyle=fill, color=colour, markersize=3.5, markeredgewidth=0.6)


def order_entries(orders: set[int]) -> list[tuple[Line2D, str]]:
    """Legend entries of fixed points by number of unstable directions."""
    last = len(style.ORDERS) - 1
    return [
        (_mark(marker, "full", colour), f"{number}+" if number == last else str(number))
        for number, (colour, marker) in enumerate(style.ORDERS)
        if number in orders or (number == last and max(orders, default=0) > last)
    ]


def nothing(axes: Axes) -> None:
    """Say that there is nothing to draw."""
    style.bare(axes)
    axes.text(0.5, 0.5, "no network\nmet the criterion", transform=axes.transAxes, ha="center", va="center", color="0.4")
