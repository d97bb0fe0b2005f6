"""What every chapter needs: the checked config, path patterns, wildcard constraints, the code that a job reaches, and what a study ends in."""

import re
from functools import cache

from snakemake.logging import logger

from rnnpop import design, epilogue, fingerprint, validation, variants

try:
    validation.validate(config, Path(workflow.basedir) / "workflow" / "schema.yaml")
except validation.ConfigError as error:
    sys.exit(str(error))
if config["device"] == "cuda" and workflow.is_main_process and workflow.local_exec:
    import torch

    if not torch.cuda.is_available():
        sys.exit("config: device: cuda is asked for, but there is no usable CUDA device here; allowed: cpu")

STUDIES = design.studies(config)
ENVIRONMENT = str(Path(workflow.basedir) / "envs" / "environment.yaml")

SHARD = "{study}/{task}/{cell}/{learner}/{shard}"
PAIRS = "{study}/{task}/pairs/{group}"

#: Stores of a shard that only those studies make whose statistics, measures or figures read them.
OF_SHARDS = ("trajectories", "fixed_points", "transitions", "portraits")


def either(names):
    """A regular expression that matches these names and no other."""
    return "|".join(sorted({re.escape(name) for name in names})) or "(?!)"


wildcard_constraints:
    study=either(STUDIES),
    task=either(config["tasks"]),
    cell=either(p.cell for study in STUDIES.values() for p in study.populations),
    learner=either(p.learner for study in STUDIES.values() for p in study.populations),
    group=either(config["learners"]),
    measure=either(config["measures"]),
    figure=either(config["figures"]),
    shard=r"\d{5}-\d{5}",
    block=r"\d{4}",
    first=r"\d{4}",
    second=r"\d{4}",


def of_shard(shard, store):
    """The store of a shard."""
    return f"results/{SHARD}/{store}.zarr.zip".format(**shard.wildcards)


def in_shard(wildcards, stores):
    """Stores of the wildcards' shard, by name."""
    return {store: f"results/{SHARD}/{store}.zarr.zip".format(**wildcards) for store in stores}


def of_pairs(store, **wildcards):
    """A store of the pairs of one study, task and group."""
    return f"results/{PAIRS}/{store}.zarr.zip".format(**wildcards)


def reads(entries):
    """Stores that config entries read, each once, in the order first named."""
    return list(dict.fromkeys(store for entry in entries.values() for store in entry.get("reads", [])))


def population(wildcards):
    """The population that the wildcards name."""
    return STUDIES[wildcards.study].population(dict(wildcards))


def by_population(study, task=None, group=None):
    """Shards of a study in an order that does not depend on their size: population by population."""
    shards = [s for name in study.tasks if task in (None, name) for s in study.shards(name, group)]
    places = {id(population): place for place, population in enumerate(study.populations)}
    return sorted(shards, key=lambda shard: (places[id(shard.population)], shard.first))


def selected(wildcards, rooms):
    """Every variant that a job reaches: those that its wildcards select, and those of `rooms` that its study names."""
    entries = {
        "task": lambda: ("tasks", config["tasks"][wildcards.task]),
        "cell": lambda: ("cells", population(wildcards).cell_entry),
        "learner": lambda: ("learners", population(wildcards).learner_entry),
        "measure": lambda: ("measures", config["measures"][wildcards.measure]),
        "figure": lambda: ("figures", config["figures"][wildcards.figure]),
    }
    chosen = [entry() for wildcard, entry in entries.items() if wildcard in wildcards.keys()]
    named = [(room, entry) for room in rooms for entry in STUDIES[wildcards.study].named(room).values()]
    return tuple(dict.fromkeys(variants.path(room, entry["kind"]) for room, entry in [*chosen, *named]))


@cache
def digest(stage, files):
    return fingerprint.digest(Path(workflow.basedir) / "scripts" / f"{stage}.py", files)


def code(stage, *rooms):
    """A parameter that changes with the code a job reaches: the stage's script, what it imports, and the variants selected.

    No wildcard is named here, so none can be forgotten: whatever stands in a rule's paths counts.
    """
    return lambda wildcards: digest(stage, selected(wildcards, rooms))


def own_contrasts(study):
    """Contrasts of the study's own learner, one a task; none where nothing is compared."""
    return [of_pairs("contrasts", study=study.name, task=task, group=study.groups[0]) for task in study.tasks if study.named("measures")]


def evidence(study, figure):
    """Finished small stores that a figure reads, by name: of its study's first task and own learner.

    Those of single networks come from the first shard of each population; the controls stand in the summary.
    """
    at = {"study": study.name, "task": study.tasks[0], "group": study.groups[0]}
    places = {
        "summary": lambda: f"results/{study.name}/summary.zarr.zip",
        "contrasts": lambda: own_contrasts(study)[0],
        "atlas": lambda: [of_pairs(f"atlas/{measure}", **at) for measure in study.named("measures")],
    }
    firsts = [shard for shard in by_population(study, at["task"], at["group"]) if shard.first == 0]
    return {
        store: places[store]() if store in places else [of_shard(shard, store) for shard in firsts]
        for store in reads({"": config["figures"][figure]})
    }


def drawn(study):
    """The figures of a study."""
    return [f"results/{study.name}/figures/{figure}.{kind}" for figure in study.named("figures") for kind in ("pdf", "png")]


def concluded(study):
    """What a study ends in: its table, the recipes it chose, its claims, its figures."""
    claims = [f"results/{study.name}/claims.csv"] if study.named("claims") else []
    chosen = [f"results/{study.name}/recipes.{kind}" for kind in ("csv", "yaml")] if study.tried else []
    return [f"results/{study.name}/summary.csv", *chosen, *claims, *drawn(study)]


def finished(study):
    """Everything that a study asks for, intermediate stores as well: one that is lost is made again."""
    asked = [store for room in ("statistics", "measures", "figures") for store in reads(study.named(room))]
    stores = ["networks", "statistics", *(store for store in OF_SHARDS if store in asked)]
    shards = [of_shard(shard, store) for task in study.tasks for shard in study.shards(task) for store in stores]
    pairs = []
    for task in study.tasks if study.named("measures") else []:
        for group in study.groups:
            at = {"study": study.name, "task": task, "group": group}
            pairs += [of_pairs("contrasts", **at), f"results/{PAIRS}/contrasts.csv".format(**at)]
            for measure in study.named("measures"):
                pairs.append(of_pairs(f"atlas/{measure}", **at))
                pairs += [of_pairs(f"representations/{measure}/{block}", **at) for block in study.blocks(task, group)]
                pairs += [of_pairs(f"distances/{measure}/{a}--{b}", **at) for a, b in study.tiles(task, group)]
    return [*shards, *pairs, *concluded(study)]


def calm(record):
    """Whether Snakemake says it aloud: jobs say a line each (scripts/_job.py), so of its bookkeeping only each tenth part done."""
    event = getattr(getattr(record, "event", None), "name", "")
    if event == "PROGRESS":
        return record.done * 10 // record.total > (record.done - 1) * 10 // record.total
    return event not in ("JOB_STARTED", "JOB_FINISHED") and record.msg != "Select jobs to execute..."


if not workflow.output_settings.log_handler_settings:  # another logger wants to hear all
    logger.addFilter(calm)
