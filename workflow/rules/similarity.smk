"""Similarity of networks. Needs what each measure reads; makes representations, distances in tiles, atlases, contrasts."""


rule represent:
    """Bring each network of a block into the form that a measure compares."""
    input:
        unpack(
            lambda wildcards: {
                store: [
                    of_shard(shard, store) for shard in STUDIES[wildcards.study].blocks(wildcards.task, wildcards.group)[wildcards.block]
                ]
                for store in reads({"": config["measures"][wildcards.measure]})
            }
        ),
    output:
        representations=f"results/{PAIRS}/representations/{{measure}}/{{block}}.zarr.zip",
    log:
        f"results/logs/{PAIRS}/represent/{{measure}}/{{block}}.log",
    benchmark:
        f"results/benchmarks/{PAIRS}/represent/{{measure}}/{{block}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 30 * attempt,
    params:
        measure=lambda wildcards: config["measures"][wildcards.measure],
        code=code("represent"),
    script:
        "../../scripts/represent.py"


rule compare:
    """Compare every network of one block with every network of another, or of the same."""
    input:
        first=f"results/{PAIRS}/representations/{{measure}}/{{first}}.zarr.zip",
        second=f"results/{PAIRS}/representations/{{measure}}/{{second}}.zarr.zip",
    output:
        distances=f"results/{PAIRS}/distances/{{measure}}/{{first}}--{{second}}.zarr.zip",
    log:
        f"results/logs/{PAIRS}/compare/{{measure}}/{{first}}--{{second}}.log",
    benchmark:
        f"results/benchmarks/{PAIRS}/compare/{{measure}}/{{first}}--{{second}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        measure=lambda wildcards: config["measures"][wildcards.measure],
        code=code("compare"),
    script:
        "../../scripts/compare.py"


rule arrange:
    """Join the tiles of a measure into one matrix of distances, and embed it."""
    input:
        tiles=lambda wildcards: [
            of_pairs(f"distances/{wildcards.measure}/{first}--{second}", **wildcards)
            for first, second in STUDIES[wildcards.study].tiles(wildcards.task, wildcards.group)
        ],
    output:
        atlas=f"results/{PAIRS}/atlas/{{measure}}.zarr.zip",
    log:
        f"results/logs/{PAIRS}/arrange/{{measure}}.log",
    benchmark:
        f"results/benchmarks/{PAIRS}/arrange/{{measure}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        order=lambda wildcards: [
            design.network_name(
                shard.population.task,
                shard.population.cell,
                shard.population.learner,
                index,
            )
            for shard in by_population(STUDIES[wildcards.study], wildcards.task, wildcards.group)
            for index in design.indexes(shard.name)
        ],
        code=code("arrange"),
    script:
        "../../scripts/arrange.py"


rule contrast:
    """Ask of each atlas how much the design factors explain, with permutation tests and intervals."""
    input:
        unpack(
            lambda wildcards: {
                measure: of_pairs(f"atlas/{measure}", **wildcards)
                for measure in STUDIES[wildcards.study].named("measures", wildcards.task)
            }
        ),
        summary="results/{study}/summary.zarr.zip",
    output:
        contrasts=f"results/{PAIRS}/contrasts.zarr.zip",
        table=f"results/{PAIRS}/contrasts.csv",
        metadata=f"results/{PAIRS}/contrasts.csv-metadata.json",
    log:
        f"results/logs/{PAIRS}/contrast.log",
    benchmark:
        f"results/benchmarks/{PAIRS}/contrast.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        factors=lambda wildcards: STUDIES[wildcards.study].factors,
        settings=config["contrast"],
        seed=config["seed"],
        code=code("contrast"),
    script:
        "../../scripts/contrast.py"
