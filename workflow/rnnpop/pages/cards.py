"""What a click on a network shows: its pictures, from the stores of its shard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import xarray as xr
from jaxtyping import Complex, Float

from rnnpop.pages.numbers import coded, rounded

#: Trials that are drawn behind fixed points, and moments of each; leading modes of each point.
_TRIALS, _MOMENTS, _MODES = 3, 40, 8

#: Digits of what is only drawn.
_DRAWN = 3

#: Shares of runs below which an arrow is left out.
_SELDOM = 0.02

#: Of the three slow points whose words are kept, the one that is shown.
_SHOWN: Final = "middle"

#: Curves of the summary that are drawn: statistic -> what it is called, the others beside it, and the axes' names.
_CURVES: Final[dict[str, tuple[str, dict[str, str], str, str]]] = {
    "right_fraction": ("Psychometric curve", {}, "stimulus strength, right positive", "share of right choices"),
    "first_choice": (
        "Psychometric curve",
        {"ideal_first_choice": "ideal observer"},
        "evidence for the first choice",
        "share of first choices",
    ),
}

#: What is shown of students and their teachers.
_OF_STUDENTS: Final = (
    *("eigenvalue", "teacher_eigenvalue"),
    *("line_attractor_score", "teacher_score"),
    *("time_constant_1", "teacher_time_constant"),
)

_SIDES: Final = {"-1": "left block", "0": "no block", "1": "right block"}

Panel = dict[str, Any]


def cards(stores: Mapping[str, xr.Dataset], summary: xr.Dataset) -> dict[str, list[Panel]]:
    """Panels of each network of a shard: of a kind that the page knows how to draw, of lists and texts alone.

    Args:
        stores: of the shard, by name: `networks` or `students`, and of `portraits`, `fixed_points`, `transitions`, `readings` and
            `appraisals` what the study makes.
        summary: store of stage `summarise`.
    """
    networks = stores.get("networks", stores.get("students"))
    assert networks is not None
    curves = [name for main, (_, beside, _, _) in _CURVES.items() for name in (main, *beside) if name in summary]
    rows = summary[[*curves, "network"]].sel(network=networks["network"].values)
    return {str(name): list(_panels(number, str(name), stores, rows)) for number, name in enumerate(networks["network"].values)}


def _panels(number: int, name: str, stores: Mapping[str, xr.Dataset], rows: xr.Dataset) -> Iterator[Panel]:
    if "portraits" in stores:
        yield from _fixed_points(number, name, stores)
    if "appraisals" in stores:
        yield from _slow_points(number, name, stores)
        yield from _words(number, name, stores["appraisals"])
    if "students" in stores:
        yield from _students(stores["students"][list(_OF_STUDENTS)].isel(network=number))
    yield from _curves(rows.isel(network=number))
    if "networks" in stores:
        yield from _training(stores["networks"]["error"].isel(network=number))


def _training(error: xr.DataArray) -> Iterator[Panel]:
    if np.isfinite(error.values).sum() > 1:  # one moment is no curve: what is not trained step by step has its error in the summary
        series = {"name": "error", "x": error["step"].values.tolist(), "y": rounded(error.values, _DRAWN)}
        yield _lines("Training", "optimiser steps", "error", [series], logarithmic="y", note=error.attrs["long_name"])


def _lines(title: str, x: str, y: str, series: list[dict[str, Any]], logarithmic: str = "", note: str = "") -> Panel:
    return {"kind": "lines", "title": title, "x": x, "y": y, "series": series, "logarithmic": logarithmic, "note": note}


def _curves(row: xr.Dataset) -> Iterator[Panel]:
    for name, (title, beside, x, y) in _CURVES.items():
        if name in row and row[name].dims[0] == "signed_strength":
            strengths = rounded(row["signed_strength"].values)
            held = (
                [(_SIDES[f"{side}"], row[name].sel(block_side=side)) for side in row[name]["block_side"].values]
                if row[name].ndim > 1
                else [("network", row[name])]
            )
            held += [(label, row[other]) for other, label in beside.items()]
            series = [
                {"name": label, "x": strengths, "y": rounded(each.values, _DRAWN)} for label, each in held if np.isfinite(each.values).any()
            ]
            if series:
                yield _lines(title, x, y, series)


def _fixed_points(number: int, name: str, stores: Mapping[str, xr.Dataset]) -> Iterator[Panel]:
    portrait, settled = stores["portraits"], stores["fixed_points"]
    own = np.flatnonzero(portrait["owner"].values == name)
    position, explained = portrait["position"].values[own], portrait["explained_variance"].values[number]
    if not len(own) or not np.isfinite(position).any():
        return
    paths = portrait["trajectory"].values[number]
    told = {
        "title": "Fixed points in the plane of its own principal components",
        "points": _points(
            position,
            settled["eigenvalue"].values[own],
            settled["node"].values[own],
            settled["unstable"].values[own],
            settled["kind"].values[own],
            settled["outputs"].values[own],
        ),
        "conditions": coded(settled["condition"].values[own]),
        "edges": _edges(name, stores["transitions"]) if "transitions" in stores else None,
    }
    yield _plane(explained, paths) | told


def _slow_points(number: int, name: str, stores: Mapping[str, xr.Dataset]) -> Iterator[Panel]:
    appraised, reading = stores["appraisals"], stores["readings"]
    own = np.flatnonzero(appraised["owner"].values == name)
    if not len(own):
        return
    explained = reading["explained"].values[number, reading["checkpoint"].values == "trained"][0]
    unstable = (np.abs(appraised["eigenvalue"].values[own]) > 1).sum(axis=1)
    told = {
        "title": "Slow points in the plane of the states it reads with",
        "points": _points(
            appraised["position"].values[own],
            appraised["eigenvalue"].values[own],
            appraised["node"].values[own],
            unstable,
            np.full(len(own), "slow"),
            appraised["outputs"].values[own],
        ),
        "conditions": coded(appraised["condition"].values[own]),
        "edges": None,
    }
    yield _plane(explained, reading["trajectory"].values[number]) | told


def _plane(explained: Float[np.ndarray, " component"], paths: Float[np.ndarray, "trial time axis"]) -> Panel:
    """Axes with their share of the variance (leading components first), and a few trials."""
    stride = -(-paths.shape[1] // _MOMENTS)
    shown = paths[:_TRIALS, ::stride]
    return {
        "kind": "plane",
        **{axis: f"PC{place + 1} ({100 * explained[place]:.0f} %)" for place, axis in enumerate("xy")},
        "paths": [[rounded(path[:, place], _DRAWN) for place in range(2)] for path in shown if np.isfinite(path).all()],
    }


def _points(
    position: Float[np.ndarray, "fixed_point axis"],
    eigenvalue: Complex[np.ndarray, "fixed_point mode"],
    node: np.ndarray,
    unstable: np.ndarray,
    kind: np.ndarray,
    outputs: Float[np.ndarray, "fixed_point output"],
) -> dict[str, Any]:
    """Of conjugate eigenvalues the upper one is kept."""
    modes = eigenvalue[:, :_MODES]
    upper = [row[np.isfinite(row) & (row.imag >= 0)] for row in modes]
    return {
        "x": rounded(position[:, 0], _DRAWN),
        "y": rounded(position[:, 1], _DRAWN),
        "node": node.tolist(),
        "unstable": unstable.tolist(),
        "kind": kind.tolist(),
        "outputs": [rounded(row, 2) for row in outputs],
        "eigenvalues": [[rounded(row.real, _DRAWN), rounded(row.imag, _DRAWN)] for row in upper],
    }


def _edges(name: str, transitions: xr.Dataset) -> dict[str, Any]:
    """Arrows between different points, by relation: autonomous, heteroclinic, input."""
    own = transitions.isel(edge=np.flatnonzero(transitions["owner"].values == name))
    between = (own["origin"].values != own["destination"].values) & (own["destination"].values >= 0) & (own["weight"].values >= _SELDOM)
    own = own.isel(edge=np.flatnonzero(between))
    return {
        "origin": own["origin"].values.tolist(),
        "destination": own["destination"].values.tolist(),
        "weight": rounded(own["weight"].values, 2),
        "relation": coded(own["relation"].values),
        "condition": coded(own["condition"].values),
    }


def _students(student: xr.Dataset) -> Iterator[Panel]:
    fractions = [f"{fraction:g}" for fraction in student["fraction"].values]
    first = student.isel(subset=0)
    spectrum = _complex(student["teacher_eigenvalue"].values)
    linear = bool(spectrum[0])
    yield {
        "kind": "spectra",
        "title": "Teacher beside student: eigenvalues" if linear else "Eigenvalues of the student",
        "note": "" if linear else "Its teacher is not linear, and has no eigenvalues of its own to stand beside these.",
        "x": "real part",
        "y": "imaginary part",
        "of": "watched share",
        "places": fractions,
        "teacher": spectrum,
        "students": [_complex(first["eigenvalue"].values[place]) for place in range(len(fractions))],
    }
    watched = rounded(student["fraction"].values)
    for statistic, teacher, title, y, logarithmic in (
        ("line_attractor_score", "teacher_score", "Line-attractor score", "score", "x"),
        ("time_constant_1", "teacher_time_constant", "Slowest time constant", "τ", "xy"),
    ):
        own, true = student[statistic].values, student[teacher].item()
        if np.isfinite(own).any():
            series: list[dict[str, Any]] = [
                {"name": f"subset {subset}" if student.sizes["subset"] > 1 else "student", "x": watched, "y": rounded(own[:, place])}
                for place, subset in enumerate(student["subset"].values)
            ]
            if np.isfinite(true):
                series.append({"name": "teacher", "x": [watched[0], watched[-1]], "y": rounded(np.full(2, true)), "reference": True})
            yield _lines(title, "share of units that is watched", y, series, logarithmic, student[statistic].attrs["long_name"])


def _complex(values: Complex[np.ndarray, " mode"]) -> list[list[float | int | None]]:
    finite = values[np.isfinite(values)]
    return [rounded(finite.real, _DRAWN), rounded(finite.imag, _DRAWN)]


def _words(number: int, name: str, appraised: xr.Dataset) -> Iterator[Panel]:
    """What words add along the slowest mode at the slow point in the middle, under the first still input."""
    shown = appraised.isel(network=number, still=0).sel(place=_SHOWN)
    points = appraised.isel(
        fixed_point=np.flatnonzero((appraised["owner"].values == name) & (appraised["condition"].values == appraised["still"].values[0]))
    )
    left = points["left"].values[points["node"].values == shown["push_point"].item()]
    if not len(left) or not np.isfinite(shown["push"].values).all():
        return
    along = shown["push"].values @ (left[0] / np.linalg.norm(left[0]))
    order = np.argsort(along, kind="stable")
    yield {
        "kind": "words",
        "title": "What words add along the line, at its middle",
        "x": "along the slowest mode",
        "y": "words, in order",
        "words": shown["probe"].values[order].tolist(),
        "along": rounded(along[order], _DRAWN),
        "valence": coded(shown["probe_valence"].values[order]),
    }
