"""What every chapter needs: the checked config, path patterns, wildcard constraints, the code that a job reaches, and what a study ends in."""

import re
from functools import cache

from rnnpop import design, epilogue, fingerprint, validation, variants

try:
    # results that were unpacked from an archive bring their config, and need none of the files that they were made from
    validation.validate(
        config,
        REPOSITORY / "workflow" / "schema.yaml",
        files=not Path("results/config.json").exists(),
    )
    validation.check_writable("results")
except validation.ConfigError as error:
    sys.exit(str(error))
# not on a cluster, whose nodes may have what this machine has not; which executor it will be is not known yet, but those of clusters have nodes
if config["device"] == "cuda" and workflow.is_main_process and workflow.resource_settings.nodes is None:
    import torch

    if not torch.cuda.is_available():
        sys.exit("config: device: cuda is asked for, but there is no usable CUDA device here; allowed: cpu")

STUDIES = design.studies(config)
RECORDINGS = config.get("recordings", {})
ENVIRONMENT = str(REPOSITORY / "envs" / "environment.yaml")

SHARD = "{study}/{task}/{cell}/{learner}/{shard}"
PAIRS = "{study}/{task}/pairs/{group}"
#: Of constructed circuits, whoever their students are.
CIRCUITS = "{study}/{task}/{cell}/circuits/{shard}"

#: Stores of a shard that only those studies make whose statistics, measures or figures read them.
OF_SHARDS = (
    "trajectories",
    "sessions",
    "fixed_points",
    "slow_points",
    "transitions",
    "linearisations",
    "orbits",
    "fields",
    "replays",
    "circuits",
    "readings",
    "appraisals",
)

#: Those of them that hold every step of every network: figures show examples of the first population only.
LARGE = ("trajectories", "sessions")


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


def in_shard(wildcards, stores):
    """Stores of the wildcards' shard, by name."""
    places = {store: f"results/{CIRCUITS}.zarr.zip" if store == "circuits" else f"results/{SHARD}/{store}.zarr.zip" for store in stores}
    return {store: place.format(**wildcards) for store, place in places.items()}


def of_shard(shard, store):
    """The store of a shard."""
    return in_shard(shard.wildcards, [store])[store]


def imitates(population):
    """Whether a population is of students that are fitted to what is seen of networks."""
    return variants.base("learners", population.learner_entry["kind"]) == "ActivityLearner"


def of_pairs(store, **wildcards):
    """A store of the pairs of one study, task and group."""
    return f"results/{PAIRS}/{store}.zarr.zip".format(**wildcards)


def reads(entries):
    """Stores that config entries read, each once, in the order first named."""
    return list(dict.fromkeys(store for entry in entries.values() for store in entry.get("reads", [])))


def population(wildcards):
    """The population that the wildcards name."""
    return STUDIES[wildcards.study].population(dict(wildcards))


def size(wildcards, units):
    """How many times 8 networks of `units` units, such as were measured (docs/cluster.md), a shard is, and how many times those units: at least once."""
    wider = max(1, population(wildcards).cell_entry.get("units", units) / units)
    return max(1, len(design.indexes(wildcards.shard)) / 8 * wider), wider


def memory(megabytes, units=64):
    """Memory of a job on a shard: half of it is there whatever the networks, half grows with their number and units; more at each attempt."""
    return lambda wildcards, attempt: round(attempt * megabytes * (1 + size(wildcards, units)[0]) / 2)


def minutes(floor, units=64, steps=None):
    """Time of a job on a shard: a quarter of `floor` grows with networks, with units squared, and with the learner's steps beyond `steps`; more
    at each attempt."""

    def runtime(wildcards, attempt):
        growth, wider = size(wildcards, units)
        entry = population(wildcards).learner_entry
        longer = max(1, entry.get("steps", entry.get("updates", 0)) / steps) if steps else 1
        return round(attempt * floor * max(1, growth * wider * longer / 4))

    return runtime


#: Devices that a job asks for whose networks may stand on one.
DEVICES = int(config["device"] == "cuda")


def lessons(wildcards):
    """Stores of the networks that a shard's learner teaches by, and of the sessions that they played, or, for students of their activity, of
    their fixed points; none where it has no teacher."""
    path = population(wildcards).learner_entry.get("teacher")
    if path is None:
        return {}
    numbers = design.indexes(wildcards.shard)
    study, task, _, _ = path.split("/")
    shards = [
        shard
        for shard in STUDIES[study].shards(task)
        if path == f"{study}/{task}/{shard.population.cell}/{shard.population.learner}"
        and shard.first <= numbers[-1]
        and shard.last >= numbers[0]
    ]
    beside = {"points": "fixed_points"} if imitates(population(wildcards)) else {"taught": "sessions"}
    return {name: [of_shard(shard, store) for shard in shards] for name, store in ({"teachers": "networks"} | beside).items()}


def mice_of(wildcards):
    """Tables of a study's mice, by name."""
    return {mouse: f"results/mice/{mouse}.csv" for mouse in STUDIES[wildcards.study].entry["mice"]}


