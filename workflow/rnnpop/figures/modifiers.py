"""Words that turn or strengthen others: what they do to what following words add, for how long, and where they take the state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, final

import matplotlib.figure
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Int
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from rnnpop.figures import Drawing, Figure, panels, style
from rnnpop.figures.panels import groups as grouped
from rnnpop.figures.panels import readers as reading
from rnnpop.figures.panels.readers import Readers

#: Heights of axes, and of a heading, in mm.
_BARCODE, _GAIN, _PLANE, _HEADING = 22.0, 26.0, 22.0, 6.0

#: Columns of panel d, after the modifier's name: what is written below, and where a dashed line stands.
_NUMBERS: Final[dict[str, tuple[str, float | None, grouped.Scale]]] = {
    "gain": ("gain right\nafter it", 1.0, "linear"),
    "strength": ("strength right\nafter it", 0.0, "linear"),
    "scope": ("scope (words)", None, "linear"),
    "decay": ("time constant\n(words)", None, "linear"),
    "barcode_correlation": ("barcode and\nwords' values, r", 0.0, "linear"),
    "modifier_angle": ("angle to the\nline (°)", 90.0, "linear"),
}

#: Truth.
_TRUE: Final[dict[str, Any]] = {"color": "black", "lw": 0.8, "ls": (0, (4, 2))}


@final
@dataclass(frozen=True)
class Modifiers(Figure):
    """Panels a to d on words that act by their context (Maheswaranathan & Sussillo 2020; measures are ours); reads `readings`, `appraisals`
    and `summary`, with the columns of the statistic `words`.

    (a) Barcodes: what a modifier right before it changes in what each probe word adds to the logit, probes from the most negative to the
    most positive. (b) Gain, the slope of what probes add after a modifier and some neutral words on what they add without it: 1 for no
    effect (dotted), −1 for a negation; dashed: the truth, where it is known. (c) Mean displacement of the state by each modifier, on the
    first two directions of all displacements, over the longest of the network; each network of first shards is one arrow. (d) Network by
    network and modifier: gain and strength right after it, words up to which the gain is nearer to its first value than to 1 (dashed: the
    truth), time constant of the strength, correlation of the barcode with the words' values, angle of the displacement to the line.

    Curves are medians over networks of first shards that met the criterion, bands their quartiles, all under the first still input; black
    lines in d are medians with a 95 % interval.

    Attributes:
        factors: coordinates of networks; those that agree in them are a group.
        gains: modifier -> its true gain.
        scopes: modifier -> words behind it that it acts on.
    """

    factors: tuple[str, ...] = ("architecture",)
    gains: Mapping[str, float] = field(default_factory=dict)
    scopes: Mapping[str, int] = field(default_factory=dict)

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        readers = Readers.of(datasets, self.factors)
        words = next((_words(store) for store in readers.appraisals), [])
        heights = [
            _HEADING + reading.group_height(readers, _BARCODE) - 4,
            _HEADING + reading.group_height(readers, _GAIN),
            _HEADING + reading.group_height(readers, _PLANE) - 3,
            _HEADING + max(len(words), 1) * (reading.numbers_height(readers, _NUMBERS) + 3),
        ]
        tops = np.cumsum([2.0, *heights])
        with style.sheet():
            figure = style.page(tops[-1])
            tables = {
                "a": _barcodes(figure, tops[0], readers, words),
                "b": self._gains(figure, tops[1], readers, words),
                "c": _displacements(figure, tops[2], readers, words),
                **self._numbers(figure, tops[3], readers, words),
            }
        return Drawing(figure, tables)

    def _gains(self, figure: matplotlib.figure.Figure, top: float, readers: Readers, words: Sequence[str]) -> pd.DataFrame:
        """Panel b."""
        style.heading(figure, 2, top + 3, "b", "Gain of what words add after a modifier and neutral words; dashed: truth")
        panels.line(figure, 118, top + 2.1, _legend(words))
        tables = []
        for group, axes in reading.group_tiles(figure, top + _HEADING, readers, _GAIN, counted=False).items():
            gains = _known(readers, group, "gain")
            if not gains:
                reading.nothing(axes, "no network has\npoints and modifiers")
                continue
            lags = gains[0]["lag"].values
            for place, word in enumerate(words):
                values = np.array([gain.sel(modifier=word).values for gain in gains])
                tables.append(reading.curve(axes, lags, values, **style.line(place)).assign(group=group, modifier=word))
                if word in self.gains and word in self.scopes:
                    truth = np.where(lags < self.scopes[word], self.gains[word], 1.0)
                    axes.plot(lags, truth, drawstyle="steps-mid", zorder=1, **_TRUE | {"color": style.line(place)["color"]})
            axes.axhline(1, **style.CHANCE)
            axes.set(xlabel="neutral words between", ylabel="gain", title=f"{group} (N = {len(gains)})", xticks=[0, 5, 10])
            axes.yaxis.set_major_locator(MaxNLocator(4))
        return reading.table(tables)

    def _numbers(self, figure: matplotlib.figure.Figure, top: float, readers: Readers, words: Sequence[str]) -> dict[str, pd.DataFrame]:
        """Panel d."""
        style.heading(figure, 2, top + 3, "d", "Network by network, a block for each modifier; black: median with its 95 % interval")
        if not words:
            reading.nothing(style.place(figure, 14, top + 10, 60, 15), "no network has modifiers")
            return {"d": reading.table([]), "d_medians": reading.table([])}
        found, block = [], reading.numbers_height(readers, _NUMBERS) + 3
        for number, word in enumerate(words):
            truths = {"scope": self.scopes.get(word), "gain": self.gains.get(word, 1.0)}
            columns: reading.Numbers = {
                f"{word}_{name}": (text, truths.get(name, reference), scale) for name, (text, reference, scale) in _NUMBERS.items()
            }
            down = top + _HEADING + 2 + block * number
            style.write(figure, 7, down, f"“{word}”", fontweight="bold", color=style.line(number)["color"])
            found.append(reading.numbers(figure, down - 1, readers, columns))
        return {f"d{suffix}": pd.concat([tables[suffix] for tables in found], ignore_index=True) for suffix in ("", "_medians")}


def _words(store: xr.Dataset) -> list[str]:
    return [str(word) for word in store["modifier"].values]


def _legend(words: Sequence[str]) -> list[tuple[Line2D, str]]:
    return [(Line2D([], [], ms=3.2, mew=0, lw=1.0, **style.line(place)), word) for place, word in enumerate(words)]


def _known(readers: Readers, group: str, column: str) -> list[xr.DataArray]:
    """A variable of the group's networks that have modifiers and points, under the first still input."""
    found = [store[column].isel(still=0) for store in readers.mine(readers.appraisals, group)]
    return [item for item in found if item.size and np.isfinite(item.values).any()]


