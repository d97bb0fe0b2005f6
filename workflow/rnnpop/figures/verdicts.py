"""A page that sets every claim of a study beside the population's answer."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import matplotlib.figure
import numpy as np

from rnnpop.figures import Drawing, Figure, panels, style

#: Look of each verdict; colours that stay apart in grey and for the colour blind, each with a symbol of its own.
_LOOKS = {
    "holds": ("#009E73", "o"),
    "holds in part": ("#0072B2", "D"),
    "does not hold": ("#D55E00", "X"),
    "undecided": ("#999999", "s"),
}

#: Left of each column, width of the drawn interval, height of a line of text and of what stands above the rows, in mm; letters in a line.
_STATEMENT, _INTERVAL, _NUMBERS, _NETWORKS, _VERDICT = 4.0, 86.0, 111.5, 147.5, 155.0
_WIDTH, _TEXT, _TOP, _LETTERS = 23.0, 3.2, 14.0, 62
#: Height of the line that names a task, mm.
_HEADING = 6.5


@final
@dataclass(frozen=True)
class Verdicts(Figure):
    """Every claim with its estimate and 95 % interval against its threshold, the networks it rests on, and the verdict; reads `claims`.

    Each interval has a scale of its own, which runs from the least to the largest of its numbers; the upright line is the threshold.
    Claims stand in the order of claims.csv, under the name of their task.
    """

    def draw(self, datasets: Mapping[str, Any]) -> Drawing:
        claims = datasets["claims"]
        texts = [textwrap.wrap(str(statement), _LETTERS) or [""] for statement in claims["statement"]]
        first = claims["task"].ne(claims["task"].shift()).tolist()
        heights = [_TEXT * len(text) + 1.9 for text in texts]
        with style.sheet():
            figure = style.page(_TOP + sum(heights) + _HEADING * sum(first) + 12)
            style.heading(figure, 2, 5, "a", "Claims, and what the networks say")
            for left, name in (
                (_STATEMENT, "claim"),
                (_INTERVAL, "95 % interval"),
                (_NUMBERS, "numbers; threshold"),
                (_NETWORKS, "N"),
                (_VERDICT, "verdict"),
            ):
                style.write(figure, left, _TOP - 3, name, fontweight="bold")
            top = _TOP
            for row, text, height, opens in zip(claims.to_dict("records"), texts, heights, first, strict=True):
                if opens:
                    style.write(figure, _STATEMENT, top + _HEADING - 2.6, style.printed(str(row["task"])), fontweight="bold", va="center")
                    top += _HEADING
                _claim(figure, top, height, row, "\n".join(text))
                top += height
            if claims.empty:
                style.write(figure, _STATEMENT, _TOP + 3, "no claims")
            entries = [(panels.mark(marker, "full", colour), verdict) for verdict, (colour, marker) in _LOOKS.items()]
            panels.line(figure, 4, top + 7, [*entries, (panels.stroke("black", ":"), "threshold")])
        return Drawing(figure, {"a": claims.copy()})


def _claim(figure: matplotlib.figure.Figure, top: float, height: float, row: Mapping[Any, Any], statement: str) -> None:
    rule = style.place(figure, _STATEMENT, top, style.PAGE - 2 * _STATEMENT, 0.2)
    style.bare(rule)
    rule.set_facecolor("0.85")
    colour, marker = _LOOKS.get(row["verdict"], ("black", "o"))
    middle = top + height / 2
    look = {"va": "center", "linespacing": 1.15}
    style.write(figure, _STATEMENT, middle, statement, **look)
    known = np.isfinite(row["estimate"])
    low, high = (_number(row[name]) for name in ("low", "high"))
    told = f"{_number(row['estimate'])} [{low}, {high}]; {_number(row['threshold'])}" if known else f"none; {_number(row['threshold'])}"
    style.write(figure, _NUMBERS, middle, told, **look)
    style.write(figure, _NETWORKS, middle, f"{row['n']:.0f}", **look)
    style.write(figure, _VERDICT + 3, middle, str(row["verdict"]), color="black", **look)
    sign = style.place(figure, _VERDICT, middle - 1, 2, 2)
    style.bare(sign)
    sign.plot(0, 0, marker=marker, color=colour, markersize=4, markeredgewidth=0)
    if known:
        _interval(style.place(figure, _INTERVAL, top + 0.6, _WIDTH, height - 1.2), row, colour, marker)


def _interval(axes: Any, row: Mapping[Any, Any], colour: str, marker: str) -> None:
    style.bare(axes)
    numbers = np.array([row[name] for name in ("estimate", "low", "high", "threshold")], dtype=float)
    finite = numbers[np.isfinite(numbers)]
    middle, half = (finite.max() + finite.min()) / 2, (finite.max() - finite.min()) / 2 or 0.5
    axes.set(xlim=(middle - 1.12 * half, middle + 1.12 * half), ylim=(0, 1))
    axes.patch.set_alpha(0)
    if np.isfinite(row["threshold"]):
        axes.axvline(row["threshold"], color="black", lw=0.8, ls=":")
    if np.isfinite(row["low"]) and np.isfinite(row["high"]):
        axes.plot([row["low"], row["high"]], [0.5, 0.5], color=colour, lw=1.2)
    axes.plot(row["estimate"], 0.5, marker=marker, color=colour, markersize=3.6, markeredgewidth=0, clip_on=False)


def _number(value: float) -> str:
    return (f"{value:.2f}" if abs(value) < 100 else f"{value:.3g}").replace("-", "−") if np.isfinite(value) else "–"
