"""What is wrong with a config, in one line a fault: the key, what it holds, and what is allowed. Runs before any job."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from rnnpop import design, variants

#: Populations that an error names.
_TOLD = 8

#: Letters of a wrong value that an error shows.
_LONGEST = 200


class ConfigError(ValueError):
    """One or more faults of a config, one a line."""


def validate(config: Mapping[str, Any], schema: str | Path, *, files: bool = True) -> None:
    """Check a config against the schema, against the fields of every variant it names, and against itself.

    Args:
        files: whether the user's own files that it names must be there; results that were unpacked from an archive need none.

    Raises:
        ConfigError: one line a fault, each with the dotted key and what is allowed there.
    """
    faults = list(_by_names(config)) or list(_by_schema(config, yaml.safe_load(Path(schema).read_text())))
    if not faults:  # the deeper checks rely on the shape
        faults = [*_by_variants(config), *_by_reference(config), *_by_task(config)]
    if not faults:
        faults = [
            *_by_recipes(config),
            *_by_choice(config),
            *_by_learner(config),
            *_by_mice(config),
            *_by_corpora(config, files),
            *_by_recordings(config, files),
        ]
    if faults:
        raise ConfigError("\n".join(f"config: {fault}" for fault in dict.fromkeys(faults)))


def check_writable(folder: str | Path) -> None:
    """Check that results can be written.

    Raises:
        ConfigError: in one line, if `folder` is no folder, or it, or the one it would be made in, must not be written to.
    """
    place = Path(folder).resolve()
    above = next(path for path in (place, *place.parents) if path.exists())
    if not (above.is_dir() and os.access(above, os.R_OK | os.W_OK | os.X_OK)):
        raise ConfigError(f"{folder}: a folder that can be read and written is expected; {above} is none for this user")


def _by_names(held: Any, *above: str) -> Iterator[str]:
    """Keys that YAML reads as something else than a text, such as `1:`, `no:` or an empty one."""
    if isinstance(held, Mapping):
        for key, value in held.items():
            if isinstance(key, str):
                yield from _by_names(value, *above, key)
            else:
                yield f"{_join(*above, str(key))}: a text is expected as key, got {key!r}; put it in quotes"


def _by_schema(config: Mapping[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    for error in sorted(jsonschema.Draft202012Validator(schema).iter_errors(config), key=lambda e: list(map(str, e.absolute_path))):
        key = ".".join(map(str, error.absolute_path))
        if error.validator == "additionalProperties":
            allowed = sorted(error.schema.get("properties", {}))
            for name in sorted(set(error.instance) - set(allowed)):
                yield f"{_join(key, name)}: not a known key; allowed: {', '.join(allowed)}"
        elif error.validator == "required":
            for name in sorted(set(error.validator_value) - set(error.instance)):
                yield f"{_join(key, name)}: missing; {_expectation(error.schema.get('properties', {}).get(name, {}))}"
        else:
            yield f"{key or 'the whole file'}: {_expectation(error.schema)}, got {_shown(error.instance)}"


def _join(*parts: str) -> str:
    return ".".join(part if part.isprintable() else repr(part) for part in parts if part)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def _expectation(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))} is expected"
    kinds = {  # as a person says it
        "integer": "a whole number",
        "number": "a number",
        "string": "a text",
        "array": "a list",
        "object": "a mapping",
        "boolean": "true or false",
    }
    bounds = [
        f"{word} {schema[key]}"
        for key, word in (("minimum", "of at least"), ("exclusiveMinimum", "above"), ("maximum", "of at most"))
        if key in schema
    ]
    lengths = ["that is not empty"] if schema.get("minItems") or schema.get("minProperties") else []
    pattern = [f"matching {schema['pattern']}"] if "pattern" in schema else []
    return " ".join([kinds.get(str(schema.get("type")), "another value"), *bounds, *lengths, *pattern, "is expected"])


def _by_variants(config: Mapping[str, Any]) -> Iterator[str]:
    for room in variants.ROOMS:
        for name, entry in config.get(room, {}).items():
            # keys that an axis of some study supplies are not missing
            supplied = {axis for study in config["studies"].values() for axis in study.get("axes", {}).get(room, {})}
            for key, problem in variants.check(room, entry):
                if not (problem.startswith("missing") and key in supplied):
                    yield f"{room}.{name}.{key}: {problem}"


def _by_reference(config: Mapping[str, Any]) -> Iterator[str]:
    for study_name, study in config["studies"].items():
        yield from _unknown(config, f"studies.{study_name}", study, variants.ROOMS)
        for room, axes in study.get("axes", {}).items():
            for axis, levels in axes.items():
                key = f"studies.{study_name}.axes.{room}.{axis}"
                for name in study[room][:1] if room == "learners" else study[room]:  # controls have no axes
                    entry = config.get(room, {}).get(name)
                    if entry is None or entry.get("kind") not in variants.kinds(room):
                        continue  # named above
                    known = variants.fields(room, entry["kind"])
                    if axis not in known:
                        yield f"{key}: not a key of {room} kind '{entry['kind']}'; allowed: {', '.join(known)}"
                        continue
                    for level in levels:
                        if wrong := variants.mismatch(known[axis][0], level):
                            yield f"{key}: {wrong}"


def _unknown(config: Mapping[str, Any], key: str, paragraph: Mapping[str, Any], rooms: Iterable[str]) -> Iterator[str]:
    """Names in a paragraph's lists that no entry of their room has."""
    for room in rooms:
        known = config.get(room, {})
        for name in paragraph.get(room, []):
            if name not in known:
                yield f"{key}.{room}: '{name}' is not an entry of {room}; there are: {', '.join(known)}"


