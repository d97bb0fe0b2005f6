"""Find the transitions between the fixed points of the networks of one shard."""

from typing import Any

from rnnpop import store, variants
from rnnpop.stages.connect import connect


def connect_shard(
    networks: str,
    trajectories: str,
    fixed_points: str,
    transitions: str,
    *,
    task: dict[str, Any],
    cell: dict[str, Any],
    settings: dict[str, Any],
    study: str,
    seed: int,
    provenance: dict[str, object],
) -> str:
    """Follow, and save; says how many arrows there are."""
    found = connect(
        store.load(networks),
        store.load(trajectories),
        store.load(fixed_points),
        variants.load("tasks", task),
        variants.load("cells", cell),
        settings=settings,
        study=study,
        seed=seed,
    )
    store.save(found, transitions, "connect", **provenance)
    return f"{found.sizes['edge']} transitions in {found.sizes['network']} networks"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        connect_shard,
        networks=snakemake.input.networks,
        trajectories=snakemake.input.trajectories,
        fixed_points=snakemake.input.fixed_points,
        transitions=snakemake.output.transitions,
        task=snakemake.params.task,
        cell=snakemake.params.cell,
        settings=snakemake.params.settings,
        study=snakemake.wildcards.study,
        seed=snakemake.params.seed,
        provenance=_job.provenance(snakemake),
    )
