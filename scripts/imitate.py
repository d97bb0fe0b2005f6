"""Fit students to what is seen of the networks of one shard."""

from collections.abc import Sequence
from typing import Any

from rnnpop import store, variants
from rnnpop.stages.imitate import Source, imitate, watch


def imitate_shard(
    students: str,
    *,
    task: dict[str, Any],
    cell: dict[str, Any],
    learner: dict[str, Any],
    names: dict[str, str],
    indexes: range,
    factors: dict[str, Any],
    study: str,
    seed: int,
    settings: dict[str, Any],
    teachers: Sequence[tuple[str, str]],
    provenance: dict[str, object],
) -> str:
    """Fit and save; says how many students there are.

    Args:
        teachers: stores of the trained networks that are watched, and of their fixed points, shard by shard; none for circuits.
    """
    driven, watcher = variants.load("tasks", task), variants.load("cells", cell)
    trained: dict[int, Source] = {}
    for networks, points in teachers:
        trained |= watch(store.load(networks), store.load(points), driven, watcher, indexes, names=names, seed=seed, settings=settings)
    fitted = imitate(
        driven,
        watcher,
        variants.load("learners", learner),
        study=study,
        names=names,
        indexes=indexes,
        factors=factors,
        seed=seed,
        settings=settings,
        trained=trained or None,
    )
    store.save(fitted, students, "imitate", **provenance)
    return f"{fitted['line_attractor_score'].size} students of {len(indexes)} networks"


if "snakemake" in globals():
    import _job

    from rnnpop import design

    _job.run(
        snakemake,
        imitate_shard,
        students=snakemake.output.students,
        task=snakemake.params.task,
        cell=snakemake.params.cell,
        learner=snakemake.params.learner,
        names={name: snakemake.wildcards[name] for name in ("task", "cell", "learner")},
        indexes=design.indexes(snakemake.wildcards.shard),
        factors=snakemake.params.factors,
        study=snakemake.wildcards.study,
        seed=snakemake.params.seed,
        settings=snakemake.params.settings,
        teachers=list(zip(snakemake.input.get("teachers", []), snakemake.input.get("points", []), strict=True)),
        provenance=_job.provenance(snakemake),
    )
