"""Choose among the recipes that a study tried."""

from pathlib import Path

import yaml

from rnnpop import store
from rnnpop.stages.choose import choose, recipes


def choose_recipes(summary: str, table: str, chosen: str, *, learner: str, factors: list[str], together: bool) -> str:
    """Choose and write: every recipe tried as a table, the chosen ones as a study's `recipes`."""
    tried = choose(store.load(summary), factors, together=together)
    tried.to_csv(table, index=False, float_format="%.10g", lineterminator="\n")
    Path(chosen).write_text(yaml.safe_dump({"recipes": {learner: recipes(tried, factors)}}, sort_keys=False, default_flow_style=None))
    best = tried[tried["chosen"]]
    met = f"{best['ok'].sum()} of {best['networks'].sum()} networks met the criterion"
    return f"{len(tried)} recipes tried on {len(best)} cells; under those chosen, {met}"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        choose_recipes,
        summary=snakemake.input.summary,
        table=snakemake.output.table,
        chosen=snakemake.output.recipes,
        learner=snakemake.params.learner,
        factors=list(snakemake.params.factors),
        together=snakemake.params.together,
    )
