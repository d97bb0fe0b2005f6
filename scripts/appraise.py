"""Appraise what words do at the slow points of the networks of one shard."""

from collections.abc import Sequence
from typing import Any

from rnnpop import store, variants
from rnnpop.stages.appraise import appraise


def appraise_shard(
    networks: str,
    slow_points: str,
    readings: str,
    appraisals: str,
    *,
    task: dict[str, Any],
    cell: dict[str, Any],
    settings: dict[str, Any],
    names: dict[str, str],
    seed: int,
    corpus: Sequence[str] = (),
    provenance: dict[str, object],
) -> str:
    """Appraise and save; says how many points there are."""
    found = appraise(
        store.load(networks),
        store.load(slow_points),
        store.load(readings),
        variants.load("tasks", task).bound(*map(store.load, corpus)),
        variants.load("cells", cell),
        settings=settings,
        names=names,
        seed=seed,
    )
    store.save(found, appraisals, "appraise", **provenance)
    return f"{found.sizes['probe']} words at {found.sizes['fixed_point']} slow points of {found.sizes['network']} networks"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        appraise_shard,
        networks=snakemake.input.networks,
        slow_points=snakemake.input.slow_points,
        readings=snakemake.input.readings,
        appraisals=snakemake.output.appraisals,
        task=snakemake.params.task,
        cell=snakemake.params.cell,
        settings=snakemake.params.settings,
        names={"task": snakemake.wildcards.task},
        seed=snakemake.params.seed,
        corpus=snakemake.input.get("corpus", []),
        provenance=_job.provenance(snakemake),
    )
