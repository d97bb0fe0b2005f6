"""Make the page of a study, that shows its population."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from rnnpop import store
from rnnpop.pages.cards import cards
from rnnpop.pages.population import Arrangement, population
from rnnpop.pages.rendering import study_page


def make_page(
    summary: str,
    claims: str | None,
    arrangements: Sequence[tuple[str, str, str, str]],
    shards: Sequence[str],
    page: str,
    *,
    entries: Mapping[str, Mapping[str, Mapping[str, Any]]],
    study: str,
    title: str,
    groups: Sequence[str],
) -> str:
    """Read, render and write; says how large the page is.

    Args:
        arrangements: task, group, measure and file of each store of stage `arrange`.
        shards: stores of shards, those of one shard side by side.
        entries: of the study's claims, by task.
    """
    gathered = store.load(summary)
    judged = pd.read_csv(claims) if claims else pd.DataFrame()
    arranged = [Arrangement(task, group, measure, store.load(path)) for task, group, measure, path in arrangements]
    told = population(gathered, arranged, judged, entries, study=study, title=title, tasks=list(entries), groups=groups)
    # one shard after another: big stores are read and dropped
    panels = (
        cards({Path(path).name.removesuffix(".zarr.zip"): store.load(path) for path in paths}, gathered)
        for _, paths in groupby(shards, key=lambda path: Path(path).parent)
    )
    text = study_page(told, panels)
    Path(page).write_text(text)
    return f"{page}: {gathered.sizes['network']} networks, {len(text.encode()) / 1e6:.1f} MB"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        make_page,
        summary=snakemake.input.summary,
        claims=next(iter(snakemake.input.claims), None),
        arrangements=[(*place, path) for place, path in zip(snakemake.params.places, snakemake.input.get("arrangements", []), strict=True)],
        shards=list(snakemake.input.shards),
        page=snakemake.output.page,
        entries=snakemake.params.claims,
        study=snakemake.wildcards.study,
        title=snakemake.params.title,
        groups=snakemake.params.groups,
    )
