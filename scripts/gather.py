"""Gather the behaviour of a study's mice."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rnnpop import store, variants
from rnnpop.stages.gather import gather


def gather_mice(
    tables: Mapping[str, str], mice: str, *, task: dict[str, Any], settings: dict[str, Any], seed: int, provenance: dict[str, object]
) -> str:
    """Gather and save; says how many mice and trials there are.

    Args:
        tables: name of each mouse -> its table of trials.
    """
    opened = {name: pd.read_csv(path, float_precision="round_trip", dtype={"session": str}) for name, path in tables.items()}
    gathered = gather(opened, variants.load("tasks", task), settings, seed=seed)
    store.save(gathered, mice, "gather", **provenance)
    return f"{gathered.sizes['mouse']} mice, {gathered.sizes['replayed']} trials"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        gather_mice,
        tables=dict(snakemake.input.items()),
        mice=snakemake.output.mice,
        task=snakemake.params.task,
        settings=snakemake.params.settings,
        seed=snakemake.params.seed,
        provenance=_job.provenance(snakemake),
    )
