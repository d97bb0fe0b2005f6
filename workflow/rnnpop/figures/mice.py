"""Mice beside networks: what both do with a stimulus and a block, and how well networks foretell what mice do."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float, Real
from matplotlib.axes import Axes

from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.numerics.psychometrics import psychometric

#: Height of the page, and top of each row of panels, in mm; where the first part of a row begins, and how wide all parts are together.
_HEIGHT, _ROWS, _LEFT, _WIDTH = 234.0, (2.0, 50.0, 98.0, 146.0, 192.0), 14.0, 164.0

#: Looks of the blocks' sides, and of concordance: colour, dashes, marker.
_SIDES = {
    -1: ("left block", "#0072B2", "-", "o"),
    0: ("unbiased", "0.5", (0, (1, 1.2)), "s"),
    1: ("right block", "#D55E00", (0, (4, 1.5)), "^"),
}
_CONCORDANCE = {"concordant": ("#009E73", "-", "o"), "discordant": ("#CC79A7", (0, (4, 1.5)), "^")}

#: Dashes of the references in panel e, in their order in the store.
_REFERENCES = (("#000000", "-"), ("#000000", (0, (1, 1.2))), ("#D55E00", (0, (4, 1.5))), ("#D55E00", "-"))

#: First trials of a block of each class of panel c, and the end of the last one.
_CLASSES = (1, 2, 3, 4, 5, 6, 8, 11, 15, 20, 30, 41)


@final
@dataclass(frozen=True)
class Mice(Figure):
    """Panels a to e, each mouse in a part of its own, and networks in one part for each objective of training; reads mice and summary.

    All stand on one scale, the strength; a mouse's ticks are the contrasts that it stands for (`replay` in config.yaml), in per cent.
    Choices of networks are the sides that they held likelier when a trial ended, for mice hardly ever fail to answer. Networks are those
    that met the criterion: median, and band of 95 % of them. Bars on mice are binomial standard errors.

    (a) P(right) by the side that the block favours, with the fitted curves of two lapses (mice; networks: medians joined). (b) Accuracy
    where the stimulus is on the side of the block and where it is not; a stimulus of contrast 0 has a side too, which decides what is
    rewarded. (c) Accuracy by trial of a block that follows one of the other side, in classes of trials (points at their middles), with the
    number of blocks at the first trial; trials with few blocks are left out. (d) Median time from stimulus to response (mice, s), and mean
    number of observations before a trial ends (networks). (e) Log-likelihood of the mice's choices when networks, and ideal observers with
    the rig's law of blocks, play the same trials, one lapse fitted to each; the curves fitted to the mouse itself are in sample.
    """

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        mice = datasets["mice"]
        populations = _populations(panels.of_tasks(panels.trained(datasets["summary"]), {mice.attrs["task"]}))
        with style.sheet():
            figure = style.page(_HEIGHT)
            titles = [
                "P(right) by the block's side",
                "Accuracy with the stimulus on the block's side, and on the other",
                "Accuracy after a block switch",
                "Time to respond: of mice, median in s; of networks, mean in observations",
            ]
            for letter, top, title in zip("abcd", _ROWS, titles, strict=False):
                style.heading(figure, 2, top + 3, letter, title)
            looks = [[(panels.stroke(colour, dashes), text) for text, colour, dashes, _ in _SIDES.values()]]
            looks += [[(panels.stroke(colour, dashes), text) for text, (colour, dashes, _) in _CONCORDANCE.items()]]
            for top, entries in zip(_ROWS, looks, strict=False):
                panels.line(figure, 112, top + 2, entries)
            tables = {
                "a": _row(figure, _ROWS[0], mice, populations, _psychometric, "P(right)", (0, 1), 0.5),
                "b": _row(figure, _ROWS[1], mice, populations, _concordance, "accuracy", (0, 1), 0.5),
                "c": _row(figure, _ROWS[2], mice, populations, _switch, "accuracy", (0.3, 1), 0.5),
                "d": _row(figure, _ROWS[3], mice, populations, _durations, "", None, None),
                **_likelihoods(figure, _ROWS[4], mice, populations),
            }
        return Drawing(figure, tables)


def _populations(summary: xr.Dataset) -> dict[str, xr.Dataset]:
    """Networks by the objective that they were trained on; all together where that does not differ."""
    factor = next((name for name in ("objective", "loss") if name in summary.coords and len(panels.all_levels([summary], name)) > 1), None)
    if factor is None:
        return {"networks": summary}
    return {f"networks, {level} loss": panels.of_level(summary, factor, level) for level in panels.all_levels([summary], factor)}


def _row(
    figure: matplotlib.figure.Figure,
    top: float,
    mice: xr.Dataset,
    populations: dict[str, xr.Dataset],
    draw: Any,
    label: str,
    limits: tuple[float, float] | None,
    chance: float | None,
) -> pd.DataFrame:
    """A row of panels: one part for each mouse, one for each population; `draw(axes, store, where)` returns what it drew."""
    parts: list[tuple[str, xr.Dataset]] = [(str(name), mice.isel(mouse=place)) for place, name in enumerate(mice["mouse"].values)]
    parts += list(populations.items())
    width, tables = _WIDTH / len(parts), []
    for number, (name, store) in enumerate(parts):
        axes = style.place(figure, _LEFT + number * width, top + 12, width - 8, 25)
        told = draw(axes, store)
        axes.set_title(_called(name, store, told.attrs.get("note", "")))
        if limits is not None:
            axes.set_ylim(limits[0] - 0.02, limits[1] + 0.02)
        if chance is not None and len(told):
            axes.axhline(chance, color="0.6", lw=0.5, ls=(0, (2, 1.5)), zorder=0)
        if number == 0 or (not label and number == mice.sizes["mouse"]):  # where another unit begins
            axes.set_ylabel(label or ("observations" if "network" in store.dims else "time (s)"))
        tables.append(told.assign(of=name))
    return pd.concat(tables, ignore_index=True)


def _called(name: str, store: xr.Dataset, note: str = "") -> str:
    if "network" in store.dims:
        return f"{name}\n(N = {store.sizes['network']})"
    return f"mouse “{style.printed(name)}”\n{note}"


def _scale(axes: Axes, store: xr.Dataset, signed: bool) -> None:
    """The scale of strengths; a mouse's with its contrasts."""
    if "network" in store.dims:
        axes.set_xlabel("signed strength" if signed else "strength")
        return
    strengths, contrasts = (np.array(store.attrs[name], dtype=float) for name in ("strengths", "contrasts"))
    told = (0, len(contrasts) // 2 - 1, len(contrasts) - 1)  # of all ticks, those for whose numbers there is room
    texts = [f"{100 * contrast:g}" if place in told else "" for place, contrast in enumerate(contrasts)]
    if signed:
        left = ["" for _ in texts[1:-1]] + [f"−{texts[-1]}"]
        strengths, texts = np.concatenate([-strengths[:0:-1], strengths]), [*reversed(left), *texts]
    axes.set_xticks(strengths, texts)
    axes.set_xlabel("signed contrast (%)" if signed else "contrast (%)")


def _line(
    axes: Axes,
    store: xr.Dataset,
    x: Real[np.ndarray, "column"],
    values: xr.DataArray,
    count: xr.DataArray | None,
    colour: str,
    dashes: Any,
    marker: str,
    joined: bool = True,
) -> pd.DataFrame:
    """A mouse's values with their binomial errors, or those of networks as median and band."""
    look: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 2.6, "markeredgewidth": 0}
    if "network" in store.dims:
        low, middle, high = panels.percentiles(values.values.astype(float))
        axes.fill_between(x, low, high, color=colour, alpha=0.2, lw=0)
        axes.plot(x, middle, ls=dashes, **look)
        return pd.DataFrame({"x": x, "value": middle, "low": low, "high": high})
    known = np.isfinite(values.values)
    value = values.values[known]
    error = np.sqrt(value * (1 - value) / count.values[known]) if count is not None else np.full(known.sum(), np.nan)
    axes.errorbar(x[known], value, None if count is None else error, ls=dashes if joined else "none", elinewidth=0.6, **look)
    return pd.DataFrame({"x": x[known], "value": value, "low": value - error, "high": value + error})


