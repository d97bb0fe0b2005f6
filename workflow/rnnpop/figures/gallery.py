"""A supplementary figure: one network of every population, its states and fixed points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr

from rnnpop.figures import Drawing, Figure, panels, style

#: Rows of the larger of two ways to arrange populations; how many stand in a row of each, and how high it is; what stands above, in mm.
_ROWS, _FEW, _MANY, _TOP = 8, (4, 27.0), (8, 20.5), 14.0


@final
@dataclass(frozen=True)
class Gallery(Figure):
    """States and fixed points of one network of each population on its principal components; reads `portraits`.

    Shown is the network of lowest index that met the criterion, in the first shard. Trials are coloured by the number that their input
    stands for, or, where it stands for none, by architecture; fixed points by number of unstable directions, points of a manifold in
    black. The numbers are those of the fixed points and the share of variance in the picture.
    """

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        portraits = datasets["portraits"]
        key = panels.key(portraits, *panels.further_factors(portraits))
        commands = panels.commands(portraits)
        commanded, colours = bool(np.isfinite(commands).any()), panels.colour_scale(commands)
        across, height = _FEW if len(portraits) <= _FEW[0] * _ROWS else _MANY
        width, bottom = 172 / across, _TOP + height * -(-len(portraits) // across)
        with style.sheet():
            figure = style.page(bottom + 10)
            title = f"One network of each population{panels.numbers(key)} (N = {len(portraits)}): fixed points, variance in PC1–3"
            style.heading(figure, 2, 5, "a", title)
            drawn = [pd.DataFrame(columns=["kind", "unstable"])]
            for number, portrait in enumerate(portraits):
                left, top = 4 + (number % across) * width, _TOP + (number // across) * height
                own = key.colour("architecture", panels.levels(portrait, "architecture")[0])
                drawn += _portrait(figure, (left, top, width, height), portrait, key, colours.to_rgba if commanded else own)
            table = pd.concat(drawn, ignore_index=True)
            panels.tripod(figure, 4, bottom + 8)
            entries = panels.order_entries(set(table.loc[table["kind"].isin(["fixed", "slow"]), "unstable"].astype(int)))
            entries = [(panels.stroke("none"), "unstable directions:"), *entries] if entries else []
            held = [(panels.mark(".", "full", "black"), "points of a manifold")] if (table["kind"] == "manifold").any() else []
            panels.line(figure, 8, 10, [*entries, *held])
            if commanded:
                panels.colour_bar(figure, 140, 9, 30, colours, "command")
        return Drawing(figure, {"a": table})


def _portrait(
    figure: matplotlib.figure.Figure, place: tuple[float, float, float, float], portrait: xr.Dataset, key: style.Key, colour: Any
) -> list[pd.DataFrame]:
    """The example of a population in a box: left, top, width and height in mm."""
    left, top, width, height = place
    axes = style.place(figure, left, top + 6, width - 2, height - 11)
    more = [style.printed(panels.levels(portrait, factor)[0]) for factor in key.levels if factor not in panels.FACTORS]
    axes.set_title("\n".join(filter(None, [panels.called(portrait), " ".join(more)])), linespacing=1.1)
    chosen = panels.example(portrait)
    if chosen is None:
        panels.nothing(axes)
        return []
    paths = panels.orbits(axes, chosen, colour)
    points = panels.fixed_points(axes, chosen)
    share = float(chosen["explained_variance"].values[0].sum())
    style.write(figure, left + width / 2 - 1, top + height - 2.5, f"{(points['kind'] == 'fixed').sum()}, {100 * share:.0f} %", ha="center")
    return [*paths, points]
