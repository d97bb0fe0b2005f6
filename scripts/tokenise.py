"""Make a corpus of a table of texts and labels."""

from typing import Any

from _tables import opened

from rnnpop import store
from rnnpop.stages.tokenise import tokenise


def tokenise_corpus(file: str, corpus: str, *, entry: dict[str, Any], seed: int, provenance: dict[str, object]) -> str:
    """Read, tokenise and save; says how many documents there are, what was left out, and what a bag of words makes of them.

    Args:
        file: CSV, or Parquet (`.pqt`, `.parquet`).
        entry: of config.yaml, under `corpora`.
    """
    table = opened(file, dtype=str, keep_default_na=False, index_col=False, encoding=entry.get("encoding", "utf-8"))
    settings = {key: value for key, value in entry.items() if key not in ("file", "fixture", "encoding")}
    made = tokenise(table, name=file, seed=seed, **settings)
    store.save(made, corpus, "tokenise", **provenance)
    parts = ", ".join(f"{int((made['part'] == part).sum())} {part}" for part in made["portion"].values)
    left_out = ", ".join(f"{made.attrs[why]} {why}" for why in ("repeated", "contradicting", "empty"))
    accuracy = float(made["bag_accuracy"].sel(limit=0, portion="test"))
    return f"{parts} ({left_out} left out), {made.sizes['word']} words, bag of words {accuracy:.3f}"


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        tokenise_corpus,
        file=snakemake.input.file,
        corpus=snakemake.output.corpus,
        entry=snakemake.params.entry,
        seed=snakemake.params.seed,
        provenance=_job.provenance(snakemake),
    )
