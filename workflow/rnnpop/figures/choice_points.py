"""Where networks of a perceptual decision hold the choice: exact fixed points and slow points, on single networks and over populations."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, final

import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Bool, Complex
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.figures.panels import groups as grouped
from rnnpop.figures.panels.groups import Groups, Scale
from rnnpop.numerics.evidence import choices
from rnnpop.variants import Count

#: Networks in a row of panel a; its height, and that of panel b, in mm.
_ACROSS, _STATES, _PLANES = 4, 42.0, 34.0

#: Left of the rows of panels c to f, and right of all panels, in mm.
_NAMES, _RIGHT = 55.0, 178.0

#: Colour of the trials that end in each choice.
_CHOICES: Final = {1: ("first choice", "#0072B2"), -1: ("second choice", "#D55E00"), 0: ("none", "#999999")}

#: Slow points; exact fixed points by whether they are stable.
_SLOW: Final[dict[str, Any]] = {"ls": "none", "marker": ".", "ms": 2.4, "mew": 0, "color": "black"}
_EXACT: Final[dict[bool, dict[str, Any]]] = {
    True: {"ls": "none", "marker": "o", "ms": 4.2, "mew": 0.7, "mec": "black", "mfc": "#F0E442"},
    False: {"ls": "none", "marker": "D", "ms": 3.8, "mew": 0.7, "mec": "black", "mfc": "white"},
}

#: Columns of panel f: what is written below, where a dashed line stands, and the scale.
_NUMBERS: Final[dict[str, tuple[str, float | None, Scale]]] = {
    "slow_displacement": ("distance moved\n(in spreads)", None, "log"),
    "slow_range": ("range on PC1\n(that of states)", 1.0, "linear"),
    "slow_modulus": ("leading |λ|,\nslow points", 1.0, "linear"),
    "slow_time_constant_1": ("its time constant\n(steps)", None, "log"),
    "neutral_pc1_angle": ("mode to PC1,\nexact (°)", None, "linear"),
    "neutral_evidence_angle": ("its left vector\nto evidence (°)", None, "linear"),
}


@final
@dataclass(frozen=True)
class ChoicePoints(Figure):
    """Panels a to f; reads `portraits`, `slow_points` and `summary`, with the columns of `choice_points` and `slow_points`.

    (a) States of single networks on their first two principal components (share of the variance), with the exact fixed points and the
    slow points that the published filters kept, both without evidence; trials are coloured by the choice that they end in. (b) Eigenvalues
    of the Jacobian at the slow points of the same networks in the same order, and the leading one at each exact fixed point; unit circle,
    and Re λ = 1. (c) Share of networks by their number of exact fixed points. (d) Number of slow points kept, and (e) the same beside the
    number of exact fixed points (clipped at 5, groups side by side). (f) Network by network: distance that the descent moved the points,
    over the spread of the states; their range along PC1, over that of the states; largest |λ| there and its time constant; and of exact
    fixed points, the angle of the mode nearest to 1 to PC1, and of its left eigenvector to what evidence adds to the state. These are
    medians over points.

    Panels a to c show networks that met the criterion (N), in a and b those of lowest index, populations in turn. Hollow points of d to f
    did not meet it; black lines are medians over networks that did, with a 95 % interval.

    Attributes:
        factors: coordinates of networks; those that agree in them are a group.
        written: level -> what is written for it.
        shown: networks of panels a and b.
    """

    factors: tuple[str, ...] = ("architecture",)
    written: Mapping[str, str] = field(default_factory=dict)
    shown: Count = 8

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        groups = Groups.of(panels.of_study(datasets["summary"], datasets["portraits"]), self.factors, self.written)
        examples = _examples(datasets["portraits"], datasets["slow_points"], self.shown)
        lines = -(-max(len(examples), 1) // _ACROSS)
        of_rows = grouped.high(groups)
        tops = np.cumsum([2.0, 11.5 + lines * _STATES, _PLANES, of_rows + 5, of_rows])
        with style.sheet():
            figure = style.page(tops[-1])
            tables = {
                **_states(figure, tops[0], examples, lambda store: grouped.labels(store, self.factors, self.written)[0]),
                "b": _eigenvalues(figure, tops[1], examples),
                **_numbers_of_points(figure, tops[2], groups),
                **_numbers(figure, tops[3], groups),
            }
        return Drawing(figure, tables)


@dataclass(frozen=True)
class _Example:
    """One network.

    Attributes:
        portrait: with its exact fixed points without evidence alone.
        slow: its slow points that were kept.
    """

    portrait: xr.Dataset
    slow: xr.Dataset

    @property
    def name(self) -> str:
        return str(self.portrait["network"].values[0])

    @property
    def stable(self) -> Bool[np.ndarray, "fixed_point"]:
        return np.asarray(self.portrait["unstable"].values == 0)


def _examples(portraits: Sequence[xr.Dataset], descents: Sequence[xr.Dataset], number: int) -> list[_Example]:
    """Networks that met the criterion and were descended on: the first of each population, then the second of each, …; by population."""
    queues = [[(place, own) for own in _alone(portrait)] for place, portrait in enumerate(portraits)]
    turns = [one for turn in itertools.zip_longest(*queues) for one in turn if one is not None]
    found = []
    for _, portrait in sorted(turns[:number], key=lambda one: one[0]):
        slow = panels.holding(descents, portrait)
        name, still = portrait["network"].values[0], slow["still"].values[0]
        mine = (slow["owner"].values == name) & (slow["condition"].values == still) & slow["kept"].values
        exact = (portrait["still"].values == still) & (portrait["kind"].values == "fixed")
        found.append(_Example(portrait.isel(fixed_point=exact), slow.isel(fixed_point=mine)))
    return found


def _alone(portrait: xr.Dataset) -> list[xr.Dataset]:
    """Each network that met the criterion, by index, with its own fixed points."""
    finite = np.isfinite(portrait["trajectory"].values).all(axis=(1, 2, 3))
    met = np.flatnonzero((portrait["status"].values == "ok") & finite)
    ordered = met[np.argsort(portrait["index"].values[met], kind="stable")]
    names = portrait["network"].values
    return [portrait.isel(network=[place], fixed_point=portrait["owner"].values == names[place]) for place in ordered]


def _states(
    figure: matplotlib.figure.Figure, top: float, examples: Sequence[_Example], called: Callable[[xr.Dataset], str]
) -> dict[str, pd.DataFrame]:
    """Panel a.

    Args:
        called: what a network's group is.
    """
    style.heading(figure, 2, top + 3, "a", "States, and fixed and slow points without evidence, on the first two principal components")
    entries = [(panels.stroke(colour), text) for text, colour in list(_CHOICES.values())[:2]]
    marks = [(_SLOW | {"ms": 5}, "slow point"), (_EXACT[True], "stable fixed point"), (_EXACT[False], "unstable fixed point")]
    panels.line(figure, 7, top + 7, [*entries, *((Line2D([], [], **look), text) for look, text in marks)])
    if not examples:
        panels.nothing(style.place(figure, 7, top + 12, 40, 30))
        return {"a": pd.DataFrame({"network": [""]}), "a_points": pd.DataFrame({"network": [""]})}
    pitch = (_RIGHT - 4) / _ACROSS
    paths, points = [], []
    for number, example in enumerate(examples):
        left, down = 4 + pitch * (number % _ACROSS), top + 10 + _STATES * (number // _ACROSS)
        axes = style.place(figure, left + 3, down + 4, pitch - 6, _STATES - 12)
        style.write(
            figure, left + pitch / 2, down + 3, f"{called(example.portrait)}, network {example.portrait['index'].values[0]}", ha="center"
        )
        found = _draw_states(axes, example)
        paths.append(found[0])
        points.append(found[1])
        exact, stable = example.portrait.sizes["fixed_point"], int(example.stable.sum())
        told = f"exact: {stable} stable, {exact - stable} not · slow: {example.slow.sizes['fixed_point']}"
        style.write(figure, left + pitch / 2, down + _STATES - 1.5, told, ha="center")
    return {"a": pd.concat(paths, ignore_index=True), "a_points": pd.concat([*points, pd.DataFrame()], ignore_index=True)}


def _draw_states(axes: Axes, example: _Example) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Trials and points of one network; returns both."""
    paths = example.portrait["trajectory"].values[0][..., :2].astype(float)
    chosen = choices(example.portrait["outputs"].values[0])
    for path, choice in zip(paths, chosen, strict=True):
        axes.plot(*path.T, color=_CHOICES[int(choice)][1], lw=0.5, alpha=0.8, zorder=1)
    slow, exact = example.slow["position"].values[:, :2], example.portrait["position"].values[:, :2]
    axes.plot(*slow.T, zorder=3, **_SLOW)
    for stable, look in _EXACT.items():
        axes.plot(*exact[example.stable == stable].T, zorder=4, **look)
    panels.frame(axes, np.concatenate([paths.reshape(-1, 2), slow, exact]), margin=1.06)
    share = 100 * example.portrait["explained_variance"].values[0]
    axes.set(xticks=[], yticks=[], xlabel=f"PC1 ({share[0]:.0f} %)", ylabel=f"PC2 ({share[1]:.0f} %)")
    trials, steps = np.indices(paths.shape[:2]).reshape(2, -1)
    told = {"network": example.name, "trial": trials, "step": steps, "choice": chosen[trials]}
    kinds = np.concatenate([np.where(example.stable, "stable", "unstable"), np.full(len(slow), "slow")])
    places = np.concatenate([exact, slow])
    return (
        pd.DataFrame(told).assign(pc_1=paths[..., 0].ravel(), pc_2=paths[..., 1].ravel()),
        pd.DataFrame({"network": example.name, "kind": kinds, "pc_1": places[:, 0], "pc_2": places[:, 1]}),
    )


