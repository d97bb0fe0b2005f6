"""Stores of networks that play the real task: hand-made tanh networks whose states, weights and behaviour belong together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rnnpop.names import check, variable
from rnnpop.numerics.observers import watch
from rnnpop.numerics.sessions import Course, Steps, play
from rnnpop.seeds import stream
from rnnpop.tasks.hierarchical_inference import HierarchicalInference

#: A small task: sessions of about 140 trials.
TASK = HierarchicalInference(sessions=6, session_steps=600)

#: The distilled network of Schaeffer et al. 2020: z' = tanh(A z + B (o_left, o_right, r)), z = (stimulus, block).
RECURRENT = np.array([[0.54, 0.31], [0.19, 0.84]])
INPUT = np.array([[-0.19, 0.20, 0.005], [-0.04, 0.04, 0.021]])

#: What networks are: readout gain of the distilled network, and the factor on its recurrent weights. A gain of 0 never acts; without
#: recurrence there is no memory, of the block or of an observation; not a number has diverged.
KINDS = {
    "published": (3.0, 1.0),
    "hasty": (8.0, 1.0),
    "forgetful": (10.0, 0.0),
    "silent": (0.0, 1.0),
    "diverged": (np.nan, 1.0),
}

#: Units that copy each of the two: some with the opposite sign.
COPIES = 3


def parameters(kind: str, copies: int = COPIES) -> dict[str, np.ndarray]:
    """A vanilla network of 2·`copies` units that does exactly what the two-unit one does: unit i is ± unit i mod 2 of it."""
    gain, memory = KINDS[kind]
    units = np.arange(2 * copies)
    signs = np.where(units // 2 % 2 == 0, 1.0, -1.0)
    group = units % 2
    outward = np.where(group == 0, signs, 0.0) / copies
    return {
        "input_weights": (signs[:, None] * INPUT[group])[None],
        "recurrent_weights": (memory * signs[:, None] * RECURRENT[np.ix_(group, group)] * signs / copies)[None],
        "bias": np.zeros((1, len(units))),
        "initial_state": np.zeros(len(units)),
        "readout_weights": gain * np.stack([-outward, outward]),
        "readout_bias": np.zeros(2),
    }


class Network:
    """An agent: a vanilla tanh network that keeps the states it went through."""

    def __init__(self, weights: dict[str, np.ndarray], environments: int) -> None:
        self.weights = weights
        self.state = np.tile(weights["initial_state"], (environments, 1))
        self.states: list[np.ndarray] = []

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        own = self.weights
        drive = inputs.astype(float) @ own["input_weights"][0].T + own["bias"][0]
        self.state = np.tanh(drive + self.state @ own["recurrent_weights"][0].T)
        self.states.append(self.state)
        return self.state @ own["readout_weights"].T + own["readout_bias"]


def identity(kinds: Sequence[str], loss: str = "log", first: int = 0) -> dict[str, object]:
    """Coordinates of networks of one population, one for each kind."""
    index = np.arange(first, first + len(kinds))
    name = [f"hierarchical_inference/vanilla-{loss}/closed_loop/{i:05d}" for i in index]
    return {
        "network": ("network", np.array(name, dtype=object)),
        "index": ("network", index),
        "status": ("network", np.array(["diverged" if kind == "diverged" else "ok" for kind in kinds], dtype=object)),
        "architecture": ("network", np.array(["vanilla"] * len(kinds), dtype=object)),
        "activation": ("network", np.array(["tanh"] * len(kinds), dtype=object)),
        "learner": ("network", np.array(["closed_loop"] * len(kinds), dtype=object)),
        "units": ("network", np.full(len(kinds), 2 * COPIES)),
        "loss": ("network", np.array([loss] * len(kinds), dtype=object)),
    }


def networks(kinds: Sequence[str] = tuple(KINDS), loss: str = "log", first: int = 0) -> xr.Dataset:
    """A store of stage `train`; the initial weights are the trained ones over 10."""
    dims = {
        "input_weights": ("gate", "target", "input"),
        "recurrent_weights": ("gate", "target", "source"),
        "bias": ("gate", "target"),
        "initial_state": ("unit",),
        "readout_weights": ("output", "read"),
        "readout_bias": ("output",),
    }
    trained = [parameters(kind) for kind in kinds]
    store = xr.Dataset(
        {
            name: variable(("network", "checkpoint", *own), np.stack([[one[name] / 10, one[name]] for one in trained]), name)
            for name, own in dims.items()
        }
        | {
            "error": variable(("network", "evaluation"), np.tile([0.7, 0.3], (len(kinds), 1)), "loss"),
            "final_loss": variable(("network",), 0.1 + 0.01 * np.arange(len(kinds)), "error of the weights kept"),
            "steps": variable(("network",), np.full(len(kinds), 500), "optimiser steps taken", "step"),
            "criterion_step": variable(("network",), np.full(len(kinds), 300.0), "optimiser steps to the criterion", "step"),
        },
        {**identity(kinds, loss, first), "checkpoint": ["initial", "trained"], "step": ("evaluation", [0, 500]), "gate": ["candidate"]},
    )
    check(store, "train")
    return store


def course(task: HierarchicalInference = TASK, seed: int = 0) -> Course:
    """The luck of all networks."""
    return task.course(stream(seed, "hierarchical_inference", "sessions"), task.sessions, steps=task.session_steps)


def sessions(
    kinds: Sequence[str] = tuple(KINDS), loss: str = "log", first: int = 0, task: HierarchicalInference = TASK, seed: int = 0
) -> xr.Dataset:
    """A store of stage `play`: what these networks did."""
    luck = course(task, seed)
    played: list[Steps] = []
    states, odds = [], []
    for kind in kinds:
        agent = Network(parameters(kind), task.sessions)
        with np.errstate(invalid="ignore"):
            steps = play(task, luck, agent, task.session_steps)
        played.append(steps)
        states.append(np.stack(agent.states, axis=1) * (np.nan if kind == "diverged" else 1.0))
        odds.append(np.stack([watch(steps, task.generative, reveal=reveal) for reveal in (True, False)], axis=1))
    of_steps = ("network", "session", "time")
    columns = {name: np.stack([getattr(one, name) for one in played]) for name in Steps.__dataclass_fields__}
    more = {"inputs": ("input",), "outputs": ("output",)}
    believed = np.stack(odds).astype(np.float32)  # network, quantity, observer, session, time
    store = xr.Dataset(
        {
            "state": variable((*of_steps, "unit"), np.stack(states).astype(np.float32), "state after each step"),
            **{name: variable((*of_steps, *more.get(name, ())), values, name.replace("_", " ")) for name, values in columns.items()},
            **{
                name: variable(("session", "trial"), getattr(luck, name), name.replace("_", " "))
                for name in ("side", "strength", "block_side", "block", "block_trial")
            },
            "stimulus_log_odds": variable(("network", "observer", "session", "time"), believed[:, 0], "log-odds of the right side"),
            "block_log_odds": variable(("network", "observer", "session", "time"), believed[:, 1], "log-odds of a right block"),
        },
        {
            **identity(kinds, loss, first),
            "time": ("time", task.dt * np.arange(task.session_steps), {"units": "s"}),
            "part": ("unit", np.array(["hidden"] * (2 * COPIES), dtype=object)),
            "observer": np.array(["exact", "soft"], dtype=object),
        },
        {
            "blanks": task.blanks,
            "observations": task.observations,
            "threshold": task.threshold,
            "delay_reward": task.delay_reward,
            "congruence": task.congruence,
            "strengths": list(task.strengths),
        },
    )
    check(store, "play")
    return store
