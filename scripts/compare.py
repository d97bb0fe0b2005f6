"""Compare every network of one block with every network of another."""

from typing import Any

from rnnpop import store, variants
from rnnpop.stages.compare import compare


def compare_tile(first: str, second: str, distances: str, *, measure: dict[str, Any], provenance: dict[str, object]) -> str:
    """Compare and save; says how many pairs there are."""
    compared = compare(store.load(first), store.load(second), variants.load("measures", measure))
    store.save(compared, distances, "compare", **provenance)
    return f"{compared.sizes['network']} × {compared.sizes['partner']} pairs"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        compare_tile,
        first=snakemake.input.first,
        second=snakemake.input.second,
        distances=snakemake.output.distances,
        measure=snakemake.params.measure,
        provenance=_job.provenance(snakemake),
    )