def _of(store: xr.Dataset, name: str) -> xr.DataArray | None:
    """A curve: of networks that of forced choices, where it is told; None where there is none."""
    if "network" in store.dims and f"forced_{name}" in store:
        name = f"forced_{name}"
    return store[name] if name in store and store[name].size else None


def _psychometric(axes: Axes, store: xr.Dataset) -> pd.DataFrame:
    values = _of(store, "right_fraction")
    _scale(axes, store, signed=True)
    if values is None:
        return _nothing(axes)
    tables = []
    for side, (text, colour, dashes, marker) in _SIDES.items():
        one = values.sel(block_side=side)
        if not np.isfinite(one.values).any():
            continue
        count = store["acted_trials"].sel(block_side=side)
        x = one["signed_strength"].values
        drawn = _line(axes, store, x, one, count, colour, dashes, marker, joined=False)
        if "network" not in store.dims:
            fine = np.linspace(x.min(), x.max(), 101)
            parts = [
                float(store[f"psychometric_{part}"].sel(block_side=side)) for part in ("bias", "threshold", "lapse_left", "lapse_right")
            ]
            axes.plot(fine, psychometric(fine, *parts), color=colour, ls=dashes)
        tables.append(drawn.assign(block=text))
    return _together(axes, tables)


def _concordance(axes: Axes, store: xr.Dataset) -> pd.DataFrame:
    values = _of(store, "accuracy_by_strength")
    _scale(axes, store, signed=False)
    if values is None:
        return _nothing(axes)
    tables = []
    for level, (colour, dashes, marker) in _CONCORDANCE.items():
        one = values.sel(concordance=level)
        if np.isfinite(one.values).any():
            drawn = _line(
                axes, store, one["strength"].values, one, store["trials_by_strength"].sel(concordance=level), colour, dashes, marker
            )
            tables.append(drawn.assign(stimulus=level))
    return _together(axes, tables)


