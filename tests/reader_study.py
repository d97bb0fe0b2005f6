"""A study of networks that read, for its figures: those of `reading_study`, as if there were some of each architecture and task."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

import reading_study
from rnnpop.stages.describe import describe
from rnnpop.stages.summarise import summarise
from rnnpop.statistics.reading import Reading
from rnnpop.statistics.words import Words

ARCHITECTURES = ("vanilla", "ugrnn", "gru", "lstm")
TASKS = ("context", "categorical")


def study() -> dict[str, Any]:
    """Readings, appraisals and a summary of three networks of each population that met the criterion, and one that diverged."""
    stores: dict[str, Any] = {"readings": [], "appraisals": []}
    described = []
    for task in TASKS:
        made = reading_study.shard(task)
        columns = describe({name: made[name] for name in ("readings", "appraisals")}, {"reading": Reading(), "words": Words()})
        for architecture in ARCHITECTURES:
            for name in ("readings", "appraisals"):
                stores[name].append(_called(made[name], architecture))
            described.append(_called(columns, architecture))
    return stores | {"summary": summarise(described)}


def _called(store: xr.Dataset, architecture: str) -> xr.Dataset:
    """The same networks, of another architecture."""
    renamed = {
        name: (store[name].dims, np.array([text.replace("/vanilla/", f"/{architecture}/") for text in store[name].values], dtype=object))
        for name in {"network", "owner"} & set(map(str, store.coords))
    }
    level = {"architecture": architecture, "activation": "tanh", "learner": "adam"}
    factors = {name: ("network", np.full(store.sizes["network"], text, dtype=object)) for name, text in level.items()}
    return store.copy(deep=True).assign_coords(renamed | factors)
