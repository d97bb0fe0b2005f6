"""Train the networks of one shard."""

from typing import Any

from rnnpop import store, variants
from rnnpop.stages.train import train


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
    provenance: dict[str, object],
) -> str:
    """Train and save; says how many networks met the criterion, and in how many steps."""
    trained = train(
        variants.load("tasks", task),
        variants.load("cells", cell),
        variants.load("learners", learner),
        study=study,
        names=names,
        indexes=indexes,
        factors=factors,
        seed=seed,
        device=device,
    )
    store.save(trained, networks, "train", **provenance)
    status, steps = trained["status"].values, trained["steps"].values
    if set(status) == {"untrained"}:
        return f"{len(status)} left untrained"
    others = "".join(f", {(status == kind).sum()} {kind}" for kind in sorted(set(status) - {"ok"}))
    return f"{(status == 'ok').sum()} of {len(status)} met the criterion{others}, {steps.min()}–{steps.max()} steps"


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
        provenance=_job.provenance(snakemake),
    )