def _switch(axes: Axes, store: xr.Dataset) -> pd.DataFrame:
    values = _of(store, "accuracy_by_block_trial")
    axes.set_xlabel("trial of the block")
    if values is None or not np.isfinite(values.values).any():
        return _nothing(axes)
    blocks = store["blocks_by_block_trial"]
    middles, accuracy, count = _classes(values, blocks)
    drawn = _line(axes, store, middles, accuracy, count, "#000000", "-", "o")
    drawn.attrs["note"] = "" if "network" in store.dims else f"({int(blocks.values[0])} blocks)"
    axes.set_xscale("log")
    axes.set_xlim(0.8, _CLASSES[-1])
    axes.set_xticks([1, 3, 10, 30], ["1", "3", "10", "30"])
    axes.minorticks_off()
    return drawn


def _classes(values: xr.DataArray, blocks: xr.DataArray) -> tuple[Float[np.ndarray, "class"], xr.DataArray, xr.DataArray]:
    """Middles of the classes of trials, mean accuracy in each (every trial of every block alike), and the trials behind it."""
    trial = values["block_trial"].values
    sets = [(trial >= first) & (trial < end) for first, end in itertools.pairwise(_CLASSES)]
    count = blocks.where(np.isfinite(values), 0)
    totals = [count.isel(block_trial=chosen).sum("block_trial") for chosen in sets]
    right = [(values * count).isel(block_trial=chosen).sum("block_trial") for chosen in sets]
    total, mean = (xr.concat(sums, "block_trial").transpose(*values.dims) for sums in (totals, right))
    mean = mean / total.where(total > 0)
    return np.array([(first + end - 1) / 2 for first, end in itertools.pairwise(_CLASSES)]), mean, total


