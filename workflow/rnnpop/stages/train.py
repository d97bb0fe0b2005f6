"""Train the networks of a shard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float

from rnnpop.design import network_name
from rnnpop.learners import Apprentice, Learner, Teacher, Training
from rnnpop.names import variable
from rnnpop.numerics.affine import DIMENSIONS, EMBEDDING, trained_parameters
from rnnpop.numerics.kernels.native import available
from rnnpop.numerics.sessions import played
from rnnpop.seeds import stream


def train(
    task: Any,
    cell: Any,
    learner: Learner,
    *,
    study: str,
    names: Mapping[str, str],
    indexes: Sequence[int],
    factors: Mapping[str, Any],
    seed: int,
    device: str,
    teachers: Mapping[int, Teacher] | None = None,
) -> xr.Dataset:
    """Networks of one population, before and after training.

    First weights and training trials are drawn from streams that hash study, task, cell and index, but not the learner: networks
    of the same index under two learners begin alike and see the same trials, so that learners are compared in pairs.

    Args:
        names: `task`, `cell` and `learner` as they stand in paths.
        indexes: numbers of the networks in the population.
        factors: design factors of the population, kept as coordinates.
        teachers: the teacher of each network, by its number, where the learner wants one.

    Returns:
        Store of stage `train`; its attribute `engine` says which passes over a trial were used: their rounding differs.
    """

    def drawn(index: int, what: str) -> np.random.Generator:
        return stream(seed, study, names["task"], names["cell"], index, what)

    apprentices = [
        Apprentice(
            cell.init(drawn(index, "init"), task.inputs, task.outputs)
            | ({} if (words := task.first_embedding(drawn(index, "embedding"))) is None else {"embedding": words}),
            drawn(index, "trials"),
            (teachers or {}).get(index),
        )
        for index in indexes
    ]
    evaluation = task.evaluation(stream(seed, names["task"], "evaluation"))
    training = learner.learn(task, cell, apprentices, evaluation, device)

    weights = {
        name: variable(
            ("network", "checkpoint", *dims),
            np.stack([[a.initial[name], t[name]] for a, t in zip(apprentices, training.trained, strict=True)]),
            name.replace("_", " "),
        )
        for name, dims in (DIMENSIONS | EMBEDDING).items()
        if name in apprentices[0].initial
    }
    return xr.Dataset(
        weights
        | training.described
        | {
            "error": variable(("network", "evaluation"), training.loss, "error on the evaluation batch"),
            "final_loss": variable(("network",), training.final_loss, "error of the weights kept"),
            "steps": variable(("network",), training.steps, "optimiser steps taken"),
            "criterion_step": variable(("network",), _first_solved(training), "optimiser steps until the criterion was first met"),
        },
        coords={
            "network": [network_name(names["task"], names["cell"], names["learner"], index) for index in indexes],
            "index": ("network", list(indexes)),
            "status": ("network", np.array(training.status, dtype=object)),
            **{
                factor: ("network", np.array([level] * len(indexes), dtype=object if isinstance(level, str) else None))
                for factor, level in factors.items()
            },
            "checkpoint": ["initial", "trained"],
            "step": ("evaluation", training.step),
            "gate": list(cell.gates),
            **training.coordinates,
        },
        attrs={"engine": "native" if available(cell, torch.float32, torch.device(device)) else "torch"},
    )


def teacher(networks: xr.Dataset, sessions: xr.Dataset, network: int) -> Teacher:
    """One network of a shard, with the sessions that it played."""
    steps, course = played(sessions, network)
    return Teacher(
        name=str(networks["network"].values[network]),
        parameters={name: value.numpy() for name, value in trained_parameters(networks, network).items()},
        steps=steps,
        state=sessions["state"].values[network],
        course=course,
        blanks=int(sessions.attrs["blanks"]),
    )


def _first_solved(training: Training) -> Float[np.ndarray, "network"]:
    """Optimiser steps at the first evaluation that met the criterion; NaN for a network that never did."""
    met = np.column_stack([training.solved, np.ones(len(training.loss), dtype=bool)])  # a column for never
    return np.append(training.step, np.nan)[met.argmax(axis=1)]
