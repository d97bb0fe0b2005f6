"""What the page over all studies says of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def overview(name: str, title: str, own: str, summary: pd.DataFrame, claims: pd.DataFrame) -> dict[str, Any]:
    """One study: counts of its networks, and its claims as they are printed.

    Args:
        own: the study's own learner; others are its controls, and are not counted.
        summary: `summary.csv`.
        claims: `claims.csv`; without rows where nothing is claimed.
    """
    mine = summary[summary["learner"] == own]
    rows = [_printed(row) for row in claims.to_dict("records")]
    verdicts = [row["verdict"] for row in rows]
    return {
        "name": name,
        "title": title,
        "tasks": list(dict.fromkeys(str(network).split("/")[0] for network in summary["network"])),
        "networks": len(mine),
        "ok": int((mine["status"] == "ok").sum()),
        "verdicts": {verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)},
        "claims": rows,
    }


def _printed(row: Mapping[Any, Any]) -> dict[str, Any]:
    known = np.isfinite(row["low"])
    told = {"estimate": f"{row['estimate']:.3g}" if known else "–", "interval": f"{row['low']:.3g} to {row['high']:.3g}" if known else "–"}
    return {**{str(key): row[key] for key in ("task", "claim", "statement", "verdict", "n")}, **told}
