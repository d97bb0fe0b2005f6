"""Ask of each atlas how much the design factors explain."""

from collections.abc import Mapping
from typing import Any

from rnnpop import store
from rnnpop.stages.contrast import contrast, table


def contrast_atlases(
    atlases: Mapping[str, str],
    summary: str,
    contrasts: str,
    csv: str,
    *,
    factors: list[str],
    settings: dict[str, Any],
    seed: int,
    names: list[str],
    provenance: dict[str, object],
) -> str:
    """Contrast and save, as store and as table; says how many measures and factors there are."""
    held = {measure: store.load(path) for measure, path in atlases.items()}
    contrasted = contrast(held, store.load(summary), factors, settings, seed, *names)
    store.save(contrasted, contrasts, "contrast", **provenance)
    table(contrasted).to_csv(csv, index=False, float_format="%.10g", lineterminator="\n")
    return f"{len(atlases)} measures by {len(factors)} factors, {contrasted.attrs['kept']} of {contrasted.attrs['total']} networks"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        contrast_atlases,
        atlases={name: path for name, path in snakemake.input.items() if name != "summary"},
        summary=snakemake.input.summary,
        contrasts=snakemake.output.contrasts,
        csv=snakemake.output.table,
        factors=list(snakemake.params.factors),
        settings=snakemake.params.settings,
        seed=snakemake.params.seed,
        names=[snakemake.wildcards[name] for name in ("study", "task", "group")],
        provenance=_job.provenance(snakemake),
    )
