"""Dynamics of single networks. Needs networks, trajectories and sessions; makes fixed points, slow points, transitions, linearisations,
orbits, portraits, fields, statistics."""


rule settle:
    """Find the fixed and slow points of each network under each constant input."""
    input:
        unpack(corpus_of),
        networks=f"results/{SHARD}/networks.zarr.zip",
        trajectories=f"results/{SHARD}/trajectories.zarr.zip",
    output:
        fixed_points=f"results/{SHARD}/fixed_points.zarr.zip",
    log:
        f"results/logs/{SHARD}/settle.log",
    benchmark:
        f"results/benchmarks/{SHARD}/settle.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(30),
        gpu=DEVICES,
    params:
        task=lambda wildcards: config["tasks"][wildcards.task],
        cell=lambda wildcards: population(wildcards).cell_entry,
        settings=lambda wildcards: STUDIES[wildcards.study].settings("settle", wildcards.task),
        seed=config["seed"],
        device=config["device"],
        code=code("settle"),
    script:
        "../../scripts/settle.py"


rule descend:
    """Descend to the slow points of each network by gradient, as published; the rule's benchmark has the time that it takes."""
    input:
        unpack(corpus_of),
        networks=f"results/{SHARD}/networks.zarr.zip",
        trajectories=f"results/{SHARD}/trajectories.zarr.zip",
    output:
        slow_points=f"results/{SHARD}/slow_points.zarr.zip",
    log:
        f"results/logs/{SHARD}/descend.log",
    benchmark:
        f"results/benchmarks/{SHARD}/descend.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
        gpu=DEVICES,
    params:
        task=lambda wildcards: config["tasks"][wildcards.task],
        cell=lambda wildcards: population(wildcards).cell_entry,
        settings=lambda wildcards: STUDIES[wildcards.study].settings("descend", wildcards.task),
        seed=config["seed"],
        device=config["device"],
        code=code("descend"),
    script:
        "../../scripts/descend.py"


rule connect:
    """Follow each unstable point's perturbations, and each stable point's inputs, to where they land."""
    input:
        networks=f"results/{SHARD}/networks.zarr.zip",
        trajectories=f"results/{SHARD}/trajectories.zarr.zip",
        fixed_points=f"results/{SHARD}/fixed_points.zarr.zip",
    output:
        transitions=f"results/{SHARD}/transitions.zarr.zip",
    log:
        f"results/logs/{SHARD}/connect.log",
    benchmark:
        f"results/benchmarks/{SHARD}/connect.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(30),
    params:
        task=lambda wildcards: config["tasks"][wildcards.task],
        cell=lambda wildcards: population(wildcards).cell_entry,
        settings=lambda wildcards: STUDIES[wildcards.study].settings("connect", wildcards.task),
        seed=config["seed"],
        code=code("connect"),
    script:
        "../../scripts/connect.py"


rule linearise:
    """Take the Jacobians of each point apart into modes, and run the linearised network beside the network itself."""
    input:
        networks=f"results/{SHARD}/networks.zarr.zip",
        trajectories=f"results/{SHARD}/trajectories.zarr.zip",
        fixed_points=f"results/{SHARD}/fixed_points.zarr.zip",
    output:
        linearisations=f"results/{SHARD}/linearisations.zarr.zip",
    log:
        f"results/logs/{SHARD}/linearise.log",
    benchmark:
        f"results/benchmarks/{SHARD}/linearise.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(30),
    params:
        task=lambda wildcards: config["tasks"][wildcards.task],
        cell=lambda wildcards: population(wildcards).cell_entry,
        settings=lambda wildcards: STUDIES[wildcards.study].settings("linearise", wildcards.task),
        code=code("linearise"),
    script:
        "../../scripts/linearise.py"


rule follow:
    """Run each network for long under each constant input, undisturbed and disturbed: where it rests, where it cycles."""
    input:
        networks=f"results/{SHARD}/networks.zarr.zip",
        trajectories=f"results/{SHARD}/trajectories.zarr.zip",
    output:
        orbits=f"results/{SHARD}/orbits.zarr.zip",
    log:
        f"results/logs/{SHARD}/follow.log",
    benchmark:
        f"results/benchmarks/{SHARD}/follow.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(30),
    params:
        task=lambda wildcards: config["tasks"][wildcards.task],
        cell=lambda wildcards: population(wildcards).cell_entry,
        settings=lambda wildcards: STUDIES[wildcards.study].settings("follow", wildcards.task),
        seed=config["seed"],
        code=code("follow"),
    script:
        "../../scripts/follow.py"


rule portray:
    """Project trajectories and points onto each network's own principal axes: the small store that pictures are drawn from."""
    input:
        trajectories=f"results/{SHARD}/trajectories.zarr.zip",
        fixed_points=f"results/{SHARD}/fixed_points.zarr.zip",
    output:
        portraits=f"results/{SHARD}/portraits.zarr.zip",
    log:
        f"results/logs/{SHARD}/portray.log",
    benchmark:
        f"results/benchmarks/{SHARD}/portray.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(10),
    params:
        code=code("portray"),
    script:
        "../../scripts/portray.py"


rule survey:
    """Speed and direction of each network's state under each constant input: on a grid of its plane, and where it has been."""
    input:
        networks=f"results/{SHARD}/networks.zarr.zip",
        sessions=f"results/{SHARD}/sessions.zarr.zip",
    output:
        fields=f"results/{SHARD}/fields.zarr.zip",
    log:
        f"results/logs/{SHARD}/survey.log",
    benchmark:
        f"results/benchmarks/{SHARD}/survey.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(10),
    params:
        task=lambda wildcards: config["tasks"][wildcards.task],
        cell=lambda wildcards: population(wildcards).cell_entry,
        settings=config["survey"],
        code=code("survey"),
    script:
        "../../scripts/survey.py"


rule describe:
    """Compute the study's statistics of each network."""
    input:
        unpack(lambda wildcards: in_shard(wildcards, reads(STUDIES[wildcards.study].named("statistics", wildcards.task)) or ["networks"])),
    output:
        statistics=f"results/{SHARD}/statistics.zarr.zip",
    log:
        f"results/logs/{SHARD}/describe.log",
    benchmark:
        f"results/benchmarks/{SHARD}/describe.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(10),
    params:
        statistics=lambda wildcards: STUDIES[wildcards.study].named("statistics", wildcards.task),
        code=code("describe", "statistics"),
    script:
        "../../scripts/describe.py"
