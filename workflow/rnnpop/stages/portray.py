"""Portray: what a figure shows of single networks, small enough to keep: a few trials and the fixed points in three axes."""

from __future__ import annotations

import numpy as np
import xarray as xr
from jaxtyping import Float

from rnnpop.names import identity, variable
from rnnpop.numerics.subspaces import principal_subspace

#: Axes of the picture; trials of the probe batch that it shows, and the batch of trials for pictures, of which it shows all.
AXES, _TRIALS, _SHOWN = 3, 8, 2


def portray(trajectories: xr.Dataset, fixed_points: xr.Dataset) -> xr.Dataset:
    """Trials and fixed points on the principal components of each network's own probe states.

    Components are those of all states of the probe batch (float64, centred, each with its largest loading positive). The first eight
    probe trials are kept, and all trials for pictures where the task has them (`batch` tells them apart), in float32. A network whose
    states are not finite has NaN everywhere.

    Args:
        trajectories: store of `record`, one shard.
        fixed_points: store of `settle`, the same shard.

    Returns:
        Store of stage "portray"; `explained_variance` is a fraction of the total of the probe batch; `still` names the input of a
        fixed point.
    """
    batch = trajectories["batch"].values
    kept = np.union1d(np.flatnonzero(batch == 0)[:_TRIALS], np.flatnonzero(batch == _SHOWN))
    shown = trajectories.isel(trial=kept)
    owner = fixed_points["owner"].values
    position = np.full((owner.size, AXES), np.nan)
    pictures, explained = [], []
    for name, states in zip(trajectories["network"].values, trajectories["state"].values, strict=True):
        probes = states[batch == 0]
        mean, axes, fractions = principal_axes(probes.reshape(-1, probes.shape[-1]).astype(float))
        pictures.append(((states[kept] - mean) @ axes).astype(np.float32))
        explained.append(fractions)
        own = owner == name
        position[own] = (fixed_points["state"].values[own] - mean) @ axes
    # modes stand by falling modulus, so the first one leads
    leading = fixed_points["eigenvalue"].isel(mode=0).values
    per_point = {name: fixed_points[name].variable for name in ("unstable", "kind")}
    return xr.Dataset(
        {
            "trajectory": variable(("network", "trial", "time", "axis"), np.stack(pictures), "states on principal components"),
            "outputs": variable(
                ("network", "trial", "time", "output"), shown["outputs"].values.astype(np.float32), "output after each step"
            ),
            "inputs": shown["inputs"].variable,
            "targets": shown["targets"].variable,
            "explained_variance": variable(("network", "axis"), np.stack(explained), "fraction of variance on each component"),
            "position": variable(("fixed_point", "axis"), position, "fixed points on the principal components of their network"),
            **per_point,
            "leading_eigenvalue": variable(("fixed_point",), leading, "eigenvalue of largest modulus"),
            "point_outputs": variable(("fixed_point", "output"), fixed_points["outputs"].values, "output at the fixed point"),
        },
        {
            **identity(trajectories),
            **{name: item.variable for name, item in shown.coords.items() if item.dims in (("trial",), ("time",), ("input",), ("output",))},
            # `condition` stands on trials already
            **{
                "still" if name == "condition" else str(name): item.variable
                for name, item in fixed_points.coords.items()
                if item.dims == ("fixed_point",)
            },
        },
    )


def principal_axes(
    states: Float[np.ndarray, "sample unit"],
) -> tuple[Float[np.ndarray, " unit"], Float[np.ndarray, "unit axis"], Float[np.ndarray, " axis"]]:
    """Mean, leading principal components as columns, and the fraction of variance on each.

    Signs are fixed: the loading of largest modulus is positive. Where states vary along fewer directions, the axes
    that are left over are zero; where they are not finite, everything is NaN.
    """
    units = states.shape[1]
    if not np.isfinite(states).all():
        return np.full(units, np.nan), np.full((units, AXES), np.nan), np.full(AXES, np.nan)
    subspace = principal_subspace(states, AXES)
    largest = np.take_along_axis(subspace.axes, np.abs(subspace.axes).argmax(axis=0)[None], axis=0)
    return states.mean(axis=0), subspace.axes * np.sign(largest), subspace.explained