def _by_task(config: Mapping[str, Any]) -> Iterator[str]:
    """What a study says of single tasks: names of entries, and keys of its cells and learners."""
    for study_name, study in config["studies"].items():
        tasks = study["tasks"] if isinstance(study["tasks"], Mapping) else {}
        if tasks and all(own is False for own in tasks.values()):
            yield f"studies.{study_name}.tasks: all of them are false; at least one is to be done"
        for task, own in ((task, own) for task, own in tasks.items() if isinstance(own, Mapping)):
            key = f"studies.{study_name}.tasks.{task}"
            yield from _unknown(config, key, own, ("measures", "statistics", "claims", "figures"))
            for room in ("cells", "learners"):
                for name, changed in own.get(room, {}).items():
                    if name not in config[room]:  # it may wait for one that the study leaves out for now
                        yield f"{key}.{room}.{name}: '{name}' is not an entry of {room}; there are: {', '.join(config[room])}"
                        continue
                    entry = config[room].get(name, {})
                    if entry.get("kind") in variants.kinds(room):  # else named above
                        faults = dict(variants.check(room, entry | changed))
                        yield from (f"{key}.{room}.{name}.{fault}: {faults[fault]}" for fault in changed if fault in faults)


#: What a task has for its learners, by its base class, and base classes of learners that can do with it.
_OFFERS = {
    "Task": ("is made of trials", ("TrialLearner", "ActivityLearner")),
    "ReadingTask": ("is made of documents", ("TrialLearner",)),
    "ClosedLoopTask": ("plays sessions", ("SessionLearner", "ActivityLearner")),
    "DrivenTask": ("is no task to learn", ("ActivityLearner",)),
}


