"""Join the tiles of one measure into a matrix of distances, and embed it."""

from rnnpop import store
from rnnpop.stages.arrange import arrange


def arrange_tiles(tiles: list[str], atlas: str, *, order: list[str], provenance: dict[str, object]) -> str:
    """Join, embed and save; says how good the picture is."""
    arranged = arrange([store.load(path) for path in tiles], order)
    store.save(arranged, atlas, "arrange", **provenance)
    return f"{arranged.sizes['network']} networks, stress {float(arranged['stress']):.3f}"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        arrange_tiles,
        tiles=list(snakemake.input.tiles),
        atlas=snakemake.output.atlas,
        order=list(snakemake.params.order),
        provenance=_job.provenance(snakemake),
    )
