"""Small networks distilled from large ones: their weights, time scales and behaviour beside those of their teachers."""

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
from matplotlib.lines import Line2D

from rnnpop.design import name_parts
from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.numerics.eigenvalues import time_constant
from rnnpop.variants import Positive

#: Height of the page, and top of each row of panels, in mm.
_HEIGHT, _ROWS = 214.0, (12.0, 64.0, 115.0, 166.0)

#: Colours and markers of teachers, and of students by learner, in order.
_COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999", "#882255")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", "<")
_DASHES: tuple[Any, ...] = ("-", "-", (0, (4, 1.5)), (0, (1, 1)), (0, (4, 1, 1, 1)), (0, (6, 2)), (0, (2, 2)), (0, (6, 1)), (0, (1, 2)))

#: What stands for the teachers where students are told by their learner.
_TEACHERS = "teachers"

#: Units of a distilled network, channels, and how print writes them.
_UNITS = {"first": "stimulus", "second": "block"}
_SOURCES = {"first": "stimulus", "second": "block", "left": "left", "right": "right", "feedback": "feedback"}

#: Weights of the project page (2020) and of the abstract of a leaky network (2021).
_WEIGHTS = {
    "first_from_first": (0.54, 0.59),
    "first_from_second": (0.31, 0.28),
    "second_from_first": (0.19, 0.18),
    "second_from_second": (0.84, 0.90),
    "first_from_left": (-0.19, -0.19),
    "first_from_right": (0.20, 0.19),
    "first_from_feedback": (0.005, 0.005),
    "second_from_left": (-0.04, -0.04),
    "second_from_right": (0.04, 0.04),
    "second_from_feedback": (0.021, 0.019),
}

#: Eigenvalues of the former, largest first.
_MODULI = (0.97531, 0.40469)

#: Gain -> accuracy and timeouts of the former in the task: 300 000 trials each.
_SWEEP = {
    "accuracy": {1: 0.0, 2: 0.813, 3: 0.8725, 4: 0.868, 5: 0.860, 6: 0.852, 8: 0.840, 10: 0.835},
    "timeouts": {1: 1.0, 2: 0.136, 3: 0.021, 4: 0.003, 5: 0.001, 6: 0.0, 8: 0.0, 10: 0.0},
}

_CROSS: dict[str, Any] = {"marker": "x", "linestyle": "none", "color": "black", "markersize": 4.5, "markeredgewidth": 1.0}
_DIAMOND: dict[str, Any] = {"marker": "D", "linestyle": "none", "color": "#D55E00", "markerfacecolor": "none", "markersize": 4}
_PLUS: dict[str, Any] = _CROSS | {"marker": "+", "markersize": 5.5}


