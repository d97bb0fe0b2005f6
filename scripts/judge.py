"""Judge the claims of a study."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import _origin
from _page import page

from rnnpop import store, variants
from rnnpop.stages.judge import judge


def judge_study(
    summary: str,
    contrasts: Mapping[str, str],
    claims: str,
    shown: str,
    *,
    entries: Mapping[str, Mapping[str, dict[str, Any]]],
    study: str,
    group: str,
    seed: int,
    provenance: Mapping[str, Any],
) -> str:
    """Judge and write the table, and a page of it; says what came of it."""
    judged = judge(
        store.load(summary),
        {task: store.load(path) for task, path in contrasts.items()},
        {task: {name: variants.load("claims", entry) for name, entry in asked.items()} for task, asked in entries.items()},
        among={name: entry.get("among", {}) for asked in entries.values() for name, entry in asked.items()},
        study=study,
        group=group,
        seed=seed,
    )
    judged.to_csv(claims, index=False, float_format="%.10g", lineterminator="\n")
    Path(shown).write_text(page(judged.drop(columns=["study", "claim"]), f"Claims of {study}", _origin.print_of(provenance)))
    counts = judged["verdict"].value_counts().sort_index()
    return f"{len(judged)} claims: " + ", ".join(f"{number} {verdict}" for verdict, number in counts.items())


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        judge_study,
        summary=snakemake.input.summary,
        contrasts=dict(zip(snakemake.params.compared, snakemake.input.contrasts, strict=True)),
        claims=snakemake.output.claims,
        shown=snakemake.output.page,
        entries=snakemake.params.claims,
        study=snakemake.wildcards.study,
        group=snakemake.params.group,
        seed=snakemake.params.seed,
        provenance=_job.provenance(snakemake),
    )
