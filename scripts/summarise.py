"""Gather the statistics of a study into one tidy table."""

from rnnpop import store
from rnnpop.stages.summarise import summarise, table


def summarise_study(statistics: list[str], summary: str, csv: str, *, provenance: dict[str, object]) -> str:
    """Gather and save, as store and as table; says how large the table is."""
    gathered = summarise([store.load(path) for path in statistics])
    store.save(gathered, summary, "summarise", **provenance)
    rows = table(gathered)
    rows.to_csv(csv, index=False, float_format="%.10g", lineterminator="\n")
    return f"{len(rows)} networks by {len(rows.columns)} columns"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        summarise_study,
        statistics=list(snakemake.input.statistics),
        summary=snakemake.output.store,
        csv=snakemake.output.table,
        provenance=_job.provenance(snakemake),
    )
