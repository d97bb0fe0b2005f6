"""Make the page that leads to those of all studies."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from rnnpop.pages.index import overview
from rnnpop.pages.rendering import index_page


def make_index(page: str, *, results: Path, studies: Mapping[str, tuple[str, str]], judged: list[str]) -> str:
    """Read the tables of each study, render and write.

    Args:
        studies: name of each -> its title and its own learner.
        judged: names of those that claim something.
    """
    told = []
    for name, (title, own) in studies.items():
        claims = pd.read_csv(results / name / "claims.csv") if name in judged else pd.DataFrame()
        told.append(overview(name, title, own, pd.read_csv(results / name / "summary.csv", low_memory=False), claims))
    Path(page).write_text(index_page(told))
    return f"{page}: {len(told)} studies"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        make_index,
        page=snakemake.output.page,
        results=Path(snakemake.output.page).parent,
        studies=snakemake.params.studies,
        judged=[Path(path).parent.name for path in snakemake.input.claims],
    )