@final
@dataclass(frozen=True)
class Distillation(Figure):
    """Panels a to f after Schaeffer et al. 2020, figure 8; reads networks, summary, and the summaries of the teachers' studies.

    Networks that are ok, N beside their names; teachers are those of the students that are shown. Each dot is a network, bars and curves
    are medians over networks, bands and whiskers reach from the 2.5th to the 97.5th percentile. Crosses: the paper's one network.

    (a) Recurrent weights and input weights of the students in closed form, of the readout gain shown; × project page, + abstract of 2021;
    diamonds: the same closed form on the log-odds that an ideal observer without feedback has in the students' own sessions, median.
    (b) The two largest moduli of eigenvalues at the slowest point under zero input, of students in closed form against their teachers, and
    the time constants −1 / ln |λ| where both are below 1. Where no points were sought, the students' are those of their recurrent
    matrix. Crosses at the edge: the paper gives those of its distilled network alone. (c) Fraction of correct trials; a timeout is
    none, or (open) counts by the likelier side. (d) Left: correct at strength 0, where a side is drawn too, on concordant trials (filled,
    stimulus on the side of the block) and discordant ones (open): equal without a memory of the block. Middle: accuracy from the 20th trial
    of a block on, less that of its first. Right: accuracy by trial of the block after a switch; all networks share the luck of a trial.
    (e) Accuracy and timeouts of students in closed form against the gain of their readout. (f) Left: R² of the teacher's coordinates
    after so many steps of free running on the teacher's inputs, for students whose units are coordinates. Right: mean |h(t + lag) − h(t)|
    over that of two random steps; a difference over a lag, not of an order.

    Attributes:
        closed_form: learner of the students of panels a, b and e.
        logits, direct: learners of the paper's two controls: of distilled logits, and trained on the task.
        gain: of the students in closed form that are shown where a study varies it.
    """

    closed_form: str = "radd"
    logits: str = "logits"
    direct: str = "direct"
    gain: Positive = 3.0

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        tasks = {name_parts(name).task for store in datasets["networks"] for name in store["network"].values}
        everyone = panels.trained(panels.of_tasks(datasets["summary"], tasks))
        gains = _gains(everyone)
        sweep = everyone.isel(network=(np.array(panels.levels(everyone, "learner")) == self.closed_form) & np.isfinite(gains))
        shown = everyone.isel(network=np.isnan(gains) | (gains == self.gain))
        students = {name: panels.of_level(shown, "learner", name) for name in panels.all_levels([shown], "learner")}
        closed = students.get(self.closed_form, shown.isel(network=slice(0)))
        groups = {_TEACHERS: _teachers(datasets["teachers"], shown)} | students
        with style.sheet():
            figure = style.page(_HEIGHT)
            _legend(figure, list(groups))
            tables = {
                "a": _weights(figure, _ROWS[0], closed),
                "b": _time_scales(figure, _ROWS[1], closed, groups[_TEACHERS]),
                "c": self._accuracy(figure, _ROWS[1], groups),
                "d": self._block(figure, _ROWS[2], groups),
                "d_switch": _switch(figure, _ROWS[2], groups),
                "e": _sweep(figure, _ROWS[3], sweep),
                "f": _rollouts(figure, _ROWS[3], groups),
                "f_distances": _distances(figure, _ROWS[3], groups),
            }
        return Drawing(figure, tables)

    def _accuracy(self, figure: matplotlib.figure.Figure, top: float, groups: Mapping[str, xr.Dataset]) -> pd.DataFrame:
        style.heading(figure, 106, top + 3, "c", "Accuracy in the task")
        axes = style.place(figure, 134, top + 8, 42, 32)
        published = {_TEACHERS: (0.8550, np.nan), self.closed_form: (0.8687, np.nan)}
        table = _rows(axes, groups, ("accuracy", "forced_accuracy"), published)
        axes.set_xlabel("correct (open: by the likelier side)")
        return table

    def _block(self, figure: matplotlib.figure.Figure, top: float, groups: Mapping[str, xr.Dataset]) -> pd.DataFrame:
        style.heading(figure, 2, top + 3, "d", "Correct at strength 0; dip after a switch of blocks")
        published = {
            _TEACHERS: (0.72, 0.27),
            self.closed_form: (0.69, 0.31),
            self.logits: (0.54, np.nan),  # the other is not legible to better than 0.05
            self.direct: (0.55, 0.44),
        }
        zero, dip = style.place(figure, 28, top + 8, 50, 32), style.place(figure, 86, top + 8, 30, 32)
        tables = [_rows(zero, groups, ("zero_contrast_concordant", "zero_contrast_discordant"), published)]
        zero.axvline(0.5, **style.CHANCE)
        zero.set(xlim=(-0.02, 1.02), xlabel="correct: concordant, discordant (open)")
        tables.append(_rows(dip, groups, ("switch_dip",), {_TEACHERS: (0.21,)}))
        dip.axvline(0, **style.CHANCE)
        dip.set(yticklabels=[], xlabel="dip")
        return pd.concat(tables, ignore_index=True)


def _gains(summary: xr.Dataset) -> Float[np.ndarray, "network"]:
    """Readout gain where the study varies it; else NaN."""
    if "gain" not in summary.coords:
        return np.full(summary.sizes["network"], np.nan)
    return np.asarray(pd.to_numeric(pd.Series(summary["gain"].values), errors="coerce"), dtype=float)


def _teachers(summaries: Sequence[xr.Dataset], students: xr.Dataset) -> xr.Dataset:
    """Each network that taught one of the students, once."""
    wanted = set(_taught(students))
    found = [store.isel(network=np.isin(store["network"].values.astype(str), list(wanted))) for store in summaries]
    held = [store for store in found if store.sizes["network"]]
    return held[0] if held else students.isel(network=slice(0))


def _taught(students: xr.Dataset) -> list[str]:
    """Names of the students' teachers; empty for one without."""
    return [str(name) for name in students["teacher"].values] if "teacher" in students else [""] * students.sizes["network"]


def _numbers(store: xr.Dataset, name: str) -> Float[np.ndarray, "network"]:
    """A column, NaN where the study does not have it."""
    return store[name].values.astype(float) if name in store else np.full(store.sizes["network"], np.nan)


