"""Let the networks of one shard play sessions of a task that answers back."""

from typing import Any

from rnnpop import store, variants
from rnnpop.stages.play import play


def play_shard(
    networks: str,
    sessions: str,
    *,
    task: dict[str, Any],
    cell: dict[str, Any],
    names: dict[str, str],
    seed: int,
    provenance: dict[str, object],
) -> str:
    """Play and save; says how much was played."""
    played = play(store.load(networks), variants.load("tasks", task), variants.load("cells", cell), names=names, seed=seed)
    store.save(played, sessions, "play", **provenance)
    trials = int(played["ended"].sum())
    return f"{played.sizes['network']} networks in {played.sizes['session']} sessions of {played.sizes['time']} steps, {trials} trials"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        play_shard,
        networks=snakemake.input.networks,
        sessions=snakemake.output.sessions,
        task=snakemake.params.task,
        cell=snakemake.params.cell,
        names={name: snakemake.wildcards[name] for name in ("task", "cell", "learner")},
        seed=snakemake.params.seed,
        provenance=_job.provenance(snakemake),
    )
