"""Choose: the recipe under which networks learn, and learn soonest; one for all cells, or one for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import xarray as xr

from rnnpop.design import name_parts


def choose(summary: xr.Dataset, factors: Sequence[str], *, together: bool) -> pd.DataFrame:
    """Every recipe tried on every cell, one row each, in the order tried; `chosen` marks one row a cell.

    A recipe is a combination of levels of the learner's axes. Chosen is the one with the most networks that met the criterion; of
    equals, the one that took the fewest optimiser steps to meet it (median over networks, mean over cells). Nothing but the error of
    training enters: not the fixed points, not the similarity of networks, about which claims are made.

    Args:
        summary: store of stage `summarise`; its statistic `criterion_step` is that of the kind `training`.
        factors: the learner's axes.
        together: whether all cells get the same recipe, so that what differs between them is not how they were trained.
    """
    rows = pd.DataFrame(
        {
            "cell": [name_parts(name).cell for name in summary["network"].values],
            **{factor: summary[factor].values for factor in factors},
            "ok": summary["status"].values == "ok",
            "criterion_step": summary["criterion_step"].values.astype(float),
            "final_loss": summary["final_loss"].values.astype(float),
        }
    )
    columns = {"networks": ("ok", "size"), "ok": ("ok", "sum")} | {name: (name, "median") for name in ("criterion_step", "final_loss")}
    tried = rows.groupby(["cell", *factors], sort=False).agg(**columns).reset_index()
    recipe = tried.groupby(list(factors))
    rank = pd.DataFrame(
        {"ok": recipe["ok"].transform("sum"), "criterion_step": recipe["criterion_step"].transform("mean")} if together else tried
    )
    best_first = rank.sort_values(["ok", "criterion_step"], ascending=[False, True], kind="stable").index
    best = tried.loc[best_first].drop_duplicates("cell").index
    return tried.assign(chosen=tried.index.isin(best))


def recipes(tried: pd.DataFrame, factors: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The recipe chosen for each cell, as a study's `recipes` takes it."""
    chosen = tried[tried["chosen"]].set_index("cell")
    return {str(cell): {factor: chosen.loc[cell, factor].item() for factor in factors} for cell in chosen.index}
