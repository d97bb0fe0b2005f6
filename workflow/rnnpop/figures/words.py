"""What words do at the slow points of networks that read: where they push, what they add along the slowest modes, how linear a step is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, final

import matplotlib.figure
import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.ticker import MaxNLocator

from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.figures.panels import readers as reading
from rnnpop.figures.panels.readers import VALENCES, Example, Readers

#: Heights of axes, and of a heading, in mm.
_PLANE, _CURVES, _HEADING = 32.0, 25.0, 6.0

#: Bins of panel b, and how far they reach: in units of what words with a value add.
_BINS, _REACH = 41, 2.5

#: Share of steps in a bin below which panel c ends.
_RARE: Final = 0.001

#: Of the three points whose words are kept, the one that is shown.
_SHOWN: Final = "middle"

_NUMBERS: Final[reading.Numbers] = {
    "word_separation": ("d′ of positive and\nnegative words", 0.0, "linear"),
    "neutral_ratio": ("|neutral| over\n|valenced| words", 1.0, "linear"),
    "value_correlation": ("correlation with\nwords' values", 1.0, "linear"),
    "linear_error": ("median error of\na linear step", None, "linear"),
    "rollout_correlation": ("linear system:\ncorrelation", 1.0, "linear"),
    "fading_bag_correlation": ("slowest modes:\ncorrelation", 1.0, "linear"),
}


@final
@dataclass(frozen=True)
class Words(Figure):
    """Panels a to d after Maheswaranathan et al. 2019, figures 4a, c and 5b; reads `readings`, `appraisals` and `summary`, with the columns
    of the statistic `words`.

    (a) What single words add to the state at the median slow point of one network of each group (B e, e the word's embedding less the
    still input), in the plane of the first two principal components of its states, over the mean length for positive and negative words;
    arrows: means of these two, and the left vector of the slowest modes, of any length. (b) What words add along the slowest modes, mean
    over words of a class: all slow points of networks of first shards, each network alike, over the median size for positive and negative
    words in that network.
    (c) Relative error of a linear step from the nearest slow point: mean over networks of first shards of their shares of steps, and each
    network (thin); the last bin holds larger ones. (d) Network by network, medians over points: separation of positive and negative words,
    size of neutral words over that of others, correlation with the words' values; median error of a linear step; correlation with the
    network's own answers of the linear system of one point, and of its slowest modes.

    Shown are networks that met the criterion (in d others stand as hollow marks), under the first still input. Black lines in d are medians
    with a 95 % interval.

    Attributes:
        factors: coordinates of networks; those that agree in them are a group.
    """

    factors: tuple[str, ...] = ("architecture",)

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        readers = Readers.of(datasets, self.factors)
        heights = [
            _HEADING + reading.group_height(readers, _PLANE),
            _HEADING + reading.group_height(readers, _CURVES),
            _HEADING + _CURVES + reading.BELOW + 1,
            _HEADING + reading.numbers_height(readers, _NUMBERS),
        ]
        tops = np.cumsum([2.0, *heights])
        with style.sheet():
            figure = style.page(tops[-1])
            style.heading(figure, 2, tops[3] + 3, "d", "Network by network; black: median with its 95 % interval")
            tables = {
                **_pushes(figure, tops[0], readers),
                "b": _projections(figure, tops[1], readers),
                "c": _errors(figure, tops[2], readers),
                **{f"d{suffix}": table for suffix, table in reading.numbers(figure, tops[3] + _HEADING - 3, readers, _NUMBERS).items()},
            }
        return Drawing(figure, tables)


def _pushes(figure: matplotlib.figure.Figure, top: float, readers: Readers) -> dict[str, pd.DataFrame]:
    """Panel a."""
    style.heading(figure, 2, top + 3, "a", "What words add to the state at the median slow point of single networks")
    panels.line(figure, 110, top + 2.1, [*reading.valences("positive", "negative", "neutral"), (panels.stroke("black"), "left vector")])
    words, arrows = [], []
    for group, axes in reading.group_tiles(figure, top + _HEADING, readers, _PLANE, counted=False).items():
        example = readers.example(group)
        if example is None or not np.isfinite(_pushed(example)).all():
            reading.nothing(axes, "no network\nhas slow points")
            continue
        pushed, valence = _pushed(example), example.appraisal["probe_valence"].values
        for name in ("neutral", "negative", "positive"):
            look = VALENCES[name] | {"ls": "none"}
            axes.plot(*pushed[valence == name].T, ms=2.4, mew=0, alpha=0.7, **look)
        span = 1.15 * float(np.abs(pushed).max() or 1.0)
        panels.frame(axes, span * np.array([[-1.0, -1.0], [1.0, 1.0]]), margin=1.0)
        means = {name: pushed[valence == name].mean(axis=0) for name in ("positive", "negative") if (valence == name).any()}
        left = _left(example)
        for name, tip in (means | {"left vector": 0.9 * span * left / (np.linalg.norm(left) or 1.0)}).items():
            reading.arrow(axes, tip, VALENCES[name]["color"] if name in VALENCES else "black")
            arrows.append({"group": group, "network": example.name, "of": name, "pc_1": tip[0], "pc_2": tip[1]})
        axes.xaxis.set_major_locator(MaxNLocator(3))
        axes.yaxis.set_major_locator(MaxNLocator(3))
        axes.set(xlabel="along PC1, relative", ylabel="along PC2")
        told = {"group": group, "network": example.name, "word": example.appraisal["probe"].values, "valence": valence}
        words.append(pd.DataFrame(told | {"pc_1": pushed[:, 0], "pc_2": pushed[:, 1]}))
    return {"a": reading.table(words), "a_arrows": reading.table([pd.DataFrame(arrows)])}


def _pushed(example: Example) -> Float[np.ndarray, "probe axis"]:
    """What words add at the point that is shown, over the mean length for positive and negative ones; NaN without a point."""
    pushed, valenced = example.appraisal["push"].sel(place=_SHOWN).values[:, :2], example.appraisal["probe_valence"].values != "neutral"
    return np.asarray(pushed / (np.linalg.norm(pushed[valenced], axis=1).mean() or 1.0))


def _left(example: Example) -> Float[np.ndarray, "axis"]:
    """Left vector of the slowest modes there."""
    node = example.appraisal["push_point"].sel(place=_SHOWN).item()
    return np.asarray(example.points["left"].values[example.points["node"].values == node][0, :2])


def _projections(figure: matplotlib.figure.Figure, top: float, readers: Readers) -> pd.DataFrame:
    """Panel b."""
    style.heading(figure, 2, top + 3, "b", "What classes of words add along the slowest modes, over slow points and networks")
    panels.line(figure, 126, top + 2.1, reading.valences("positive", "negative", "neutral", marker=False))
    edges = np.linspace(-_REACH, _REACH, _BINS + 1)
    tables = []
    for group, axes in reading.group_tiles(figure, top + _HEADING, readers, _CURVES, counted=False).items():
        own = readers.points(group)
        shares = [_shares(network["projection"].values, edges) for network in own]
        shares = [each for each in shares if np.isfinite(each).all()]
        if not shares:
            reading.nothing(axes, "no network\nhas slow points")
            continue
        mean = np.mean(shares, axis=0)
        for place, name in enumerate(own[0]["valence"].values):
            axes.stairs(mean[place], edges, color=VALENCES[name]["color"], ls=VALENCES[name]["ls"], lw=1.0)
            tables.append(pd.DataFrame({"group": group, "valence": name, "low": edges[:-1], "high": edges[1:], "share": mean[place]}))
        axes.axvline(0, color="0.75", lw=0.5, zorder=0)
        axes.set(
            xlim=(-_REACH, _REACH), ylim=(0, None), xlabel="l B e, relative", ylabel="share of points", title=f"{group} (N = {len(shares)})"
        )
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(3))
    return reading.table(tables)


def _shares(projection: Float[np.ndarray, "point valence"], edges: Float[np.ndarray, "edge"]) -> Float[np.ndarray, "valence bin"]:
    """Shares of one network's points, in units of the median size for positive and negative words; those beyond are in the last bins."""
    unit = np.median(np.abs(projection[:, :2]))
    if not np.isfinite(unit) or not unit:
        return np.full((projection.shape[1], len(edges) - 1), np.nan)
    scaled = np.clip(projection / unit, edges[0], edges[-1])
    return np.array([np.histogram(own, edges)[0] / len(own) for own in scaled.T])


