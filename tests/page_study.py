"""A study to be shown: cubes of eight populations under two measures, their controls, and claims of every kind, one of them hostile."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import synthetic_population as synthetic
from rnnpop.pages.cards import cards
from rnnpop.pages.population import Arrangement, population
from rnnpop.pages.rendering import study_page
from rnnpop.stages.portray import portray

TASKS = ("flip_flop", "sine", "context_integration")

#: Text that would run if it were taken for HTML.
HOSTILE = '</script><img src=x onerror="window.stolen = true"><b>bold</b>'

#: Of each claim of `synthetic.claims`, how it is decided.
ENTRIES: dict[str, dict[str, dict[str, Any]]] = {
    "flip_flop": {
        "claim_0": {"kind": "factor_difference", "measure": "svcca", "against": "topology", "factor": "architecture"},
        "claim_1": {"kind": "fraction", "statistic": "final_loss", "at_most": 0.001, "fraction": 0.75},
        "claim_5": {"kind": "dissociation", "measure": "topology", "quantity": "final_loss"},
    },
    "sine": {"claim_2": {"kind": "factor_effect", "measure": "svcca", "factor": "architecture"}},
    "context_integration": {
        "claim_3": {"kind": "level_order", "statistic": "m90", "factor": "architecture", "among": {"lag": 10, "activation": "tanh"}},
        "claim_4": {"kind": "median", "statistic": "not_made", "at_least": 1},
    },
}


def claims() -> pd.DataFrame:
    table = synthetic.claims()
    hostile = table.iloc[[0]].assign(claim="claim_5", statement=HOSTILE, verdict="does not hold")
    return pd.concat([table, hostile], ignore_index=True)


def shards(per_population: int) -> list[dict[str, xr.Dataset]]:
    """Stores of one shard of each population of cubes."""
    made = []
    for number, (architecture, activation) in enumerate((a, b) for a in synthetic.ARCHITECTURES for b in synthetic.ACTIVATIONS):
        coords = synthetic.identity(architecture, activation, per_population)
        trajectories = synthetic.trajectories(coords, seed=number)
        points = synthetic.fixed_points(coords, trajectories.attrs["frames"])
        made.append(
            {
                "networks": synthetic.networks(coords, seed=number),
                "portraits": portray(trajectories, points),
                "fixed_points": points,
                "transitions": synthetic.transitions(coords),
            }
        )
    return made


def told(summary: xr.Dataset, per_population: int) -> dict[str, Any]:
    """Geometry is clustered by architecture, topology is not."""
    arrangements = [
        Arrangement("flip_flop", "adam", "svcca", synthetic.atlas(per_population, 1.0, 0.1)),
        Arrangement("flip_flop", "adam", "topology", synthetic.atlas(per_population, 0.0, 0.1, seed=1)),
    ]
    return population(
        summary, arrangements, claims(), ENTRIES, study="universality", title=HOSTILE, tasks=TASKS, groups=("adam", "untrained")
    )


def page(per_population: int = 2) -> str:
    summary = synthetic.summary(per_population)
    summary["final_loss"][1] = np.nan
    return study_page(told(summary, per_population), [cards(stores, summary) for stores in shards(per_population)])