def _eigenvalues(figure: matplotlib.figure.Figure, top: float, examples: Sequence[_Example]) -> pd.DataFrame:
    """Panel b."""
    style.heading(
        figure, 2, top + 3, "b", "Eigenvalues at their slow points, and the leading one at their exact fixed points; dashed: Re λ = 1"
    )
    if not examples:
        panels.nothing(style.place(figure, 7, top + 7, 40, 20))
        return pd.DataFrame({"network": [""]})
    pitch = min((_RIGHT - 10) / len(examples), 34)
    size = min(pitch - 3, _PLANES - 13)
    values = [(_known(example.slow["eigenvalue"].values), example.portrait["leading_eigenvalue"].values) for example in examples]
    reach = 1.08 * max(1.0, *(float(np.abs(value).max(initial=0)) for pair in values for value in pair))
    tables = []
    for number, (example, (slow, exact)) in enumerate(zip(examples, values, strict=True)):
        axes = style.place(figure, 10 + pitch * number, top + 6, size, size)
        axes.add_patch(Circle((0, 0), 1, fill=False, color="0.6", lw=0.5))
        axes.axvline(1, color="0.4", lw=0.5, ls=(0, (3, 1.5)))
        (dots,) = axes.plot(slow.real, slow.imag, **_SLOW | {"ms": 1.6, "alpha": 0.5})
        dots.set_rasterized(True)
        for stable, look in _EXACT.items():
            own = exact[example.stable == stable]
            axes.plot(own.real, own.imag, zorder=4, **look | {"ms": 3})
        if not len(slow) and not len(exact):
            axes.text(0, 0, "no points", ha="center", va="center", color="0.4")
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[-1, 0, 1], yticks=[-1, 0, 1])
        axes.set_xticklabels(["−1", "0", "1"])
        axes.set_yticklabels([] if number else ["−1", "0", "1"])
        axes.set(xlabel="Re λ", ylabel="" if number else "Im λ")
        for kind, found in (("slow", slow), ("exact", exact)):
            tables.append(pd.DataFrame({"network": example.name, "kind": kind, "real": found.real, "imaginary": found.imag}))
    return pd.concat(tables, ignore_index=True)