def _look(place: int) -> dict[str, Any]:
    return {"color": _COLOURS[place % len(_COLOURS)], "marker": _MARKERS[place % len(_MARKERS)]}


def _spread(number: int, width: float) -> Float[np.ndarray, "network"]:
    """Places beside one another that look like none, the same each time: multiples of the golden ratio, modulo 1."""
    return width * (np.arange(number) * (np.sqrt(5) - 1) / 2 % 1 - 0.5)


def _legend(figure: matplotlib.figure.Figure, kinds: Sequence[str]) -> None:
    """What marks mean, and on a second line the kinds of networks."""
    dot, bar = Line2D([], [], ls="none", marker="o", color="0.45", markersize=2), Line2D([], [], color="0.2", lw=1.6)
    entries: list[tuple[Any, str]] = [(dot, "a network"), (bar, "median over networks")]
    texts = ((_CROSS, "the paper's network"), (_PLUS, "a leaky one of its authors"), (_DIAMOND, "ideal beliefs"))
    entries += [(Line2D([], [], **look), text) for look, text in texts]
    panels.line(figure, 7, 4, [*entries, (panels.stroke("0.4", ":"), "chance, or none")])
    looks = [Line2D([], [], ls=_DASHES[place % len(_DASHES)], lw=1.0, markersize=2.6, **_look(place)) for place in range(len(kinds))]
    panels.line(figure, 7, 8.5, [(look, style.printed(kind)) for look, kind in zip(looks, kinds, strict=True)])


def _weights(figure: matplotlib.figure.Figure, top: float, students: xr.Dataset) -> pd.DataFrame:
    """Panel a: single weights over the population."""
    style.heading(figure, 2, top + 3, "a", f"Weights of networks distilled in closed form (N = {students.sizes['network']})")
    tables = [pd.DataFrame()]
    groups = (("recurrent weight", ("first", "second"), 14, 62), ("input weight", ("left", "right", "feedback"), 92, 84))
    for text, sources, left, width in groups:
        axes = style.place(figure, left, top + 8, width, 30)
        axes.axhline(0, **style.CHANCE)
        names = [f"{unit}_from_{source}" for unit in _UNITS for source in sources]
        ideals = [float(panels.percentiles(_numbers(students, f"ideal_{name}"))[1]) for name in names]
        for place, name in enumerate(names):
            values = _numbers(students, name)
            axes.plot(place + _spread(len(values), 0.5), values, ls="none", marker="o", color="#0072B2", alpha=0.45, markersize=2.2, mew=0)
            low, median, high = panels.percentiles(values)
            axes.plot([place - 0.32, place + 0.32], [median] * 2, color="0.2", lw=1.6)
            for look, value, shift in zip((_CROSS, _PLUS), _WEIGHTS[name], (-0.1, 0.1), strict=True):
                axes.plot(place + shift, value, zorder=4, **look)
            axes.plot(place + 0.24, ideals[place], zorder=4, **_DIAMOND)
            row = {
                "weight": name,
                "ideal": ideals[place],
                "median": median,
                "low": low,
                "high": high,
                "networks": int(np.isfinite(values).sum()),
            }
            tables.append(pd.DataFrame([row | dict(zip(("published_2020", "published_2021"), _WEIGHTS[name], strict=True))]))
        parts = [name.split("_from_") for name in names]
        labels = [f"{_SOURCES[source]}\n→ {_UNITS[unit]}" for unit, source in parts]
        axes.set_xticks(range(len(names)), labels)
        axes.set(ylabel=text, xlim=(-0.5, len(names) - 0.5))
        _within(axes, [_numbers(students, name) for name in names], [*ideals, *(one for name in names for one in _WEIGHTS[name])])
    return pd.concat(tables, ignore_index=True)


def _within(axes: Axes, values: Sequence[Float[np.ndarray, "network"]], marked: Sequence[float]) -> None:
    """Limits of y that hold 95 % of the networks and all that is marked; networks beyond are told as a number."""
    ends = np.concatenate([panels.percentiles(np.column_stack(values))[[0, 2]].ravel(), marked])
    ends = ends[np.isfinite(ends)]
    margin = 0.15 * np.ptp(ends)
    axes.set_ylim(ends.min() - margin, ends.max() + margin)
    low, high = axes.get_ylim()
    beyond = sum(int(((one < low) | (one > high)).sum()) for one in values)
    if beyond:
        axes.text(1, 1, f"{beyond} beyond", transform=axes.transAxes, ha="right", va="bottom", color="0.3")


