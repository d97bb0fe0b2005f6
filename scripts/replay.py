"""Let the networks of one shard play the trials of a study's mice."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rnnpop import store, variants
from rnnpop.stages.replay import replay


def replay_shard(
    networks: str,
    tables: Mapping[str, str],
    replays: str,
    *,
    task: dict[str, Any],
    cell: dict[str, Any],
    settings: dict[str, Any],
    seed: int,
    provenance: dict[str, object],
) -> str:
    """Replay and save; says how much was played.

    Args:
        tables: name of each mouse -> its table of trials.
    """
    opened = {name: pd.read_csv(path, float_precision="round_trip", dtype={"session": str}) for name, path in tables.items()}
    played = replay(store.load(networks), opened, variants.load("tasks", task), variants.load("cells", cell), settings, seed=seed)
    store.save(played, replays, "replay", **provenance)
    return f"{played.sizes['network']} networks on {played.sizes['replayed']} trials of {played.sizes['mouse']} mice"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        replay_shard,
        networks=snakemake.input.networks,
        tables={name: path for name, path in snakemake.input.items() if name != "networks"},
        replays=snakemake.output.replays,
        task=snakemake.params.task,
        cell=snakemake.params.cell,
        settings=snakemake.params.settings,
        seed=snakemake.params.seed,
        provenance=_job.provenance(snakemake),
    )
