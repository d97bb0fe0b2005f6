"""What a session is: the task's steps and stimuli, what an example network does, and where its states go within trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.patches import FancyArrowPatch, Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from rnnpop.figures import Drawing, Figure, panels, style

#: Height of the page, and top of each row of panels, in mm.
_HEIGHT, _ROWS = 243.0, (6.0, 47.0, 91.0, 147.0)

#: Trials in panel b; steps of whole trials in panel d; trajectories at most in each panel of e.
_TRIALS, _STEPS, _SHOWN = 150, 45, 15

#: The pair of panel f: log-odds of the block in an exact observer; how undecided, how far apart and how many observations may be.
_SURE, _UNDECIDED, _ALIKE, _LONGEST = 2.0, 0.5, 0.25, 3

#: Colours of the left and the right side, and of the bands behind trials of blocks.
_SIDES, _BANDS = {-1: "#0072B2", 1: "#D55E00"}, {-1: "#D6E6F2", 1: "#F9DFCF"}
_NAMES = {-1: "left", 0: "unbiased", 1: "right"}

#: What may come of a trial, with marker, fill and colour.
_OUTCOMES: dict[str, tuple[str, style.Fill, str]] = {
    "correct": ("o", "full", "#009E73"),
    "wrong": ("X", "full", "black"),
    "timeout": ("D", "none", "0.3"),
}


@final
@dataclass(frozen=True)
class Sessions(Figure):
    """Panels a to f after Schaeffer et al. 2020, task figure and figure 4B, C; reads sessions and fields.

    The example is the first network of the study's first population that met the criterion and whose states are finite. Left is blue,
    right is red; at strength 0 a side is drawn as well, which decides what is correct. (a) The steps of one trial, with its stimulus on
    the right: the network acts when the probability of a side exceeds the threshold, and the reward comes with the next step, so that of
    the trial with the first step of the next one, which is the only cue that a trial began. (b) Trials of session 0: signed strength
    (left negative) and the example's actions; shaded: the side that the block favours. (c) First observations of all of the example's
    trials, right less left, by block side: shares as steps; curves are the law of the task, a mixture (black) of one normal for each
    signed strength (coloured, weighted), their deviation that of the channel without a stimulus. (d) First trials of session 0 step by
    step: observations; feedback, as the network is given it; its probability of right, which acts beyond the dashed lines; grey lines are
    borders of trials, triangles their stimulus' side, marks at last steps what came of them, as in b. (e) States within trials on the
    first two principal components of the example's states (places of stage `survey`: right is likelier to the right), evenly spaced
    choices of all trials of the kind, without the steps that go from trial to trial; numbers are drawn and all trials. Squares: first
    steps. The wide lines are the pair of f, in the colour of the block's side, among trials of their kind. (f) Two trials of the weakest
    strength, of a left and of a right block, up to their third observation, or the median number of such trials where it is less (fewer
    where no pair is alike): those whose observations are most alike (root mean square of what is between them at most 0.25) among trials
    whose observations say little (mean of right less left at most 0.5: the numbers below) and of whose block the exact observer of the
    network's own inputs is sure at the first step (log-odds of at least 2): states, and the network's probability of right; shaded: blank
    steps.
    """

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        sessions = datasets["sessions"][0]
        chosen = _example(sessions, datasets["fields"])
        with style.sheet():
            figure = style.page(_HEIGHT)
            tables = {
                "a": _schematic(figure, _ROWS[0], sessions.attrs),
                "b": _trial_by_trial(figure, _ROWS[1], chosen),
                "c": _observations(figure, _ROWS[2], chosen),
                "d": _step_by_step(figure, _ROWS[2], chosen),
                **_trajectories(figure, _ROWS[3], chosen),
            }
        return Drawing(figure, tables)


@dataclass(frozen=True)
class _Example:
    """One network's sessions.

    Attributes:
        store: of stage `play`, of this network alone.
        plane: places of its states.
    """

    store: xr.Dataset
    plane: Float[np.ndarray, "session time axis"]

    @cached_property
    def trials(self) -> pd.DataFrame:
        """The finished trials of all sessions; `begun` and `ended` are steps of the session, `observation` right less left at the first."""
        store, blanks = self.store, int(self.store.attrs["blanks"])
        session, ended = np.nonzero(store["ended"].values)
        begun = ended - store["trial_step"].values[session, ended]
        number = store["trial_number"].values[session, ended]
        left, right = (store["inputs"].values[session, begun + blanks, channel].astype(float) for channel in (0, 1))
        exact = store["block_log_odds"].sel(observer="exact").values[session, begun].astype(float)
        action = store["action"].values[session, ended]
        course = {name: store[name].values[session, number] for name in ("side", "strength", "block_side", "block_trial")}
        outcome = np.where(action == 0, "timeout", np.where(action == course["side"], "correct", "wrong"))
        told = {"session": session, "trial": number, **course, "begun": begun, "ended": ended, "action": action, "outcome": outcome}
        signed = {"signed_strength": course["side"] * course["strength"] + 0.0}  # no −0
        return pd.DataFrame(told | signed | {"first_left": left, "first_right": right, "observation": right - left, "belief": exact})

    @cached_property
    def right(self) -> Float[np.ndarray, "session time"]:
        """Probability of right."""
        odds = self.store["outputs"].values.astype(float) @ [-1.0, 1.0]
        return 0.5 * (1 + np.tanh(odds / 2))

    def steps(self, trial: Any) -> pd.DataFrame:
        """The steps of one row of `trials`."""
        which = slice(int(trial.begun), int(trial.ended) + 1)
        place = self.plane[trial.session, which]
        inputs = self.store["inputs"].values[trial.session, which].astype(float)
        return pd.DataFrame(
            {
                **{"session": trial.session, "trial": trial.trial, "step": np.arange(len(place)), "pc_1": place[:, 0], "pc_2": place[:, 1]},
                **{"left": inputs[:, 0], "right": inputs[:, 1], "feedback": inputs[:, 2]},
                "p_right": self.right[trial.session, which],
            }
        )


def _example(sessions: xr.Dataset, fields: list[xr.Dataset]) -> _Example | None:
    """The first network that met the criterion, has finite states, and finished a trial of session 0; None where there is none."""
    for network in np.flatnonzero(sessions["status"].values == "ok"):
        own = sessions.isel(network=network).transpose("session", "time", ...)
        state = own["state"].values.astype(float)
        if np.isfinite(state).all() and own["ended"].values[0].any():
            field = panels.holding(fields, own.expand_dims("network")).sel(network=own["network"].values)
            plane = (state - field["centre"].values) @ field["plane"].transpose("unit", "axis").values
            if np.isfinite(plane).all():
                return _Example(own, plane)
    return None


def _schematic(figure: matplotlib.figure.Figure, top: float, attrs: Mapping[str, Any]) -> pd.DataFrame:
    """Panel a: a column for each kind of step, a row for each number that goes in or comes out."""
    blanks, most, threshold, delay = (attrs[name] for name in ("blanks", "observations", "threshold", "delay_reward"))
    text = (
        f"One trial, stimulus on the right: {blanks} blank step{'s' * (blanks != 1)}, then up to {most} observations of constant strength s"
    )
    style.heading(figure, 2, top, "a", text)
    late = f"{delay:g}".replace("-", "−")
    act = f"acts if p > {threshold:g}"
    steps = [("blank", "0", "0", "0", "none", "0")] * blanks
    steps += [(f"observation {n + 1}", "noise", "s + noise", late if n else "0", act, f"±1, else {late}") for n in range(min(most, 2))]
    if most > 3:
        steps.append(("…",) * 6)
    if most > 2:
        steps.append((f"observation {most}", "noise", "s + noise", late, act, "±1; timeout −1"))
    after = ("blank", "0", "0", "±1", "none", "0") if blanks else ("observation 1", "noise", "s + noise", "±1", act, f"±1, else {late}")
    steps = [(name, low, high, "±1" if n == 0 else fed, *more) for n, (name, low, high, fed, *more) in enumerate(steps)]
    columns = ["step", "left channel", "right channel", "feedback", "action", "reward"]
    axes = style.place(figure, 2, top + 2, 176, 34)
    style.bare(axes)
    axes.set(xlim=(0, 176), ylim=(34, 0))
    widths = [{"b": 14.0, "…": 7.0}.get(step[0][0], 26.0) for step in [*steps, after]]
    pitch = min(1.3, (176 - 20 - 4) / sum(widths))
    for row, name in enumerate(columns[1:]):
        axes.text(0, 9 + 5.2 * row, name, va="center")
    x = 20.0
    for number, (step, width) in enumerate(zip([*steps, after], np.array(widths) * pitch, strict=True)):
        x += 4 if number == len(steps) else 0
        face = {"b": "0.93", "…": "none"}.get(step[0][0], "#E4F0E9")
        axes.add_patch(Rectangle((x + 0.4, 1), width - 0.8, 32.5, facecolor=face, edgecolor="none"))
        for row, entry in enumerate(step):
            bold: dict[str, Any] = {"fontweight": "bold"} if row == 3 and entry == "±1" else {}
            axes.text(x + width / 2, 3.8 if row == 0 else 9 + 5.2 * (row - 1), entry, ha="center", va="center", **bold)
        x += width
    for place, text in ((20.2, ""), (20 + pitch * sum(widths[:-1]) + 2, "next trial")):
        axes.plot([place, place], [1, 33.5], color="0.3", lw=0.8)
        axes.text(place + 2, 36, text, va="center")
    begins = 20 + pitch * sum(widths[:-1])
    bend: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 6, "lw": 0.9, "color": "#D55E00", "connectionstyle": "arc3,rad=0.15"}
    axes.add_patch(FancyArrowPatch((begins - 2.5, 28), (begins + 4 + pitch * widths[-1] / 2 - 3, 20.8), **bend))
    rows = [("one trial", *step) for step in steps] + [("next trial", *after)]
    return pd.DataFrame(rows, columns=["of", *columns])


def _bands(axes: Axes, bounds: np.ndarray, sides: np.ndarray) -> None:
    """Shade what lies between bounds by the side of the block."""
    for first, last, side in zip(bounds[:-1], bounds[1:], sides, strict=True):
        if side:
            axes.axvspan(first, last, color=_BANDS[int(side)], lw=0, zorder=0)


def _outcomes(axes: Axes, x: np.ndarray, y: np.ndarray, outcome: np.ndarray, size: float = 2.6) -> None:
    """A mark for what came of each trial."""
    for name, (marker, fill, colour) in _OUTCOMES.items():
        which = outcome == name
        look: dict[str, Any] = {"linestyle": "none", "marker": marker, "fillstyle": fill, "color": colour, "markeredgewidth": 0.5}
        axes.plot(x[which], y[which], markersize=size, zorder=3, clip_on=False, **look)


def _trial_by_trial(figure: matplotlib.figure.Figure, top: float, chosen: _Example | None) -> pd.DataFrame:
    """Panel b."""
    called = f" ({' '.join(panels.called(chosen.store.expand_dims('network'), 'loss').split())})" if chosen else ""
    style.heading(figure, 2, top, "b", "Session 0 of the example network" + called)
    upper, lower = style.place(figure, 16, top + 7, 162, 14), style.place(figure, 16, top + 23, 162, 11)
    if chosen is None:
        panels.nothing(upper)
        style.bare(lower)
        return pd.DataFrame()
    trials = chosen.trials.query("session == 0").iloc[:_TRIALS]
    x = trials["trial"].to_numpy(dtype=float)
    for axes in (upper, lower):
        _bands(axes, np.append(x - 0.5, x[-1:] + 0.5), trials["block_side"].to_numpy())
        axes.set_xlim(-0.5, max(len(x), 2) - 0.5)
    colours = [_SIDES[side] for side in trials["side"]]
    strength = trials["signed_strength"].to_numpy()
    upper.vlines(x, 0, strength, color=colours, lw=0.8)
    upper.scatter(x, strength, c=colours, s=5, lw=0, zorder=3)
    upper.axhline(0, color="0.5", lw=0.4)
    most = max(chosen.store.attrs["strengths"]) or 1.0
    upper.set(ylabel="strength", ylim=(-1.15 * most, 1.15 * most), yticks=[-most, 0, most])
    upper.tick_params(labelbottom=False)
    _outcomes(lower, x, trials["action"].to_numpy(dtype=float), trials["outcome"].to_numpy())
    lower.set(ylim=(-1.6, 1.6), yticks=[-1, 0, 1], yticklabels=["left", "none", "right"], xlabel="trial", ylabel="action")
    upper.yaxis.set_label_coords(-0.055, 0.5)
    lower.yaxis.set_label_coords(-0.055, 0.5)
    counts = trials["outcome"].value_counts()
    entries: list[Any] = [(Patch(color=_BANDS[side]), f"{_NAMES[side]} block") for side in (-1, 1)]
    entries += [(panels.stroke(_SIDES[side]), f"stimulus {_NAMES[side]}") for side in (-1, 1)]
    entries += [(panels.mark(*look), f"{name} ({counts.get(name, 0)})") for name, look in _OUTCOMES.items()]
    panels.line(figure, 16, top + 3.5, entries)
    return trials


def _observations(figure: matplotlib.figure.Figure, top: float, chosen: _Example | None) -> pd.DataFrame:
    """Panel c."""
    style.heading(figure, 2, top, "c", "First observations")
    if chosen is None:
        panels.nothing(style.place(figure, 14, top + 5, 38, 34))
        return pd.DataFrame()
    trials = chosen.trials
    strengths = np.array(chosen.store.attrs["strengths"], dtype=float)
    empty = np.where(trials["side"] > 0, trials["first_left"], trials["first_right"])
    variance = 2 * float(np.mean(empty**2)) or 1.0
    edges = np.linspace(-1, 1, 41) * (strengths.max() + 4 * np.sqrt(variance))
    middle = (edges[1:] + edges[:-1]) / 2
    colours = ScalarMappable(Normalize(-(strengths.max() or 1.0), strengths.max() or 1.0), style.DIVERGING)
    sides = sorted(set(trials["block_side"]))
    height, tables = 38 / len(sides), []
    for number, side in enumerate(sides):
        axes = style.place(figure, 14, top + 3 + number * height, 40, height - 2)
        own = trials[trials["block_side"] == side]
        counts = np.histogram(own["observation"], edges)[0] / (len(own) * np.diff(edges))
        axes.stairs(counts, edges, fill=True, color=_BANDS.get(side, "0.9"))
        likelier = chosen.store.attrs["congruence"] if side else 0.5
        table = pd.DataFrame({"block_side": side, "trials": len(own), "observation": middle, "density": counts})
        whole = np.zeros(len(middle))
        for stimulus in (-1, 1):
            weight = (likelier if stimulus == side or not side else 1 - likelier) / len(strengths)
            for strength in strengths:
                part = weight * np.exp(-((middle - stimulus * strength) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
                whole += part
                axes.plot(middle, part, color=colours.to_rgba(stimulus * strength), lw=0.6)
                name = f"strength_{stimulus * strength + 0.0:g}"
                table[name] = table.get(name, 0) + part
        axes.plot(middle, whole, color="black", lw=0.9)
        axes.set(ylim=(0, None), xlim=(edges[0], edges[-1]), ylabel="density")
        axes.locator_params(axis="y", nbins=2)
        where: Any = (1, {"ha": "right"}) if side < 0 else (0.02, {})  # beside the bulk
        axes.text(where[0], 0.98, f"{_NAMES[side]} block\n{len(own)} trials", transform=axes.transAxes, va="top", **where[1])
        axes.tick_params(labelbottom=number == len(sides) - 1)
        tables.append(table.assign(mixture=whole))
    axes.set_xlabel("right − left")
    panels.colour_bar(figure, 36, top + 48, 16, colours, "signed strength")
    return pd.concat(tables, ignore_index=True)


def _step_by_step(figure: matplotlib.figure.Figure, top: float, chosen: _Example | None) -> pd.DataFrame:
    """Panel d."""
    style.heading(figure, 62, top, "d", "First trials, step by step")
    heights, place, every = (14.0, 8.0, 13.0), top + 4, []
    for height in heights:
        every.append(style.place(figure, 76, place, 102, height))
        place += height + 2
    if chosen is None:
        panels.nothing(every[0])
        for axes in every[1:]:
            style.bare(axes)
        return pd.DataFrame()
    trials = chosen.trials.query("session == 0")
    trials = trials[(trials["ended"] < _STEPS) | (trials["trial"] == 0)]
    steps = pd.concat([chosen.steps(trial).assign(time=np.arange(trial.begun, trial.ended + 1)) for trial in trials.itertuples()])
    bounds = np.append(trials["begun"], trials["ended"].iloc[-1:] + 1) - 0.5
    time, threshold = steps["time"].to_numpy(), chosen.store.attrs["threshold"]
    for axes in every:
        _bands(axes, bounds, trials["block_side"].to_numpy())
        for bound in bounds:
            axes.axvline(bound, color="0.55", lw=0.6, zorder=1)
        axes.set_xlim(bounds[0], bounds[-1])
        axes.tick_params(labelbottom=axes is every[-1])
        axes.yaxis.set_label_coords(-0.085, 0.5)
    seen, fed, answered = every
    for name, side, marker, dashes in (("left", -1, "o", "-"), ("right", 1, "s", (0, (3, 1)))):
        seen.plot(time, steps[name], color=_SIDES[side], marker=marker, markersize=2, lw=0.7, ls=dashes)
    seen.set(ylabel="input")
    low, high = seen.get_ylim()
    seen.set_ylim(low, high + 0.25 * (high - low))
    for trial in trials.itertuples():
        arrow: dict[str, Any] = {
            "marker": "<" if trial.side < 0 else ">",
            "color": _SIDES[trial.side],
            "markersize": 3,
            "markeredgewidth": 0,
        }
        seen.plot((trial.begun + trial.ended) / 2, high + 0.12 * (high - low), **arrow)
    fed.axhline(0, color="0.5", lw=0.4)
    fed.vlines(time, 0, steps["feedback"], color="black", lw=1.0)
    fed.set(ylabel="feedback", ylim=(-1.2, 1.2), yticks=[-1, 0, 1])
    for level in (threshold, 1 - threshold):
        answered.axhline(level, color="0.3", lw=0.6, ls=(0, (3, 1.5)))
    answered.axhline(0.5, **style.CHANCE)
    answered.plot(time, steps["p_right"], color="black", lw=0.8, marker=".", markersize=2.5, markeredgewidth=0)
    last = steps.groupby("trial").tail(1)
    _outcomes(answered, last["time"].to_numpy(), last["p_right"].to_numpy(), trials["outcome"].to_numpy(), 3.6)
    answered.set(ylabel="p(right)", ylim=(-0.05, 1.05), yticks=[0, 0.5, 1], xlabel="step of the session")
    entries: list[Any] = [(panels.stroke(_SIDES[-1]), "left"), (panels.stroke(_SIDES[1], (0, (2, 1))), "right")]
    entries += [(panels.mark(">", "full", "0.3"), "stimulus' side"), (panels.stroke("0.3", (0, (2, 1))), "threshold")]
    panels.line(figure, 104, top - 0.8, entries)
    return steps.merge(trials[["session", "trial", "side", "strength", "block_side", "outcome"]], on=["session", "trial"])


def _trajectories(figure: matplotlib.figure.Figure, top: float, chosen: _Example | None) -> dict[str, pd.DataFrame]:
    """Panels e and f."""
    style.heading(figure, 2, top, "e", "States within trials of the example network")
    style.heading(figure, 132, top, "f", "A pair of trials")
    beside = style.place(figure, 142, top + 45, 36, 28)
    if chosen is None:
        panels.nothing(style.place(figure, 16, top + 8, 100, 60))
        panels.nothing(beside)
        return {"e": pd.DataFrame(), "f": pd.DataFrame()}
    trials, seen = chosen.trials, chosen.plane[:, :: max(chosen.plane.shape[1] // 200, 1)]
    twins = _pair(chosen)
    strengths = sorted(chosen.store.attrs["strengths"])
    stimuli = {
        f"left, strength {strengths[-1]:g}": trials["signed_strength"] == -strengths[-1],
        f"strength {strengths[0]:g}": trials["strength"] == strengths[0],
        f"right, strength {strengths[-1]:g}": trials["signed_strength"] == strengths[-1],
    }
    blocks = {"left block": trials["block_side"] == -1, "any block": trials["block_side"] < 2, "right block": trials["block_side"] == 1}
    cells = {(block, stimulus): trials[own & kind] for block, own in blocks.items() for stimulus, kind in stimuli.items()}
    shown = {cell: own.iloc[np.unique(np.linspace(0, len(own) - 1, min(_SHOWN, len(own))).astype(int))] for cell, own in cells.items()}
    longest = max((own["ended"] - own["begun"]).max() for own in [twins, *shown.values(), trials.iloc[:1]] if len(own))
    colours, told = ScalarMappable(Normalize(0, max(longest, 1)), style.SEQUENTIAL), [pd.DataFrame()]
    paper = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.4}
    for number, ((block, stimulus), own) in enumerate(cells.items()):
        row, column = divmod(number, len(stimuli))
        axes = style.place(figure, 16 + column * 38, top + 7 + row * 25, 36, 22.5)
        for trial in shown[block, stimulus].itertuples():
            told.append(chosen.steps(trial).assign(block=block, stimulus=stimulus))
            _path(axes, told[-1], colours)
        for trial in twins[twins.index.isin(own.index)].itertuples():
            place = chosen.steps(trial)
            axes.plot(place["pc_1"], place["pc_2"], color=_SIDES[trial.block_side], lw=4, alpha=0.4, zorder=1)
        panels.frame(axes, seen)
        axes.tick_params(labelleft=column == 0, labelbottom=row == 2)
        axes.set(xlabel="PC1" if row == 2 else "", ylabel="" if column else f"{block}\nPC2")
        axes.locator_params(nbins=3)
        axes.text(0.99, 0.98, f"{len(shown[block, stimulus])} of {len(own)}", transform=axes.transAxes, ha="right", va="top", bbox=paper)
        if row == 0:
            style.write(figure, 34 + column * 38, top + 5, stimulus, ha="center")
    panels.colour_bar(figure, 70, top + 89, 30, colours, "step of the trial, from 0")
    figure.axes[-1].xaxis.set_major_locator(MaxNLocator(3, integer=True))
    return {"e": pd.concat(told, ignore_index=True), "f": _twins(figure, top, beside, chosen, twins, colours)}


def _path(axes: Axes, steps: pd.DataFrame, colours: ScalarMappable, width: float = 0.6) -> None:
    """One trial's states, coloured by step, its first one a square."""
    place, number = steps[["pc_1", "pc_2"]].to_numpy(), steps["step"].to_numpy()
    pieces = list(np.stack([place[:-1], place[1:]], axis=1))
    axes.add_collection(LineCollection(pieces, colors=colours.to_rgba(number[1:]), linewidths=width, zorder=2))
    axes.scatter(*place[1:].T, c=colours.to_rgba(number[1:]), s=3, lw=0, zorder=3)
    axes.scatter(*place[:1].T, c=colours.to_rgba(number[:1]), s=5, lw=0, marker="s", zorder=3)


