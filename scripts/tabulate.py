"""Bring one mouse's trials into the form that all others have."""

import sys
from pathlib import Path
from typing import Any

import pandas as pd

from rnnpop.stages.tabulate import TableError, tabulate


def tabulate_mouse(file: str, table: str, *, entry: dict[str, Any]) -> str:
    """Check, tabulate and save; says how many trials there are.

    Args:
        file: CSV, or Parquet (`.pqt`, `.parquet`).
        entry: of config.yaml, under `mice`.
    """
    fixture = entry.get("fixture")
    # in training the published sessions have no blocks, and the single table has one session
    sessions = entry.get("sessions") if fixture in (None, "table") else "session"
    trials = tabulate(opened(file), name=file, sessions=sessions, blocks=entry.get("blocks", fixture != "training"))
    Path(table).parent.mkdir(parents=True, exist_ok=True)
    trials.to_csv(table, index=False, lineterminator="\n")
    return f"{len(trials)} trials in {trials['session'].nunique()} sessions"


def opened(file: str) -> pd.DataFrame:
    """The table in a file, as it stands.

    Raises:
        TableError: where the file is Parquet, and nothing here can read it.
    """
    if Path(file).suffix == ".csv":
        return pd.read_csv(file, float_precision="round_trip")
    try:
        from fastparquet import ParquetFile
    except ModuleNotFoundError:
        raise TableError(
            f"{file}: reading Parquet needs fastparquet, which is not in the environment: "
            f"{sys.executable} -m pip install fastparquet; or give a CSV"
        ) from None
    with Path(file).open("rb") as stream:
        table: pd.DataFrame = ParquetFile(stream).to_pandas()
    return table


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        tabulate_mouse,
        file=snakemake.input.file,
        table=snakemake.output.table,
        entry=snakemake.params.entry,
    )
