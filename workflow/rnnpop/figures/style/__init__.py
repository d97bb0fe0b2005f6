"""The one style sheet: sizes, fonts, and a look for every level of every factor that survives colour blindness and grey print."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib
import matplotlib.figure
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex

#: Width of a full page in print, and millimetres in an inch.
PAGE, INCH = 180.0, 25.4

#: Smallest text at print size, and the letters of panels, in points.
TEXT, LETTER = 7, 9

#: How much of a marker is filled.
Fill = Literal["full", "none", "left", "top", "right"]

_SHEET: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so every machine draws the same letters
    "font.size": TEXT,
    "axes.titlesize": TEXT,
    "axes.labelsize": TEXT,
    "xtick.labelsize": TEXT,
    "ytick.labelsize": TEXT,
    "legend.fontsize": TEXT,
    "axes.titlepad": 3,
    "axes.labelpad": 2,
    "axes.linewidth": 0.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.major.size": 2,
    "ytick.major.size": 2,
    "xtick.major.pad": 1.5,
    "ytick.major.pad": 1.5,
    "lines.linewidth": 0.8,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "pdf.fonttype": 42,  # TrueType: text stays text in an editor
    "svg.fonttype": "none",
    "svg.hashsalt": "rnnpop",
}

#: Okabe and Ito 2008, without the ones that the other scales use.
_ARCHITECTURES = ("#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#0072B2", "#D55E00", "#999999", "#000000")
_MARKERS = ("o", "^", "s", "D", "v", "P", "X", "p")
#: Tol's muted scheme.
_ACTIVATIONS = ("#332288", "#BBAA33", "#882255", "#44AA99", "#DDCC77")
_FILLS: tuple[Fill, ...] = ("full", "none", "left", "top", "right")

#: Colour and marker by number of unstable directions, from the fourth on all alike; the published order black, red, green,
#: blue in Okabe and Ito's shades.
ORDERS = (("#000000", "o"), ("#D55E00", "^"), ("#009E73", "s"), ("#0072B2", "D"), ("#999999", "X"))

#: Colour, marker and dashes of a factor's levels where architectures do not stand beside them; see `look` and `line`.
_LEVELS: tuple[tuple[str, str, Any], ...] = (
    ("#0072B2", "o", "-"),
    ("#D55E00", "^", (0, (3, 1.2))),
    ("#009E73", "s", (0, (1, 1))),
    ("#CC79A7", "D", "-."),
    ("#E69F00", "v", (0, (5, 2))),
    ("#56B4E9", "P", (0, (2, 1, 1, 1))),
    ("#000000", "X", (0, (4, 1, 1, 1, 1, 1))),
    ("#882255", "p", (0, (1, 2.5))),
)
#: How many there are before they come round.
LOOKS = len(_LEVELS)

#: A line at chance, or at none.
CHANCE: Any = {"color": "0.4", "lw": 0.6, "ls": ":", "zorder": 1}

#: Scale of numbers from low to high, without its lightest end, which does not show on white; and of numbers on both sides of 0.
SEQUENTIAL = LinearSegmentedColormap.from_list("sequential", matplotlib.colormaps["viridis"](np.linspace(0, 0.92, 64)))
DIVERGING = LinearSegmentedColormap.from_list("diverging", ["#0072B2", "#8C8C8C", "#D55E00"])

#: How names of config.yaml are written in print.
_PRINTED = {
    **{"vanilla": "Vanilla", "ugrnn": "UGRNN", "gru": "GRU", "lstm": "LSTM", "relu": "ReLU"},
    **{"svcca": "SVCCA", "pwcca": "PWCCA", "cka": "CKA", "dsa": "DSA", "l2": "L2", "tree": "topology (tree)", "radd": "RADD"},
    **{"map": "MAP", "cornn": "CORNN", "force": "FORCE", "leaky": "Leaky"},
}


@contextmanager
def sheet() -> Iterator[None]:
    """Draw or save under the style sheet, whatever the user's own settings are."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SHEET)
        yield


def printed(name: str) -> str:
    """A name of config.yaml as print writes it."""
    return _PRINTED.get(name) or " ".join(_PRINTED.get(word, word) for word in name.split("_"))


@dataclass(frozen=True)
class Key:
    """How the levels of factors look, in every panel: architecture by colour and marker, activation by colour and fill, others by colour.

    Attributes:
        levels: factor -> its levels, in the order of config.yaml.
    """

    levels: dict[str, tuple[str, ...]]

    def colour(self, factor: str, level: str) -> str:
        """Colour of a level; architecture and activation share none, the levels of other factors stand on a scale in their order."""
        place = self.levels[factor].index(level)
        scale = {"architecture": _ARCHITECTURES, "activation": _ACTIVATIONS}.get(factor)
        if scale is None:
            return to_hex(SEQUENTIAL(place / max(len(self.levels[factor]) - 1, 1)))
        return scale[place % len(scale)]

    def marker(self, architecture: str) -> str:
        return _MARKERS[self.levels["architecture"].index(architecture) % len(_MARKERS)]

    def fill(self, activation: str) -> Fill:
        return _FILLS[self.levels["activation"].index(activation) % len(_FILLS)]


def look(place: int) -> dict[str, Any]:
    """Colour and marker of a level by its place, in figures that do not tell architectures apart by them."""
    colour, marker, _ = _LEVELS[place % LOOKS]
    return {"color": colour, "marker": marker}


def line(place: int) -> dict[str, Any]:
    """The same, with the dashes of its line."""
    return look(place) | {"ls": _LEVELS[place % LOOKS][2]}


def page(height: float) -> matplotlib.figure.Figure:
    """An empty page of full width; `height` in mm."""
    return matplotlib.figure.Figure(figsize=(PAGE / INCH, height / INCH))


def place(figure: matplotlib.figure.Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes whose frame stands at these millimetres from the page's left and top."""
    across, down = figure.get_size_inches() * INCH
    return figure.add_axes((left / across, 1 - (top + height) / down, width / across, height / down))


def heading(figure: matplotlib.figure.Figure, left: float, top: float, letter: str, text: str) -> None:
    """A panel's letter and its title, on one line."""
    write(figure, left, top, letter, fontsize=LETTER, fontweight="bold")
    write(figure, left + 5, top, text)


def write(figure: matplotlib.figure.Figure, left: float, top: float, text: str, **look: Any) -> None:
    """Text at these millimetres from the page's left and top."""
    across, down = figure.get_size_inches() * INCH
    figure.text(left / across, 1 - top / down, text, **look)


def bare(axes: Axes) -> None:
    """Take frame and ticks away."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
