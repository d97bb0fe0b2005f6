"""Compute the statistics of the networks of one shard."""

from collections.abc import Mapping
from typing import Any

from rnnpop import store, variants
from rnnpop.stages.describe import describe


def describe_shard(
    stores: Mapping[str, str], statistics: str, *, entries: Mapping[str, dict[str, Any]], provenance: dict[str, object]
) -> str:
    """Describe and save; says how many columns there are."""
    described = describe(
        {name: store.load(path) for name, path in stores.items()},
        {name: variants.load("statistics", entry) for name, entry in entries.items()},
    )
    store.save(described, statistics, "describe", **provenance)
    return f"{len(described.data_vars)} statistics of {described.sizes['network']} networks"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        describe_shard,
        stores=dict(snakemake.input.items()),
        statistics=snakemake.output.statistics,
        entries=snakemake.params.statistics,
        provenance=_job.provenance(snakemake),
    )
