"""Exhibit one circuit and its students at a few fractions."""

from collections.abc import Mapping
from typing import Any

from rnnpop import store, variants
from rnnpop.stages.exhibit import exhibit


def exhibit_circuit(
    exhibits: str,
    *,
    task: dict[str, Any],
    cell: dict[str, Any],
    learner: dict[str, Any],
    study: str,
    names: Mapping[str, str],
    factors: dict[str, Any],
    seed: int,
    settings: dict[str, Any],
    provenance: dict[str, object],
) -> str:
    """Build, watch, fit and save the first circuit, so that nobody chooses; says what it and its students do when left alone."""
    shown = exhibit(
        variants.load("tasks", task),
        variants.load("cells", cell),
        variants.load("learners", learner),
        study=study,
        names=names,
        index=0,
        factors=factors,
        seed=seed,
        settings=settings,
    )
    store.save(shown, exhibits, "exhibit", **provenance)
    ends = zip(shown["sight"].values, shown["limit_set"].values, strict=True)
    return ", ".join(f"{sight}: {end or 'no network'}" for sight, end in ends)


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        exhibit_circuit,
        exhibits=snakemake.output.exhibits,
        task=snakemake.params.task,
        cell=snakemake.params.cell,
        learner=snakemake.params.learner,
        study=snakemake.wildcards.study,
        names={name: snakemake.wildcards[name] for name in ("task", "cell", "learner")},
        factors=snakemake.params.factors,
        seed=snakemake.params.seed,
        settings=snakemake.params.settings,
        provenance=_job.provenance(snakemake),
    )
