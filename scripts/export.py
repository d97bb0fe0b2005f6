"""Export the sessions of one shard as a table of trials."""

from rnnpop import store
from rnnpop.stages.export import export


def export_shard(sessions: str, table: str) -> str:
    """Export and save; says how many trials there are."""
    trials = export(store.load(sessions))
    trials.to_csv(table, index=False, lineterminator="\n")
    return f"{len(trials)} trials of {trials['network'].nunique()} networks"


if "snakemake" in globals():
    import _job

    _job.run(snakemake, export_shard, sessions=snakemake.input.sessions, table=snakemake.output.table)