def _errors(figure: matplotlib.figure.Figure, top: float, readers: Readers) -> pd.DataFrame:
    """Panel c."""
    style.heading(figure, 2, top + 3, "c", "Relative error of a linear step from the nearest slow point")
    axes = style.place(figure, 14, top + _HEADING, 100, _CURVES)
    tables, entries = [], []
    for place, group in enumerate(readers.names):
        look = style.line(place) | {"marker": ""}
        own = [store.isel(still=0) for store in readers.mine(readers.appraisals, group)]
        known = [store for store in own if np.isfinite(store["linear_error_share"].values).all()]
        entries.append((panels.stroke(look["color"], look["ls"]), f"{group} (N = {len(known)})"))
        for store in known:
            axes.plot(store["bin"].values, store["linear_error_share"].values, **look | {"lw": 0.4, "alpha": 0.5})
        if known:
            mean = np.mean([store["linear_error_share"].values for store in known], axis=0)
            axes.plot(known[0]["bin"].values, mean, **look | {"lw": 1.4})
            tables.append(pd.DataFrame({"group": group, "error": known[0]["bin"].values, "share": mean, "networks": len(known)}))
    if tables:
        told = pd.concat(tables)
        axes.set(
            xlim=(0, told["error"][told["share"] > _RARE].max() + told["error"].min()),
            ylim=(0, None),
            xlabel="relative error",
            ylabel="share of steps",
        )
    else:
        reading.nothing(axes)
    for number, entry in enumerate(entries):
        panels.line(figure, 122, top + _HEADING + 4 + 4.2 * number, [entry])
    return reading.table(tables)
