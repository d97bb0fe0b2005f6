"""Networks that read documents. Needs networks and slow points, and the corpus where the task is about one; makes readings, appraisals."""


rule read:
    """Let each network read documents, before training and after it: what it answers, and what its states are like."""
    input:
        unpack(corpus_of),
        networks=f"results/{SHARD}/networks.zarr.zip",
    output:
        readings=f"results/{SHARD}/readings.zarr.zip",
    log:
        f"results/logs/{SHARD}/read.log",
    benchmark:
        f"results/benchmarks/{SHARD}/read.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(30),
    params:
        task=lambda wildcards: config["tasks"][wildcards.task],
        cell=lambda wildcards: population(wildcards).cell_entry,
        settings=lambda wildcards: STUDIES[wildcards.study].settings("read", wildcards.task),
        seed=config["seed"],
        code=code("read"),
    script:
        "../../scripts/read.py"


rule appraise:
    """At each network's slow points: how long its modes last, what words add along the slowest, what linear readers and modifiers do."""
    input:
        unpack(corpus_of),
        networks=f"results/{SHARD}/networks.zarr.zip",
        slow_points=f"results/{SHARD}/slow_points.zarr.zip",
        readings=f"results/{SHARD}/readings.zarr.zip",
    output:
        appraisals=f"results/{SHARD}/appraisals.zarr.zip",
    log:
        f"results/logs/{SHARD}/appraise.log",
    benchmark:
        f"results/benchmarks/{SHARD}/appraise.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(30),
    params:
        task=lambda wildcards: config["tasks"][wildcards.task],
        cell=lambda wildcards: population(wildcards).cell_entry,
        settings=lambda wildcards: STUDIES[wildcards.study].settings("appraise", wildcards.task),
        seed=config["seed"],
        code=code("appraise"),
    script:
        "../../scripts/appraise.py"
