"""Record the networks of a shard on the probe trials of their task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float, Int
from torch import Tensor

from rnnpop.names import identity, variable
from rnnpop.numerics.affine import trained_parameters
from rnnpop.numerics.scores import scored
from rnnpop.numerics.unroll import unroll
from rnnpop.seeds import stream


def record(networks: xr.Dataset, task: Any, cell: Any, *, names: Mapping[str, str], seed: int) -> xr.Dataset:
    """States and outputs of every network on frozen batches: the probe batch (0), a second one (1) for noise floors, and, where the
    task has them, trials for pictures (2).

    The batches belong to the task alone, so all networks of all studies see the same trials in the same order.
    Computed in float64, kept in float32. Of the trials beyond the range of training only the error is kept.

    Returns:
        Store of stage `record`.
    """
    batches = [task.probes(stream(seed, names["task"], "probes", batch), batch) for batch in (0, 1)]
    if shown := task.shown():
        batches.append(shown)
    beyond = task.beyond(stream(seed, names["task"], "beyond"))
    inputs = np.concatenate([batch.input for batch in batches])
    states, outputs, beyond_losses = [], [], []
    for network in range(networks.sizes["network"]):
        parameters = trained_parameters(networks, network)
        state = unroll(cell, parameters, _taken(inputs))
        states.append(state.float().numpy())
        outputs.append(cell.readout(parameters, state).float().numpy())
        far = cell.readout(parameters, unroll(cell, parameters, _taken(beyond.input))).numpy()
        beyond_losses.append(scored(task.loss, far, beyond.target))
    return xr.Dataset(
        {
            "state": variable(("network", "trial", "time", "unit"), np.stack(states), "state after each step"),
            "outputs": variable(("network", "trial", "time", "output"), np.stack(outputs), "output after each step"),
            "inputs": variable(("trial", "time", "input"), inputs, "input at each step"),
            "targets": variable(("trial", "time", "output"), np.concatenate([batch.target for batch in batches]), "target of each step"),
            "beyond_loss": variable(("network",), np.array(beyond_losses), "loss on trials out of the range of training"),
        },
        coords={
            **identity(networks),
            "batch": ("trial", np.repeat(np.arange(len(batches)), [len(batch.input) for batch in batches])),
            "condition": ("trial", np.array([name for batch in batches for name in batch.condition], dtype=object)),
            "command": ("trial", np.array([number for batch in batches for number in batch.command])),
            "time": ("time", task.dt * np.arange(inputs.shape[1]), {"units": "s"}),
            "part": ("unit", np.repeat(np.array(cell.parts, dtype=object), cell.units)),
        },
        attrs={"loss": task.loss},
    )


def _taken(inputs: Float[np.ndarray, "trial time input"] | Int[np.ndarray, "trial time 1"]) -> Tensor:
    """Inputs of trials in double precision, or numbers of words as they are."""
    taken = torch.from_numpy(inputs)
    return taken.double() if taken.is_floating_point() else taken
