"""Networks: trained, recorded on the frozen probe trials, and let play sessions. Needs nothing but the config; makes networks,
trajectories, sessions."""


rule train:
    """Train the networks of one shard side by side, each with its own seed, early stop, and teacher where the learner has one."""
    input:
        unpack(lessons),
        unpack(corpus_of),
    output:
        networks=f"results/{SHARD}/networks.zarr.zip",
    log:
        f"results/logs/{SHARD}/train.log",
    benchmark:
        f"results/benchmarks/{SHARD}/train.tsv"
    # the long jobs first: the short ones fill what they leave
    priority: 1
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60, steps=3000),
        gpu=DEVICES,
    params:
        task=lambda wildcards: config["tasks"][wildcards.task],
        cell=lambda wildcards: population(wildcards).cell_entry,
        learner=lambda wildcards: population(wildcards).learner_entry,
        factors=lambda wildcards: population(wildcards).factors,
        seed=config["seed"],
        device=config["device"],
        code=code("train"),
    script:
        "../../scripts/train.py"


rule record:
    """Run the trained networks on the task's probe trials."""
    input:
        unpack(corpus_of),
        networks=f"results/{SHARD}/networks.zarr.zip",
    output:
        trajectories=f"results/{SHARD}/trajectories.zarr.zip",
    log:
        f"results/logs/{SHARD}/record.log",
    benchmark:
        f"results/benchmarks/{SHARD}/record.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(10),
    params:
        task=lambda wildcards: config["tasks"][wildcards.task],
        cell=lambda wildcards: population(wildcards).cell_entry,
        seed=config["seed"],
        code=code("record"),
    script:
        "../../scripts/record.py"


rule play:
    """Let the trained networks play sessions of a task that answers back, with ideal observers looking on."""
    input:
        networks=f"results/{SHARD}/networks.zarr.zip",
    output:
        sessions=f"results/{SHARD}/sessions.zarr.zip",
    log:
        f"results/logs/{SHARD}/play.log",
    benchmark:
        f"results/benchmarks/{SHARD}/play.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(10),
    params:
        task=lambda wildcards: config["tasks"][wildcards.task],
        cell=lambda wildcards: population(wildcards).cell_entry,
        seed=config["seed"],
        code=code("play"),
    script:
        "../../scripts/play.py"