def _pair(chosen: _Example) -> pd.DataFrame:
    """A trial of a left and one of a right block, up to the last of their observations that are alike; nothing where there are none."""
    trials, inputs, blanks = chosen.trials, chosen.store["inputs"].values.astype(float), chosen.store.attrs["blanks"]
    weak = trials[trials["strength"] == trials["strength"].min()]
    sure = weak[weak["block_side"] * weak["belief"] >= _SURE]
    usual = int((weak["ended"] - weak["begun"] + 1 - blanks).median())  # trials longer than usual began in doubt
    for number in range(min(usual, _LONGEST), 0, -1):
        long = sure[sure["ended"] - sure["begun"] + 1 >= blanks + number]
        long = long.assign(ended=long["begun"] + blanks + number - 1)  # what comes later differs
        seen = np.array([inputs[trial.session, trial.ended - number + 1 : trial.ended + 1, :2].ravel() for trial in long.itertuples()])
        seen = seen.reshape(len(long), 2 * number)
        difference = (seen[:, 1::2] - seen[:, ::2]).mean(axis=1)
        left, right = (np.flatnonzero((long["block_side"] == side) & (np.abs(difference) <= _UNDECIDED)) for side in (-1, 1))
        if not (left.size and right.size):
            continue
        apart = np.sqrt(((seen[left, None] - seen[right]) ** 2).mean(axis=2))
        one, other = np.unravel_index(np.argmin(apart), apart.shape)
        if apart[one, other] <= _ALIKE:
            which = [left[one], right[other]]
            return long.iloc[which].assign(difference=difference[which])
    return trials.iloc[:0]


