"""Train the networks of one shard."""

from collections.abc import Sequence
from typing import Any

from rnnpop import store, variants
from rnnpop.stages.train import teacher, train


def train_shard(
    networks: str,
    *,
    task: dict[str, Any],
    cell: dict[str, Any],
    learner: dict[str, Any],
    names: dict[str, str],
    indexes: range,
    factors: dict[str, Any],
    study: str,
    seed: int,
    device: str,
    teachers: Sequence[tuple[str, str]],
    corpus: Sequence[str] = (),
    provenance: dict[str, object],
) -> str:
    """Train and save; says how many networks met the criterion, and in how many steps.

    Args:
        corpus: store of the corpus that the task is about, if it is about one.
        teachers: stores of the networks that these learn from, and of the sessions that they played, shard by shard.
    """
    trained = train(
        variants.load("tasks", task).bound(*map(store.load, corpus)),
        variants.load("cells", cell),
        variants.load("learners", learner),
        study=study,
        names=names,
        indexes=indexes,
        factors=factors,
        seed=seed,
        device=device,
        teachers=_teachers(teachers, indexes),
    )
    store.save(trained, networks, "train", **provenance)
    status, steps = trained["status"].values, trained["steps"].values
    if set(status) == {"untrained"}:
        return f"{len(status)} left untrained"
    others = "".join(f", {(status == kind).sum()} {kind}" for kind in sorted(set(status) - {"ok"}))
    return f"{(status == 'ok').sum()} of {len(status)} met the criterion{others}, {steps.min()}–{steps.max()} steps"


def _teachers(shards: Sequence[tuple[str, str]], indexes: range) -> dict[int, Any]:
    """The teachers of some networks, by number; one shard in memory at a time."""
    found = {}
    for networks, sessions in ((store.load(first), store.load(second)) for first, second in shards):
        places = {int(index): place for place, index in enumerate(networks["index"].values)}
        found |= {index: teacher(networks, sessions, places[index]) for index in indexes if index in places}
    return found


if "snakemake" in globals():
    import _job

    from rnnpop import design

    _job.run(
        snakemake,
        train_shard,
        networks=snakemake.output.networks,
        task=snakemake.params.task,
        cell=snakemake.params.cell,
        learner=snakemake.params.learner,
        names={name: snakemake.wildcards[name] for name in ("task", "cell", "learner")},
        indexes=design.indexes(snakemake.wildcards.shard),
        factors=snakemake.params.factors,
        study=snakemake.wildcards.study,
        seed=snakemake.params.seed,
        device=snakemake.params.device,
        teachers=list(zip(snakemake.input.get("teachers", []), snakemake.input.get("taught", []), strict=True)),
        corpus=snakemake.input.get("corpus", []),
        provenance=_job.provenance(snakemake),
    )
