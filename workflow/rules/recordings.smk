"""Recordings of the user's own: students, what they say and do not say. Needs the user's files; makes tables, a text and a figure of each."""


rule diagnose:
    """Fit students to a recording, and say what their scores do and do not say."""
    input:
        unpack(recorded),
    output:
        scores="results/recordings/{recording}.csv",
        text=report(
            "results/recordings/{recording}.txt",
            caption="../report/recording.rst",
            category="recordings",
        ),
        eigenvalues="results/recordings/{recording}/eigenvalues.csv",
        correlations="results/recordings/{recording}/correlations.csv",
        subsamples="results/recordings/{recording}/subsamples.csv",
        metadata="results/recordings/{recording}.csv-metadata.json",
    log:
        "results/logs/recordings/diagnose/{recording}.log",
    benchmark:
        "results/benchmarks/recordings/diagnose/{recording}.tsv"
    wildcard_constraints:
        recording=either(RECORDINGS),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 120 * attempt,
    params:
        entry=lambda wildcards: RECORDINGS[wildcards.recording],
        students=students_of,
        seed=config["seed"],
        code=lambda wildcards: digest(
            "diagnose",
            tuple(variants.path("learners", entry["kind"]) for entry in students_of(wildcards).values()),
        ),
    script:
        "../../scripts/diagnose.py"


use rule draw as draw_recording with:
    input:
        scores=rules.diagnose.output.scores,
        eigenvalues=rules.diagnose.output.eigenvalues,
        correlations=rules.diagnose.output.correlations,
        subsamples=rules.diagnose.output.subsamples,
        metadata=rules.diagnose.output.metadata,
    output:
        pdf="results/recordings/{recording}.pdf",
        png=report(
            "results/recordings/{recording}.png",
            caption="../report/recording.rst",
            category="recordings",
        ),
        tables=directory("results/recordings/{recording}/figure"),
    log:
        "results/logs/recordings/draw/{recording}.log",
    benchmark:
        "results/benchmarks/recordings/draw/{recording}.tsv"
    wildcard_constraints:
        recording=either(RECORDINGS),
    params:
        figure={"kind": "diagnosis"},
        measures=[],
        controls=[],
        code=lambda wildcards: digest("draw", (variants.path("figures", "diagnosis"),)),


localrules:
    recordings,


rule recordings:
    """All recordings that config.yaml names."""
    input:
        diagnosed(RECORDINGS),