def _barcodes(figure: matplotlib.figure.Figure, top: float, readers: Readers, words: Sequence[str]) -> pd.DataFrame:
    """Panel a."""
    style.heading(figure, 2, top + 3, "a", "Barcodes: change of what each word adds to the logit, by a modifier before it")
    panels.line(figure, 122, top + 2.1, _legend(words))
    tables = []
    for group, axes in reading.group_tiles(figure, top + _HEADING, readers, _BARCODE, counted=False).items():
        barcodes = _known(readers, group, "barcode")
        if not barcodes:
            reading.nothing(axes, "no network has\npoints and modifiers")
            continue
        probes = _ordered(barcodes[0])
        rank = np.arange(len(probes)) + 1
        for place, word in enumerate(words):
            values = np.array([barcode.sel(modifier=word).values[probes] for barcode in barcodes])
            look = style.line(place) | {"ms": 1.6, "lw": 0.6}
            told = reading.curve(axes, rank, values, **look)
            tables.append(told.assign(group=group, modifier=word, probe=barcodes[0]["probe"].values[probes]))
        negative = int((barcodes[0]["probe_valence"].values[probes] == "negative").sum())
        axes.axvline(negative + 0.5, color="0.75", lw=0.5, zorder=0)
        axes.axhline(0, **style.CHANCE)
        axes.set(xlim=(0.5, len(probes) + 0.5), ylabel="change", title=f"{group} (N = {len(barcodes)})")
        axes.set_xticks([1 + (negative - 1) / 2, negative + (len(probes) - negative + 1) / 2], ["negative", "positive"])
        axes.tick_params(axis="x", length=0)
        axes.yaxis.set_major_locator(MaxNLocator(3))
    return reading.table(tables)


def _ordered(barcode: xr.DataArray) -> Int[np.ndarray, "probe"]:
    """Places of probes from the most negative to the most positive: the store has each class's strongest first."""
    valence = barcode["probe_valence"].values
    return np.concatenate([np.flatnonzero(valence == "negative"), np.flatnonzero(valence == "positive")[::-1]])


def _displacements(figure: matplotlib.figure.Figure, top: float, readers: Readers, words: Sequence[str]) -> pd.DataFrame:
    """Panel c."""
    style.heading(figure, 2, top + 3, "c", "Where modifiers take the state: mean displacement, each network alike long")
    panels.line(figure, 122, top + 2.1, [(panels.stroke(mark.get_color()), word) for mark, word in _legend(words)])
    tables = []
    for group, axes in reading.group_tiles(figure, top + _HEADING, readers, _PLANE, counted=False).items():
        places = _known(readers, group, "modifier_position")
        if not places:
            reading.nothing(axes, "no network has\npoints and modifiers")
            continue
        drawn = [np.zeros((1, 2))]
        for own in places:
            tips = own.values[:, :2] / (np.linalg.norm(own.values[:, :2], axis=1).max() or 1.0)
            for number, tip in enumerate(tips):
                reading.arrow(axes, tip, style.line(number)["color"])
            told = {
                "group": group,
                "network": own["network"].item(),
                "modifier": words,
                "direction_1": tips[:, 0],
                "direction_2": tips[:, 1],
            }
            tables.append(pd.DataFrame(told))
            drawn.append(tips)
        panels.frame(axes, np.concatenate(drawn), margin=1.15)
        axes.set(xticks=[], yticks=[], xlabel="direction 1", ylabel="direction 2", title=f"{group} (N = {len(places)})")
    return reading.table(tables)
