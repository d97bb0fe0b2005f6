"""Panels of one circuit and its students: spectra, traces, flows in a plane, runs without noise, and all teachers beside the one shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.artist
import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from rnnpop.figures import panels, style

#: Looks of what is true and what is fitted, as lines and as marks.
TEACHER, STUDENT = "#D55E00", "#0072B2"
DASHES: Any = (0, (3, 1.2))

#: Eigenvalues farther out than this are not drawn.
_OUTSIDE = 2.0

#: Arrows of a flow, a side.
_ARROWS = 12

#: Scale of time: share of the run.
TIME = ScalarMappable(Normalize(0, 1), style.SEQUENTIAL)

#: Scalar coordinates of an exhibit that are no further factors.
_NO_FACTORS = ("network", "index", "architecture", "learner", "units")


def chosen(stores: Sequence[xr.Dataset], populations: Sequence[str]) -> list[xr.Dataset]:
    """Exhibits of these populations (cell/learner, as in paths) in this order; all where none is named."""
    named = {"/".join(str(exhibit["network"].item()).split("/")[1:3]): exhibit for exhibit in stores}
    return [named[name] for name in populations if name in named] if populations else list(stores)


def by_circuit(stores: Sequence[xr.Dataset]) -> list[list[xr.Dataset]]:
    """Exhibits of the same circuit side by side, whatever the learner."""
    held: dict[tuple[str, ...], list[xr.Dataset]] = {}
    for exhibit in stores:
        held.setdefault(tuple(str(exhibit["network"].item()).split("/")[:2]), []).append(exhibit)
    return list(held.values())


def level(exhibit: xr.Dataset, factor: str) -> str:
    """Level of a design factor; nameless where the study does not vary it."""
    return str(exhibit[factor].item()) if factor in exhibit.coords else ""


def factors(exhibit: xr.Dataset) -> str:
    """The circuit with the levels of its further factors, as print writes them."""
    more = [
        f"{style.printed(str(name))} {item.item()}" for name, item in exhibit.coords.items() if not item.dims and name not in _NO_FACTORS
    ]
    return ", ".join([style.printed(level(exhibit, "architecture")), *more])


def students(exhibit: xr.Dataset) -> list[int]:
    """Places of the students among what is shown, in the order of the settings."""
    return [place for place, name in enumerate(exhibit["sight"].values) if name != "teacher"]


def teacher(exhibit: xr.Dataset) -> int:
    """Place of the teacher among what is shown."""
    return list(exhibit["sight"].values).index("teacher")


def watching(exhibit: xr.Dataset, place: int) -> str:
    """How much of the teacher is watched."""
    return f"{int(exhibit['observed'][place])} of {int(exhibit['units'])} units"


def score(exhibit: xr.Dataset, place: int) -> str:
    """Line-attractor score of what is shown."""
    return f"{float(exhibit['line_attractor_score'][place]):.1f}".replace("-", "−").replace("nan", "undefined")


def population(summary: xr.Dataset, exhibit: xr.Dataset) -> xr.Dataset:
    """Networks of the summary that differ from the one shown by their number only, and that could be fitted."""
    own = str(exhibit["network"].item()).rpartition("/")[0]
    alike = np.array([str(name).rpartition("/")[0] == own for name in summary["network"].values], dtype=bool)
    return panels.trained(summary.isel(network=alike))


def across(summary: xr.Dataset, name: str, fraction: float) -> np.ndarray:
    """A column of the summary at the fraction nearest to this one; nothing where there is none."""
    if name not in summary:
        return np.empty(0)
    column = summary[name]
    if "fraction" in column.dims:
        column = column.isel(fraction=int(np.abs(column["fraction"].values - fraction).argmin()))
    return column.values


def spread(values: np.ndarray, digits: int = 1) -> str:
    """Median, the range of 95 % of the teachers, and their number."""
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    low, median, high = (f"{value:.{digits}f}".replace("-", "−") for value in panels.percentiles(finite))
    return f"{median} [{low}, {high}] (N = {len(finite)})" if len(finite) else "(N = 0)"


def spectrum(axes: Axes, exhibit: xr.Dataset, place: int) -> pd.DataFrame:
    """Eigenvalues of the teacher and of one student over the unit circle; beyond the dotted line a mode grows."""
    turn = np.linspace(0, 2 * np.pi, 200)
    axes.plot(np.cos(turn), np.sin(turn), color="0.75", lw=0.6, zorder=1)
    tables, reach = [], 1.15
    # rings around triangles: one shows where the other is
    looks: tuple[tuple[int, str, dict[str, Any]], ...] = (
        (teacher(exhibit), "teacher", {"color": TEACHER, "marker": "o", "fillstyle": "none", "markersize": 4.2}),
        (place, "student", {"color": STUDENT, "marker": "^", "markersize": 2.4}),
    )
    for sight, name, look in looks:
        values = exhibit["eigenvalue"].values[sight]
        values = values[np.isfinite(values)]
        axes.plot(values.real, values.imag, linestyle="none", markeredgewidth=0.5, alpha=0.8, zorder=3, **look)
        inner = np.abs(values)[np.abs(values) < _OUTSIDE]
        reach = max(reach, 1.1 * inner.max(initial=0))
        tables.append(
            pd.DataFrame({"of": name, "sight": str(exhibit["sight"].values[sight]), "real": values.real, "imaginary": values.imag})
        )
    axes.axvline(1, **style.CHANCE)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[-1, 0, 1], yticks=[-1, 0, 1], aspect="equal")
    axes.set_xticklabels(["−1", "0", "1"])
    axes.set_yticklabels(["−1", "0", "1"])
    axes.set_xlabel("Re λ")
    axes.set_ylabel("Im λ", labelpad=-3)
    return pd.concat(tables, ignore_index=True)


def traces(axes: Axes, exhibit: xr.Dataset, place: int, channels: Sequence[int], looks: Sequence[tuple[int, str, Any]]) -> pd.DataFrame:
    """Activity of a few watched units above one another, less the teacher's mean: of each look's sight, in its colour and dashes.

    Args:
        place: the student that they are for; its units are those that are drawn.
        channels: numbers of the units, of which those that there are are drawn.
    """
    time, shown = exhibit["time"].values, [channel for channel in channels if channel < exhibit.sizes["channel"]]
    shown = shown or list(range(min(len(channels), exhibit.sizes["channel"])))
    true = exhibit["trace"].values[teacher(exhibit)][:, shown].astype(float)
    pitch = 1.1 * float(np.nanmax(np.ptp(true, axis=0), initial=0.0)) or 1.0
    tables = []
    for sight, colour, dashes in looks:
        values = exhibit["trace"].values[sight][:, shown].astype(float)
        drawn = np.clip(values - true.mean(axis=0), -5 * pitch, 5 * pitch)
        for row, channel in enumerate(shown):
            axes.plot(time, drawn[:, row] + row * pitch, color=colour, ls=dashes, lw=0.6)
            told = {"sight": str(exhibit["sight"].values[sight]), "unit": channel + 1, "time": time, "activity": values[:, row]}
            tables.append(pd.DataFrame(told))
    axes.set(xlim=(time[0], time[-1]), ylim=(-0.9 * pitch, (len(shown) - 0.1) * pitch))
    axes.set_yticks(np.arange(len(shown)) * pitch, [str(channel + 1) for channel in shown])
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("time (τ)")
    return pd.concat(tables, ignore_index=True)


def flow(axes: Axes, exhibit: xr.Dataset, place: int) -> pd.DataFrame:
    """Velocity in the plane of two components as arrows, over grey by |velocity|^(1/10), dark where it is fast; and visited states."""
    position, velocity = (exhibit[name].values[place].astype(float)[:, :2] for name in ("position", "flow"))
    if not np.isfinite(position).all():
        panels.nothing(axes, "no network")
        return pd.DataFrame({"sight": [str(exhibit["sight"].values[place])]})
    side = round(len(position) ** 0.5)
    speed = np.linalg.norm(velocity, axis=1)
    (left, below), (right, above) = position.min(axis=0), position.max(axis=0)
    shade = (speed / (speed.max() or 1.0)) ** 0.1
    image = axes.imshow(
        shade.reshape(side, side),
        extent=(left, right, below, above),
        origin="lower",
        cmap="Greys",
        norm=Normalize(shade.min() - 0.05, shade.max() + 0.6 * np.ptp(shade) + 0.05),
        interpolation="bilinear",
        aspect="auto",
        zorder=0,
    )
    image.set_rasterized(True)
    step = max(side // _ARROWS, 1)
    chosen = np.arange(side * side).reshape(side, side)[step // 2 :: step, step // 2 :: step].ravel()
    # the longest arrow is as long as the pitch of arrows and a half
    arrows: dict[str, Any] = {"angles": "xy", "scale_units": "xy", "width": 0.007, "headwidth": 3.5, "headlength": 4.5, "pivot": "mid"}
    longest = speed[chosen].max() or 1.0
    axes.quiver(*position[chosen].T, *velocity[chosen].T, scale=longest / (1.5 * step * (right - left) / side), zorder=2, **arrows)
    visited = exhibit["visited"].values[place].astype(float)
    axes.scatter(*visited[:, :2].T, c=TIME.to_rgba(np.linspace(0, 1, len(visited))), s=2.5, lw=0, rasterized=True, zorder=3)
    axes.set(xlim=(left, right), ylim=(below, above), xlabel="PC 1")
    axes.set_ylabel("PC 2", labelpad=0)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(2))
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    columns = {"pc_1": position[:, 0], "pc_2": position[:, 1], "flow_1": velocity[:, 0], "flow_2": velocity[:, 1]}
    return pd.DataFrame({"sight": str(exhibit["sight"].values[place])} | columns)


def runs(axes: Axes, exhibit: xr.Dataset, place: int) -> pd.DataFrame:
    """Runs without noise on their first three components, coloured by time; dots are where they end, the bar is a length."""
    paths = exhibit["run"].values[place].astype(float)
    if not np.isfinite(paths).any():
        panels.nothing(axes, "no network" if not level_of(exhibit, place) else "out of\nthe picture")
        return pd.DataFrame({"sight": [str(exhibit["sight"].values[place])]})
    flat = panels.flatten(paths)
    segments = np.stack([flat[:, :-1], flat[:, 1:]], axis=2)
    shares = np.linspace(0, 1, segments.shape[1])
    colours = np.tile(TIME.to_rgba(shares), (len(segments), 1))
    axes.add_collection(LineCollection(list(segments.reshape(-1, 2, 2)), colors=colours, linewidths=0.7, rasterized=True, zorder=2))
    axes.plot(*flat[:, -1].T, linestyle="none", marker="o", color="black", markersize=1.8, markeredgewidth=0, zorder=3)
    panels.frame(axes, flat.reshape(-1, 2), margin=1.12)
    style.bare(axes)
    _length(axes)
    starts, moments = np.indices(paths.shape[:2]).reshape(2, -1)
    columns = {f"pc_{axis + 1}": paths[..., axis].ravel() for axis in range(3)}
    times = exhibit["moment"].values[moments]
    return pd.DataFrame({"sight": str(exhibit["sight"].values[place]), "start": starts, "time": times} | columns)


def _length(axes: Axes) -> None:
    """A bar of 1, 2 or 5 times a power of ten, at most a third of the panel, with its length."""
    low, high = axes.get_xlim()
    below = axes.get_ylim()[0]
    third = (high - low) / 3
    power = 10.0 ** np.floor(np.log10(third))
    length = power * max(part for part in (1, 2, 5) if part * power <= third)
    axes.plot([low, low + length], [below, below], color="black", lw=1.0, clip_on=False, zorder=4)
    axes.annotate(f"{length:g}", (low + length, below), (2, 0), textcoords="offset points", ha="left", va="center", annotation_clip=False)


def level_of(exhibit: xr.Dataset, place: int) -> str:
    """Where most of its runs end; nothing of what is no network."""
    return str(exhibit["limit_set"].values[place])


def endings(summary: xr.Dataset, exhibit: xr.Dataset, place: int) -> pd.DataFrame:
    """Share of the teachers, or of their students, whose runs end as those that are shown do; and every other class, one a row."""
    name = "teacher_limit_set" if place == teacher(exhibit) else "limit_set"
    known = [str(text) for text in across(summary, name, float(exhibit["fraction"][place])) if str(text) not in ("", "nan")]
    told = {"sight": str(exhibit["sight"].values[place]), "networks": len(known)}
    classes = sorted({*known, level_of(exhibit, place)} - {""})
    return pd.DataFrame([told | {"class": text, "count": known.count(text), "shown": text == level_of(exhibit, place)} for text in classes])


def ending(counted: pd.DataFrame) -> str:
    """What stands below a panel of runs: the class of those that are shown, and how often it occurs."""
    if not len(counted) or not counted["shown"].any():
        return ""
    row = counted[counted["shown"]].iloc[0]
    return f"{row['class']}\n({row['count']} of {row['networks']})" if row["networks"] else str(row["class"])


def scheme(axes: Axes, exhibit: xr.Dataset) -> pd.DataFrame:
    """The first modes of the teacher as discs: what each sends to itself (loops) and to others (arrows), wider where it is more."""
    weights = exhibit["scheme"].values
    largest = np.abs(weights).max() or 1.0
    for target, source in np.argwhere(np.abs(weights) > 0.02 * largest):
        width = 0.3 + 1.2 * abs(weights[target, source]) / largest
        if target == source:
            turn = np.linspace(-0.25, 1.25, 40) * np.pi
            axes.plot(source + 0.26 * np.cos(turn), 0.42 + 0.26 * np.sin(turn), color="black", lw=width, zorder=1)
            continue
        bend = 0.0 if abs(target - source) == 1 else 0.45
        arrow: dict[str, Any] = {
            "arrowstyle": "-|>",
            "mutation_scale": 4 + width,
            "lw": width,
            "color": "black",
            "shrinkA": 3.5,
            "shrinkB": 3.5,
        }
        axes.annotate("", xy=(target, 0), xytext=(source, 0), arrowprops=arrow | {"connectionstyle": f"arc3,rad={bend}"}, zorder=1)
    axes.plot(range(len(weights)), np.zeros(len(weights)), "o", color="white", markeredgecolor=TEACHER, markersize=6, zorder=2)
    axes.text(len(weights) - 0.4, 0, "…", va="center")
    axes.set(xlim=(-0.5, len(weights) - 0.2), ylim=(-1.2, 1.0))
    style.bare(axes)
    targets, sources = np.indices(weights.shape).reshape(2, -1)
    return pd.DataFrame({"target": targets + 1, "source": sources + 1, "weight": weights.ravel()})


def legend(figure: matplotlib.figure.Figure, left: float, top: float, *more: tuple[matplotlib.artist.Artist, str]) -> None:
    """Looks of teacher and student on one line, with the scale of time at its right."""
    panels.line(figure, left, top, [(panels.mark("o", "none", TEACHER), "teacher"), (panels.mark("^", "full", STUDENT), "student"), *more])
    bar = style.place(figure, 152, top - 1.2, 24, 1.6)
    figure.colorbar(TIME, cax=bar, orientation="horizontal", ticks=[0, 0.5, 1])
    bar.tick_params(length=1.5, width=0.5, pad=1)
    bar.spines[:].set_visible(False)
    bar.set_xticklabels(["0", "½", "1"])
    style.write(figure, 150.5, top + 0.7, "time / duration", ha="right")
