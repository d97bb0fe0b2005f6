"""Networks that read, made by hand, and what the stages make of them: words are summed along a line, or in the plane of a simplex."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import xarray as xr

from rnnpop import variants
from rnnpop.names import variable
from rnnpop.numerics.affine import DIMENSIONS, EMBEDDING
from rnnpop.stages.appraise import appraise
from rnnpop.stages.descend import descend
from rnnpop.stages.read import read
from rnnpop.stages.record import record
from rnnpop.stages.settle import settle

TASKS = {
    "valence": {"kind": "valence", "length": 20, "shortest": 5, "synonyms": 3, "neutral_words": 6, "probe_documents": 8},
    "context": {"kind": "context", "length": 20, "synonyms": 2, "neutral_words": 4, "probe_documents": 8},
    "categorical": {"kind": "categorical", "length": 20, "classes": 3, "probe_documents": 8},
}
#: What is told of their networks.
STATISTICS = ("reading", "words")
#: What is left of a state after a step, by network; the second one has diverged.
KEPT = (0.999, np.nan, 0.98, 0.9)
#: Size of what a word adds: so small that tanh is linear to about 1e-6 of itself.
PUSH = 1e-4

#: What training would say of them.
TRAINED = {"final_loss": 0.1, "steps": 100.0, "criterion_step": 50.0}
READ = {"documents": 200, "visits": 300, "shown": 5, "bins": 6}
APPRAISE = {"words": 4, "points": 20, "tolerance": 1e-6, "documents": 120}
#: Starts stay where they are: they are slow already.
DESCEND = {
    **{"starts": 150, "noise": 0, "learning_rate": 1e-12, "iterations": 1, "every": 1, "stop": 0, "precision": "double"},
    **{"tolerance": 1e-3, "unique": 1e-9, "outlier": 1.0, "tolerances": [1e-6], "examined": 5, "inputs": ["silence", "mean word"]},
}
SETTLE = {"starts": 16, "rounds": 1, "tolerance": 1e-8, "slow": 1e-3, "merge": 1e-3, "outlier": 2.0}


def task(name: str) -> Any:
    return variants.load("tasks", TASKS[name])


def cell() -> Any:
    return variants.load("cells", {"kind": "vanilla", "units": 6})


def networks(name: str) -> xr.Dataset:
    """A store of stage `train`: random before training; after it what a word adds to the answer is what it adds to the state."""
    own, rows = task(name), []
    for index, kept in enumerate(KEPT):
        first = cell().init(np.random.default_rng(index), own.inputs, own.outputs)
        corners = np.eye(3) - 1 / 3 if name == "categorical" else np.ones((1, 1))
        frame = np.linalg.qr(np.random.default_rng(10 + index).standard_normal((6, len(corners))))[0]
        along = frame @ corners
        trained = {name: np.zeros_like(values) for name, values in first.items()} | {
            "input_weights": PUSH * (along @ own.values().T)[None],
            "recurrent_weights": kept * (along @ along.T)[None],
            "readout_weights": along.T / PUSH,
        }
        rows.append([stage | {"embedding": own.first_embedding(np.random.default_rng(0))} for stage in (first, trained)])
    made = {
        key: variable(("network", "checkpoint", *dims), np.stack([[stage[key] for stage in row] for row in rows]), key)
        for key, dims in (DIMENSIONS | EMBEDDING).items()
    } | {key: variable(("network",), np.full(len(KEPT), value), key) for key, value in TRAINED.items()}
    # weights that came apart may be any: here they are nowhere finite
    status = np.array(["ok" if np.isfinite(kept) else "diverged" for kept in KEPT], dtype=object)
    coords = {
        "network": np.array([f"{name}/vanilla/adam/{index:05d}" for index in range(len(KEPT))], dtype=object),
        "index": ("network", np.arange(len(KEPT))),
        "status": ("network", status),
        "checkpoint": ["initial", "trained"],
        **{
            factor: ("network", np.array([level] * len(KEPT), dtype=object))
            for factor, level in {"architecture": "vanilla", "activation": "tanh", "learner": "adam"}.items()
        },
    }
    return xr.Dataset({key: item.where(xr.Variable("network", status == "ok")) for key, item in xr.Dataset(made, coords).items()}, coords)


def stores_of(made: xr.Dataset, name: str) -> dict[str, xr.Dataset]:
    """Every store of these networks."""
    given = task(name), cell()
    names = {"task": name}
    found = {"networks": made, "readings": read(made, *given, settings=READ, names=names, seed=0)}
    probes = record(made, *given, names=names, seed=0)
    found["trajectories"] = probes
    found["fixed_points"] = settle(made, probes, *given, settings=SETTLE, study="reading", seed=0, device="cpu")
    found["slow_points"] = descend(made, probes, *given, settings=DESCEND, study="reading", seed=0, device="cpu")
    found["appraisals"] = appraise(made, found["slow_points"], found["readings"], *given, settings=APPRAISE, names=names, seed=0)
    return found


@cache
def shard(name: str) -> dict[str, xr.Dataset]:
    return stores_of(networks(name), name)
