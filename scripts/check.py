"""Read every finished store of the results, and name the damaged ones."""

from pathlib import Path

from rnnpop import store


def check_stores(results: str) -> str:
    """Check every byte of every store; says how many are sound.

    Raises:
        DamagedStore: naming all that are not; they have been moved aside, and the next run makes them again.
    """
    paths = sorted(Path(results).rglob("*.zarr.zip"))
    damaged = []
    for path in paths:
        try:
            store.check(path)
        except store.DamagedStore as error:
            damaged.append(str(error))
    if damaged:
        raise store.DamagedStore("\n".join([*damaged, f"{len(damaged)} of {len(paths)} stores are damaged; run again to make them anew"]))
    return f"all {len(paths)} stores are sound"


if "snakemake" in globals():
    import _job

    _job.run(snakemake, check_stores, results=snakemake.params.results)
