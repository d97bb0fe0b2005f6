"""How a network makes its rhythm: the oscillatory mode of its fixed points, its cycles, and how both follow the command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Bool, Complex, Float

from rnnpop.names import identity, variable
from rnnpop.numerics.eigenvalues import UNSTABLE
from rnnpop.statistics import Statistic


@final
@dataclass(frozen=True)
class Oscillation(Statistic):
    """Frequency of the oscillatory mode and of the cycle under each still input; reads `fixed_points`, `linearisations`, `orbits`.

    The point of a still input is its fixed point; of several, the one whose complex pair has the largest modulus, since a cycle runs
    round the point that spirals outwards. Frequency of an eigenvalue λ: |arg λ| / (2π dt), Hz (not |Im λ|, which agrees only near 1).

    - `mode_frequency`, `mode_modulus`: of the point's complex pair of largest |λ|; `coupled_frequency`: of the pair that the output
      hears most, by Σ |(C r)(l B)| over outputs and inputs; `cycle_frequency`: 1 / period, where the cycle is verified.
    - `frequency_`, `coupled_`, `cycle_` `slope`, `intercept` (Hz), `r2`: least squares of each of the three on the command; NaN
      with fewer than three inputs.
    - `fixed_per_input`: mean number of fixed points; `single_fixed_fraction`: of inputs with exactly one; `spiral_fraction`: of inputs
      whose point has an unstable complex pair; `cycle_fraction`: of inputs with a verified cycle; `mode_modulus_mean`.

    Source: Maheswaranathan et al. 2019, figure 2d and f.
    """

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        points, orbits = stores["fixed_points"], stores["orbits"]
        searched = np.isfinite(points["index_sum"].values)  # others had no finite states to start from
        number, leading, loudest = _modes(points, stores["linearisations"]["coupling"].values)
        cycle, dt = orbits["cycle"].values.astype(bool), float(orbits["dt"])
        command = points["command"].values
        modulus = np.abs(leading)
        frequencies = {
            "frequency": (np.abs(np.angle(leading)) / (2 * np.pi * dt), "mode_frequency", "the point's oscillatory mode"),
            "coupled": (
                np.abs(np.angle(loudest)) / (2 * np.pi * dt),
                "coupled_frequency",
                "the oscillatory mode that the output hears most",
            ),
            "cycle": (np.where(cycle, 1 / orbits["period"].values, np.nan), "cycle_frequency", "the verified cycle"),
        }
        columns = {
            "fixed_per_input": (number.mean(1), "fixed points per still input"),
            "single_fixed_fraction": ((number == 1).mean(1), "fraction of still inputs with exactly one fixed point"),
            "spiral_fraction": ((modulus > UNSTABLE).mean(1), "fraction of still inputs whose point has an unstable complex pair"),
            "cycle_fraction": (cycle.mean(1), "fraction of still inputs with a verified attracting cycle"),
            "mode_modulus_mean": (_mean(modulus), "modulus of the oscillatory mode, mean over still inputs"),
        }
        described = {
            "mode_modulus": variable(("network", "still"), _known(modulus, searched), "modulus of the point's oscillatory mode"),
            "command_frequency": variable(("network", "still"), _known(command, searched), "frequency that is commanded", "Hz"),
        }
        units = {}
        for key, (frequency, name, what) in frequencies.items():
            described[name] = variable(("network", "still"), _known(frequency, searched), f"frequency of {what}", "Hz")
            lines = np.array([line(command, row) for row in frequency]).reshape(-1, 3)
            for part, values in zip(("slope", "intercept", "r2"), lines.T, strict=True):
                columns[f"{key}_{part}"] = (values, f"{part} of the frequency of {what} on the command")
            units[f"{key}_intercept"] = "Hz"
        for name, (values, what) in columns.items():
            described[name] = variable(("network",), _known(values, searched.all(1)), what, units.get(name, "1"))
        return xr.Dataset(described, {**identity(points), "still": points["still"].variable})


def line(x: Float[np.ndarray, "place"], y: Float[np.ndarray, "place"]) -> tuple[float, float, float]:
    """Slope, intercept and R² of the least squares line through the places where both are finite; NaN with fewer than three."""
    known = np.isfinite(x) & np.isfinite(y)
    if known.sum() < 3 or np.ptp(x[known]) == 0:
        return np.nan, np.nan, np.nan
    across, up = x[known] - x[known].mean(), y[known] - y[known].mean()
    slope = (across @ up) / (across @ across)
    r2 = 1 - ((up - slope * across) ** 2).sum() / (up @ up) if up @ up > 0 else np.nan
    return float(slope), float(y[known].mean() - slope * x[known].mean()), float(r2)


def _modes(
    points: xr.Dataset, coupling: Complex[np.ndarray, "fixed_point mode output input"]
) -> tuple[Float[np.ndarray, "network still"], Complex[np.ndarray, "network still"], Complex[np.ndarray, "network still"]]:
    """Fixed points of each network under each input; of the one point, the oscillatory eigenvalue of largest modulus and the loudest."""
    pair = points["eigenvalue"].values.imag > 0  # one of each pair: the other is its conjugate
    modulus = np.where(pair, np.abs(points["eigenvalue"].values), -np.inf)
    loudness = np.where(pair & np.isfinite(coupling).all((2, 3)), np.abs(coupling).sum((2, 3)), -np.inf)
    fixed, owner, condition = points["kind"].values == "fixed", points["owner"].values, points["condition"].values
    shape = (points.sizes["network"], points.sizes["still"])
    number, leading, loudest = np.zeros(shape), np.full(shape, np.nan, dtype=complex), np.full(shape, np.nan, dtype=complex)
    for place in np.ndindex(shape):
        own = np.flatnonzero(fixed & (owner == points["network"].values[place[0]]) & (condition == points["still"].values[place[1]]))
        number[place] = len(own)
        if len(own):
            point = own[modulus[own].max(1).argmax()]
            for chosen, score in ((leading, modulus), (loudest, loudness)):
                if score[point].max() > -np.inf:
                    chosen[place] = points["eigenvalue"].values[point, score[point].argmax()]
    return number, leading, loudest


def _mean(values: Float[np.ndarray, "network still"]) -> Float[np.ndarray, "network"]:
    """Mean over the inputs where there is a value; NaN without any."""
    known = np.isfinite(values)
    return np.where(known.any(1), np.where(known, values, 0).sum(1) / np.maximum(known.sum(1), 1), np.nan)


def _known(values: np.ndarray, searched: Bool[np.ndarray, "..."]) -> np.ndarray:
    return np.where(searched, values, np.nan)