def _by_learner(config: Mapping[str, Any]) -> Iterator[str]:
    """That learners fit the tasks of their studies, and that teachers are populations of enough networks on the same task."""
    studies = design.studies(config)
    for name, study in studies.items():
        for population in study.populations:
            key, entry = f"learners.{population.group}", population.learner_entry
            kind, path = entry["kind"], entry.get("teacher")
            task, learner, cell = (
                variants.base(room, used["kind"])
                for room, used in (("tasks", config["tasks"][population.task]), ("learners", entry), ("cells", population.cell_entry))
            )
            offered, goes_with = _OFFERS[task]
            if learner != "Learner" and learner not in goes_with:
                yield f"{key}: kind '{kind}' cannot learn the task '{population.task}' of studies.{name}, which {offered}"
            elif task == "DrivenTask" and (learner != "ActivityLearner" or cell != "Circuit"):
                wanted = "needs circuits for cells and students for learners"
                yield f"{key}: the task '{population.task}' of studies.{name} {wanted}, got {population.cell} under '{kind}'"
            elif learner == "ActivityLearner" and task != "DrivenTask" and path is None:
                yield f"{key}.teacher: missing; students on the task '{population.task}' of studies.{name} watch a trained population"
            if path is None:
                continue
            found = {f"{p.study}/{p.task}/{p.cell}/{p.learner}": p for other in studies.values() for p in other.populations}
            if path not in found or found[path].task != population.task:
                known = [known for known, p in found.items() if p.task == population.task and "teacher" not in p.learner_entry]
                told = ", ".join(known[:_TOLD]) + (f", and {len(known) - _TOLD} more" if len(known) > _TOLD else "")
                wanted = f"study/task/cell/learner on the task '{population.task}'"
                yield f"{key}.teacher: {wanted} is expected, got {path!r}; there are: {told}"
            elif found[path].networks < population.networks:
                taught = f"{found[path].networks} networks, fewer than the {population.networks} students of studies.{name}"
                yield f"{key}.teacher: {path} has {taught}"


def _by_mice(config: Mapping[str, Any]) -> Iterator[str]:
    """Where the trials of mice are, what stands for their contrasts, and that studies which read them have some."""
    mice, scale = config.get("mice", {}), config.get("replay", {})
    for name, entry in mice.items():
        if ("file" in entry) == ("fixture" in entry):
            yield f"mice.{name}: either `file` or `fixture` is expected, got {', '.join(entry) or 'neither'}"
        for key in [key for key in ("sessions", "blocks") if "fixture" in entry and key in entry]:
            yield f"mice.{name}.{key}: goes with a `file`; of a fixture it is known"
    contrasts, strengths = scale.get("contrasts", []), scale.get("strengths", [])
    for key, values in (("contrasts", contrasts), ("strengths", strengths)):
        if sorted(set(values)) != list(values):
            yield f"replay.{key}: numbers in rising order are expected, got {values}"
    if len(contrasts) != len(strengths):
        yield f"replay.strengths: as many as contrasts ({len(contrasts)}) are expected, got {len(strengths)}"
    for name, study in design.studies(config).items():
        named = study.entry.get("mice", [])
        for mouse in named:
            if mouse not in mice:
                yield f"studies.{name}.mice: '{mouse}' is not an entry of mice; there are: {', '.join(mice) or 'none'}"
        if named and not scale:
            yield f"replay: missing; studies.{name} has mice"
        entries = [entry for task in study.tasks for room in ("statistics", "figures") for entry in study.named(room, task).values()]
        if not named and any({"mice", "replays"} & set(entry.get("reads", [])) for entry in entries):
            yield f"studies.{name}.mice: missing; a statistic or figure of the study reads mice; there are: {', '.join(mice) or 'none'}"


#: Words of a document that a task reads, and a bag of words beside it, if nothing is said.
_LENGTH = 150


