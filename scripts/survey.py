"""Survey the vector fields of the networks of one shard, in the plane of their played states and off it."""

from typing import Any

from rnnpop import store, variants
from rnnpop.stages.survey import survey


def survey_shard(
    networks: str,
    sessions: str,
    fields: str,
    *,
    task: dict[str, Any],
    cell: dict[str, Any],
    settings: dict[str, Any],
    provenance: dict[str, object],
) -> str:
    """Survey, and save; says how many places there are."""
    surveyed = survey(
        store.load(networks),
        store.load(sessions),
        variants.load("tasks", task),
        variants.load("cells", cell),
        settings=settings,
    )
    store.save(surveyed, fields, "survey", **provenance)
    return f"{surveyed.sizes['point']} places under {surveyed.sizes['still']} inputs, {surveyed.sizes['network']} networks"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        survey_shard,
        networks=snakemake.input.networks,
        sessions=snakemake.input.sessions,
        fields=snakemake.output.fields,
        task=snakemake.params.task,
        cell=snakemake.params.cell,
        settings=snakemake.params.settings,
        provenance=_job.provenance(snakemake),
    )
