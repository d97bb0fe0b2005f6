"""Judge: every claim of a study, on the evidence of the task that it is made for."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import xarray as xr

from rnnpop.claims import Claim, Decision
from rnnpop.seeds import stream


def judge(
    summary: xr.Dataset,
    contrasts: Mapping[str, xr.Dataset],
    claims: Mapping[str, Mapping[str, Claim]],
    *,
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
            decision = claim.decide(evidence, compared, stream(seed, study, task, name, "judge"))
            rows.append({"study": study, "task": task, "claim": name, "statement": claim.statement, **decision._asdict()})
    return pd.DataFrame(rows, columns=["study", "task", "claim", "statement", *Decision._fields])
