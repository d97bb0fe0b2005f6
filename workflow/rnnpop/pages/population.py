"""What a study's page says of its networks together: columns of the table, places under each measure, claims and where to look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from rnnpop.pages.numbers import coded, rounded

#: A statistic with one further dimension is a column for each place on it, up to so many; curves and histograms are no columns.
_PLACES = 12


class Arrangement(NamedTuple):
    """Networks of one task and learner under one measure: the store of `arrange`."""

    task: str
    group: str
    measure: str
    store: xr.Dataset


def population(
    summary: xr.Dataset,
    arrangements: Sequence[Arrangement],
    claims: pd.DataFrame,
    entries: Mapping[str, Mapping[str, Mapping[str, Any]]],
    *,
    study: str,
    title: str,
    tasks: Sequence[str],
    groups: Sequence[str],
) -> dict[str, Any]:
    """The data of a study's page, of lists and texts alone.

    Args:
        summary: store of stage `summarise`.
        arrangements: stores of stage `arrange`; none where nothing is compared.
        claims: the table of stage `judge`; without rows where nothing is claimed.
        entries: of the claims in config.yaml, by task and name.
        groups: the study's learners, its own one first.

    Returns:
        `study`, `title`, `groups`; `tasks`: of each its `name`, `networks`, `columns`, `measures`; `claims`: rows with `views`, what shows
        the numbers that carry them.
    """
    return {
        "study": study,
        "title": title,
        "groups": list(groups),
        "tasks": [_of_task(summary, task, [each for each in arrangements if each.task == task]) for task in tasks],
        "claims": [
            {**{key: _plain(value) for key, value in row.items()}, "views": views(entries[row["task"]][row["claim"]], groups[0])}
            for row in claims.to_dict("records")
        ],
    }


def views(entry: Mapping[str, Any], group: str) -> list[dict[str, Any]]:
    """Where the numbers stand that decide a claim: a measure's plane in the colour of a factor or quantity, or a statistic on an axis.

    Args:
        entry: the claim's, in config.yaml.
        group: the study's own learner, which claims are about if they do not say otherwise.
    """
    among = {"status": "ok", "learner": group} | entry.get("among", {})
    if "measure" in entry:
        sides = [(entry["measure"], entry.get("factor", entry.get("quantity")))]
        if "against" in entry or "against_factor" in entry:
            sides.append((entry.get("against", entry["measure"]), entry.get("against_factor", entry.get("factor"))))
        return [{"measure": measure, "colour": colour, "among": among} for measure, colour in sides]
    bounds = [entry[key] for key in ("at_least", "at_most") if key in entry]
    factor = entry.get("factor", "architecture")
    return [{"x": factor, "y": entry["statistic"], "colour": factor, "bounds": bounds, "among": among}]


def _of_task(summary: xr.Dataset, task: str, arrangements: Sequence[Arrangement]) -> dict[str, Any]:
    names = summary["network"].values.astype(str)
    own = summary.isel(network=np.flatnonzero(np.char.startswith(names, f"{task}/")))
    networks = own["network"].values.tolist()
    return {
        "name": task,
        "networks": networks,
        "columns": [*_factors(own), *_statistics(own)],
        "measures": [_places(each, networks) for each in arrangements],
    }


def _factors(own: xr.Dataset) -> Iterator[dict[str, Any]]:
    """Status first, then the design."""
    factors = sorted(
        str(name) for name, item in own.coords.items() if item.dims == ("network",) and name not in ("network", "index", "status")
    )
    for name in ("status", *factors):
        levels, values = coded(own[name].values)
        yield {"name": name, "label": name.replace("_", " "), "kind": "factor", "levels": levels, "values": values}


def _statistics(own: xr.Dataset) -> Iterator[dict[str, Any]]:
    """Columns with at least one number in this task."""
    for name in sorted(map(str, own.data_vars)):
        item = own[name]
        further = [str(dim) for dim in item.dims if dim != "network"]
        if len(further) > 1 or any(own.sizes[dim] > _PLACES for dim in further) or "network" not in item.dims:
            continue
        values = item.transpose(*further, "network").values
        rows = values if further else values[None]
        told = {"name": name, "label": f"{item.attrs['long_name']}", "units": item.attrs["units"]}
        if further:
            told |= {"dimension": further[0], "places": [str(place) for place in _coordinate(own, further[0])]}
        if values.dtype.kind in "biuf":
            if np.isfinite(values.astype(float)).any():
                yield told | {"kind": "number", "values": _nested([rounded(row.astype(float)) for row in rows], further)}
        elif any(map(str, values.ravel())):
            levels, codes = coded(values.ravel())
            yield told | {"kind": "text", "levels": levels, "values": _nested(np.reshape(codes, rows.shape).tolist(), further)}


def _coordinate(own: xr.Dataset, dim: str) -> list[Any]:
    return [f"{place:g}" if isinstance(place, float) else place for place in own[dim].values.tolist()]


def _nested(rows: list[Any], further: Sequence[str]) -> list[Any]:
    return rows if further else rows[0]


def _places(arrangement: Arrangement, networks: Sequence[str]) -> dict[str, Any]:
    """Positions by the networks' numbers in the task; NaN for those that have none."""
    store = arrangement.store
    numbers = {name: number for number, name in enumerate(networks)}
    position = store["position"].values
    return {
        "group": arrangement.group,
        "name": arrangement.measure,
        "stress": rounded(np.atleast_1d(store["stress"].values))[0],
        "rank_correlation": rounded(np.atleast_1d(store["rank_correlation"].values))[0],
        "networks": [numbers[str(name)] for name in store["network"].values],
        "x": rounded(position[:, 0]),
        "y": rounded(position[:, 1]),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return rounded(np.array([value]))[0]
    return value
