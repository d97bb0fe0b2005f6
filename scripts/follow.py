"""Follow the networks of one shard for long under each still input."""

from typing import Any

from rnnpop import store, variants
from rnnpop.stages.follow import follow


def follow_shard(
    networks: str,
    trajectories: str,
    orbits: str,
    *,
    task: dict[str, Any],
    cell: dict[str, Any],
    settings: dict[str, Any],
    study: str,
    seed: int,
    provenance: dict[str, object],
) -> str:
    """Follow, and save; says how many runs end on a cycle."""
    found = follow(
        store.load(networks),
        store.load(trajectories),
        variants.load("tasks", task),
        variants.load("cells", cell),
        settings=settings,
        study=study,
        seed=seed,
    )
    store.save(found, orbits, "follow", **provenance)
    cycle, resting = (int(found[name].sum()) for name in ("cycle", "resting"))
    return f"{cycle} cycles and {resting} runs at rest of {found['cycle'].size} runs of {found.sizes['network']} networks"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        follow_shard,
        networks=snakemake.input.networks,
        trajectories=snakemake.input.trajectories,
        orbits=snakemake.output.orbits,
        task=snakemake.params.task,
        cell=snakemake.params.cell,
        settings=snakemake.params.settings,
        study=snakemake.wildcards.study,
        seed=snakemake.params.seed,
        provenance=_job.provenance(snakemake),
    )