def _known(eigenvalue: Complex[np.ndarray, "fixed_point mode"]) -> Complex[np.ndarray, "eigenvalue"]:
    """Those of the points that were examined."""
    return eigenvalue[~np.isnan(eigenvalue).any(axis=1)].ravel()


def _numbers_of_points(figure: matplotlib.figure.Figure, top: float, groups: Groups) -> dict[str, pd.DataFrame]:
    """Panels c to e."""
    style.heading(figure, 2, top + 3, "c", "Exact fixed points, share of networks by number")
    height = grouped.named(figure, _NAMES - 2, top + grouped.ABOVE, groups)
    both = [
        grouped.shares(style.place(figure, left, top + grouped.ABOVE, 22, height), groups, column, told)
        for left, column, told in ((_NAMES, "neutral_stable", "stable"), (_NAMES + 26, "neutral_saddles", "not stable"))
    ]
    below = top + grouped.ABOVE + height + grouped.BELOW - 1
    panels.line(figure, _NAMES, below, grouped.counts())
    panels.line(figure, 112, below, groups.failed())
    style.heading(figure, 108, top + 3, "d", "Slow points kept")
    starts = groups.average("slow_starts")
    text = "kept" + (f", of {float(starts):.0f} starts" if np.isfinite(starts) else "")
    slow = grouped.rows(style.place(figure, 110, top + grouped.ABOVE, 29, height), groups, "slow_kept", text, scale="count")
    style.heading(figure, 145, top + 3, "e", "Both kinds")
    beside = _beside(style.place(figure, 153, top + grouped.ABOVE, 25, height), groups)
    return {"c": pd.concat(both, ignore_index=True), "d": slow[""], "d_medians": slow["_medians"], "e": beside}


