"""Record the networks of one shard on the task's probe trials."""

from collections.abc import Sequence
from typing import Any

from rnnpop import store, variants
from rnnpop.stages.record import record


def record_shard(
    networks: str,
    trajectories: str,
    *,
    task: dict[str, Any],
    cell: dict[str, Any],
    names: dict[str, str],
    seed: int,
    corpus: Sequence[str] = (),
    provenance: dict[str, object],
) -> str:
    """Record and save; says how much was recorded."""
    recorded = record(
        store.load(networks),
        variants.load("tasks", task).bound(*map(store.load, corpus)),
        variants.load("cells", cell),
        names=names,
        seed=seed,
    )
    store.save(recorded, trajectories, "record", **provenance)
    return f"{recorded.sizes['network']} networks on {recorded.sizes['trial']} trials of {recorded.sizes['time']} steps"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        record_shard,
        networks=snakemake.input.networks,
        trajectories=snakemake.output.trajectories,
        task=snakemake.params.task,
        cell=snakemake.params.cell,
        names={name: snakemake.wildcards[name] for name in ("task", "cell", "learner")},
        seed=snakemake.params.seed,
        corpus=snakemake.input.get("corpus", []),
        provenance=_job.provenance(snakemake),
    )
