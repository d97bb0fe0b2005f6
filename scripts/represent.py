"""Bring the networks of one block into the form that a measure compares."""

from collections.abc import Mapping
from typing import Any

from rnnpop import store, variants
from rnnpop.stages.represent import represent


def represent_block(
    stores: Mapping[str, list[str]], representations: str, *, measure: dict[str, Any], provenance: dict[str, object]
) -> str:
    """Represent and save.

    Args:
        stores: name of each store the measure reads -> its files, one a shard, shards in the same order.
    """
    shards = ({name: store.load(path) for name, path in zip(stores, paths, strict=True)} for paths in zip(*stores.values(), strict=True))
    represented = represent(shards, variants.load("measures", measure))
    store.save(represented, representations, "represent", **provenance)
    return f"{represented.sizes['network']} networks"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        represent_block,
        stores={name: list(paths) for name, paths in snakemake.input.items()},
        representations=snakemake.output.representations,
        measure=snakemake.params.measure,
        provenance=_job.provenance(snakemake),
    )