def table_of(room, name):
    """The user's own table of a mouse or a corpus, which stays where it is wherever results are; or the fetched one."""
    entry = config[room][name]
    return local(entry["file"]) if "file" in entry else f"results/{room}/fixtures/{entry.get('fixture')}.csv"


def corpus_of(wildcards):
    """The corpus that a task is about, by what it is; none where it is about none."""
    name = config["tasks"][wildcards.task].get("corpus")
    return {"corpus": [f"results/corpora/{name}.zarr.zip"]} if name else {}


def recorded(wildcards):
    """Files of a recording, by what they are."""
    entry = RECORDINGS[wildcards.recording]
    return {name: local(entry[key]) for name, key in {"file": "file", "given": "input"}.items() if key in entry}


def students_of(wildcards):
    """Entries of the learners that are fitted to a recording, with its own number of latent states where they have any."""
    recording = RECORDINGS[wildcards.recording]
    own = {key: recording[key] for key in ("latents",) if key in recording}
    entries = {name: config["learners"][name] for name in recording["students"]}
    known = {name: variants.fields("learners", entry["kind"]) for name, entry in entries.items()}
    return {name: entry | {key: value for key, value in own.items() if key in known[name]} for name, entry in entries.items()}


def diagnosed(recordings):
    """What recordings end in."""
    return [f"results/recordings/{name}.{kind}" for name in recordings for kind in ("csv", "txt", "pdf", "png")]


def diagnoses(recordings):
    """What the figures of recordings are drawn from, and what is said of them."""
    tables = [f"results/recordings/{name}/{table}.csv" for name in recordings for table in ("eigenvalues", "correlations", "subsamples")]
    kinds = ("csv", "csv-metadata.json", "txt")
    return [*tables, *(f"results/recordings/{name}.{kind}" for name in recordings for kind in kinds)]


def teachers(study):
    """Names of the studies whose networks teach those of a study."""
    paths = [p.learner_entry["teacher"] for p in study.populations if "teacher" in p.learner_entry]
    return list(dict.fromkeys(path.split("/")[0] for path in paths))


def generation(study):
    """How many studies stand between a study and one without teachers."""
    return max((1 + generation(STUDIES[name]) for name in teachers(study) if name != study.name), default=0)


def by_population(study, task=None, group=None):
    """Shards of a study in an order that does not depend on their size: population by population."""
    shards = [s for name in study.tasks if task in (None, name) for s in study.shards(name, group)]
    places = {id(population): place for place, population in enumerate(study.populations)}
    return sorted(shards, key=lambda shard: (places[id(shard.population)], shard.first))


def selected(wildcards, rooms):
    """Every variant that a job reaches: those that its wildcards select, and those of `rooms` that its study names for their task (or for
    any, where no task is among the wildcards)."""
    entries = {
        "task": lambda: ("tasks", config["tasks"][wildcards.task]),
        "cell": lambda: ("cells", population(wildcards).cell_entry),
        "learner": lambda: ("learners", population(wildcards).learner_entry),
        "measure": lambda: ("measures", config["measures"][wildcards.measure]),
        "figure": lambda: ("figures", config["figures"][wildcards.figure]),
    }
    chosen = [entry() for wildcard, entry in entries.items() if wildcard in wildcards.keys()]
    study = STUDIES[wildcards.study]
    tasks = [wildcards.task] if "task" in wildcards.keys() else study.tasks
    named = [(room, entry) for room in rooms for task in tasks for entry in study.named(room, task).values()]
    return tuple(dict.fromkeys(variants.path(room, entry["kind"]) for room, entry in [*chosen, *named]))


@cache
def digest(stage, files):
    return fingerprint.digest(REPOSITORY / "scripts" / f"{stage}.py", files)


def code(stage, *rooms):
    """A parameter that changes with the code a job reaches: the stage's script, what it imports, and the variants selected.

    No wildcard is named here, so none can be forgotten: whatever stands in a rule's paths counts.
    """
    return lambda wildcards: digest(stage, selected(wildcards, rooms))


def contrasts(study, task, group):
    """The contrasts of one group; none where the task's networks are not compared."""
    return [of_pairs("contrasts", study=study.name, task=task, group=group)] if study.named("measures", task) else []


def own_contrasts(study):
    """Contrasts of the study's own learner, one a task; none where nothing is compared."""
    return [path for task in study.tasks for path in contrasts(study, task, study.groups[0])]


