"""Portray: what a figure shows of single networks, small enough to keep: a few trials and the fixed points in three axes."""

from __future__ import annotations

import numpy as np
import xarray as xr
from jaxtyping import Float

from rnnpop.names import identity, variable
from rnnpop.numerics.subspaces import principal_subspace

#: Axes of the picture, and trials of the probe batch that it shows.
_AXES, _TRIALS = 3, 8


def portray(trajectories: xr.Dataset, fixed_points: xr.Dataset) -> xr.Dataset:
    """Probe trials and fixed points on the principal components of each network's own probe states.

    Components are those of all states of the probe batch (float64, centred, each with its largest loading positive); the
    first eight trials are kept, in float32. A network whose states are not finite has NaN everywhere.

    Args:
        trajectories: store of `record`, one shard.
        fixed_points: store of `settle`, the same shard.

    Returns:
        Store of stage "portray"; `explained_variance` is a fraction of the total.
    """
    probes = trajectories.isel(trial=trajectories["batch"].values == 0)
    shown = probes.isel(trial=slice(_TRIALS))
    owner = fixed_points["owner"].values
    position = np.full((owner.size, _AXES), np.nan)
    pictures, explained = [], []
    for name, states in zip(probes["network"].values, probes["state"].values, strict=True):
        mean, axes, fractions = principal_axes(states.reshape(-1, states.shape[-1]).astype(float))
        pictures.append(((states[:_TRIALS] - mean) @ axes).astype(np.float32))
        explained.append(fractions)
        own = owner == name
        position[own] = (fixed_points["state"].values[own] - mean) @ axes
    # modes stand by falling modulus, so the first one leads
    leading = fixed_points["eigenvalue"].isel(mode=0).values
    per_point = {name: fixed_points[name].variable for name in ("unstable", "kind")}
    return xr.Dataset(
        {
            "trajectory": variable(("network", "trial", "time", "axis"), np.stack(pictures), "probe states on principal components"),
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
            **{name: item.variable for name, item in fixed_points.coords.items() if item.dims == ("fixed_point",)},
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
        return np.full(units, np.nan), np.full((units, _AXES), np.nan), np.full(_AXES, np.nan)
    subspace = principal_subspace(states, _AXES)
    largest = np.take_along_axis(subspace.axes, np.abs(subspace.axes).argmax(axis=0)[None], axis=0)
    return states.mean(axis=0), subspace.axes * np.sign(largest), subspace.explained
