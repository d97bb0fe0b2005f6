"""Let the networks of a shard play sessions of a task that answers back, with ideal observers looking on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float

from rnnpop.names import identity, variable
from rnnpop.numerics.affine import trained_parameters
from rnnpop.numerics.observers import watch
from rnnpop.numerics.sessions import Agent, Steps
from rnnpop.numerics.sessions import play as play_sessions
from rnnpop.seeds import stream

#: Ideal observers of the networks' own sessions, and whether feedback tells them the side.
_OBSERVERS = {"exact": True, "soft": False}


def play(networks: xr.Dataset, task: Any, cell: Any, *, names: Mapping[str, str], seed: int) -> xr.Dataset:
    """Sessions of every network, step by step, and what ideal observers believe of the networks' own inputs after each step.

    What chance brings to the sessions belongs to the task alone: all networks of all studies have the same luck, and differ by
    what they do with it. Computed in float64, kept in float32.

    Returns:
        Store of stage `play`.
    """
    course = task.course(stream(seed, names["task"], "sessions"), task.sessions, steps=task.session_steps)
    played = [_play(networks, network, task, cell, course) for network in range(networks.sizes["network"])]
    per_step = ("network", "session", "time")

    def stacked(name: str, dtype: str) -> np.ndarray:
        return np.stack([getattr(steps, name) for steps, _, _ in played]).astype(dtype)

    def of_course(name: str, dtype: str, long_name: str) -> xr.Variable:
        return variable(("session", "trial"), getattr(course, name).astype(dtype), long_name)

    return xr.Dataset(
        {
            "state": variable((*per_step, "unit"), np.stack([state for _, state, _ in played]), "state after each step"),
            "inputs": variable((*per_step, "input"), stacked("inputs", "f4"), "input at each step"),
            "outputs": variable((*per_step, "output"), stacked("outputs", "f4"), "output after each step, logits"),
            "trial_number": variable(per_step, stacked("trial_number", "i4"), "trial of the session, from 0"),
            "trial_step": variable(per_step, stacked("trial_step", "i4"), "step of the trial, from 0", "step"),
            "action": variable(per_step, stacked("action", "i4"), "action after each step: -1 left, 1 right, 0 none"),
            "reward": variable(per_step, stacked("reward", "f4"), "reward after each step"),
            "ended": variable(per_step, stacked("ended", "bool"), "whether the trial ended with the step"),
            "side": of_course("side", "i4", "side of the stimulus: -1 left, 1 right"),
            "strength": of_course("strength", "f8", "strength of the stimulus"),
            "block_side": of_course("block_side", "i4", "side that the block favours: -1 left, 1 right, 0 none"),
            "block": of_course("block", "i4", "block of the session, from 0"),
            "block_trial": of_course("block_trial", "i4", "trial of the block, from 1"),
            **{
                f"{of}_log_odds": variable(
                    ("network", "observer", "session", "time"),
                    np.stack([np.stack([believed[name][place] for name in _OBSERVERS]) for _, _, believed in played]),
                    f"log-odds of right for the side of the {of}, of observers of the network's own inputs",
                    "nat",
                )
                for place, of in enumerate(("stimulus", "block"))
            },
        },
        coords={
            **identity(networks),
            "time": ("time", task.dt * np.arange(task.session_steps), {"units": "s"}),
            "part": ("unit", np.repeat(np.array(cell.parts, dtype=object), cell.units)),
            "observer": np.array(list(_OBSERVERS), dtype=object),
        },
        attrs={
            "strengths": list(task.strengths),
            **{name: getattr(task, name) for name in ("blanks", "observations", "threshold", "delay_reward", "congruence")},
        },
    )


def _play(
    networks: xr.Dataset, network: int, task: Any, cell: Any, course: Any
) -> tuple[Steps, Float[np.ndarray, "session time unit"], dict[str, tuple[np.ndarray, np.ndarray]]]:
    """Steps and states of one network, and the log-odds of stimulus and block of each observer."""
    states: list[np.ndarray] = []
    steps = play_sessions(task, course, agent(cell, trained_parameters(networks, network), task.sessions, states), task.session_steps)
    believed = {
        name: tuple(odds.astype(np.float32) for odds in watch(steps, task.generative, reveal=reveal)) for name, reveal in _OBSERVERS.items()
    }
    return steps, np.stack(states, axis=1), believed  # type: ignore[return-value]  # pairs


def agent(cell: Any, parameters: Any, environments: int, states: list[np.ndarray] | None = None) -> Agent:
    """A network as an agent, float64, from its first state.

    Args:
        states: where the state after each step is put down, float32.
    """
    state = parameters["initial_state"].expand(environments, -1)

    def act(inputs: Float[np.ndarray, "environment input"]) -> Float[np.ndarray, "environment output"]:
        nonlocal state
        state = cell.step(parameters, torch.from_numpy(inputs).double(), state)
        if states is not None:
            states.append(state.float().numpy())
        return cell.readout(parameters, state).numpy()

    return act
