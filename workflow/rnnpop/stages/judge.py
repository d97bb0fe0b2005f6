"""Judge: every claim of a study, on the evidence of the task that it is made for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from rnnpop.claims import Claim, Decision, levels
from rnnpop.names import SchemaError
from rnnpop.seeds import stream


def judge(
    summary: xr.Dataset,
    contrasts: Mapping[str, xr.Dataset],
    claims: Mapping[str, Mapping[str, Claim]],
    *,
    among: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    study: str,
    group: str,
    seed: int,
) -> pd.DataFrame:
    """The table of `claims.csv`: one row a claim of each task, in the order of the tasks and of the claims.

    Distances between networks that failed are no evidence: where none of the study's own is ok, claims on them are undecided.

    Args:
        summary: store of stage `summarise`: all networks of the study.
        contrasts: stores of stage `contrast` of the study's own learner, by task; tasks may be absent.
        claims: by task, and by their names in config.yaml.
        among: what limits the evidence of a claim, by its name: levels of factors, places on dimensions of its statistic (a fraction), or
            a learner beside the study's own; distances are never limited.
        study: its name.
        group: the study's own learner; others are its controls.
        seed: root seed.

    Raises:
        SchemaError: for a claim on a statistic of several numbers a network whose `among` does not say which.
    """
    rows = []
    for task, asked in claims.items():
        of_task = summary.isel(network=[str(name).startswith(f"{task}/") for name in summary["network"].values])
        own = of_task.isel(network=levels(of_task, "learner") == group)
        compared = contrasts.get(task) if "ok" in own["status"].values else None
        for name, claim in asked.items():
            limited = _of_one_number(_limited(of_task, {"learner": group} | dict(among.get(name, {}))), name, claim)
            decision = claim.decide(limited, compared, stream(seed, study, task, name, "judge"))
            rows.append({"study": study, "task": task, "claim": name, "statement": claim.statement, **decision._asdict()})
    return pd.DataFrame(rows, columns=["study", "task", "claim", "statement", *Decision._fields])


def _limited(evidence: xr.Dataset, among: Mapping[str, Any]) -> xr.Dataset:
    """The part of the evidence with these levels, at these places; without networks where there is no such place."""
    for name, level in among.items():
        if name in evidence.dims:
            places = np.flatnonzero(evidence[name].values == level)
            evidence = evidence.isel({name: places[0]}) if len(places) else evidence.isel({name: 0, "network": slice(0)})
        else:
            evidence = evidence.isel(network=levels(evidence, name) == str(level))
    return evidence


def _of_one_number(evidence: xr.Dataset, name: str, claim: Claim) -> xr.Dataset:
    """The evidence, in which the statistic of a claim is one number a network; dimensions of one place are taken for granted."""
    statistic = getattr(claim, "statistic", None)
    further = [dim for dim in evidence[statistic].dims if dim != "network"] if statistic in evidence else []
    for dim in further:
        if evidence.sizes[dim] > 1:
            places = ", ".join(map(str, evidence[dim].values))
            raise SchemaError(f"claims.{name}.among: a place on '{dim}' is expected, of which '{statistic}' has several: {places}")
    return evidence.isel(dict.fromkeys(further, 0))