def _time_scales(figure: matplotlib.figure.Figure, top: float, students: xr.Dataset, teachers: xr.Dataset) -> pd.DataFrame:
    """Panel b: eigenvalues and time constants of students against those of their teachers."""
    style.heading(figure, 2, top + 3, "b", "Distilled against full: slowest mode (dots), second (rings)")
    place = {str(name): row for row, name in enumerate(teachers["network"].values)}
    rows = [place.get(name, -1) for name in _taught(students)]
    table = pd.DataFrame({"network": students["network"].values.astype(str), "teacher": _taught(students)})
    for rank, name in (("leading", "recurrent_modulus_1"), ("second", "recurrent_modulus_2")):
        full = np.append(_numbers(teachers, f"{rank}_modulus"), np.nan)[rows]
        own = _numbers(students, f"{rank}_modulus")
        table[f"{rank}_full"], table[f"{rank}_distilled"] = full, np.where(np.isfinite(own), own, _numbers(students, name))
    told: list[str] = []
    moduli, constants = style.place(figure, 14, top + 8, 34, 32), style.place(figure, 64, top + 8, 34, 32)
    for (rank, filled), published in zip({"leading": True, "second": False}.items(), _MODULI, strict=True):
        look: dict[str, Any] = {"ls": "none", "marker": "o", "markersize": 2.6, "color": "#0072B2", "markeredgewidth": 0.6}
        look |= {"alpha": 0.6, "markeredgewidth": 0} if filled else {"markerfacecolor": "none"}
        full, own = table[f"{rank}_full"].to_numpy(), table[f"{rank}_distilled"].to_numpy()
        moduli.plot(full, own, **look)
        both = (full < 1) & (own < 1) & (full > 0) & (own > 0)
        constants.plot(time_constant(full[both]), time_constant(own[both]), **look)
        for axes, level in ((moduli, published), (constants, time_constant(published))):
            axes.plot(0.03, level, transform=axes.get_yaxis_transform(), clip_on=False, zorder=4, **_CROSS)
        told.append(f"{both.sum()} {'dots' if filled else 'rings'}")
    constants.text(1, 1.02, ", ".join(told), transform=constants.transAxes, ha="right", va="bottom", color="0.3")
    constants.set(xscale="log", yscale="log", xlabel="full network (steps)", ylabel="time constant,\ndistilled (steps)")
    moduli.set(xlabel="full network", ylabel="|λ|, distilled")
    for axes in (moduli, constants):
        ends = np.array([axes.get_xlim(), axes.get_ylim()])
        span = ends[:, 0].min(), ends[:, 1].max()
        axes.plot(span, span, color="0.4", lw=0.6, zorder=1)
        axes.set(xlim=span, ylim=span)
    for line in (moduli.axvline, moduli.axhline):
        line(1, **style.CHANCE)
    return table


