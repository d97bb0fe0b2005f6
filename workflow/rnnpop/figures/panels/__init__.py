"""Panels that several figures share: examples, states in three axes, distance matrix and MDS map, means over networks."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import matplotlib.artist
import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float, Real
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from rnnpop.design import name_parts
from rnnpop.figures import style

#: The factors that panels are sorted and coloured by, the one sorted by first in front.
FACTORS = ("architecture", "activation")

#: Coordinates of networks that are not design factors.
_NO_FACTORS = (*FACTORS, "network", "index", "status", "learner")

#: Batches of a portrait: the probe batch, and the trials for pictures.
PROBES, PICTURES = 0, 2

#: The example of each architecture and activation; None where no network met the criterion.
Examples = dict[tuple[str, str], xr.Dataset | None]

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


def key(stores: Sequence[xr.Dataset], *more: str) -> style.Key:
    """Looks of the levels of architecture and activation, in the order of first appearance, and of any further factors, sorted."""
    return style.Key(
        {factor: all_levels(stores, factor) for factor in FACTORS}
        | {factor: tuple(sorted(all_levels(stores, factor), key=_amount)) for factor in more}
    )


def _amount(level: str) -> tuple[float, str]:
    """What levels are sorted by: numbers by size, before words."""
    try:
        return float(level), level
    except ValueError:
        return np.inf, level


def further_factors(stores: Sequence[xr.Dataset]) -> list[str]:
    """Design factors beside architecture and activation: what else differs between the networks of these stores."""
    named = dict.fromkeys(str(name) for store in stores for name, item in store.coords.items() if item.dims == ("network",))
    return [name for name in named if name not in _NO_FACTORS and len(all_levels(stores, name)) > 1]


def numbers(key: style.Key) -> str:
    """What the numbers behind a population's architecture and activation are, in brackets; nothing without any."""
    more = [style.printed(factor) for factor in key.levels if factor not in FACTORS]
    return f" ({', '.join(more)})" if more else ""


def example(portrait: xr.Dataset) -> xr.Dataset | None:
    """The network of lowest index that met the criterion, alone with its own fixed points; None if there is none."""
    finite = np.isfinite(portrait["trajectory"].values).all(axis=(1, 2, 3))
    candidates = np.flatnonzero((portrait["status"].values == "ok") & finite)
    if not candidates.size:
        return None
    chosen = portrait.isel(network=[candidates[np.argmin(portrait["index"].values[candidates])]])
    return chosen.isel(fixed_point=chosen["owner"].values == chosen["network"].values[0])


def examples(portraits: Sequence[xr.Dataset]) -> Examples:
    """That of each architecture and activation: of the first population (of any size, ...) that has one."""
    found: Examples = {}
    for portrait in portraits:
        architecture, activation = (levels(portrait, factor)[0] for factor in FACTORS)
        if found.get((architecture, activation)) is None:
            found[architecture, activation] = example(portrait)
    return found


def first(examples: Examples) -> xr.Dataset | None:
    """The first example of all."""
    return next((found for found in examples.values() if found is not None), None)


def holding(stores: Sequence[xr.Dataset], chosen: xr.Dataset) -> xr.Dataset:
    """The store that holds a network."""
    return next(store for store in stores if chosen["network"].values[0] in store["network"].values)


def called(store: xr.Dataset, *more: str) -> str:
    """Architecture, activation and further levels of a store's first network, as print writes them."""
    return " ".join(style.printed(levels(store, factor)[0]) for factor in (*FACTORS, *more)).strip()


def title(chosen: xr.Dataset | None) -> str:
    """Title of a panel that shows one network."""
    return "Example network" + (f", {called(chosen)}" if chosen is not None else "")


def pictured(portrait: xr.Dataset) -> xr.Dataset:
    """Its trials for pictures, or the probe trials of a task without them."""
    batch = portrait["batch"].values
    return portrait.isel(trial=batch == (PICTURES if (batch == PICTURES).any() else PROBES))