def _twins(
    figure: matplotlib.figure.Figure, top: float, beside: Axes, chosen: _Example, twins: pd.DataFrame, colours: ScalarMappable
) -> pd.DataFrame:
    """Panel f: the two paths, and the probability of right through both."""
    axes = style.place(figure, 142, top + 7, 36, 28)
    if not len(twins):
        panels.nothing(axes, "no such pair")
        style.bare(beside)
        return twins
    told, marks = [], {-1: "o", 1: "^"}
    for trial in twins.itertuples():
        steps, side = chosen.steps(trial), trial.block_side
        axes.plot(steps["pc_1"], steps["pc_2"], color=_BANDS[side], lw=3.2, zorder=1)
        _path(axes, steps, colours, 1.0)
        axes.plot(*steps[["pc_1", "pc_2"]].to_numpy()[-1], marker=marks[side], color=_SIDES[side], markersize=4, zorder=4)
        beside.plot(steps["step"], steps["p_right"], color=_SIDES[side], marker=marks[side], markersize=2.5, lw=0.9)
        kept = ("block_side", "side", "strength", "belief", "difference", "outcome")
        told.append(steps.assign(**{name: getattr(trial, name) for name in kept}))
    panels.frame(axes, chosen.plane[:, :: max(chosen.plane.shape[1] // 200, 1)])
    axes.set(xlabel="PC1", ylabel="PC2")
    axes.locator_params(nbins=3)
    for level in (chosen.store.attrs["threshold"], 1 - chosen.store.attrs["threshold"]):
        beside.axhline(level, color="0.3", lw=0.6, ls=(0, (3, 1.5)))
    beside.axhline(0.5, **style.CHANCE)
    beside.axvspan(-0.5, chosen.store.attrs["blanks"] - 0.5, color="0.93", lw=0, zorder=0)
    longest = max(len(one) for one in told)
    beside.set(ylim=(-0.05, 1.05), yticks=[0, 0.5, 1], xlim=(-0.5, longest - 0.5), xlabel="step of the trial", ylabel="p(right)")
    beside.set_xticks(range(0, longest, max(longest // 5, 1)))
    for line, trial in enumerate(twins.itertuples()):
        difference = f"{trial.difference:.2f}".replace("-", "−")
        entry = panels.mark(marks[trial.block_side], "full", _SIDES[trial.block_side])
        panels.line(figure, 134, top + 86 + 4 * line, [(entry, f"{_NAMES[trial.block_side]} block: difference {difference}")])
    return pd.concat(told, ignore_index=True)
