"""Descend to the slow points of the networks of one shard."""

from collections.abc import Sequence
from typing import Any

from rnnpop import store, variants
from rnnpop.stages.descend import descend


def descend_shard(
    networks: str,
    trajectories: str,
    slow_points: str,
    *,
    task: dict[str, Any],
    cell: dict[str, Any],
    settings: dict[str, Any],
    study: str,
    seed: int,
    device: str,
    corpus: Sequence[str] = (),
    provenance: dict[str, object],
) -> str:
    """Descend and save; says how many points there are."""
    found = descend(
        store.load(networks),
        store.load(trajectories),
        variants.load("tasks", task).bound(*map(store.load, corpus)),
        variants.load("cells", cell),
        settings=settings,
        study=study,
        seed=seed,
        device=device,
    )
    store.save(found, slow_points, "descend", **provenance)
    ends, kept = int(found["starts"].sum()), int(found["kept"].sum())
    return f"{found.sizes['fixed_point']} of {ends} descents ended slow, {kept} of them kept, in {found.sizes['network']} networks"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        descend_shard,
        networks=snakemake.input.networks,
        trajectories=snakemake.input.trajectories,
        slow_points=snakemake.output.slow_points,
        task=snakemake.params.task,
        cell=snakemake.params.cell,
        settings=snakemake.params.settings,
        study=snakemake.wildcards.study,
        seed=snakemake.params.seed,
        device=snakemake.params.device,
        corpus=snakemake.input.get("corpus", []),
        provenance=_job.provenance(snakemake),
    )