def _rows(axes: Axes, groups: Mapping[str, xr.Dataset], names: tuple[str, ...], published: Mapping[str, tuple[float, ...]]) -> pd.DataFrame:
    """A row of dots for each kind of network, filled for the first column, open for the second, with median and published number."""
    rows = []
    for place, (kind, store) in enumerate(groups.items()):
        for number, name in enumerate(names):
            values = _numbers(store, name)
            look = _look(place) | {"ls": "none", "markersize": 2.4, "markeredgewidth": 0.5}
            look |= {"markerfacecolor": "none"} if number else {"alpha": 0.5}
            axes.plot(values, place + _spread(len(values), 0.55), **look)
            low, median, high = panels.percentiles(values)
            axes.plot([median] * 2, [place - 0.38, place + 0.38], color="0.2", lw=1.6)
            told = published.get(kind, (np.nan,) * len(names))[number]
            axes.plot(told, place, zorder=4, **_CROSS)
            about = {"kind": kind, "column": name, "networks": int(np.isfinite(values).sum())}
            rows.append(about | {"low": low, "median": median, "high": high, "published": told})
    axes.set_yticks(range(len(groups)), [f"{style.printed(kind)} ({store.sizes['network']})" for kind, store in groups.items()])
    axes.set_ylim(len(groups) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    return pd.DataFrame(rows)


def _curves(axes: Axes, curves: Mapping[str, xr.DataArray | None], dim: str) -> pd.DataFrame:
    """Median over networks of the curves of each kind, with its band."""
    tables = [pd.DataFrame()]
    for place, (kind, found) in enumerate(curves.items()):
        if found is None:
            continue
        x, (low, median, high) = found[dim].values, panels.percentiles(found.values)
        colour = _COLOURS[place % len(_COLOURS)]
        axes.fill_between(x, low, high, color=colour, alpha=0.1, lw=0)
        look = _look(place) | {"ls": _DASHES[place % len(_DASHES)], "lw": 1.0, "markersize": 2.4, "markeredgewidth": 0}
        axes.plot(x, median, markevery=max(len(x) // 20, 1), **look)
        tables.append(pd.DataFrame({"kind": kind, dim: x, "median": median, "low": low, "high": high, "networks": len(found)}))
    return pd.concat(tables, ignore_index=True)


def _switch(figure: matplotlib.figure.Figure, top: float, groups: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """Panel d, right: the dip after a switch of blocks."""
    axes = style.place(figure, 130, top + 8, 46, 32)
    curves = {kind: panels.measured(store, "accuracy_by_block_trial") for kind, store in groups.items()}
    table = _curves(axes, curves, "block_trial")
    axes.set(xlabel="trial of the block", ylabel="correct", xlim=(0.5, 25.5))
    return table


def _sweep(figure: matplotlib.figure.Figure, top: float, students: xr.Dataset) -> pd.DataFrame:
    """Panel e: what the gain of the readout does."""
    gains = _gains(students)
    levels = np.unique(gains)
    number = int(max((np.sum(gains == gain) for gain in levels), default=0))
    style.heading(figure, 2, top + 3, "e", f"Gain of the readout, closed form (N = {number})")
    tables = [pd.DataFrame()]
    for name, left in (("accuracy", 14.0), ("timeouts", 62.0)):
        axes = style.place(figure, left, top + 8, 34, 30)
        rows = np.array([panels.percentiles(_numbers(students, name)[gains == gain]) for gain in levels]).reshape(-1, 3)
        axes.fill_between(levels, rows[:, 0], rows[:, 2], color="#0072B2", alpha=0.2, lw=0)
        axes.plot(levels, rows[:, 1], color="#0072B2", marker="s", markersize=2.6, lw=1.0)
        axes.plot(list(_SWEEP[name]), list(_SWEEP[name].values()), zorder=4, **_CROSS)
        axes.set(xlabel="gain g", ylabel=name, ylim=(-0.03, 1.03), xlim=(0.5, 10.5), xticks=[1, 2, 3, 5, 8, 10])
        columns = {"gain": levels, "low": rows[:, 0], "median": rows[:, 1], "high": rows[:, 2]}
        tables.append(pd.DataFrame(columns).assign(column=name, published=[_SWEEP[name].get(gain, np.nan) for gain in levels]))
    return pd.concat(tables, ignore_index=True)


def _strides(axes: Axes, text: str) -> None:
    axes.set(xscale="log", xlabel="steps ahead" if "R²" in text else "lag (steps)", ylabel=text)
    axes.set_xticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
    axes.minorticks_off()


def _rollouts(figure: matplotlib.figure.Figure, top: float, groups: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """Panel f, left: how far ahead students that mirror coordinates foretell them."""
    style.heading(figure, 106, top + 3, "f", "Free running, and distances over a lag")
    axes = style.place(figure, 118, top + 8, 23, 30)
    table = _curves(axes, {kind: panels.measured(store, "rollout_r2") for kind, store in groups.items()}, "stride")
    _strides(axes, "R² of coordinates")
    if len(table):  # a student may run away, and its R² with it
        axes.set_ylim(max(-0.5, float(np.nanmin(table["low"])) - 0.05), 1.03)
    return table


def _distances(figure: matplotlib.figure.Figure, top: float, groups: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """Panel f, right: distances over a lag, as the students' learner found them."""
    axes = style.place(figure, 155, top + 8, 23, 30)
    students = {kind: store for kind, store in groups.items() if kind != _TEACHERS}
    told = (panels.measured(store, "teacher_lag_distance") for store in students.values())
    curves = {_TEACHERS: next((found for found in told if found is not None), None)}
    curves |= {kind: panels.measured(store, "student_lag_distance") for kind, store in students.items()}
    table = _curves(axes, curves, "stride")
    _strides(axes, "distance / random")
    axes.set_ylim(0, 1.1)
    return table
