"""Maps with known answers, and small networks, for every test that needs one."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from rnnpop.cells import Cell
from rnnpop.numerics.affine import DIMENSIONS, EMBEDDING
from rnnpop.tasks import Task
from rnnpop.tasks.flip_flop import FlipFlop
from rnnpop.tasks.sine import Sine

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
            for key, dims in (DIMENSIONS | EMBEDDING).items()
            if key in networks[0]
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


@final
@dataclass(frozen=True)
class HopfCell(Cell):
    """The ideal sine generator: z' = e^{iω dt} z (1 + μ − |z|²) in a plane, contraction by 0.5 off it, in rotated coordinates.

    ω = 2πf, with f commanded by the input as the sine task codes it. Fixed point 0 with eigenvalues (1 + μ) e^{±iω dt}; for μ in (0, 0.5)
    a cycle of radius √μ and exact frequency f, on which a radial deviation shrinks by 1 − 2μ a step.

    Attributes:
        mu: μ; 0 < −μ < 1 is a decaying spiral.
        saturation: of |z|²; 0, together with μ = 0, makes a neutral rotation.
    """

    units: int = 6
    mu: float = 0.2
    saturation: float = 1.0
    task: Sine = field(default_factory=Sine)

    @property
    def rotation(self) -> Tensor:
        return torch.from_numpy(np.linalg.qr(np.random.default_rng(6).standard_normal((self.units, self.units)))[0])

    def init(self, rng: np.random.Generator, inputs: int, outputs: int) -> dict[str, np.ndarray]:
        """Parameters that the map does not use, but for the first state, z = √μ (or 1), and the readout, Im z: a sine from 0."""
        empty = {"input_weights": (1, 0, inputs), "recurrent_weights": (1, 0, self.units), "bias": (1, 0)}
        radius = np.sqrt(self.mu) if self.mu > 0 else 1.0
        return {
            **{name: np.zeros(shape) for name, shape in empty.items()},
            "initial_state": radius * self.rotation.numpy()[:, 0],
            "readout_weights": self.rotation.numpy().T[1:2],
            "readout_bias": np.zeros(1),
        }

    def step(self, parameters: Any, input: Tensor, state: Tensor) -> Tensor:
        v = state @ self.rotation
        frequency = self.task.lowest + (input[..., :1] - self.task.offset) * (self.task.highest - self.task.lowest)
        angle = 2 * torch.pi * self.task.dt * frequency
        x, y = v[..., :1], v[..., 1:2]
        growth = 1 + self.mu - self.saturation * (x**2 + y**2)
        turned = [torch.cos(angle) * x - torch.sin(angle) * y, torch.sin(angle) * x + torch.cos(angle) * y]
        return torch.cat([*(growth * part for part in turned), 0.5 * v[..., 2:]], dim=-1) @ self.rotation.T


@final
@dataclass(frozen=True)
class LineCell(Cell):
    """The linear line attractor: h' = J h + B x with J = R diag(1, λ₂, …) R⁻¹, |λ_k| < 0.9, one complex pair among them, R not orthogonal.

    The readout is 1 along r₁: it holds the sum of what went in along r₁. Both streams of context integration go in, the context does not.

    Attributes:
        aligned: B = r₁ in both streams, so that nothing but the first mode is driven; else B is random.
    """

    units: int = 8
    aligned: bool = True

    @property
    def frame(self) -> Tensor:
        """R; the pair is that of columns 1 and 2, real and imaginary part."""
        frame = torch.from_numpy(np.random.default_rng(7).standard_normal((self.units, self.units)))
        return frame / frame.norm(dim=0)

    @property
    def matrix(self) -> Tensor:
        blocks = torch.diag(torch.tensor([1.0, 0.5, 0.5, *np.linspace(0.85, 0.1, self.units - 3)], dtype=torch.float64))
        blocks[1, 2], blocks[2, 1] = 0.6, -0.6
        return self.frame @ blocks @ torch.linalg.inv(self.frame)

    @property
    def drive(self) -> Tensor:
        streams = self.frame[:, :1].expand(-1, 2)
        if not self.aligned:
            streams = torch.from_numpy(np.random.default_rng(8).standard_normal((self.units, 2)))
        return torch.cat([streams, torch.zeros_like(streams)], dim=1)

    def init(self, rng: np.random.Generator, inputs: int, outputs: int) -> dict[str, np.ndarray]:
        """Parameters that the map does not use, but for the readout: a random row, 1 along r₁."""
        empty = {"input_weights": (1, 0, inputs), "recurrent_weights": (1, 0, self.units), "bias": (1, 0)}
        row = np.random.default_rng(9).standard_normal((1, self.units))
        return {
            **{name: np.zeros(shape) for name, shape in empty.items()},
            "initial_state": np.zeros(self.units),
            "readout_weights": row / (row @ self.frame.numpy()[:, 0]),
            "readout_bias": np.zeros(1),
        }

    def step(self, parameters: Any, input: Tensor, state: Tensor) -> Tensor:
        return state @ self.matrix.T + input @ self.drive.T
