"""A supplementary figure: maps of several distances by further factors, and what every factor explains of every distance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr

from rnnpop.figures import Drawing, Figure, panels, style

#: Height of a row of maps, of the legends that further factors need below it, of a line of panel b, and of what stands above, in mm.
_MAP, _LEGEND, _LINE, _TOP = 53.0, 9.0, 5.0, 12.0

#: Colours and markers of learners.
_LEARNERS = (("black", "o"), ("#D55E00", "s"), ("#56B4E9", "^"), ("#999999", "D"))


@final
@dataclass(frozen=True)
class Embeddings(Figure):
    """Maps and effects of distances; reads atlas, contrasts and controls.

    (a) MDS of each measure, coloured by the factors beside architecture and activation (size, L2), or by those two in a study without
    others; N networks that met the criterion. (b) PERMANOVA R² of each factor in each measure, with its 95 % bootstrap interval, of the
    trained networks and of the controls.

    Attributes:
        measures: those of panel a, by their names in config.yaml.
    """

    measures: tuple[str, ...]

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        stores = {measure: datasets["atlas"][measure] for measure in self.measures if measure in datasets["atlas"]}
        more = panels.further_factors(list(stores.values()))
        factors, key = more or list(panels.FACTORS), panels.key(list(stores.values()), *more)
        maps = [(measure, factor) for measure in stores for factor in factors]
        pitch = _MAP + (_LEGEND if more else 0)
        whole = _TOP + pitch * -(-len(maps) // 4)
        effects = _effects({"trained": datasets["contrasts"]} | datasets["controls"])
        with style.sheet():
            figure = style.page(whole + 24 + _LINE * max(effects["measure"].nunique(), 2))
            style.heading(figure, 2, 5, "a", "MDS of distances (R² of PERMANOVA with its 95 % interval)")
            panels.legend(figure, 7, 9.5, key)
            tables = []
            for number, (measure, factor) in enumerate(maps):
                left, top = 12 + number % 4 * 43, _TOP + number // 4 * pitch
                tables.append(_map(figure, left, top, measure, stores[measure], factor, datasets["contrasts"], key))
            _explained(figure, whole, effects)
        return Drawing(figure, {"a": pd.concat(tables, ignore_index=True), "b": effects})


def _map(
    figure: matplotlib.figure.Figure,
    left: float,
    top: float,
    measure: str,
    store: xr.Dataset,
    factor: str,
    contrasts: xr.Dataset,
    key: style.Key,
) -> pd.DataFrame:
    """The map of one measure in the colours of one factor."""
    axes = style.place(figure, left, top + 12, 32, 32)
    rows = panels.networks(store, key)
    told = panels.effect(contrasts, measure, factor)
    positions = panels.embedding(axes, store, rows, key, factor, told)
    axes.set_ylabel("MDS 2" if left < 15 else "", labelpad=0)
    name = style.printed(measure)
    style.write(figure, left + 16, top + 4.5, f"{name[0].upper()}{name[1:]} (N = {len(rows)})", ha="center")
    if factor not in panels.FACTORS:
        names = [style.printed(level) for level in key.levels[factor]]
        marks = [panels.mark("o", "full", key.colour(factor, level)) for level in key.levels[factor]]
        axes.legend(
            marks, names, loc="upper center", bbox_to_anchor=(0.5, -0.26), ncols=2, columnspacing=0.8, handletextpad=0.1, borderpad=0
        )
    return positions.assign(measure=measure, coloured_by=factor, **told)


def _effects(contrasts: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """One row a learner, measure and factor: R² and its interval."""
    return pd.DataFrame(
        [
            {"learner": learner, "networks": store.attrs.get("kept"), "measure": str(measure), "factor": str(factor)}
            | panels.effect(store, str(measure), str(factor))
            for learner, store in contrasts.items()
            for measure in store["measure"].values
            for factor in store["factor"].values
        ],
        columns=["learner", "networks", "measure", "factor", "r2", "low", "high"],
    )


def _explained(figure: matplotlib.figure.Figure, top: float, effects: pd.DataFrame) -> None:
    """Panel b: a part for each factor, a line for each measure."""
    style.heading(figure, 2, top + 3, "b", "PERMANOVA R² of each factor (bootstrap 95 % interval)")
    measures, factors, learners = (list(dict.fromkeys(effects[name])) for name in ("measure", "factor", "learner"))
    number_of = effects.groupby("learner")["networks"].first()
    entries = [
        (panels.mark(marker, "full", colour), f"{style.printed(name)} (N = {number_of[name]})")
        for name, (colour, marker) in zip(learners, _looks(learners), strict=True)
    ]
    panels.line(figure, 7, top + 7.5, entries)
    width = 142 / max(len(factors), 1)
    for number, factor in enumerate(factors):
        axes = style.place(figure, 34 + number * width, top + 15, width - 5, _LINE * max(len(measures), 2))
        for turn, (learner, (colour, marker)) in enumerate(zip(learners, _looks(learners), strict=True)):
            own = effects[(effects["learner"] == learner) & (effects["factor"] == factor) & np.isfinite(effects["r2"])]
            y = np.array([measures.index(measure) for measure in own["measure"]]) + 0.5 * ((turn + 0.5) / len(learners) - 0.5)
            axes.hlines(y, own["low"], own["high"], color=colour, lw=0.8)
            axes.plot(own["r2"], y, linestyle="none", marker=marker, color=colour, markersize=2.8, markeredgewidth=0)
        axes.axvline(0, color="0.6", lw=0.5, zorder=0)
        names = [style.printed(measure) for measure in measures]
        axes.set(ylim=(len(measures) - 0.5, -0.5), xlim=(-0.08, 1.02), xticks=[0, 0.5, 1], yticks=range(len(measures)), xlabel="R²")
        axes.set_yticklabels([] if number else names)
        axes.set_title(style.printed(factor))


def _looks(learners: list[str]) -> list[tuple[str, str]]:
    return [_LEARNERS[number % len(_LEARNERS)] for number in range(len(learners))]
