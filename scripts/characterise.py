"""Say how far from normal the constructed circuits of one shard are, and where they go without noise."""

from typing import Any

from rnnpop import store, variants
from rnnpop.stages.characterise import characterise


def characterise_shard(
    circuits: str,
    *,
    cell: dict[str, Any],
    names: dict[str, str],
    indexes: range,
    study: str,
    seed: int,
    settings: dict[str, Any],
    provenance: dict[str, object],
) -> str:
    """Characterise and save; says how many circuits there are, and how many of them have a stationary state."""
    told = characterise(variants.load("cells", cell), study=study, names=names, indexes=indexes, seed=seed, settings=settings)
    store.save(told, circuits, "characterise", **provenance)
    return f"{told.sizes['network']} circuits, {int(told['largest_variance'].notnull().sum())} with a stationary state"


if "snakemake" in globals():
    import _job

    from rnnpop import design

    _job.run(
        snakemake,
        characterise_shard,
        circuits=snakemake.output.circuits,
        cell=snakemake.params.cell,
        names={name: snakemake.wildcards[name] for name in ("task", "cell")},
        indexes=design.indexes(snakemake.wildcards.shard),
        study=snakemake.wildcards.study,
        seed=snakemake.params.seed,
        settings=snakemake.params.settings,
        provenance=_job.provenance(snakemake),
    )
