"""What an observation and a feedback do to beliefs, and how beliefs fluctuate: every network beside the ideal and the published numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import matplotlib.figure
import pandas as pd

from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.figures.panels.populations import Populations, distribution

#: Height of the page, top of each row of panels, and height of a panel, in mm.
_HEIGHT, _ROWS, _TALL = 136.0, (6.0, 70.0), 44.0


@dataclass(frozen=True)
class _Panel:
    """One panel.

    Attributes:
        row, left, width: where its axes stand, mm.
        columns: what is written below -> column of the summary.
        published: numbers in the literature, by what is written below.
        lines: values at which a thin line stands: none, the ideal.
    """

    title: str
    axis: str
    row: int
    left: float
    width: float
    columns: Mapping[str, str]
    published: Mapping[str, tuple[float, ...]]
    lines: tuple[float, ...] = ()


_PANELS = {
    "a": _Panel(
        "Effect of one observation",
        "change of projection per unit",
        *(0, 14, 34),
        {"stimulus": "observation_effect_stimulus", "block": "observation_effect_block"},
        {"stimulus": (0.84, 0.15, 0.16), "block": (0.18, 0.04, 0.03)},
        (0.0,),
    ),
    "b": _Panel(
        "… on the stimulus over that on the block",
        "ratio",
        *(0, 62, 64),
        {
            "projections": "observation_effect_ratio",
            "coordinates": "observation_coordinate_ratio",
            "log-odds": "observation_belief_ratio",
            "soft filter": "observation_belief_ratio_soft",
        },
        {"projections": (4.7, 3.75, 5.0)},
        (0.0,),
    ),
    "c": _Panel(
        "Feedback, whatever the action",
        "change of projection per unit",
        *(0, 144, 34),
        {"stimulus": "feedback_slope_stimulus", "block": "feedback_slope_block"},
        {"stimulus": (-0.01,), "block": (-0.01,)},
        (0.0,),
    ),
    "d": _Panel(
        "Side that feedback reveals",
        "change of block belief (s.d.)",
        *(1, 14, 30),
        {"states": "feedback_effect", "later": "feedback_effect_later", "exact": "feedback_effect_exact"},
        {},
        (0.0,),
    ),
    "e": _Panel(
        "Variance by feedback",
        "share of the change's variance",
        *(1, 58, 24),
        {"stimulus": "feedback_variance_stimulus", "block": "feedback_variance_block"},
        {},
        (0.0,),
    ),
    "f": _Panel(
        "Fluctuation of belief",
        "ratio to the filter's",
        *(1, 94, 24),
        {"read": "block_fluctuation_ratio", "decoded": "block_fluctuation_ratio_decoder"},
        {},
        (1.0,),
    ),
    "g": _Panel(
        "Increments by evidence",
        "correlation",
        *(1, 131, 24),
        {"read": "block_increment_r", "soft filter": "block_increment_r_soft"},
        {},
    ),
    "h": _Panel("Scale", "block projection per 2P − 1", *(1, 168, 10), {"states": "block_belief_scale_paper"}, {"states": (2.65,)}),
}


@final
@dataclass(frozen=True)
class Effects(Figure):
    """Panels a to h after Schaeffer et al. 2020, figures 5 and 6; reads networks and summary (columns of statistic `beliefs`).

    Each point is a network that met the criterion, each black line the median of those of one architecture and loss; stars are
    published numbers: of the paper's 50-unit network (.84, .18; ratio 4.7), of the leaky one of its short version (.15, .04; 3.75), of the
    distilled one (.16, .03; 5). (a) Change of the states' projections on the stimulus and the block direction, in the plane of two
    principal components, per unit of right less left observation: it depends on the scale of states. (b) The ratio of the two, for
    projections, where it hangs on the angle of the directions; for coordinates on the two directions, which are not orthogonal; for
    log-odds (outputs, and decoded block), each in units of the exact filter's without feedback; and that of this filter itself, which is
    what it should be. (c) Slope of the change of the projections on the feedback, in the step
    that consumes it. (d) The same for the block's decoded log-odds, split by the action, with the state before held: change from "left was
    revealed" to "right was revealed", in standard deviations over trials, in that step and until the last blank, beside the exact filter's;
    below, in how many networks both are negligible. (e) Variance of the change of log-odds (outputs, decoded block) that feedback explains
    beyond the state before: also by what it does whatever the side that it reveals. (f) Variance of the block belief's
    increments between trial ends, over its variance, relative to the same of a filter: log-odds read as those of the soft or of the exact
    filter, whichever gives less, and those of the decoder of the block beside the soft one's. (g) Correlation of the increments with the
    sum of a trial's observations. (h) Slope, without intercept, of the block projection at trial ends on the exact filter's 2P − 1.
    """

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        stores = datasets["networks"]
        key = panels.key([*stores, datasets["summary"]], "loss")
        populations = Populations(panels.trained(panels.of_study(datasets["summary"], stores)), key)
        with style.sheet():
            figure = style.page(_HEIGHT)
            tables = {letter: _draw(figure, letter, panel, populations) for letter, panel in _PANELS.items()}
            panels.line(figure, 8, _HEIGHT - 3, populations.legend())
            _ignored(figure, populations)
        return Drawing(figure, tables)


def _draw(figure: matplotlib.figure.Figure, letter: str, panel: _Panel, populations: Populations) -> pd.DataFrame:
    top = _ROWS[panel.row]
    style.heading(figure, panel.left - 12, top, letter, panel.title)
    axes = style.place(figure, panel.left, top + 6, panel.width, _TALL)
    table = distribution(axes, populations, panel.columns, panel.published, panel.lines)
    if len(table):
        axes.set_ylabel(panel.axis)
    return table


def _ignored(figure: matplotlib.figure.Figure, populations: Populations) -> None:
    """The verdict under panel d."""
    verdict = populations.summary.get("feedback_ignored")
    if verdict is not None and verdict.notnull().any():
        known = verdict.values[verdict.notnull().values]
        text = f"negligible in {known.sum():.0f} of {len(known)}"
        style.write(figure, 2, _ROWS[1] + _TALL + 13, text)