def states(
    figure: matplotlib.figure.Figure,
    left: float,
    top: float,
    examples: Examples,
    key: style.Key,
    colour: Callable[[Any], Any] | None = None,
    condition: str | None = None,
    points: bool = False,
) -> pd.DataFrame:
    """States of the examples on their principal components: a row for each activation, a column for each architecture.

    Args:
        left, top: in mm; the panel is 109 mm wide and 54 mm high, the three axes at its lower left included, its title not.
        colour: of a trial, by the number that its input stands for; without it, trials have their architecture's.
        condition: name of the only still input whose trials and points are shown; all where None.
        points: whether fixed points are drawn too, in black.

    Returns:
        One row a step; with `points`, one a point as well, whose `step` is missing.
    """
    columns, rows = key.levels["architecture"], key.levels["activation"]
    width, height = 100 / len(columns), 40 / len(rows)
    for number, architecture in enumerate(columns):
        style.write(figure, left + 9 + (number + 0.5) * width, top + 9, style.printed(architecture), ha="center")
    for number, activation in enumerate(rows):
        middle = top + 11 + (number + 0.5) * height
        style.write(figure, left + 6, middle, style.printed(activation), rotation=90, ha="center", va="center")
    drawn = [pd.DataFrame()]
    for (architecture, activation), chosen in examples.items():
        across, down = left + 9 + columns.index(architecture) * width, top + 10.5 + rows.index(activation) * height
        axes = style.place(figure, across, down, width - 1, height - 4.5)
        if chosen is None:
            nothing(axes)
            continue
        drawn += orbits(axes, chosen, colour or key.colour("architecture", architecture), condition, points)
        share = float(chosen["explained_variance"].values[0].sum())
        style.write(figure, across + width / 2, down + height - 2, f"{100 * share:.0f} %", ha="center")
    tripod(figure, left, top + 54)
    return pd.concat(drawn, ignore_index=True)


def orbits(
    axes: Axes, chosen: xr.Dataset, colour: Callable[[Any], Any] | str, condition: str | None = None, points: bool = False
) -> list[pd.DataFrame]:
    """One network's pictured trials, and its fixed points in black; see `states`."""
    portrait = pictured(chosen)
    if condition is not None:
        portrait = portrait.isel(trial=portrait["condition"].values == condition)
    paths = portrait["trajectory"].values[0].astype(float)
    flat = flatten(paths)
    for path, command in zip(flat, portrait["command"].values, strict=True):
        axes.plot(*path.T, color=colour if isinstance(colour, str) else colour(float(command)), lw=0.5, alpha=0.8)
    placed = portrait.isel(fixed_point=(portrait["still"].values == condition) if condition is not None else slice(None))
    centres = placed["position"].values[:, : paths.shape[-1]]
    spots = flatten(centres)
    if points:
        axes.plot(*spots.T, linestyle="none", marker="o", color="black", markersize=1.8, markeredgewidth=0, zorder=3)
    frame(axes, np.concatenate([flat.reshape(-1, 2), spots]))
    style.bare(axes)
    trials, steps = np.indices(paths.shape[:2]).reshape(2, -1)
    network = {"network": str(chosen["network"].values[0])}
    share = {"variance_in_three": float(chosen["explained_variance"].values[0].sum())}
    described = {name: portrait[name].values[trials] for name in ("condition", "command")}
    tables = [
        pd.DataFrame(network | {"trial": trials} | described | {"step": steps}, index=range(trials.size))
        .assign(**{f"pc_{i + 1}": paths[..., i].ravel() for i in range(3)})
        .assign(drawn_1=flat[..., 0].ravel(), drawn_2=flat[..., 1].ravel(), **share)
    ]
    if points and len(centres):
        of_points = {"condition": placed["still"].values, "level": placed["level"].values, "kind": placed["kind"].values}
        tables.append(
            pd.DataFrame(network | of_points, index=range(len(centres)))
            .assign(**{f"pc_{i + 1}": centres[:, i] for i in range(3)})
            .assign(drawn_1=spots[:, 0], drawn_2=spots[:, 1], **share)
        )
    return tables


def fixed_points(axes: Axes, chosen: xr.Dataset, size: float = 1.9) -> pd.DataFrame:
    """Fixed and slow points by number of unstable directions, points of a manifold as small black dots; returns all of them."""
    flat = flatten(chosen["position"].values)
    table = pd.DataFrame({name: chosen[name].values for name in ("owner", "node", "still", "level", "kind", "unstable")})
    table = table.rename(columns={"owner": "network", "still": "condition"}).assign(drawn_1=flat[:, 0], drawn_2=flat[:, 1])
    line = table[table["kind"] == "manifold"]
    axes.plot(line["drawn_1"], line["drawn_2"], linestyle="none", marker=".", color="black", markersize=2, markeredgewidth=0, zorder=3)
    by_order(axes, table[table["kind"] != "manifold"], "drawn_1", "drawn_2", size)
    return table


