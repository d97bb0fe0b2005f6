"""Students of networks that are seen through some of their units. Needs the config, or trained networks and their fixed points; makes
circuits, students, exhibits."""


rule characterise:
    """Say how far from normal each constructed circuit is, and where it goes without noise."""
    output:
        circuits=f"results/{CIRCUITS}.zarr.zip",
    log:
        f"results/logs/{CIRCUITS}.log",
    benchmark:
        f"results/benchmarks/{CIRCUITS}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000, units=500),
        runtime=minutes(20, units=500),
    params:
        cell=lambda wildcards: population(wildcards).cell_entry,
        settings=lambda wildcards: STUDIES[wildcards.study].settings("imitate", wildcards.task),
        seed=config["seed"],
        code=code("characterise"),
    script:
        "../../scripts/characterise.py"


rule imitate:
    """Fit students to what is seen of the networks of one shard."""
    input:
        unpack(lessons),
    output:
        students=f"results/{SHARD}/students.zarr.zip",
    log:
        f"results/logs/{SHARD}/imitate.log",
    benchmark:
        f"results/benchmarks/{SHARD}/imitate.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(4000, units=500),
        runtime=minutes(60, units=500),
    params:
        task=lambda wildcards: config["tasks"][wildcards.task],
        cell=lambda wildcards: population(wildcards).cell_entry,
        learner=lambda wildcards: population(wildcards).learner_entry,
        factors=lambda wildcards: population(wildcards).factors,
        settings=lambda wildcards: STUDIES[wildcards.study].settings("imitate", wildcards.task),
        seed=config["seed"],
        code=code("imitate"),
    script:
        "../../scripts/imitate.py"


rule exhibit:
    """One network and its students, as pictures show them."""
    output:
        exhibits="results/{study}/{task}/{cell}/{learner}/exhibits.zarr.zip",
    log:
        "results/logs/{study}/{task}/{cell}/{learner}/exhibit.log",
    benchmark:
        "results/benchmarks/{study}/{task}/{cell}/{learner}/exhibit.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 30 * attempt,
    params:
        task=lambda wildcards: config["tasks"][wildcards.task],
        cell=lambda wildcards: population(wildcards).cell_entry,
        learner=lambda wildcards: population(wildcards).learner_entry,
        factors=lambda wildcards: population(wildcards).factors,
        settings=lambda wildcards: STUDIES[wildcards.study].settings("imitate", wildcards.task),
        seed=config["seed"],
        code=code("exhibit"),
    script:
        "../../scripts/exhibit.py"
