"""The cloud of slow points that gradient descent leaves: how many, how slow, how far from where the network goes, of what shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Complex, Float
from scipy.stats import spearmanr

from rnnpop.names import identity, variable
from rnnpop.numerics import dimensions
from rnnpop.numerics.directions import extended, unit_vector
from rnnpop.numerics.eigenvalues import UNSTABLE, participation
from rnnpop.numerics.subspaces import ONE_POINT, principal_subspace
from rnnpop.statistics import Statistic

#: Leading eigenvalues whose time constants have a column each.
_MODES = range(1, 5)
#: Nearest neighbours from which dimensions are told, and those of the local ones.
_NEIGHBOURS, _LOCAL = (10, 25, 50, 100), 10
#: Share of the spread of the states within which two points are one, where dimensions are told.
_APART = 1e-3

_COUNTS = {
    "slow_starts": "starts of the descent",
    "slow_ends": "ends of the descent whose mean squared step is below the tolerance",
    "slow_distinct": "slow ends that have no earlier one near them",
    "slow_kept": "slow ends that the filters keep: distinct, and not alone",
    "exact_points": "fixed points that Newton's method finds under the same input",
}
_COLUMNS = {
    "slow_loss": "mean squared step over all starts, at the last look",
    "slow_displacement": "median distance of the points kept from their starts, over the spread of the states",
    "slow_displacement_largest": "largest distance of a point kept from its start, over the spread of the states",
    "slow_speed": "median |F(h) - h| of the points kept",
    "slow_relative_speed": "median |F(h) - h| of the points kept over the median step of the states",
    "slow_participation": "participation ratio of the points kept",
    "slow_explained_1": "share of the variance of the points kept along their first principal component",
    "slow_explained_3": "share of the variance of the points kept along their first three principal components",
    "slow_in_states": "share of the variance of the points kept inside the first three principal components of the states",
    "slow_range": "range of the points kept along the first principal component of the states, over that of the states",
    "slow_coverage": "range of readouts of the points kept over that of the states",
    "slow_readout_cosine": "|cosine| of the first principal component of the points kept and the readout",
    "slow_modulus": "median largest modulus of an eigenvalue at a point kept",
    "slow_modulus_spread": "interquartile range of the largest modulus of an eigenvalue at a point kept",
    **{f"slow_time_constant_{mode}": f"median time constant |1 / ln |lambda_{mode}|| at a point kept" for mode in _MODES},
    "slow_unstable": "share of points kept that have an unstable direction",
    "slow_theta_correlation": "|Spearman's rank correlation| of the readout and the place along the points kept (locally linear embedding)",
    **{
        f"{prefix}_{column}": f"{text} of {cloud}"
        for prefix, cloud in (("slow", "the points kept"), ("visited", "the states"))
        for column, text in (
            *((f"dimension_{number}", f"dimension by the {number} nearest neighbours") for number in _NEIGHBOURS),
            ("correlation_dimension", "correlation dimension"),
            ("local_participation", f"median participation ratio of neighbourhoods of {_LOCAL} points"),
        )
    },
}
_UNITS = {f"slow_time_constant_{mode}": "step" for mode in _MODES}
_BY_TOLERANCE = {
    "slow_ends_by_tolerance": "ends of the descent whose mean squared step is below the tolerance",
    "slow_coverage_by_tolerance": "range of readouts of ends below the tolerance over that of the states",
}


@final
@dataclass(frozen=True)
class SlowPoints(Statistic):
    """Numbers of the slow points under the first still input that was descended under, beside the exact fixed points under it.

    The spread of the states is the root mean squared distance of the probe batch's states from their mean. The *readout* is the output, or
    the last one less the one before it where there are several: the log-odds of the last two classes. Time constants count steps, whether
    a direction grows or decays, and are infinite on the unit circle, so that medians alone make sense. Coverage is NaN for tolerances above
    that of the descent, whose ends are not stored. Dimensions are those of Levina & Bickel and of Grassberger & Procaccia, of at most 600
    points, no two of which are nearer than a thousandth of the spread of the states.

    NaN where states are not finite; eigenvalues NaN without points; participation, explained variance, direction and dimensions of the
    points also where they spread by no more than `ONE_POINT` of the states: these are where descents to one fixed point ended. Reads
    `slow_points`, `fixed_points`, `trajectories`, `networks`.

    Source: Maheswaranathan et al. 2019b; Yang & Wang 2020.
    """

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        slow, fixed = stores["slow_points"].isel(still=0), stores["fixed_points"]
        probes = stores["trajectories"].isel(trial=stores["trajectories"]["batch"].values == 0)
        still = slow["still"].item()
        mine = slow["condition"].values == still
        exact = fixed["owner"].values[(fixed["kind"].values == "fixed") & (fixed["condition"].values == still)]
        rows, curves = list[dict[str, float]](), list[np.ndarray]()
        for network, name in enumerate(slow["network"].values):
            points = slow.isel(network=network, fixed_point=np.flatnonzero(mine & (slow["owner"].values == name)))
            if not points["starts"]:
                rows.append(dict.fromkeys(_COUNTS | _COLUMNS, np.nan))
                curves.append(np.full((len(_BY_TOLERANCE), slow.sizes["tolerance"]), np.nan))
                continue
            states, readouts, ends = probes["state"].values[network], probes["outputs"].values[network], points["outputs"].values
            asked = _asked(readouts.shape[-1])
            seen, reached = readouts.astype(float) @ asked, ends @ asked
            weights = asked @ extended(stores["networks"]["readout_weights"].values[network, -1], states.shape[-1])
            kept = points.isel(fixed_point=np.flatnonzero(points["kept"].values))
            looked = points["mean_loss"].values[np.isfinite(points["mean_loss"].values)]
            rows.append(
                {
                    "slow_starts": points["starts"],
                    "slow_ends": points.sizes["fixed_point"],
                    "slow_distinct": points["distinct"],
                    "slow_kept": kept.sizes["fixed_point"],
                    "exact_points": np.sum(exact == name),
                    "slow_loss": looked[-1],
                }
                | {"slow_coverage": _share(reached[points["kept"].values], seen)}
                | _cloud(kept, states.astype(float), weights)
                | _spectra(kept["eigenvalue"].values)
                | _places(kept["state"].values, reached[points["kept"].values], states.reshape(-1, states.shape[-1]).astype(float))
            )
            step, limit = points["mean_squared_step"].values, slow.attrs["tolerance"]
            covered = [_share(reached[step < tolerance], seen) if tolerance <= limit else np.nan for tolerance in slow["tolerance"].values]
            curves.append(np.stack([points["below"].values, covered]))
        columns = {
            key: variable(("network",), np.array([row[key] for row in rows], dtype=float), long_name, _UNITS.get(key, "1"))
            for key, long_name in (_COUNTS | _COLUMNS).items()
        }
        shape = (len(rows), len(_BY_TOLERANCE), slow.sizes["tolerance"])
        values = np.array(curves, dtype=float).reshape(shape).swapaxes(0, 1)
        columns |= {
            key: variable(("network", "tolerance"), curve, long_name)
            for (key, long_name), curve in zip(_BY_TOLERANCE.items(), values, strict=True)
        }
        return xr.Dataset(columns, {**identity(slow), "tolerance": slow["tolerance"].values})


def _asked(outputs: int) -> Float[np.ndarray, "output"]:
    """What the readout is of the outputs."""
    weights = np.zeros(outputs)
    weights[-2:] = [-1.0, 1.0][-outputs:]
    return weights


def _share(part: Float[np.ndarray, "*place"], whole: Float[np.ndarray, "*sample"]) -> float:
    """Range of the part over that of the whole; 0 for no part."""
    return float(np.ptp(part) / np.ptp(whole)) if part.size else 0.0


def _cloud(kept: xr.Dataset, states: Float[np.ndarray, "trial time unit"], readout: Float[np.ndarray, "unit"]) -> dict[str, float]:
    """Where the points kept lie, beside the states, and their shape; NaN without points, or where they are one point."""
    points, displacement, speed = (kept[key].values for key in ("state", "displacement", "speed"))
    places = ("slow_displacement", "slow_displacement_largest", "slow_speed", "slow_relative_speed")
    shape = ("slow_participation", "slow_explained_1", "slow_explained_3", "slow_in_states", "slow_readout_cosine")
    if not len(points):
        return dict.fromkeys(places + shape, np.nan) | {"slow_range": 0.0}
    visited = states.reshape(-1, states.shape[-1])
    main, own = principal_subspace(visited, 3), principal_subspace(points, points.shape[1])
    spread, steps = np.sqrt(visited.var(axis=0).sum()), np.linalg.norm(np.diff(states, axis=1), axis=-1)
    found = {
        "slow_displacement": float(np.median(displacement)) / spread,
        "slow_displacement_largest": displacement.max() / spread,
        "slow_speed": float(np.median(speed)),
        "slow_relative_speed": float(np.median(speed) / np.median(steps)),
        "slow_range": _share(points @ main.axes[:, 0], visited @ main.axes[:, 0]),
    }
    if np.sqrt(points.var(axis=0).sum()) <= ONE_POINT * spread:
        return found | dict.fromkeys(shape, np.nan)
    within = (points - points.mean(axis=0)) @ main.axes
    return found | {
        "slow_participation": participation(own.explained),
        "slow_explained_1": own.explained[0],
        "slow_explained_3": own.explained[:3].sum(),
        "slow_in_states": within.var(axis=0).sum() / points.var(axis=0).sum(),
        "slow_readout_cosine": abs(own.axes[:, 0] @ unit_vector(readout)),
    }


def _places(
    points: Float[np.ndarray, "point unit"], readout: Float[np.ndarray, "point"], visited: Float[np.ndarray, "sample unit"]
) -> dict[str, float]:
    """Dimensions of the points and of the states, and whether the readout rises along the points; NaN where there are too few."""
    spread = np.sqrt(visited.var(axis=0).sum())
    several = len(points) and np.sqrt(points.var(axis=0).sum()) > ONE_POINT * spread
    chosen = dimensions.spread_evenly(points if several else points[:0], _APART * spread)
    found = dict[str, float]()
    for prefix, cloud in (("slow", points[chosen]), ("visited", visited[dimensions.spread_evenly(visited, _APART * spread)])):
        near = dimensions.nearest_neighbours(cloud, _NEIGHBOURS)
        found |= {f"{prefix}_dimension_{number}": float(value) for number, value in zip(_NEIGHBOURS, near, strict=True)}
        found[f"{prefix}_correlation_dimension"] = dimensions.correlation_dimension(cloud)
        found[f"{prefix}_local_participation"] = dimensions.local_participation(cloud, _LOCAL)
    place, rising = dimensions.along(points[chosen]), readout[chosen]
    varies = len(chosen) > 1 and bool(np.isfinite(place).all()) and np.ptp(rising) > 0 and np.ptp(place) > 0
    found["slow_theta_correlation"] = float(abs(spearmanr(place, rising).statistic)) if varies else np.nan
    return found


def _spectra(eigenvalue: Complex[np.ndarray, "point mode"]) -> dict[str, float]:
    """Medians over the points whose eigenvalues are known."""
    modulus = np.abs(eigenvalue[~np.isnan(eigenvalue).any(axis=1)])
    if not len(modulus):
        return {key: np.nan for key in ("slow_modulus", "slow_modulus_spread", "slow_unstable", *_UNITS)}
    with np.errstate(divide="ignore"):  # on the unit circle for ever, at 0 not at all
        constants = np.median(np.abs(1 / np.log(modulus)), axis=0)
    return {
        "slow_modulus": float(np.median(modulus[:, 0])),
        "slow_modulus_spread": float(np.subtract(*np.percentile(modulus[:, 0], [75, 25]))),
        "slow_unstable": float(np.mean(modulus[:, 0] > UNSTABLE)),
    } | {name: float(constant) for name, constant in zip(_UNITS, np.append(constants, [np.nan] * len(_MODES)), strict=False)}
