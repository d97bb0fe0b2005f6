"""Judge: every claim of a study, on the evidence of the task that it is made for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd
import xarray as xr

from rnnpop.claims import Claim, Decision, levels
from rnnpop.seeds import stream


def judge(
    summary: xr.Dataset,
    contrasts: Mapping[str, xr.Dataset],
    claims: Mapping[str, Mapping[str, Claim]],
    *,
    among: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
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
        among: factors and their levels that limit the networks of a claim, by its name; distances are never limited.
        study: its name.
        group: the study's own learner; others are its controls.
        seed: root seed.
    """
    rows = []
    for task, asked in claims.items():
        own = [str(name).startswith(f"{task}/") for name in summary["network"].values] & (summary["learner"].values == group)
        evidence = summary.isel(network=own)
        compared = contrasts.get(task) if "ok" in evidence["status"].values else None
        for name, claim in asked.items():
            wanted = [levels(evidence, factor) == str(level) for factor, level in among.get(name, {}).items()]
            limited = evidence.isel(network=np.all(wanted, axis=0)) if wanted else evidence
            decision = claim.decide(limited, compared, stream(seed, study, task, name, "judge"))
            rows.append({"study": study, "task": task, "claim": name, "statement": claim.statement, **decision._asdict()})
    return pd.DataFrame(rows, columns=["study", "task", "claim", "statement", *Decision._fields])
