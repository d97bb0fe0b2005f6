"""Find the fixed points of the networks of one shard."""

from collections.abc import Sequence
from typing import Any

from rnnpop import store, variants
from rnnpop.stages.settle import settle


def settle_shard(
    networks: str,
    trajectories: str,
    fixed_points: str,
    *,
    task: dict[str, Any],
    cell: dict[str, Any],
    settings: dict[str, Any],
    study: str,
    seed: int,
    device: str,
    corpus: Sequence[str] = (),
    provenance: dict[str, object],
) -> str:
    """Search and save; says how many points there are."""
    found = settle(
        store.load(networks),
        store.load(trajectories),
        variants.load("tasks", task).bound(*map(store.load, corpus)),
        variants.load("cells", cell),
        settings=settings,
        study=study,
        seed=seed,
        device=device,
    )
    store.save(found, fixed_points, "settle", **provenance)
    fixed, slow = (found["kind"].values == kind for kind in ("fixed", "slow"))
    stable = fixed & (found["unstable"].values == 0)
    return f"{fixed.sum()} fixed points, {stable.sum()} of them stable, and {slow.sum()} slow ones in {found.sizes['network']} networks"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        settle_shard,
        networks=snakemake.input.networks,
        trajectories=snakemake.input.trajectories,
        fixed_points=snakemake.output.fixed_points,
        task=snakemake.params.task,
        cell=snakemake.params.cell,
        settings=snakemake.params.settings,
        study=snakemake.wildcards.study,
        seed=snakemake.params.seed,
        device=snakemake.params.device,
        corpus=snakemake.input.get("corpus", []),
        provenance=_job.provenance(snakemake),
    )
