"""Linearise the networks of a shard around their fixed and slow points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float

from rnnpop.names import identity, variable
from rnnpop.numerics.affine import Parameters, trained_parameters
from rnnpop.numerics.directions import extended
from rnnpop.numerics.fixed_points import nearest
from rnnpop.numerics.linearisation import Expansion, Modes, angle_to_readout, coupling
from rnnpop.numerics.scores import r_squared

#: Points around which the piecewise linear network is expanded.
_EXPANDED = ("fixed", "manifold")


def linearise(
    networks: xr.Dataset,
    trajectories: xr.Dataset,
    fixed_points: xr.Dataset,
    task: Any,
    cell: Any,
    *,
    settings: Mapping[str, Any],
) -> xr.Dataset:
    """Modes of every point, their couplings from input to output, and how far the linearised network answers as the network does.

    The control is the piecewise linear network: F expanded to first order around the fixed or manifold point nearest to the state,
    among those of the trial's own still input (the one nearest to the trial's mean input), and set back to the network's own state
    every `horizon` steps. Its R² is over all trials and times of the probe batch; NaN where a still input has no points.
    Each network is worked on alone; float64.

    Args:
        settings: the `linearise` entry of config.yaml: `horizons`, in steps.

    Returns:
        Store of stage `linearise`, its rows those of `fixed_points`.
    """
    horizons = list(settings["horizons"])
    points, units = fixed_points.sizes["fixed_point"], trajectories.sizes["unit"]
    columns: dict[str, np.ndarray] = {
        "coupling": np.zeros((points, units, task.outputs, task.inputs), dtype=complex),
        "marginal": np.zeros(points, dtype=np.int64),
        "right": np.zeros((points, units)),
        "left": np.zeros((points, units)),
        "input_gain": np.zeros((points, task.inputs)),
        "readout_angle": np.zeros(points),
        "condition_number": np.zeros(points),
    }
    linear_r2 = np.full((networks.sizes["network"], len(horizons)), np.nan)
    stills = np.stack(list(task.still_inputs().values()))
    probe = trajectories.isel(trial=np.flatnonzero(trajectories["batch"].values == 0))
    inputs = probe["inputs"].values.astype(np.float64)
    under = nearest(inputs.mean(axis=1), stills)
    for network, name in enumerate(networks["network"].values):
        parameters = trained_parameters(networks, network)
        readout = extended(parameters["readout_weights"].numpy(), units)
        runs = _Runs(parameters, readout, inputs, probe["state"].values[network].astype(np.float64))
        answers: list[Float[np.ndarray, "horizon trial time output"]] = []
        for number, (condition, still) in enumerate(task.still_inputs().items()):
            rows = np.flatnonzero((fixed_points["owner"].values == name) & (fixed_points["condition"].values == condition))
            expansion = expand(cell, parameters, still, fixed_points["state"].values[rows])
            for variable_name, values in _describe(expansion, readout).items():
                columns[variable_name][rows] = values
            chosen = np.isin(fixed_points["kind"].values[rows], _EXPANDED)
            answers.append(runs.answers(expansion, chosen, under == number, still, horizons))
        own = np.concatenate([runs.own(under == number) for number in range(len(stills))])
        linear_r2[network] = [_r2(np.concatenate([answer[place] for answer in answers]), own) for place in range(len(horizons))]

    point = ("fixed_point",)
    return xr.Dataset(
        {
            "coupling": variable((*point, "mode", "output", "input"), columns["coupling"], "(C r)(l B) of each mode"),
            "marginal": variable(point, columns["marginal"], "mode whose eigenvalue is nearest to 1"),
            "right": variable((*point, "unit"), columns["right"], "right eigenvector r of the marginal mode, |r| = 1"),
            "left": variable((*point, "unit"), columns["left"], "left eigenvector l of the marginal mode, l r = 1"),
            "input_gain": variable((*point, "input"), columns["input_gain"], "l B of the marginal mode"),
            "readout_angle": variable(point, columns["readout_angle"], "angle between readout and r", "rad"),
            "condition_number": variable(point, columns["condition_number"], "|R| |R^-1| of the eigenvectors, Frobenius norms"),
            "linear_r2": variable(("network", "horizon"), linear_r2, "R² of outputs of the linearised network on the network's own"),
        },
        coords={
            **identity(networks),
            **{key: fixed_points[key].variable for key in ("owner", "node", "condition", "level")},
            "horizon": ("horizon", np.array(horizons), {"units": "step"}),
        },
    )


def expand(cell: Any, parameters: Parameters, still: Float[np.ndarray, "input"], states: Float[np.ndarray, "point unit"]) -> Expansion:
    """First-order expansion of one network around states under one constant input."""
    x, h = torch.from_numpy(still), torch.from_numpy(states)
    # of the sum over points, as each depends on its own input alone; not by torch.func, whose first derivative takes a second to import
    drive = torch.autograd.functional.jacobian(lambda inputs: cell.step(parameters, inputs, h).sum(dim=0), x.expand(len(h), len(x)))
    return Expansion(
        state=states,
        image=cell.step(parameters, x, h).numpy(),
        jacobian=cell.jacobian(parameters, x, h).numpy(),
        drive=drive.movedim(1, 0).numpy(),
    )


def _describe(expansion: Expansion, readout: Float[np.ndarray, "output unit"]) -> dict[str, np.ndarray]:
    """Columns of the store for the points of an expansion."""
    modes = Modes.of(torch.from_numpy(expansion.jacobian))
    number, right, left = modes.marginal(readout)
    return {
        "coupling": coupling(modes, readout, expansion.drive),
        "marginal": number,
        "right": right,
        "left": left,
        "input_gain": np.einsum("pu,pui->pi", left, expansion.drive),
        "readout_angle": angle_to_readout(right, readout),
        "condition_number": modes.condition_number,
    }


@dataclass(frozen=True)
class _Runs:
    """The probe batch of one network."""

    parameters: Parameters
    readout: Float[np.ndarray, "output unit"]
    inputs: Float[np.ndarray, "trial time input"]
    states: Float[np.ndarray, "trial time unit"]

    def own(self, trials: np.ndarray) -> Float[np.ndarray, "trial time output"]:
        return self.states[trials] @ self.readout.T

    def answers(
        self, expansion: Expansion, chosen: np.ndarray, trials: np.ndarray, still: Float[np.ndarray, "input"], horizons: list[int]
    ) -> Float[np.ndarray, "horizon trial time output"]:
        """Outputs, but for their constant part, of the piecewise linear network in these trials; NaN without points."""
        states = self.states[trials]
        if not chosen.any() or not np.isfinite(states).all():
            return np.full((len(horizons), *states.shape[:2], len(self.readout)), np.nan)
        first = np.broadcast_to(self.parameters["initial_state"].numpy(), states[:, :1].shape)
        before = np.concatenate([first, states[:, :-1]], axis=1)
        around = Expansion(*(part[chosen] for part in (expansion.state, expansion.image, expansion.jacobian, expansion.drive)))
        return np.stack([around.run(before, self.inputs[trials] - still, horizon) @ self.readout.T for horizon in horizons])


def _r2(answer: Float[np.ndarray, "trial time output"], own: Float[np.ndarray, "trial time output"]) -> float:
    with np.errstate(over="ignore", invalid="ignore"):  # an unstable expansion may run away
        r2 = r_squared(answer, own)
    return r2 if np.isfinite(r2) else np.nan
