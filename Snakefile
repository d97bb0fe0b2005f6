"""Populations of recurrent networks, from weights to figures. Targets only; the work stands in workflow/rules."""

import os
import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.19")


# wherever it is included from: workflow/Snakefile, or a workflow that this one is a module of
REPOSITORY = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).resolve()


configfile: REPOSITORY / "config.yaml"


report: "workflow/report/workflow.rst"


# Jobs run the interpreter that runs Snakemake, and find the library; set here, it holds on the nodes of a cluster too.
LIBRARY = str(REPOSITORY / "workflow")
os.environ.update(
    PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    PYTHONPATH=os.pathsep.join(filter(None, [LIBRARY, os.environ.get("PYTHONPATH")])),
)
sys.path.insert(0, LIBRARY)


include: "workflow/rules/common.smk"
include: "workflow/rules/networks.smk"
include: "workflow/rules/dynamics.smk"
include: "workflow/rules/reading.smk"
include: "workflow/rules/students.smk"
include: "workflow/rules/similarity.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/corpora.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/recordings.smk"
include: "workflow/rules/conduct.smk"


localrules:
    all,
    figures,


rule all:
    default_target: True
    input:
        [finished(study) for study in STUDIES.values()],
        diagnosed(RECORDINGS),
        "results/atlas.html",
        "results/provenance.json",


rule figures:
    input:
        [drawn(study) for study in STUDIES.values()],
        [path for path in diagnosed(RECORDINGS) if path.endswith((".pdf", ".png"))],


# One target a study: `snakemake universality`. Intermediate stores are named too, so that a lost one is made again.
for study in STUDIES.values():

    rule:
        name:
            study.name
        input:
            finished(study),
        localrule: True


onstart:
    take_folder()


onsuccess:
    print(epilogue.tell("results", {study.name: study.groups[0] for study in STUDIES.values()}, RECORDINGS))


onerror:
    print("Stopped. Each job's log is in results/logs; what was finished is kept, and the next run goes on from there.")
