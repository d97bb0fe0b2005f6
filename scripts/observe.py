"""Let ideal observers and actors do one task."""

from typing import Any

from rnnpop import store, variants
from rnnpop.stages.observe import observe


def observe_task(
    observers: str, *, task: dict[str, Any], settings: dict[str, Any], names: tuple[str, ...], seed: int, provenance: dict[str, object]
) -> str:
    """Observe and save; says how many acted, and how often."""
    observed = observe(variants.load("tasks", task), settings=settings, names=names, seed=seed)
    store.save(observed, observers, "observe", **provenance)
    return f"{observed.sizes['actor']} actors in {settings['sessions']} sessions of {settings['trials']} trials"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        observe_task,
        observers=snakemake.output.observers,
        task=snakemake.params.task,
        settings=snakemake.params.settings,
        names=(snakemake.wildcards.study, snakemake.wildcards.task),
        seed=snakemake.params.seed,
        provenance=_job.provenance(snakemake),
    )
