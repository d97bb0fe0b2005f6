"""Bring one mouse's trials into the form that all others have."""

from pathlib import Path
from typing import Any

from _tables import opened

from rnnpop.stages.tabulate import tabulate


def tabulate_mouse(file: str, table: str, *, entry: dict[str, Any]) -> str:
    """Check, tabulate and save; says how many trials there are.

    Args:
        file: CSV, or Parquet (`.pqt`, `.parquet`).
        entry: of config.yaml, under `mice`.
    """
    fixture = entry.get("fixture")
    # in training the published sessions have no blocks, and the single table has one session
    sessions = entry.get("sessions") if fixture in (None, "table") else "session"
    trials = tabulate(
        opened(file, float_precision="round_trip"), name=file, sessions=sessions, blocks=entry.get("blocks", fixture != "training")
    )
    Path(table).parent.mkdir(parents=True, exist_ok=True)
    trials.to_csv(table, index=False, lineterminator="\n")
    return f"{len(trials)} trials in {trials['session'].nunique()} sessions"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        tabulate_mouse,
        file=snakemake.input.file,
        table=snakemake.output.table,
        entry=snakemake.params.entry,
    )
