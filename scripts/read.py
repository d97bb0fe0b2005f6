"""Let the networks of one shard read documents, before training and after it."""

from collections.abc import Sequence
from typing import Any

from rnnpop import store, variants
from rnnpop.stages.read import read


def read_shard(
    networks: str,
    readings: str,
    *,
    task: dict[str, Any],
    cell: dict[str, Any],
    settings: dict[str, Any],
    names: dict[str, str],
    seed: int,
    corpus: Sequence[str] = (),
    provenance: dict[str, object],
) -> str:
    """Read and save; says how many documents were read."""
    found = read(
        store.load(networks),
        variants.load("tasks", task).bound(*map(store.load, corpus)),
        variants.load("cells", cell),
        settings=settings,
        names=names,
        seed=seed,
    )
    store.save(found, readings, "read", **provenance)
    return f"{found.sizes['network']} networks on {found.sizes['text']} documents of each part"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        read_shard,
        networks=snakemake.input.networks,
        readings=snakemake.output.readings,
        task=snakemake.params.task,
        cell=snakemake.params.cell,
        settings=snakemake.params.settings,
        names={"task": snakemake.wildcards.task},
        seed=snakemake.params.seed,
        corpus=snakemake.input.get("corpus", []),
        provenance=_job.provenance(snakemake),
    )
