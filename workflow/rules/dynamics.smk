"""Dynamics of single networks. Needs networks and trajectories; makes fixed points, transitions, portraits, statistics."""


rule settle:
    """Find the fixed and slow points of each network under each constant input."""
    input:
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
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: 30 * attempt,
    params:
        task=lambda wildcards: config["tasks"][wildcards.task],
        cell=lambda wildcards: population(wildcards).cell_entry,
        settings=config["settle"],
        seed=config["seed"],
        device=config["device"],
        code=code("settle"),
    script:
        "../../scripts/settle.py"


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
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: 30 * attempt,
    params:
        task=lambda wildcards: config["tasks"][wildcards.task],
        cell=lambda wildcards: population(wildcards).cell_entry,
        settings=config["connect"],
        seed=config["seed"],
        code=code("connect"),
    script:
        "../../scripts/connect.py"


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
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: 10 * attempt,
    params:
        code=code("portray"),
    script:
        "../../scripts/portray.py"


rule describe:
    """Compute the study's statistics of each network."""
    input:
        unpack(lambda wildcards: in_shard(wildcards, reads(STUDIES[wildcards.study].named("statistics")) or ["networks"])),
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
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: 10 * attempt,
    params:
        statistics=lambda wildcards: STUDIES[wildcards.study].named("statistics"),
        code=code("describe", "statistics"),
    script:
        "../../scripts/describe.py"
