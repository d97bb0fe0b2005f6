"""A supplementary figure: how training went, population by population, with every network that failed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.ticker import LogLocator, StrMethodFormatter

from rnnpop.figures import Drawing, Figure, panels, style

#: Height of a curve's panel and of a population's line, in mm; populations in a column of panel b.
_CURVE, _LINE, _COLUMN = 34.0, 3.4, 48

#: Colour of networks that missed the criterion.
_FAILED = "#D55E00"


@final
@dataclass(frozen=True)
class Curves(Figure):
    """Loss of the networks in training; reads networks and summary.

    (a) Mean squared error on the frozen evaluation batch against optimiser steps, networks of the first shard of each population; the
    dotted line is the criterion, networks that did not meet it are dashed. (b) Final loss of all networks of each population; crosses did
    not meet the criterion, a network whose loss is not finite stands at the right edge; the numbers are those that met it, of all. A task
    may ask more than the criterion of the mean error, so a cross may stand left of the line.

    The table `b_accuracy` has one row a network, those that failed included; `b_kept` one a population.
    """

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        stores = [store for store in datasets["networks"] if store.sizes["network"]]
        more = panels.further_factors(stores)
        key = panels.key(stores, *more)
        summary = panels.of_study(datasets["summary"], stores)
        accuracy = _accuracy(summary, key)
        populations = list(dict.fromkeys(_population(store, key)[0] for store in stores))
        criterion = _criterion(stores)
        rows, lines = len(key.levels["activation"]), min(len(populations), _COLUMN)
        with style.sheet():
            figure = style.page(12 + rows * _CURVE + 22 + _LINE * lines + 7)
            tables = {
                "a": _curves(figure, 2, stores, key, criterion),
                **_final(figure, 12 + rows * _CURVE + 6, accuracy, populations, key, criterion),
            }
        return Drawing(figure, tables | {"b_accuracy": accuracy})


def _criterion(stores: Sequence[xr.Dataset]) -> float:
    """The error at which a network of the task counts as trained, as the stores remember it; NaN if they do not."""
    remembered = (json.loads(store.attrs.get("config", "{}")).get("task", {}).get("criterion") for store in stores)
    return float(next((found for found in remembered if found is not None), np.nan))


def _population(store: xr.Dataset, key: style.Key) -> list[tuple[str, ...]]:
    return list(zip(*(panels.levels(store, factor) for factor in key.levels), strict=True))


def _accuracy(summary: xr.Dataset, key: style.Key) -> pd.DataFrame:
    """Every network: status, factors, and the numbers of its training that the summary has."""
    numbers = [name for name in ("steps", "criterion_step", "final_loss", "output_r2", "beyond_loss") if name in summary]
    factors = {factor: panels.levels(summary, factor) for factor in key.levels}
    table = pd.DataFrame({"network": summary["network"].values, "status": summary["status"].values} | factors)
    return table.assign(**{name: summary[name].values.astype(float) for name in numbers})


def _curves(figure: matplotlib.figure.Figure, top: float, stores: Sequence[xr.Dataset], key: style.Key, criterion: float) -> pd.DataFrame:
    """Panel a: a row for each activation, a column for each architecture."""
    shown = sum(store.sizes["network"] for store in stores)
    style.heading(figure, 2, top + 3, "a", f"Loss in training, first shard of each population (N = {shown})")
    failed = (panels.stroke(_FAILED, (0, (2, 1.5))), "criterion not met")
    panels.line(
        figure,
        7,
        top + 7.5,
        [(panels.stroke("0.4"), "criterion met"), failed, (panels.stroke("black", ":"), "criterion" if np.isfinite(criterion) else "")],
    )
    columns, rows, tables = key.levels["architecture"], key.levels["activation"], [pd.DataFrame()]
    loss = np.concatenate([np.full(1, np.nan), *(store["error"].values.ravel() for store in stores)])
    positive = loss[np.isfinite(loss) & (loss > 0)]
    # networks that come apart for a while leave the picture at the top: the others would be flat lines
    limits = np.array([0.5, 20]) * (np.percentile(positive, [0, 90]) if positive.size else np.array([1e-3, 1.0]))
    width = 168 / len(columns)
    longest = max((float(store["step"].values.max(initial=0)) for store in stores), default=0.0)
    for (column, architecture), (row, activation) in itertools.product(enumerate(columns), enumerate(rows)):
        own = [
            store for store in stores if tuple(panels.levels(store, factor)[0] for factor in panels.FACTORS) == (architecture, activation)
        ]
        if not own:
            continue
        axes = style.place(figure, 14 + column * width, top + 14 + row * _CURVE, width - 5, _CURVE - 13)
        tables += [_lines(axes, store, key.colour("architecture", architecture)) for store in own]
        axes.axhline(criterion, color="black", lw=0.7, ls=":")
        axes.set(yscale="log", xlim=(0, longest or 1), ylim=limits)
        axes.minorticks_off()
        axes.set_title(" ".join(map(style.printed, (architecture, activation))).strip())
        axes.locator_params(axis="x", nbins=3)
        if column:
            axes.set_yticklabels([])
        else:
            axes.set_ylabel("mean squared error")
        if row == len(rows) - 1:
            axes.set_xlabel("optimiser step")
    return pd.concat(tables, ignore_index=True)


def _lines(axes: Any, store: xr.Dataset, colour: str) -> pd.DataFrame:
    step, loss = store["step"].values, store["error"].values
    for own, status in zip(loss, store["status"].values, strict=True):
        met = status == "ok"
        axes.plot(step, own, color=colour if met else _FAILED, ls="-" if met else (0, (2, 1.5)), lw=0.6, alpha=0.8, zorder=2 + (not met))
    network, place = np.indices(loss.shape).reshape(2, -1)
    told = {"network": store["network"].values[network], "status": store["status"].values[network]}
    return pd.DataFrame(told | {"step": step[place], "loss": loss.ravel()})


def _final(
    figure: matplotlib.figure.Figure,
    top: float,
    accuracy: pd.DataFrame,
    populations: list[tuple[str, ...]],
    key: style.Key,
    criterion: float,
) -> dict[str, pd.DataFrame]:
    """Panel b: a line for each population, in up to as many columns as they need."""
    kept = int((accuracy["status"] == "ok").sum())
    style.heading(
        figure,
        2,
        top + 3,
        "b",
        f"Final loss by population{panels.numbers(key)}; networks that met the criterion, of all ({kept}/{len(accuracy)})",
    )
    marks = [(panels.mark("o", "none", "0.4"), "criterion met"), (panels.mark("x", "full", _FAILED), "not met")]
    panels.line(figure, 7, top + 7.5, [*marks, (panels.stroke("black", ":"), "criterion" if np.isfinite(criterion) else "")])
    loss = accuracy["final_loss"].to_numpy() if "final_loss" in accuracy else np.full(len(accuracy), np.nan)
    sound = np.isfinite(loss) & (loss > 0)
    low, high = (loss[sound].min(), loss[sound].max()) if sound.any() else (1e-3, 1.0)
    limits = (min(low, criterion) / 1.5, max(high, criterion) * 1.5) if np.isfinite(criterion) else (low / 1.5, high * 1.5)
    columns = [populations[i : i + _COLUMN] for i in range(0, len(populations), _COLUMN)]
    width, rows = 176 / max(len(columns), 1), []
    of = accuracy[list(key.levels)].apply(tuple, axis=1) if len(accuracy) else pd.Series(dtype=object)
    for number, column in enumerate(columns):
        axes = style.place(figure, 34 + number * width, top + 11, width - 46, _LINE * len(column))
        for place, population in enumerate(column):
            own = np.flatnonzero(of == population)
            met = accuracy["status"].to_numpy()[own] == "ok"
            x = np.where(sound[own], loss[own], limits[1])
            y = place + 0.5 * ((np.arange(own.size) * 0.618034) % 1 - 0.5)  # spread evenly, whatever the number
            colour = key.colour("architecture", population[0])
            axes.plot(x[met], y[met], linestyle="none", marker="o", fillstyle="none", color=colour, markersize=2.2, markeredgewidth=0.5)
            axes.plot(x[~met], y[~met], linestyle="none", marker="x", color=_FAILED, markersize=2.6, markeredgewidth=0.7, clip_on=False)
            share = {"networks": own.size, "met": int(met.sum()), "kept_fraction": met.mean() if own.size else np.nan}
            axes.annotate(f"{met.sum()}/{own.size}", (1.03, place), xycoords=("axes fraction", "data"), va="center", annotation_clip=False)
            rows.append(dict(zip(key.levels, population, strict=True)) | share | {"median_loss": _median(loss[own])})
        axes.axvline(criterion, color="black", lw=0.7, ls=":")
        axes.set(xscale="log", xlim=limits, ylim=(len(column) - 0.5, -0.5), yticks=range(len(column)))
        axes.set_yticklabels([" ".join(map(style.printed, population)).strip() for population in column])
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if limits[1] < 30 * limits[0] else (1,), numticks=5))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.minorticks_off()
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("final mean squared error")
    table = accuracy[["network", "status", *key.levels]].assign(final_loss=loss)
    return {"b": table, "b_kept": pd.DataFrame(rows)}


def _median(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else np.nan
