"""Linearise the networks of one shard around their fixed and slow points."""

from typing import Any

from rnnpop import store, variants
from rnnpop.stages.linearise import linearise


def linearise_shard(
    networks: str,
    trajectories: str,
    fixed_points: str,
    linearisations: str,
    *,
    task: dict[str, Any],
    cell: dict[str, Any],
    settings: dict[str, Any],
    provenance: dict[str, object],
) -> str:
    """Linearise, and save; says how many points there are."""
    found = linearise(
        store.load(networks),
        store.load(trajectories),
        store.load(fixed_points),
        variants.load("tasks", task),
        variants.load("cells", cell),
        settings=settings,
    )
    store.save(found, linearisations, "linearise", **provenance)
    return f"{found.sizes['fixed_point']} points of {found.sizes['network']} networks"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        linearise_shard,
        networks=snakemake.input.networks,
        trajectories=snakemake.input.trajectories,
        fixed_points=snakemake.input.fixed_points,
        linearisations=snakemake.output.linearisations,
        task=snakemake.params.task,
        cell=snakemake.params.cell,
        settings=snakemake.params.settings,
        provenance=_job.provenance(snakemake),
    )
