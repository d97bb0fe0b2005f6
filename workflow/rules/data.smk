"""Real mice: their trials fetched or read, gathered, and replayed to networks. Needs the package index or the user's files; makes tables, mice, replays."""


localrules:
    fetch,


rule fetch:
    """Bring the published sessions of mice from the package index: checked, not installed, nothing unpickled unsafely."""
    output:
        biased="results/mice/fixtures/biased.csv",
        training="results/mice/fixtures/training.csv",
        table="results/mice/fixtures/table.csv",
        metadata="results/mice/fixtures/csv-metadata.json",
    log:
        "results/logs/mice/fetch.log",
    benchmark:
        "results/benchmarks/mice/fetch.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=lambda wildcards: digest("fetch", ()),
    script:
        "../../scripts/fetch.py"


rule tabulate:
    """Check the trials of one mouse, and bring them into one form."""
    input:
        file=lambda wildcards: table_of("mice", wildcards.mouse),
    output:
        table="results/mice/{mouse}.csv",
        metadata="results/mice/{mouse}.csv-metadata.json",
    log:
        "results/logs/mice/tabulate/{mouse}.log",
    benchmark:
        "results/benchmarks/mice/tabulate/{mouse}.tsv"
    wildcard_constraints:
        mouse=either(config.get("mice", {})),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        entry=lambda wildcards: config["mice"][wildcards.mouse],
        code=lambda wildcards: digest("tabulate", ()),
    script:
        "../../scripts/tabulate.py"


rule gather:
    """Curves of the mice of a study, and what ideal observers foretell of their choices."""
    input:
        unpack(mice_of),
    output:
        mice="results/{study}/{task}/mice.zarr.zip",
    log:
        "results/logs/{study}/{task}/gather.log",
    benchmark:
        "results/benchmarks/{study}/{task}/gather.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: 10 * attempt,
    params:
        task=lambda wildcards: config["tasks"][wildcards.task],
        settings=lambda wildcards: config["replay"],
        seed=config["seed"],
        code=code("gather"),
    script:
        "../../scripts/gather.py"


rule replay:
    """Let the networks of one shard play the trials of the study's mice."""
    input:
        unpack(mice_of),
        networks=f"results/{SHARD}/networks.zarr.zip",
    output:
        replays=f"results/{SHARD}/replays.zarr.zip",
    log:
        f"results/logs/{SHARD}/replay.log",
    benchmark:
        f"results/benchmarks/{SHARD}/replay.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        task=lambda wildcards: config["tasks"][wildcards.task],
        cell=lambda wildcards: population(wildcards).cell_entry,
        settings=lambda wildcards: config["replay"],
        seed=config["seed"],
        code=code("replay"),
    script:
        "../../scripts/replay.py"


rule export:
    """Write what the networks of one shard did as a table of trials, for tools that read those of mice. Made when it is asked for."""
    input:
        sessions=f"results/{SHARD}/sessions.zarr.zip",
    output:
        table=f"results/{SHARD}/trials.csv",
        metadata=f"results/{SHARD}/trials.csv-metadata.json",
    log:
        f"results/logs/{SHARD}/export.log",
    benchmark:
        f"results/benchmarks/{SHARD}/export.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: 10 * attempt,
    params:
        code=code("export"),
    script:
        "../../scripts/export.py"