def evidence(study, figure, task=None):
    """Finished small stores that a figure reads, by name: of one task and the study's own learner; or of the study as a whole.

    Those of single networks come from the first shard of each population; the controls stand in the summary and in `controls`.
    """
    own, entry = study.groups[0], config["figures"][figure]
    places = {
        "summary": lambda: f"results/{study.name}/summary.zarr.zip",
        "claims": lambda: f"results/{study.name}/claims.csv",
        "teachers": lambda: [f"results/{name}/summary.zarr.zip" for name in teachers(study)],
        "observers": lambda: f"results/{study.name}/{task}/observers.zarr.zip",
        "mice": lambda: f"results/{study.name}/{task}/mice.zarr.zip",
        "exhibits": lambda: [
            f"results/{p.study}/{p.task}/{p.cell}/{p.learner}/exhibits.zarr.zip"
            for p in study.populations
            if task in (None, p.task) and f"{p.cell}/{p.learner}" in entry.get("populations", [f"{p.cell}/{p.learner}"])
        ],
        "contrasts": lambda: contrasts(study, task, own)[0],
        "controls": lambda: [path for group in study.groups[1:] for path in contrasts(study, task, group)],
        "atlas": lambda: [
            of_pairs(f"atlas/{measure}", study=study.name, task=task, group=own) for measure in study.named("measures", task)
        ],
    }
    firsts = [shard for shard in by_population(study, task, own) if shard.first == 0]
    asked = reads({"": entry})
    found = {
        store: places[store]() if store in places else [of_shard(shard, store) for shard in firsts[: 1 if store in LARGE else None]]
        for store in asked
    }
    # a table says what it comes from in a file beside it
    return found | ({"metadata": f"{found['claims']}-metadata.json"} if "claims" in asked else {})


def shown(study, figure, task=None):
    """The files that a figure reads."""
    return [path for paths in evidence(study, figure, task).values() for path in ([paths] if isinstance(paths, str) else paths)]


def drawn(study):
    """The figures of a study: those of each task, and those of all of it."""
    places = [(f"results/{study.name}/{task}", study.of_task(task).get("figures", [])) for task in study.tasks]
    places.append((f"results/{study.name}", study.named("figures")))
    return [f"{place}/figures/{figure}.{kind}" for place, figures in places for figure in figures for kind in ("pdf", "png")]


def claimed(study):
    """A study's claims, as a table and as a page; none where nothing is claimed."""
    asked = any(study.named("claims", task) for task in study.tasks)
    return [f"results/{study.name}/claims.{kind}" for kind in ("csv", "html")] if asked else []


def clicked(shard, study):
    """Stores that a click on one of a shard's networks is answered from: of what the study makes, the small ones."""
    own = "students" if imitates(shard.population) else "networks"
    task = shard.population.task
    asked = reads(study.named("statistics", task) | study.named("measures", task))
    if "appraisals" in asked:
        return [own, "readings", "appraisals"]
    return [own, *(["portraits"] if "fixed_points" in asked else []), *(name for name in ("fixed_points", "transitions") if name in asked)]


def places(study):
    """Task, group and measure of each atlas of a study."""
    return [(task, group, measure) for task in study.tasks for group in study.groups for measure in study.named("measures", task)]


def paged(study):
    """Finished stores that a study's page is made from."""
    return {
        "summary": f"results/{study.name}/summary.zarr.zip",
        "claims": claimed(study)[:1],
        "arrangements": [of_pairs(f"atlas/{measure}", study=study.name, task=task, group=group) for task, group, measure in places(study)],
        "shards": [of_shard(shard, name) for shard in by_population(study) for name in clicked(shard, study)],
    }


def concluded(study):
    """What a study ends in: its table, the recipes it chose, its claims, its figures, its page."""
    chosen = [f"results/{study.name}/recipes.{kind}" for kind in ("csv", "yaml")] if study.tried else []
    return [f"results/{study.name}/summary.csv", *chosen, *claimed(study), *drawn(study), f"results/{study.name}/atlas.html"]


def packed(study):
    """What a study's figures, claims and recipes are made from, and the tables beside it."""
    found = [path for task in study.tasks for figure in study.of_task(task).get("figures", []) for path in shown(study, figure, task)]
    found += [path for figure in study.named("figures") for path in shown(study, figure)]
    tables = [path for path in concluded(study) if not path.endswith((".pdf", ".png"))]
    tables += [f"{table}-metadata.json" for table in tables if table.endswith(".csv")]
    return [f"results/{study.name}/summary.zarr.zip", *tables, *own_contrasts(study), *found]


def finished(study):
    """Everything that a study asks for, intermediate stores as well: one that is lost is made again."""
    return [*(path for task in study.tasks for path in finished_task(study, task)), *concluded(study)]


def finished_task(study, task):
    """The stores of one task: of each shard, of each pair of blocks; and those that only its figures read."""
    asked = reads(study.named("statistics", task) | study.named("measures", task))
    stores = ["statistics", *(store for store in OF_SHARDS if store in asked)]
    found = [
        of_shard(shard, store)
        for shard in study.shards(task)
        for store in ["students" if imitates(shard.population) else "networks", *stores]
    ]
    for figure in study.of_task(task).get("figures", []):
        found += shown(study, figure, task)
    for group in study.groups if study.named("measures", task) else []:
        at = {"study": study.name, "task": task, "group": group}
        found += [of_pairs("contrasts", **at), f"results/{PAIRS}/contrasts.csv".format(**at)]
        for measure in study.named("measures", task):
            found.append(of_pairs(f"atlas/{measure}", **at))
            found += [of_pairs(f"representations/{measure}/{block}", **at) for block in study.blocks(task, group)]
            found += [of_pairs(f"distances/{measure}/{a}--{b}", **at) for a, b in study.tiles(task, group)]
    return found
