"""Studies of the task that answers back, by the stages themselves: networks made by hand or barely trained, and students of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import xarray as xr

import session_stores
from rnnpop import variants
from rnnpop.stages.describe import describe
from rnnpop.stages.export import export
from rnnpop.stages.gather import gather
from rnnpop.stages.linearise import linearise
from rnnpop.stages.observe import observe
from rnnpop.stages.play import play
from rnnpop.stages.record import record
from rnnpop.stages.replay import replay
from rnnpop.stages.settle import settle
from rnnpop.stages.summarise import summarise
from rnnpop.stages.survey import survey
from rnnpop.stages.tabulate import tabulate
from rnnpop.stages.train import teacher, train

NAME = "hierarchical_inference"
#: Short sessions, many at a time; whoever has finite weights meets the criterion.
TASK = replace(session_stores.TASK, criterion=1.0, sessions=16, session_steps=300, probe_sessions=4, probe_steps=60)
SETTLE = {"starts": 16, "rounds": 1, "tolerance": 1e-8, "slow": 1e-3, "merge": 1e-3, "outlier": 2.0}
REPLAY = {"contrasts": [0, 1], "strengths": [0, 2.5], "draws": 1}

#: Populations by name: kinds of networks made by hand, or the learner of what is trained.
STUDIES: dict[str, dict[str, tuple[str, ...] | dict[str, Any]]] = {
    "hierarchical": {
        "log": ("published", "diverged", "hasty", "silent"),
        "linear": ("hasty", "published", "published"),
        "gru": {"kind": "closed_loop", "learning_rate": 0.01, "updates": 2, "environments": 4, "horizon": 20, "session_steps": 40},
    },
    "distilled": {
        **{f"radd-{gain}": {"kind": "radd", "gain": gain} for gain in (1.0, 3.0)},
        "logits": {"kind": "distilled", "target": "logits", "updates": 2, "window": 16, "batch": 8, "refresh": 2},
    },
}

#: What is told of the networks of each study.
STATISTICS = {
    "hierarchical": ("behaviour", "beliefs", "circuit", "slow_dynamics", "replay"),
    "distilled": ("behaviour", "slow_dynamics", "distillation"),
}


@cache
def tables() -> dict[str, Any]:
    """Trials of two mice, who are networks."""
    short = replace(TASK, session_steps=120)
    played = {name: session_stores.sessions(("published",), task=short, seed=seed) for seed, name in enumerate(("one", "two"))}
    return {name: tabulate(export(sessions), name=name, sessions="session") for name, sessions in played.items()}


def networks(study: str, population: str) -> xr.Dataset:
    """A store of stage `train`."""
    how = STUDIES[study][population]
    if not isinstance(how, Mapping):
        return session_stores.networks(how, population)
    own: dict[str, Any] = {"architecture": "gru", "learner": "closed_loop", "loss": "log"}
    teachers = {}
    if study == "distilled":
        own = {"architecture": "vanilla", "learner": population.split("-")[0], **{key: how[key] for key in ("gain",) if key in how}}
        how = {**how, "teacher": f"hierarchical/{NAME}/vanilla-log/closed_loop"}
        taught = shard("hierarchical", "log")
        teachers = {index: teacher(taught["networks"], taught["sessions"], index) for index in range(4)}
    return train(
        TASK,
        cell(study, population),
        variants.load("learners", how),
        study=study,
        names={"task": NAME, "cell": own["architecture"], "learner": population},
        indexes=range(len(teachers) or 2),
        factors=own | {"activation": "tanh"},
        seed=0,
        device="cpu",
        teachers=teachers,
    )


def cell(study: str, population: str) -> Any:
    """Of the networks of a population."""
    units = 2 if study == "distilled" else 2 * session_stores.COPIES
    return variants.load("cells", {"kind": "gru" if population == "gru" else "vanilla", "units": units})


@cache
def shard(study: str, population: str) -> dict[str, xr.Dataset]:
    """Every store of a population."""
    made, own, names = networks(study, population), cell(study, population), {"task": NAME}
    # weights that came apart may be any: here they are nowhere finite
    made = made.assign({name: item.where(made["status"] != "diverged") for name, item in made.items() if item.dtype.kind == "f"})
    played = play(made, TASK, own, names=names, seed=0)
    probes = record(made, TASK, own, names=names, seed=0)
    points = settle(made, probes, TASK, own, settings=SETTLE, study=study, seed=0, device="cpu")
    stores = {
        "networks": made,
        "sessions": played,
        "fixed_points": points,
        "linearisations": linearise(made, probes, points, TASK, own, settings={"horizons": [1]}),
        "fields": survey(made, played, TASK, own, settings={"grid": 5, "visits": 10, "bins": 5, "path": 500}),
    }
    if "replay" in STATISTICS[study]:
        stores["replays"] = replay(made, tables(), TASK, own, REPLAY, seed=0)
    return stores | {"statistics": describe(stores, {kind: variants.load("statistics", {"kind": kind}) for kind in STATISTICS[study]})}


@cache
def beside() -> dict[str, xr.Dataset]:
    """What stands beside the networks of either study."""
    return {
        "observers": observe(TASK, settings={"sessions": 10, "trials": 20, "thresholds": [0.5]}, names=("hierarchical", NAME), seed=0),
        "mice": gather(tables(), TASK, REPLAY, seed=0).assign_attrs(task=NAME),
    }


@cache
def study(name: str) -> dict[str, Any]:
    """What figures read, by the names of stores."""
    shards = [shard(name, population) for population in STUDIES[name]]
    lists = {store: [own[store] for own in shards] for store in ("networks", "sessions", "fixed_points", "fields")}
    return lists | {
        "summary": summarise([own["statistics"] for own in shards]),
        "teachers": [] if name == "hierarchical" else [study("hierarchical")["summary"]],
        **beside(),
    }
