"""Maps with known answers, and small networks, for every test that needs one."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from rnnpop.cells import Cell
from rnnpop.numerics.affine import DIMENSIONS
from rnnpop.tasks import Task
from rnnpop.tasks.flip_flop import FlipFlop

#: η of the cube map.
ETA = 0.1
CORNERS = np.array(list(itertools.product((-1.0, 1.0), repeat=3)))
#: The 27 fixed points of the cube map, in its own coordinates; the number of zeros is the number of unstable directions.
CUBE = np.array(list(itertools.product((-1.0, 0.0, 1.0), repeat=3)))


@final
@dataclass(frozen=True)
class CubeCell(Cell):
    """The ideal flip-flop: v' = v + η (v − v³) on three axes, contraction by 0.5 on the others, in rotated coordinates.

    A pulse of ±1 on a channel sets its axis to ±1. Fixed points: {−1, 0, 1}³; eigenvalues per axis 1 + η at 0 and 1 − 2η at ±1.
    """

    units: int = 8

    @property
    def rotation(self) -> Tensor:
        return torch.from_numpy(np.linalg.qr(np.random.default_rng(5).standard_normal((self.units, self.units)))[0])

    def init(self, rng: np.random.Generator, inputs: int, outputs: int) -> dict[str, np.ndarray]:
        """Parameters that the map does not use, but for the readout: the three axes."""
        empty = {"input_weights": (1, 0, inputs), "recurrent_weights": (1, 0, self.units), "bias": (1, 0)}
        return {
            **{name: np.zeros(shape) for name, shape in empty.items()},
            "initial_state": np.zeros(self.units),
            "readout_weights": self.rotation.numpy().T[:3],
            "readout_bias": np.zeros(3),
        }

    def step(self, parameters: Any, input: Tensor, state: Tensor) -> Tensor:
        v = state @ self.rotation
        pulse = torch.zeros_like(v)
        pulse[..., :3] = input
        axes = v + ETA * (v - v**3)
        rest = 0.5 * v
        is_axis = torch.arange(self.units) < 3
        moved = torch.where(is_axis, torch.where(pulse != 0, pulse, axes), rest)
        return moved @ self.rotation.T

    @property
    def invariant_box(self) -> bool:
        return True


def as_store(cell: Cell, networks: list[dict[str, np.ndarray]], name: str = "oracle", status: str = "ok") -> xr.Dataset:
    """Networks as the `train` stage stores them, before and after training alike."""
    return xr.Dataset(
        {
            key: (("network", "checkpoint", *dims), np.stack([np.stack([n[key], n[key]]) for n in networks]))
            for key, dims in DIMENSIONS.items()
        },
        coords={
            "network": [f"flip_flop/{name}/adam/{index:05d}" for index in range(len(networks))],
            "index": ("network", np.arange(len(networks))),
            "status": ("network", np.array([status] * len(networks), dtype=object)),
            "architecture": ("network", np.array([name] * len(networks), dtype=object)),
        },
    )


def cube_store(cell: CubeCell | None = None) -> tuple[CubeCell, xr.Dataset, xr.Dataset, Task]:
    """The cube map as one network: cell, `train` store, `record` store (states in and around the cube), task."""
    cell = cell or CubeCell()
    networks = as_store(cell, [cell.init(np.random.default_rng(0), 3, 3)])
    rng = np.random.default_rng(1)
    v = np.zeros((64, 16, cell.units))
    v[..., :3] = CORNERS[rng.integers(8, size=(64, 16))] * rng.uniform(0.8, 1.05, (64, 16, 3))
    v[..., 3:] = 0.1 * rng.standard_normal((64, 16, cell.units - 3))
    trajectories = xr.Dataset(
        {"state": (("network", "trial", "time", "unit"), (v @ cell.rotation.numpy().T)[None].astype(np.float32))},
        coords={
            "network": networks["network"],
            "batch": ("trial", np.repeat([0, 1], 32)),
            "part": ("unit", np.array(["hidden"] * cell.units, dtype=object)),
        },
    )
    return cell, networks, trajectories, FlipFlop()


def random_parameters(cell: Cell, rng: np.random.Generator, networks: int, dtype: torch.dtype = torch.float64) -> dict[str, Tensor]:
    """Parameters of a few networks side by side, all of them away from zero."""
    drawn = [cell.init(rng, 3, 2) for _ in range(networks)]
    return {
        name: torch.tensor(np.stack([d[name] + 0.2 * rng.standard_normal(d[name].shape) for d in drawn]), dtype=dtype) for name in drawn[0]
    }
