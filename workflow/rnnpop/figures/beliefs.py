"""What played states know: an example network's beliefs in its plane of states, and decoders of the block over the population."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.figures.panels.populations import Populations, curve, distribution, quartiles

#: Height of the page, and top of each row of panels, in mm.
_HEIGHT, _ROWS = 190.0, (6.0, 72.0, 128.0)

#: Looks of ideal observers: the one that uses feedback, and the one that does not.
_EXACT: dict[str, Any] = {"color": "black", "lw": 0.9}
_SOFT: dict[str, Any] = {"color": "0.5", "lw": 1.1, "ls": (0, (1, 1))}

#: Trials before and after the switch in panel b.
_BEFORE, _AFTER = 10, 25


@final
@dataclass(frozen=True)
class Beliefs(Figure):
    """Panels a to i after Schaeffer et al. 2020, figures 4 and 5C; reads networks and summary (columns of statistic `beliefs`).

    The example is the first network that met the criterion, in its session 0; every state shown is that of a trial's last step, before
    the feedback. (a) States on their first two principal components, coloured by the block belief (log-odds of a right block, decoded
    from the whole state by a decoder fitted to other blocks); arrows: stimulus direction (solid: readout of right less left) and block
    direction (dashed: decoder), without the mean; lines across: where outputs and decoder are undecided. (b) The same plane around a
    switch of blocks, trials before it as circles, after it as triangles, in order along the grey line. (c) Block belief by trial in
    block, log-odds of the block's own side, blocks that follow a switch, trials that few blocks reach masked. (d) Block belief over the
    example's trials beside the exact filter of the network's own inputs, with feedback (exact) and without (soft); shaded: right blocks.
    (e) Shares of trial ends by log-odds of a right block: a graded belief is what the filter has as well. (f) Variance of all steps'
    states in the leading components, cumulated. (g) Accuracy of the block's side decoded at every step of held-out blocks, from the whole
    state and the plane, beside the exact filters' on the same steps: the soft one is the ceiling of networks that ignore feedback, the
    exact one of all. (h) Angle of stimulus and block direction. (i) R² of the filters' block log-odds read linearly from held-out
    trial ends, and squared correlation of the outputs' log-odds with the exact observer's stimulus log-odds at observations.

    Panels c and e to i show all networks that met the criterion (N): points are networks, curves medians with quartiles. Stars are the
    paper's numbers.
    """

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        stores = datasets["networks"]
        key = panels.key([*stores, datasets["summary"]], "loss")
        summary = panels.trained(panels.of_study(datasets["summary"], stores))
        populations, chosen = Populations(summary, key), example(summary)
        with style.sheet():
            figure = style.page(_HEIGHT)
            tables = {
                "a": _plane(figure, _ROWS[0], chosen),
                "b": _switch(figure, _ROWS[0], chosen),
                "c": _by_trial(figure, _ROWS[0], populations),
                "d": _trace(figure, _ROWS[1], chosen),
                "e": _histogram(figure, _ROWS[1], populations),
                **_decoding(figure, _ROWS[2], populations),
            }
            panels.line(figure, 8, _HEIGHT - 3, populations.legend())
        return Drawing(figure, tables)


def example(summary: xr.Dataset) -> xr.Dataset | None:
    """The first network that has an example session."""
    if "example_belief" not in summary:
        return None
    found = np.flatnonzero(np.isfinite(summary["example_belief"].values.astype(float)).any(axis=1))
    return summary.isel(network=found[0]) if len(found) else None


def _told(chosen: xr.Dataset) -> pd.DataFrame:
    """The example's trials."""
    position = chosen["example_position"].values
    named = {name: chosen[f"example_{name}"].values for name in ("block_side", "belief", "soft", "exact")}
    table = pd.DataFrame({"network": str(chosen["network"].values), "trial": chosen["trial"].values, **named})
    return table.assign(pc_1=position[:, 0], pc_2=position[:, 1]).dropna()