def by_order(axes: Axes, points: pd.DataFrame, x: str, y: str, size: float) -> None:
    """Points coloured and marked by their number of unstable directions."""
    for unstable, group in points.groupby(points["unstable"].clip(upper=len(style.ORDERS) - 1)):
        colour, marker = style.ORDERS[int(unstable)]
        axes.plot(group[x], group[y], linestyle="none", marker=marker, color=colour, markersize=size, markeredgewidth=0, zorder=3)


def colour_scale(commands: Float[np.ndarray, " trial"]) -> ScalarMappable:
    """Colours of commands from the least to the largest, or from minus to plus where they have both signs; some scale without any."""
    finite = commands[np.isfinite(commands)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if low < 0 < high:
        return ScalarMappable(Normalize(-max(-low, high), max(-low, high)), style.DIVERGING)
    return ScalarMappable(Normalize(low, high if high > low else low + 1), style.SEQUENTIAL)


def commands(stores: Sequence[xr.Dataset]) -> Float[np.ndarray, " trial"]:
    """The numbers that the inputs of pictured trials stand for."""
    return np.concatenate([np.empty(0), *(pictured(portrait)["command"].values for portrait in stores)])


def colour_bar(figure: matplotlib.figure.Figure, left: float, top: float, width: float, colours: ScalarMappable, text: str) -> None:
    """A lying colour bar of 1.6 mm, its numbers below, its name to the left, at these millimetres."""
    bar = style.place(figure, left, top, width, 1.6)
    figure.colorbar(colours, cax=bar, orientation="horizontal", ticks=MaxNLocator(3))
    bar.tick_params(length=1.5, width=0.5, pad=1)
    for spine in bar.spines.values():
        spine.set_visible(False)
    style.write(figure, left - 1.5, top + 1.9, text, ha="right")


def of_study(summary: xr.Dataset, stores: Sequence[xr.Dataset]) -> xr.Dataset:
    """Rows of the summary that are of the task and learner of these stores."""
    holder = next((store for store in stores if store.sizes["network"]), None)
    if holder is None:
        return summary.isel(network=slice(0))
    own = of_tasks(summary, {name_parts(holder["network"].values[0]).task})
    return of_level(own, "learner", levels(holder, "learner")[0])


def of_tasks(summary: xr.Dataset, tasks: Collection[str]) -> xr.Dataset:
    """Rows of the summary that are of these tasks."""
    return summary.isel(network=np.array([name_parts(name).task in tasks for name in summary["network"].values], dtype=bool))


def of_level(summary: xr.Dataset, factor: str, level: str) -> xr.Dataset:
    """Rows of the summary at one level of a factor."""
    return summary.isel(network=np.array(levels(summary, factor), dtype=object) == level)


def trained(summary: xr.Dataset) -> xr.Dataset:
    """The networks that met the criterion."""
    return summary.isel(network=summary["status"].values == "ok")


def percentiles(values: Float[np.ndarray, "network *column"]) -> Float[np.ndarray, "3 *column"]:
    """2.5th, 50th and 97.5th percentile of the finite values of each column; NaN without any."""
    columns = values.reshape(len(values), int(np.prod(values.shape[1:]))).T
    told = [np.percentile(c[np.isfinite(c)], [2.5, 50, 97.5]) if np.isfinite(c).any() else np.full(3, np.nan) for c in columns]
    return np.array(told).T.reshape(3, *values.shape[1:])


def measured(summary: xr.Dataset, name: str) -> xr.DataArray | None:
    """A variable of the summary without the columns that no network has; None where nothing is left."""
    if name not in summary:
        return None
    found = summary[name].astype(float)
    for dim in found.dims[1:]:
        found = found.isel({dim: np.isfinite(found.values).any(axis=tuple(i for i, other in enumerate(found.dims) if other != dim))})
    return found if found.size else None


def mean_and_error(values: Float[np.ndarray, "network column"]) -> pd.DataFrame:
    """Mean over networks of each column, its standard error (sample deviation over √N; NaN for one), and N, all of finite values."""
    finite = np.isfinite(values)
    number = finite.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(finite, values, 0).sum(axis=0) / number
        variance = np.where(finite, (values - mean) ** 2, 0).sum(axis=0) / (number - 1)
        error = np.sqrt(np.where(number > 1, variance, np.nan) / number)
    return pd.DataFrame({"mean": mean, "standard_error": error, "networks": number})


def band(axes: Axes, x: Real[np.ndarray, " column"], values: Float[np.ndarray, "network column"], **look: Any) -> pd.DataFrame:
    """Mean over networks with a band of one standard error on either side; returns the numbers."""
    told = mean_and_error(values)
    error = told["standard_error"].fillna(0)
    axes.fill_between(x, told["mean"] - error, told["mean"] + error, color=look["color"], alpha=0.3, lw=0)
    axes.plot(x, told["mean"], **look)
    return told


def distances(
    figure: matplotlib.figure.Figure,
    top: float,
    letters: tuple[str, str],
    measure: str,
    datasets: Mapping[str, Any],
    key: style.Key,
    size: float = 38,
) -> dict[str, pd.DataFrame]:
    """A distance matrix with its two maps, as two panels or, where the second letter is empty, as one; `size` + 24.5 mm high."""
    store = datasets["atlas"][measure]
    rows, stress = networks(store, key), float(store["stress"])
    name = style.printed(measure)
    style.heading(figure, 2, top + 3, letters[0], f"{name[0].upper()}{name[1:]} distance")
    style.heading(
        figure, 84, top + 3, letters[1], f"MDS of {name} distance (N = {len(rows)}, stress {stress:.2f})".replace("nan", "undefined")
    )
    legend(figure, 7, top + 7.5, key)
    distance = distance_matrix(figure, 20, top + 14.5, size, store, rows, key)
    effects, positions = [], pd.DataFrame()
    for number, factor in enumerate(FACTORS):
        axes = style.place(figure, 93 + number * 46, top + 14.5, 38, size)
        told = effect(datasets["contrasts"], measure, factor)
        positions = embedding(axes, store, rows, key, factor, told)
        effects.append({"measure": measure, "factor": factor, "networks": len(rows), "stress": stress} | told)
        axes.set_ylabel("" if number else "MDS 2")
    matrix, last = (letters[0], letters[1]) if letters[1] else (f"{letters[0]}_distances", letters[0])
    return {matrix: distance, last: positions, f"{last}_effects": pd.DataFrame(effects)}


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


def all_levels(stores: Sequence[xr.Dataset], factor: str) -> tuple[str, ...]:
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
    # populations take turns, so that none lies on top of all others where they overlap
    population = list(FACTORS)
    turns = rows.assign(turn=rows.groupby(population).cumcount() // _TURN).sort_values("turn", kind="stable")
    for (_, architecture, activation, level), group in turns.groupby(["turn", *population, turns[colour_by].rename("level")], sort=False):
        colour = key.colour(colour_by, level)
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
    axes.set_title(f"coloured by {style.printed(colour_by)}\n{interval}", linespacing=1.25)
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
        entries.append((mark(key.marker(level), "full", key.colour("architecture", level)), style.printed(level)))
    for level in key.levels["activation"]:
        entries.append((mark("o", key.fill(level), key.colour("activation", level)), style.printed(level)))
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


def mark(marker: str, fill: style.Fill, colour: Any) -> Line2D:
    """A legend's sample of a marker."""
    return Line2D([], [], linestyle="none", marker=marker, fillstyle=fill, color=colour, markersize=3.5, markeredgewidth=0.6)


def stroke(colour: Any, dashes: Any = "-") -> Line2D:
    """A legend's sample of a line."""
    return Line2D([], [], color=colour, ls=dashes, lw=1.0)


def order_entries(orders: set[int]) -> list[tuple[Line2D, str]]:
    """Legend entries of fixed points by number of unstable directions."""
    last = len(style.ORDERS) - 1
    return [
        (mark(marker, "full", colour), f"{number}+" if number == last else str(number))
        for number, (colour, marker) in enumerate(style.ORDERS)
        if number in orders or (number == last and max(orders, default=0) > last)
    ]


def nothing(axes: Axes, text: str = "no network\nmet the\ncriterion") -> None:
    """Say that there is nothing to draw."""
    style.bare(axes)
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color="0.4")
