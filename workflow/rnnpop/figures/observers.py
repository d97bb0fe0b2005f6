"""A supplementary figure: what is ideal in a task that answers back, by threshold and by policy, and where networks stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from rnnpop.figures import Drawing, Figure, panels, style

#: Height of the page, and top of each row of panels, in mm.
_HEIGHT, _ROWS = 129.0, (11.0, 70.0)

#: Actors: colour, dashes, how they are called; the one without dashes has no threshold.
_ACTORS: dict[str, tuple[str, Any, str]] = {
    "exact": ("black", "-", "exact"),
    "exact difference": ("black", (0, (3, 1.5)), "exact, difference only"),
    "soft": ("#009E73", (0, (5, 1, 1, 1)), "no feedback"),
    "blockless": ("0.6", "-", "no blocks"),
    "published": ("#CC79A7", "-", "as published"),
    "optimal stopping": ("#E69F00", None, "optimal stopping"),
}

#: Thresholds that are written beside the exact actor's curve.
_NAMED = (0.5, 0.75, 0.9)

#: Observers of blocks: colour and dashes, and whether they stand in the histogram.
_OBSERVERS: dict[str, tuple[str, Any, bool]] = {
    "exact": ("black", "-", True),
    "hmm": ("0.55", "-", False),
    "exact soft, 2 observations": ("#56B4E9", (0, (5, 1, 1, 1)), True),
    "exact soft, 1 observation": ("#009E73", (0, (3, 1.5)), True),
    "hmm soft, 2 observations": ("0.55", ":", False),
}
_CALLED = {
    "exact": "exact, side told",
    "hmm": "constant hazard,\nside told",
    "exact soft, 2 observations": "exact,\n2 observations",
    "exact soft, 1 observation": "exact,\n1 observation",
    "hmm soft, 2 observations": "constant hazard,\n2 observations",
}

#: Where networks stand in panel c, and how wide they are spread.
_DECODED, _SPREAD = "block_decoder_accuracy_ends", 0.6


@final
@dataclass(frozen=True)
class Observers(Figure):
    """Panels a to d: ideal actors and observers, and networks among them; reads networks, observers and summary.

    Networks are those that met the criterion (N), each a point; lines are actors that all play the same luck, whose standard errors (in
    the tables) are about the width of a line. Actors infer side and block from what they are given, and act when the posterior exceeds the
    threshold: exact; with the difference of the two channels alone; without use of feedback; with no notion of blocks; and the
    paper's baseline as its code computes it. Optimal stopping acts when that is expected to bring more reward in the trial than to
    wait, by backward induction on the difference of the channels: its bar falls with every observation, and it has no threshold.

    (a) Accuracy against mean number of observations of a trial, as the threshold rises from left to right (0.5, 0.75 and 0.9 are marked
    on the exact actor's line): with timeouts counted as wrong, and with the likelier side taken at a timeout. (b) Mean reward of a trial
    by threshold; networks stand at the task's own. (c) P(true side of the block) after each trial of a block, and on the right how often
    the true side is the likelier before (open) and after (filled) a trial, for observers that are told each stimulus' side, or see one or
    two observations a trial and no feedback, with the exact hazard of blocks or a constant one; below them, accuracy of a decoder of the
    block's side from the states of networks at trial ends, held-out blocks. (d) Share of trials by log-odds of a right block before them:
    belief in the block is graded, not a switch. Dotted: chance.

    Attributes:
        factor: design factor whose levels are told apart by colour and marker.
    """

    factor: str = "loss"

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        observers = datasets["observers"]
        summary = panels.of_study(datasets["summary"], datasets["networks"])
        levels = panels.all_levels([summary], self.factor)
        networks = _networks(panels.trained(summary), self.factor)
        with style.sheet():
            figure = style.page(_HEIGHT)
            _legend(figure, levels, networks)
            tables = {
                **_trade_off(figure, _ROWS[0], observers, networks, levels),
                **_reward(figure, _ROWS[0], observers, networks, levels),
                **_ceilings(figure, _ROWS[1], observers, networks, levels),
                "d": _histogram(figure, _ROWS[1], observers),
            }
        return Drawing(figure, tables)


def _networks(met: xr.Dataset, factor: str) -> pd.DataFrame:
    """The numbers of networks that stand in the figure; NaN where the summary lacks them."""
    table = pd.DataFrame({"network": met["network"].values, "level": panels.levels(met, factor)})
    for name in ("accuracy", "forced_accuracy", "observations", "reward", _DECODED):
        table[name] = met[name].values.astype(float) if name in met else np.nan
    return table


def _trade_off(
    figure: matplotlib.figure.Figure, top: float, observers: xr.Dataset, networks: pd.DataFrame, levels: tuple[str, ...]
) -> dict[str, pd.DataFrame]:
    """Panel a."""
    style.heading(figure, 2, top + 3, "a", "Accuracy and speed")
    tables = []
    titles = {"accuracy": "timeouts are wrong", "forced_accuracy": "forced choice at timeouts"}
    for number, (name, title) in enumerate(titles.items()):
        axes = style.place(figure, 13 + 56 * number, top + 10, 48, 38)
        _points(axes, networks["observations"], networks[name], networks, levels)
        for actor, (colour, dashes, _) in _ACTORS.items():
            own = observers.sel(actor=actor)
            x, y = own["observations"].values, own[name].values
            if dashes is None:
                axes.plot(x[:1], y[:1], **_star(colour))
            else:
                axes.plot(x, y, color=colour, ls=dashes, lw=1.0, zorder=3)
            error = own[f"{name}_error"].values
            tables.append(
                pd.DataFrame(
                    {"actor": actor, "score": name, "threshold": own["threshold"].values, "observations": x, "mean": y, "se": error}
                )
            )
        exact = observers.sel(actor="exact")
        for threshold in _NAMED:
            place = np.flatnonzero(np.isclose(exact["threshold"].values, threshold))
            if len(place):
                at = float(exact["observations"][place[0]]), float(exact[name][place[0]])
                axes.plot(*at, marker="|", color="black", markersize=5, markeredgewidth=0.9, zorder=4)
                if number == 1:
                    axes.annotate(f"{threshold:g}", at, (-2, 4.5), textcoords="offset points", ha="right")
        axes.axhline(0.5, **style.CHANCE)
        shown = networks[name].to_numpy()
        low = min(0.55, float(np.nanmin(shown)) - 0.02) if np.isfinite(shown).any() else 0.55
        axes.set(xscale="log", xlim=(0.76, 10.5), ylim=(low, 1.02), title=title, xlabel="observations of a trial")
        axes.set_xticks([1, 2, 4, 8], labels=["1", "2", "4", "8"])
        axes.minorticks_off()
        axes.set_ylabel("" if number else "accuracy")
    return {"a": pd.concat(tables, ignore_index=True), "a_networks": networks}


def _reward(
    figure: matplotlib.figure.Figure, top: float, observers: xr.Dataset, networks: pd.DataFrame, levels: tuple[str, ...]
) -> dict[str, pd.DataFrame]:
    """Panel b."""
    style.heading(figure, 123, top + 3, "b", "Reward by threshold")
    axes = style.place(figure, 134, top + 10, 44, 38)
    own = float(observers.attrs["threshold"])
    for number, (_, group) in enumerate(networks.groupby(pd.Categorical(networks["level"], levels), observed=False)):
        shift = 0.02 * (number - (len(levels) - 1) / 2) + 0.006 * _spread(len(group))
        _points(axes, own + shift, group["reward"], group, levels)
    tables = []
    for actor, (colour, dashes, _) in _ACTORS.items():
        row = observers.sel(actor=actor)
        x, y = row["threshold"].values, row["reward"].values
        axes.plot(x, y, color=colour, ls=dashes or "-", lw=1.0, zorder=3)
        if dashes is None:
            axes.plot(x[:1], y[:1], clip_on=False, **_star(colour))
        tables.append(pd.DataFrame({"actor": actor, "threshold": x, "mean": y, "se": row["reward_error"].values}))
    axes.set(xlim=(0.47, 1.0), xlabel="threshold", ylabel="reward of a trial")
    axes.set_ylim(max(axes.get_ylim()[0], -1.0), 0.85)
    return {"b": pd.concat(tables, ignore_index=True)}


def _ceilings(
    figure: matplotlib.figure.Figure, top: float, observers: xr.Dataset, networks: pd.DataFrame, levels: tuple[str, ...]
) -> dict[str, pd.DataFrame]:
    """Panel c: by trial of the block, and as numbers, whose names are the legend of both."""
    style.heading(figure, 2, top + 3, "c", "What can be known of the block, after a switch and on average")
    axes = style.place(figure, 13, top + 7, 42, 42)
    beside = style.place(figure, 86, top + 7, 34, 42)
    tables, numbers = [], []
    for row, (name, (colour, dashes, _)) in enumerate(_OBSERVERS.items()):
        own = observers.sel(observer=name)
        x, y = own["block_trial"].values, own["block_belief_by_block_trial"].values
        axes.plot(x, y, color=colour, ls=dashes, lw=1.0)
        tables.append(pd.DataFrame({"observer": name, "block_trial": x, "block_belief": y}))
        before, after = (float(own[f"block_accuracy_{when}"]) for when in ("before", "after"))
        beside.plot([before, after], [row, row], color=colour, ls=dashes, lw=1.0, zorder=1)
        beside.plot(before, row, marker="o", color=colour, markerfacecolor="white", markersize=3.6, markeredgewidth=0.8)
        beside.plot(after, row, marker="o", color=colour, markersize=3.6, markeredgewidth=0.8)
        beside.plot([-0.1, -0.02], [row, row], transform=beside.get_yaxis_transform(), color=colour, ls=dashes, lw=1.0, clip_on=False)
        numbers.append({"observer": name} | {key: float(own[key]) for key in own.data_vars if own[key].ndim == 0})
    decoded = networks[_DECODED].to_numpy()
    height = len(_OBSERVERS) + _SPREAD * _spread(len(decoded)) / 2
    _points(beside, networks[_DECODED], height, networks, levels)
    known = np.isfinite(decoded).sum()
    names = [*(_CALLED[name] for name in _OBSERVERS), f"decoded from\nnetworks (N = {known})"]
    beside.set(ylim=(len(names) - 0.5, -0.5), yticks=range(len(names)))
    beside.set_yticklabels(names, linespacing=0.95)
    beside.tick_params(axis="y", length=0, pad=11)
    low = min(0.78, float(np.nanmin(decoded)) - 0.02) if known else 0.78
    beside.set(xlim=(low, 0.95), xlabel="accuracy")
    axes.axhline(0.5, **style.CHANCE)
    axes.set(xlim=(0, 100), ylim=(0, 1.02), xlabel="trial of the block", ylabel="P(true side of the block)")
    return {"c": pd.concat(tables, ignore_index=True), "c_numbers": pd.DataFrame(numbers)}


def _histogram(figure: matplotlib.figure.Figure, top: float, observers: xr.Dataset) -> pd.DataFrame:
    """Panel d."""
    style.heading(figure, 123, top + 3, "d", "Belief before a trial")
    axes = style.place(figure, 134, top + 7, 44, 42)
    tables = []
    for name, (colour, dashes, shown) in _OBSERVERS.items():
        own = observers["block_belief_histogram"].sel(observer=name)
        if shown:
            axes.step(own["log_odds"].values, own.values, where="mid", color=colour, ls=dashes, lw=1.0)
            tables.append(pd.DataFrame({"observer": name, "log_odds": own["log_odds"].values, "share": own.values}))
    axes.set(xlim=(-7, 7), xlabel="log-odds of a right block", ylabel="share of trials", xticks=[-6, -3, 0, 3, 6])
    axes.set_ylim(0)
    return pd.concat(tables, ignore_index=True)


def _points(axes: Axes, x: Any, y: Any, networks: pd.DataFrame, levels: tuple[str, ...]) -> None:
    """A point for each network, by its level; levels take turns, so that none lies on top of all others."""
    size = float(np.clip(24 / np.sqrt(max(len(networks), 1)), 1.4, 3.0))
    x, y = np.broadcast_to(np.asarray(x, dtype=float), len(networks)), np.broadcast_to(np.asarray(y, dtype=float), len(networks))
    of = networks["level"].to_numpy()
    turn = networks.groupby("level").cumcount().to_numpy() // 8
    for number in range(turn.max(initial=-1) + 1):
        for place, level in enumerate(levels):
            own = (of == level) & (turn == number)
            axes.plot(x[own], y[own], linestyle="none", alpha=0.8, markeredgewidth=0, markersize=size, zorder=2, **style.look(place))


def _spread(number: int) -> np.ndarray:
    """Evenly spread between −1 and 1, whatever the number, and always the same."""
    return 2 * ((np.arange(number) * 0.618034) % 1) - 1


def _star(colour: str) -> dict[str, Any]:
    return {
        "linestyle": "none",
        "marker": "*",
        "color": colour,
        "markersize": 7,
        "markeredgewidth": 0.4,
        "markeredgecolor": "black",
        "zorder": 5,
    }


def _legend(figure: matplotlib.figure.Figure, levels: tuple[str, ...], networks: pd.DataFrame) -> None:
    """Actors on one line, networks on another."""
    actors = [
        (panels.stroke(colour, dashes) if dashes else Line2D([], [], **_star(colour)), called)
        for colour, dashes, called in _ACTORS.values()
    ]
    panels.line(figure, 7, 4, [(Line2D([], [], linestyle="none"), "Actors:"), *actors])
    counts = [(level, int((networks["level"] == level).sum())) for level in levels]
    marks = [
        (
            Line2D([], [], linestyle="none", markersize=3.5, markeredgewidth=0, **style.look(place)),
            f"{style.printed(level)} (N = {number})".strip(),
        )
        for place, (level, number) in enumerate(counts)
    ]
    panels.line(figure, 7, 8.5, [(Line2D([], [], linestyle="none"), "Networks:"), *marks, (panels.stroke("0.4", ":"), "chance")])
