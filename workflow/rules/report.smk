"""What readers take away. Needs the small stores; makes observers, summaries, recipes, claims, figures, pages, provenance, the report, the check."""

#: What pages look like: changes with them, as `code` does with what they say.
TEMPLATES = fingerprint.folder_digest(REPOSITORY / "workflow" / "rnnpop" / "pages" / "template")


rule observe:
    """What ideal observers and actors make of a task that answers back: ceilings for every network."""
    output:
        observers="results/{study}/{task}/observers.zarr.zip",
    log:
        "results/logs/{study}/{task}/observe.log",
    benchmark:
        "results/benchmarks/{study}/{task}/observe.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
        runtime=lambda wildcards, attempt: 20 * attempt,
    params:
        task=lambda wildcards: config["tasks"][wildcards.task],
        settings=config["observe"],
        seed=config["seed"],
        code=code("observe"),
    script:
        "../../scripts/observe.py"


rule summarise:
    """One tidy row a network: design, status and every statistic."""
    input:
        statistics=lambda wildcards: [of_shard(shard, "statistics") for shard in by_population(STUDIES[wildcards.study])],
    output:
        store="results/{study}/summary.zarr.zip",
        table=report(
            "results/{study}/summary.csv",
            caption="../report/summary.rst",
            category="{study}",
            subcategory="tables",
            labels={"table": "networks, one row each"},
        ),
        metadata="results/{study}/summary.csv-metadata.json",
    log:
        "results/logs/{study}/summarise.log",
    benchmark:
        "results/benchmarks/{study}/summarise.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: 10 * attempt,
    params:
        code=code("summarise"),
    script:
        "../../scripts/summarise.py"


rule choose:
    """Of the recipes that a study tried, the one under which most networks met the criterion, soonest."""
    input:
        summary="results/{study}/summary.zarr.zip",
    output:
        table="results/{study}/recipes.csv",
        recipes="results/{study}/recipes.yaml",
        metadata="results/{study}/recipes.csv-metadata.json",
    log:
        "results/logs/{study}/choose.log",
    benchmark:
        "results/benchmarks/{study}/choose.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: 10 * attempt,
    params:
        learner=lambda wildcards: STUDIES[wildcards.study].groups[0],
        factors=lambda wildcards: STUDIES[wildcards.study].tried,
        together=lambda wildcards: STUDIES[wildcards.study].entry["choose"] == "one_for_all",
        code=code("choose"),
    script:
        "../../scripts/choose.py"


rule judge:
    """One row a claim: estimate, interval, number of networks, verdict."""
    input:
        summary="results/{study}/summary.zarr.zip",
        contrasts=lambda wildcards: own_contrasts(STUDIES[wildcards.study]),
    output:
        claims=report(
            "results/{study}/claims.csv",
            caption="../report/claims.rst",
            category="{study}",
            subcategory="tables",
            labels={"table": "claims, to download"},
        ),
        page=report(
            "results/{study}/claims.html",
            caption="../report/claims.rst",
            category="{study}",
            subcategory="tables",
            labels={"table": "claims"},
        ),
        metadata="results/{study}/claims.csv-metadata.json",
    log:
        "results/logs/{study}/judge.log",
    benchmark:
        "results/benchmarks/{study}/judge.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: 10 * attempt,
    params:
        claims=lambda wildcards: {task: STUDIES[wildcards.study].named("claims", task) for task in STUDIES[wildcards.study].tasks},
        compared=lambda wildcards: [task for task in STUDIES[wildcards.study].tasks if STUDIES[wildcards.study].named("measures", task)],
        group=lambda wildcards: STUDIES[wildcards.study].groups[0],
        seed=config["seed"],
        code=code("judge", "claims"),
    script:
        "../../scripts/judge.py"


rule draw:
    """One figure of a task as vector and pixels, and the numbers plotted in each of its panels."""
    input:
        unpack(lambda wildcards: evidence(STUDIES[wildcards.study], wildcards.figure, wildcards.task)),
    output:
        pdf="results/{study}/{task}/figures/{figure}.pdf",
        png=report(
            "results/{study}/{task}/figures/{figure}.png",
            caption="../report/figure.rst",
            category="{study}",
            subcategory="{task}",
            labels={"figure": "{figure}"},
        ),
        # the panels' tables; how many there are is the figure's own affair
        tables=directory("results/{study}/{task}/figures/{figure}"),
    log:
        "results/logs/{study}/{task}/draw/{figure}.log",
    benchmark:
        "results/benchmarks/{study}/{task}/draw/{figure}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: 10 * attempt,
    params:
        figure=lambda wildcards: config["figures"][wildcards.figure],
        measures=lambda wildcards: list(STUDIES[wildcards.study].named("measures", wildcards.get("task"))),
        controls=lambda wildcards: STUDIES[wildcards.study].groups[1:],
        code=code("draw"),
    script:
        "../../scripts/draw.py"