def _beside(axes: Axes, groups: Groups) -> pd.DataFrame:
    """Panel e: slow points over exact ones."""
    tables = []
    for place, group in enumerate(groups.names):
        own = groups.table(group, "exact_points", "slow_kept")
        aside = (place + 0.5) / len(groups.names) - 0.5
        across, along = own["exact_points"].clip(upper=5) + 0.7 * aside, own["slow_kept"]
        grouped.mark(axes, groups.look(group), own["met"].to_numpy(dtype=bool), across.to_numpy(dtype=float), along.to_numpy(dtype=float))
        tables.append(own)
    if not sum(map(len, tables)):
        panels.nothing(axes, "no network\nhas a value")
        return pd.DataFrame({"group": [""]})
    grouped.count_axis(axes, "y")
    table = pd.concat(tables, ignore_index=True)
    axes.set(xlim=(-0.5, 5.5), xticks=range(6), xticklabels=[*"01234", "5+"], ylim=(-0.1, max(12, 1.3 * table["slow_kept"].max())))
    axes.set(xlabel="exact fixed points", ylabel="slow points")
    return table


def _numbers(figure: matplotlib.figure.Figure, top: float, groups: Groups) -> dict[str, pd.DataFrame]:
    """Panel f."""
    style.heading(figure, 2, top + 3, "f", "Network by network, where it has such points; black: median with its 95 % interval")
    height = grouped.named(figure, _NAMES - 2, top + grouped.ABOVE, groups)
    pitch = (_RIGHT - _NAMES) / len(_NUMBERS)
    found = [
        grouped.rows(
            style.place(figure, _NAMES + place * pitch, top + grouped.ABOVE, pitch - 4, height), groups, column, text, reference, scale
        )
        for place, (column, (text, reference, scale)) in enumerate(_NUMBERS.items())
    ]
    return {f"f{suffix}": pd.concat([tables[suffix] for tables in found], ignore_index=True) for suffix in ("", "_medians")}
