"""Judge: every claim of a study, on the evidence of each of its tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import xarray as xr

from rnnpop.claims import Claim, Decision


def judge(
    summary: xr.Dataset, contrasts: Mapping[str, xr.Dataset], claims: Mapping[str, Claim], *, study: str, tasks: Sequence[str], group: str
) -> pd.DataFrame:
    """The table of `claims.csv`: one row a claim of each task, in the order of the tasks and of the claims.

    Args:
        summary: store of stage `summarise`: all networks of the study.
        contrasts: stores of stage `contrast` of the study's own learner, by task; tasks may be absent.
        claims: by their names in config.yaml.
        study: its name.
        tasks: names of its tasks.
        group: the study's own learner; others are its controls.
    """
    rows = []
    for task in tasks:
        own = [str(name).startswith(f"{task}/") for name in summary["network"].values] & (summary["learner"].values == group)
        evidence = summary.isel(network=own)
        for name, claim in claims.items():
            decision = claim.decide(evidence, contrasts.get(task))
            rows.append({"study": study, "task": task, "claim": name, "statement": claim.statement, **decision._asdict()})
    return pd.DataFrame(rows, columns=["study", "task", "claim", "statement", *Decision._fields])
