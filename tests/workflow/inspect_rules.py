"""Run in a copy of the repository: prints, as JSON, what each rule declares, and which rooms' code each rule's jobs are watched for."""

import json
from pathlib import Path

from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, Quietness, ResourceSettings

with SnakemakeApi(OutputSettings(quiet={Quietness.ALL}, dryrun=True)) as api:
    told = api.workflow(
        resource_settings=ResourceSettings(cores=1),
        config_settings=ConfigSettings(configfiles=[Path("tests/rehearsal.yaml").resolve()]),
        snakefile=Path("Snakefile").resolve(),
    )
    told.dag(DAGSettings(force_incomplete=True)).execute_workflow(executor="dryrun")
    workflow = told._workflow  # the interface ends here, and tells nothing of single rules

    rules = {
        rule.name: {
            "docstring": rule.docstring or "",
            "log": list(map(str, rule.log)),
            "benchmark": str(rule.benchmark or ""),
            "script": str(rule.script or ""),
            "resources": sorted(rule.resources),
            "conda": str(rule.conda_env or ""),
            "wildcards": sorted(rule.wildcard_names),
            "watched": [],
        }
        for rule in workflow.rules
    }

    from rnnpop import fingerprint, variants

    digest = workflow.globals["digest"]
    of_file = fingerprint.tree_digest

    jobs = {job.rule: job.wildcards for job in workflow.dag.jobs}
    of_names = {frozenset(rule.wildcard_names): wildcards for rule, wildcards in jobs.items()}
    for rule in workflow.rules:  # one that is run only when it is asked for could have the wildcards of another one's job
        if rule not in jobs and frozenset(rule.wildcard_names) in of_names:
            jobs[rule] = of_names[frozenset(rule.wildcard_names)]

    def codes() -> dict[str, str]:
        digest.cache_clear()
        return {rule.name: rule.params.code(wildcards) for rule, wildcards in jobs.items() if hasattr(rule.params, "code")}

    before = codes()
    for room in variants.ROOMS:
        files = {variants.path(room, kind) for kind in variants.kinds(room)}
        fingerprint.tree_digest = lambda file, files=files: of_file(file) + ("edited" if file in files else "")
        after = codes()
        for rule in before:
            if before[rule] != after[rule]:
                rules[rule]["watched"].append(room)
print("RULES " + json.dumps(rules))