def _plane(figure: matplotlib.figure.Figure, top: float, chosen: xr.Dataset | None) -> pd.DataFrame:
    """Panel a."""
    axes = _plane_axes(figure, 12, top, "a", "States at trial ends, block belief")
    if chosen is None:
        panels.nothing(axes)
        return pd.DataFrame()
    trials = _told(chosen)
    most = float(np.percentile(np.abs(trials["belief"]), 98)) or 1.0
    colours = ScalarMappable(Normalize(-most, most), style.DIVERGING)
    for side, marker in ((-1, "o"), (1, "s"), (0, "D")):
        own = trials[trials["block_side"] == side]
        axes.scatter(own["pc_1"], own["pc_2"], c=colours.to_rgba(own["belief"].to_numpy()), marker=marker, s=8, linewidths=0)
    panels.frame(axes, trials[["pc_1", "pc_2"]].to_numpy(), margin=1.12)
    reach = 0.42 * min(np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim()))
    for name, boundary, dashes in zip(("stimulus", "block"), chosen["plane_boundaries"].values, ("-", (0, (2, 1.2))), strict=True):
        direction = chosen[f"plane_{name}"].values
        where = tuple(1.06 * reach * direction)
        axes.annotate(name, where, ha="center", va="center", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.3})
        arrow = {"arrowstyle": "-|>", "lw": 1.0, "ls": dashes, "color": "black"}
        axes.annotate("", xy=tuple(reach * direction), xytext=(0, 0), arrowprops=arrow)
        across = boundary * direction + np.outer([-9 * reach, 9 * reach], [-direction[1], direction[0]])
        axes.plot(*across.T, color="0.35", lw=0.5, ls=dashes, scalex=False, scaley=False)
    panels.colour_bar(figure, 32, top + 55.5, 20, colours, "log-odds")
    left, right = (int((trials["block_side"] == side).sum()) for side in (-1, 1))
    entries = [(panels.mark("o", "full", "0.3"), f"left block ({left} trials)"), (panels.mark("s", "full", "0.3"), f"right ({right})")]
    panels.line(figure, 8, top + 52, entries)
    return trials


def _switch(figure: matplotlib.figure.Figure, top: float, chosen: xr.Dataset | None) -> pd.DataFrame:
    """Panel b: around the first switch with enough trials on either side."""
    axes = _plane_axes(figure, 74, top, "b", "Trial ends around a switch of blocks")
    if chosen is None:
        panels.nothing(axes)
        return pd.DataFrame()
    trials = _told(chosen)
    side = trials["block_side"].to_numpy()
    switches = np.flatnonzero((side[1:] != side[:-1]) & (side[:-1] != 0)) + 1
    whole = [at for at in switches if at >= _BEFORE and at + _AFTER <= len(trials)]
    if not whole:
        panels.nothing(axes, "no switch in\nthese trials")
        return trials.iloc[:1]
    near = trials.iloc[whole[0] - _BEFORE : whole[0] + _AFTER].assign(from_switch=np.arange(-_BEFORE, _AFTER))
    colours = ScalarMappable(Normalize(-_BEFORE, _AFTER), style.SEQUENTIAL)
    axes.plot(near["pc_1"], near["pc_2"], color="0.75", lw=0.4, zorder=0)
    for after, marker in ((False, "o"), (True, "^")):
        own = near[(near["from_switch"] >= 0) == after]
        axes.scatter(own["pc_1"], own["pc_2"], c=colours.to_rgba(own["from_switch"].to_numpy()), marker=marker, s=12, linewidths=0)
    panels.frame(axes, trials[["pc_1", "pc_2"]].to_numpy(), margin=1.12)
    panels.colour_bar(figure, 100, top + 55.5, 16, colours, "trials from the switch")
    way = "left to right" if side[whole[0]] > 0 else "right to left"
    panels.line(figure, 70, top + 52, [(panels.mark("o", "full", "0.3"), "before"), (panels.mark("^", "full", "0.3"), f"after ({way})")])
    return near


def _plane_axes(figure: matplotlib.figure.Figure, left: float, top: float, letter: str, text: str) -> Axes:
    style.heading(figure, left - 10, top, letter, text)
    axes = style.place(figure, left, top + 3, 44, 40)
    axes.set(xlabel="PC1", ylabel="PC2")
    axes.locator_params(nbins=4)
    return axes


def _by_trial(figure: matplotlib.figure.Figure, top: float, populations: Populations) -> pd.DataFrame:
    """Panel c."""
    style.heading(figure, 126, top, "c", "Block belief by trial in block")
    axes = style.place(figure, 138, top + 3, 38, 40)
    axes.set(xlabel="trial in block", ylabel="log-odds of the block's side")
    return _beside_filters(figure, axes, (126, top + 52), populations, "block_belief_{}by_trial", "block_trial")


def _histogram(figure: matplotlib.figure.Figure, top: float, populations: Populations) -> pd.DataFrame:
    """Panel e."""
    style.heading(figure, 126, top, "e", "Block beliefs are graded")
    axes = style.place(figure, 138, top + 3, 38, 32)
    axes.set(xlabel="log-odds of a right block", ylabel="share of trial ends")
    return _beside_filters(figure, axes, (126, top + 44), populations, "block_belief_{}histogram", "log_odds")