def _by_corpora(config: Mapping[str, Any], files: bool) -> Iterator[str]:
    """Where the texts of corpora are, and that tasks name corpora that are there and know a bag of words of the task's length."""
    corpora = config.get("corpora", {})
    for name, entry in corpora.items():
        if ("file" in entry) == ("fixture" in entry):
            yield f"corpora.{name}: either `file` or `fixture` is expected, got {'both' if 'file' in entry else 'neither'}"
        for key in [key for key in ("text", "label", "encoding") if "fixture" in entry and key in entry]:
            yield f"corpora.{name}.{key}: goes with a `file`; of a fixture it is known"
        if files and "file" in entry and not Path(entry["file"]).exists():
            yield f"corpora.{name}.file: a file that is there is expected, got '{entry['file']}', seen from {Path.cwd()}"
        if not _is_encoding(entry.get("encoding", "utf-8")):
            yield f"corpora.{name}.encoding: the name of an encoding is expected (utf-8, latin-1, cp1252, ...), got '{entry['encoding']}'"
    for task, entry in config["tasks"].items():
        if "corpus" not in entry:
            continue
        if entry["corpus"] not in corpora:
            yield f"tasks.{task}.corpus: '{entry['corpus']}' is not an entry of corpora; there are: {', '.join(corpora) or 'none'}"
        elif (length := entry.get("length", _LENGTH)) not in corpora[entry["corpus"]].get("lengths", [_LENGTH]):
            yield f"corpora.{entry['corpus']}.lengths: {length} is expected among them; the task '{task}' reads so many words"


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
    except LookupError:
        return False
    return True


def _by_recordings(config: Mapping[str, Any], files: bool) -> Iterator[str]:
    """Where the user's own recordings are, how long their steps are, and who can be fitted to them."""
    for name, entry in config.get("recordings", {}).items():
        key = f"recordings.{name}"
        for file, array in (("file", "array"), ("input", "input_array")):
            if files and file in entry and not Path(entry[file]).exists():
                yield f"{key}.{file}: a file that is there is expected, got '{entry[file]}', seen from {Path.cwd()}"
            if array in entry and not entry.get(file, ".npy").endswith((".zarr", ".zarr.zip")):
                yield f"{key}.{array}: goes with a zarr group as `{file}`; a .npy file holds one array"
        given = [own for own in ("leak", "dt", "tau") if own in entry]
        if given not in (["leak"], ["dt"], ["dt", "tau"]):
            yield f"{key}: either `leak`, or `dt` (with or without `tau`), is expected, got {', '.join(given) or 'neither'}"
        elif entry.get("dt", 0.0) > entry.get("tau", 1.0):
            yield f"{key}.dt: at most tau ({entry.get('tau', 1.0):g}) is expected, got {entry['dt']:g}"
        fit = [own for own, learner in config["learners"].items() if variants.base("learners", learner["kind"]) == "ActivityLearner"]
        for student in entry["students"]:
            if student not in fit:
                yield f"{key}.students: '{student}' is no learner of activity; there are: {', '.join(fit) or 'none'}"


def _by_choice(config: Mapping[str, Any]) -> Iterator[str]:
    """What a search for recipes needs: several to choose from, and a record of training to choose by."""
    for name, study in design.studies(config).items():
        if study.entry.get("choose"):
            if not study.entry.get("axes", {}).get("learners"):
                yield f"studies.{name}.choose: nothing to choose from; axes.learners must hold keys of the learner with their levels"
            if "training" not in {entry["kind"] for entry in study.named("statistics").values()}:
                yield f"studies.{name}.choose: nothing to choose by; statistics must hold an entry of kind 'training'"


def _by_recipes(config: Mapping[str, Any]) -> Iterator[str]:
    for name, study in design.studies(config).items():
        for learner, recipes in study.entry.get("recipes", {}).items():
            key = f"studies.{name}.recipes.{learner}"
            if learner not in study.groups:
                yield f"{key}: not a learner of the study; allowed: {', '.join(study.groups)}"
                continue
            for cell, recipe in recipes.items():
                # a recipe may wait for a cell or level that the study leaves out for now
                if cell.split("-")[0] not in config["cells"]:
                    yield f"{key}.{cell}: does not begin with a cell; there are: {', '.join(config['cells'])}"
                for fault, problem in variants.check("learners", config["learners"][learner] | recipe):
                    yield f"{key}.{cell}.{fault}: {problem}"