def _durations(axes: Axes, store: xr.Dataset) -> pd.DataFrame:
    _scale(axes, store, signed=True)
    name = "duration" if "network" in store.dims else "median_duration"
    if name not in store or not np.isfinite(store[name].values).any():
        return _nothing(axes)
    values = store[name]
    drawn = _line(axes, store, values["signed_strength"].values, values, None, "#000000", "-", "o")
    axes.set_ylim(0, 1.08 * float(drawn[["value", "high"]].max().max()))
    axes.locator_params(axis="y", nbins=4)
    return drawn


def _together(axes: Axes, tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True) if tables else _nothing(axes)


def _nothing(axes: Axes) -> pd.DataFrame:
    panels.nothing(axes, "none")
    axes.set_xlabel("")
    return pd.DataFrame()


def _likelihoods(
    figure: matplotlib.figure.Figure, top: float, mice: xr.Dataset, populations: dict[str, xr.Dataset]
) -> dict[str, pd.DataFrame]:
    """Panel e: a part for each mouse; networks as dots, one column a population, references as lines."""
    style.heading(figure, 2, top + 3, "e", "Log-likelihood of the mouse's choices when networks are given its trials (chance −1)")
    names, references = mice["mouse"].values.tolist(), mice["reference"].values.tolist()
    width, rows, lines = _WIDTH / len(names), [], []
    for number, name in enumerate(names):
        axes = style.place(figure, _LEFT + number * width, top + 8.5, width - 9, 22)
        for place, (called, networks) in enumerate(populations.items()):
            own = _replayed(networks, name)
            axes.plot(_columns(own, place), own, ls="none", marker="o", markersize=1.8, color="#56B4E9", markeredgewidth=0, zorder=3)
            if own.size:
                axes.plot([place - 0.35, place + 0.35], [np.median(own)] * 2, color="#0072B2", lw=1.8, zorder=2)
            rows += [{"mouse": name, "of": called, "log_likelihood": value} for value in own.tolist()]
        told = mice["reference_log_likelihood"].sel(mouse=name).values
        for value, (colour, dashes) in zip(told, _REFERENCES, strict=True):
            axes.axhline(value, color=colour, ls=dashes, lw=0.9, zorder=1)
        lines += [{"mouse": name, "reference": r, "log_likelihood": v} for r, v in zip(references, told.tolist(), strict=True)]
        counts = [f"{called.removeprefix('networks, ')}\n(N = {_replayed(one, name).size})" for called, one in populations.items()]
        axes.set(xlim=(-0.6, len(populations) - 0.4), xticks=range(len(populations)), xticklabels=counts)
        axes.set_title(f"mouse “{style.printed(str(name))}”")
        if number == 0:
            axes.set_ylabel("bit / choice")
    marks = [(panels.stroke(colour, dashes), text) for text, (colour, dashes) in zip(references, _REFERENCES, strict=True)]
    panels.line(figure, _LEFT, top + 40, [(panels.mark("o", "full", "#56B4E9"), "network"), (panels.stroke("#0072B2"), "median"), *marks])
    return {"e": pd.DataFrame(rows), "e_references": pd.DataFrame(lines)}


def _replayed(networks: xr.Dataset, mouse: str) -> Float[np.ndarray, "network"]:
    """Log-likelihoods of one mouse's choices, of the networks that have one."""
    if "replay_log_likelihood" not in networks or mouse not in networks["mouse"].values:
        return np.empty(0)
    values = networks["replay_log_likelihood"].sel(mouse=mouse).values.astype(float)
    return values[np.isfinite(values)]


def _columns(values: Float[np.ndarray, "network"], place: int) -> Float[np.ndarray, "network"]:
    """Places beside each other in a column, by rank, so that dots of like values do not hide one another."""
    rank = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    return place + 0.22 * (((rank * 0.618) % 1) * 2 - 1)