def _beside_filters(
    figure: matplotlib.figure.Figure, axes: Axes, legend: tuple[float, float], populations: Populations, pattern: str, dim: str
) -> pd.DataFrame:
    """Networks by group, and the two filters on all networks' own trials (medians)."""
    own = populations.summary.get(pattern.format(""))
    if own is None or not np.isfinite(own.values).any():
        panels.nothing(axes)
        return pd.DataFrame()
    x = own[dim].values
    tables = [curve(axes, populations, pattern.format("").strip("_"), x, own.values)]
    for name, look in (("exact", _EXACT), ("soft", _SOFT)):
        told = quartiles(populations.summary[pattern.format(f"{name}_")].values)
        axes.plot(x, told["median"], **look)
        tables.append(told.assign(x=x, quantity=name))
    axes.axvline(0, color="0.8", lw=0.5, zorder=0) if dim == "log_odds" else axes.axhline(0, color="0.8", lw=0.5, zorder=0)
    shown = np.isfinite(own.values).any(axis=0)
    if dim == "block_trial":
        blocks = populations.summary["block_belief_blocks"].values[np.isfinite(own.values)]
        axes.text(1, 0.02, f"at least {blocks.min():.0f} blocks each", transform=axes.transAxes, ha="right", color="0.3")
    axes.set_xlim(x[shown].min() - 0.5, x[shown].max() + 0.5)
    panels.line(figure, *legend, _observers())
    return pd.concat(tables, ignore_index=True)


def _observers() -> list[tuple[Any, str]]:
    return [(panels.stroke(_EXACT["color"]), "exact filter"), (panels.stroke(_SOFT["color"], _SOFT["ls"]), "soft (no feedback)")]


def _trace(figure: matplotlib.figure.Figure, top: float, chosen: xr.Dataset | None) -> pd.DataFrame:
    """Panel d."""
    style.heading(figure, 2, top, "d", panels.title(None) + ": block belief, right blocks shaded")
    axes = style.place(figure, 12, top + 3, 106, 32)
    if chosen is None:
        panels.nothing(axes)
        return pd.DataFrame()
    trials = _told(chosen)
    x = trials["trial"].to_numpy()
    axes.fill_between(x, 0, 1, where=trials["block_side"] > 0, step="mid", color="0.92", lw=0, transform=axes.get_xaxis_transform())
    axes.plot(x, trials["exact"], **_EXACT)
    axes.plot(x, trials["soft"], **_SOFT)
    axes.plot(x, trials["belief"], color="#0072B2", lw=0.9)
    axes.axhline(0, color="0.8", lw=0.5, zorder=0)
    axes.set(xlim=(x[0] - 0.5, x[-1] + 0.5), xlabel="trial of session 0", ylabel="log-odds of a right block")
    called = " ".join(style.printed(panels.levels(chosen.expand_dims("network"), factor)[0]) for factor in panels.FACTORS).strip()
    panels.line(figure, 12, top + 44, [(panels.stroke("#0072B2"), f"decoded from states ({called})"), *_observers()])
    return trials


def _decoding(figure: matplotlib.figure.Figure, top: float, populations: Populations) -> dict[str, pd.DataFrame]:
    """Panels f to i."""
    style.heading(figure, 2, top, "f", "Variance explained")
    axes = style.place(figure, 12, top + 5, 24, 42)
    variance = populations.summary.get("state_variance")
    tables = {"f": pd.DataFrame()}
    if variance is None or not np.isfinite(variance.values).any():
        panels.nothing(axes)
    else:
        count = variance["component"].values + 1
        cumulated: Float[np.ndarray, "network column"] = variance.values.cumsum(axis=1)
        tables["f"] = curve(axes, populations, "state_variance", count, cumulated)
        axes.plot([1, 2, 5], [0.76, 0.8874, 0.97], linestyle="none", marker="*", color="#D55E00", markersize=6, markeredgewidth=0, zorder=5)
        axes.set(xticks=count, xlabel="principal components", ylabel="share of variance")
        axes.set_ylim(min(0.5, float(np.nanmin(cumulated)) - 0.05), 1.02)
    style.heading(figure, 41, top, "g", "Accuracy of the block's side, and its ceilings")
    axes = style.place(figure, 51, top + 5, 48, 42)
    columns = {
        "state": "block_decoder_accuracy",
        "plane": "block_decoder_accuracy_plane",
        "soft": "block_decoder_ceiling_soft",
        "exact": "block_decoder_ceiling_exact",
    }
    tables["g"] = distribution(axes, populations, columns, {"state": [0.826], "plane": [0.825]})
    axes.set_ylabel("accuracy, all steps")
    style.heading(figure, 104, top, "h", "Directions")
    axes = style.place(figure, 114, top + 5, 22, 42)
    columns = {"state": "stimulus_block_angle", "plane": "stimulus_block_angle_plane"}
    tables["h"] = distribution(axes, populations, columns, {"state": [72.0], "plane": [66.0]})
    axes.set_ylabel("angle (degrees)")
    style.heading(figure, 139, top, "i", "Log-odds read")
    axes = style.place(figure, 149, top + 5, 29, 42)
    columns = {"block\nsoft": "belief_r2_soft", "block\nexact": "belief_r2_exact", "stim.\nexact": "stimulus_belief_r2"}
    tables["i"] = distribution(axes, populations, columns)
    axes.set_ylabel("R²")
    return tables