use rule draw as draw_study with:
    input:
        unpack(lambda wildcards: evidence(STUDIES[wildcards.study], wildcards.figure)),
    output:
        pdf="results/{study}/figures/{figure}.pdf",
        png=report(
            "results/{study}/figures/{figure}.png",
            caption="../report/figure.rst",
            category="{study}",
            subcategory="all tasks",
            labels={"figure": "{figure}"},
        ),
        tables=directory("results/{study}/figures/{figure}"),
    log:
        "results/logs/{study}/draw/{figure}.log",
    benchmark:
        "results/benchmarks/{study}/draw/{figure}.tsv"


rule page:
    """A study's population to look at in a browser: one file that opens without a network."""
    input:
        unpack(lambda wildcards: paged(STUDIES[wildcards.study])),
    output:
        page=report(
            "results/{study}/atlas.html",
            caption="../report/page.rst",
            category="{study}",
            labels={"page": "atlas"},
        ),
    log:
        "results/logs/{study}/page.log",
    benchmark:
        "results/benchmarks/{study}/page.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
        runtime=lambda wildcards, attempt: 20 * attempt,
    params:
        claims=lambda wildcards: {task: STUDIES[wildcards.study].named("claims", task) for task in STUDIES[wildcards.study].tasks},
        places=lambda wildcards: places(STUDIES[wildcards.study]),
        title=lambda wildcards: STUDIES[wildcards.study].entry.get("title", ""),
        groups=lambda wildcards: STUDIES[wildcards.study].groups,
        templates=TEMPLATES,
        code=code("page"),
    script:
        "../../scripts/page.py"


rule index:
    """The page that leads to those of all studies."""
    input:
        summaries=[f"results/{name}/summary.csv" for name in STUDIES],
        claims=[path for study in STUDIES.values() for path in claimed(study)],
    output:
        page=report(
            "results/atlas.html",
            caption="../report/index.rst",
            category="all studies",
            labels={"page": "studies and their claims"},
        ),
    log:
        "results/logs/index.log",
    benchmark:
        "results/benchmarks/index.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=lambda wildcards, attempt: 5 * attempt,
    params:
        studies={name: (study.entry.get("title", ""), study.groups[0]) for name, study in STUDIES.items()},
        templates=TEMPLATES,
        code=lambda wildcards: digest("index", ()),
    script:
        "../../scripts/index.py"


rule provenance:
    """Say what the results were made with: commit, environment, config, machine. Written when a result has changed."""
    input:
        [concluded(study) for study in STUDIES.values()],
    output:
        provenance="results/provenance.json",
    log:
        "results/logs/provenance.log",
    benchmark:
        "results/benchmarks/provenance.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        config=config,
    script:
        "../../scripts/provenance.py"


localrules:
    archive,
    check,
    report,


rule archive:
    """One file of the small stores and tables that figures, claims and recipes are made from. Made when it is asked for."""
    input:
        [packed(study) for study in STUDIES.values()],
        diagnoses(RECORDINGS),
        "results/provenance.json",
    output:
        archive="results/archive.zip",
    log:
        "results/logs/archive.log",
    benchmark:
        "results/benchmarks/archive.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        config=config,
        generations={study.name: generation(study) for study in STUDIES.values()},
    script:
        "../../scripts/archive.py"


rule check:
    """Read every finished store whole and name the damaged ones, so that the next run makes them again."""
    log:
        "results/logs/check.log",
    benchmark:
        "results/benchmarks/check.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        results="results",
    script:
        "../../scripts/check.py"


rule report:
    """One page with figures, tables of claims, captions, rules and run times, that opens without a network. Made when it is asked for."""
    input:
        [concluded(study) for study in STUDIES.values()],
        diagnosed(RECORDINGS),
    output:
        report="results/report.html",
    log:
        "results/logs/report.log",
    benchmark:
        "results/benchmarks/report.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        config=config,
    script:
        "../../scripts/report.py"
