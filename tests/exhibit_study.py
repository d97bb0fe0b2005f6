"""A study of circuits and their students, by the stages themselves, small."""

from __future__ import annotations

from functools import cache
from typing import Any

from rnnpop import variants
from rnnpop.stages.characterise import characterise
from rnnpop.stages.describe import describe
from rnnpop.stages.exhibit import exhibit
from rnnpop.stages.imitate import imitate
from rnnpop.stages.summarise import summarise

NAME, SEED = "circuits", 3
SETTINGS = {
    **{"fractions": [0.2, 0.6], "exhibited": [0.2, 0.6], "subsets": 1, "starts": 4, "steps": 300, "searches": 4},
    **{"horizon": 50, "nested": 4, "trials": 4, "noise": 0.05},
}
TASKS = {"integration": {"kind": "integration", "steps": 1000}, "noise": {"kind": "noise", "steps": 600}}
CELLS = {
    "line": {"kind": "similarity_line", "units": 20, "eigenvectors": "haar"},
    "chain-0.5": {"kind": "chain", "units": 20, "beta": 0.5},
    "oscillation": {"kind": "oscillation", "units": 20, "activation": "tanh"},
}
LEARNERS = {
    "map": {"kind": "maximum_a_posteriori"},
    "limit": {"kind": "long_time_limit"},
    "latent": {"kind": "linear_dynamical_system", "latents": 3, "iterations": 3},
}
#: Populations: task, cell, learner.
POPULATIONS = (
    *(("integration", cell, "latent") for cell in ("line", "chain-0.5")),
    *(("noise", "line", learner) for learner in ("limit", "map")),
    ("noise", "oscillation", "map"),
)


def arguments(task: str, cell: str, learner: str) -> dict[str, Any]:
    """What the stages are given for a population, beside its task, cell and learner."""
    architecture, *level = cell.split("-")
    factors = {"architecture": architecture, "activation": "tanh" if cell == "oscillation" else "identity", "learner": learner}
    names = {"task": task, "cell": cell, "learner": learner}
    return {
        "study": NAME,
        "names": names,
        "factors": factors | ({"beta": float(level[0])} if level else {}),
        "seed": SEED,
        "settings": SETTINGS,
    }


def loaded(task: str, cell: str, learner: str) -> tuple[Any, Any, Any]:
    """The variants of a population."""
    entries = (("tasks", TASKS[task]), ("cells", CELLS[cell]), ("learners", LEARNERS[learner]))
    task_, cell_, learner_ = (variants.load(room, entry) for room, entry in entries)
    return task_, cell_, learner_


@cache
def study(networks: int = 2) -> dict[str, Any]:
    """Exhibits of every population, and the summary of all their networks."""
    exhibits, described = [], []
    statistics = {kind: variants.load("statistics", {"kind": kind}) for kind in ("imitation", "nonnormality")}
    for names in POPULATIONS:
        given = arguments(*names)
        exhibits.append(exhibit(*loaded(*names), index=0, **given))
        students = imitate(*loaded(*names), indexes=range(networks), **given)
        without = {key: given[key] for key in ("study", "names", "seed", "settings")}
        circuits = characterise(loaded(*names)[1], indexes=range(networks), **without)
        described.append(describe({"students": students, "circuits": circuits.drop_vars("network")}, statistics))
    return {"exhibits": exhibits, "summary": summarise(described)}
