"""Project the trajectories and fixed points of one shard onto each network's principal axes."""

from rnnpop import store
from rnnpop.stages.portray import portray


def portray_shard(trajectories: str, fixed_points: str, portraits: str, *, provenance: dict[str, object]) -> str:
    """Project and save; says how many networks there are."""
    portrayed = portray(store.load(trajectories), store.load(fixed_points))
    store.save(portrayed, portraits, "portray", **provenance)
    return f"{portrayed.sizes['network']} networks"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        portray_shard,
        trajectories=snakemake.input.trajectories,
        fixed_points=snakemake.input.fixed_points,
        portraits=snakemake.output.portraits,
        provenance=_job.provenance(snakemake),
    )
