"""Through how many linear modes a network's input reaches its output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Complex, Float

from rnnpop.names import identity, variable
from rnnpop.statistics import Statistic
from rnnpop.variants import Probability, Whole

#: Lags whose number of modes has a column of the summary.
_SUMMARISED = (0, 1, 10)


@final
@dataclass(frozen=True)
class Modes(Statistic):
    """Response of the linearised network to an impulse in the cued channel, from its leading modes; reads `fixed_points`, `linearisations`.

    At each point of kind `manifold`: y_m(t) = Σ_{k≤m} (C r_k) λ_k^t (l_k B), modes by falling |λ|. Conjugates come in together: where m
    would part a pair, y_m is y_{m−1}.

    - `retained_output`: y_m(t) over y(t) with all modes, each averaged over points.
    - `m90`: the smallest m with |y_m'(t) − y(t)| ≤ (1 − `share`) |y(t)| for all m' ≥ m, median over points; `m90_0`, `m90_1` and
      `m90_10` at lags 0, 1 and 10.
    - `cancellation_index`: Σ_k |(C r_k)(l_k B)| / |C B|, median over points; 1 if modes never work against each other.
    - `spectrum`: |λ_k|, mean over points; `time_constant_1`, `time_constant_2`: 1 / |ln|λ_k||, of the medians over points.
    - `linear_r2_<h>`: R² of the outputs of the piecewise linear network, set back every h steps.

    NaN without points.

    Attributes:
        output: number of the output.
        cued: number of the input channel that each still input names, in their order.
        lags: t, steps.
        share: of the response that the modes of `m90` must give.

    Source: Maheswaranathan et al. 2019, figure 3e and f, whose lag could not be read.
    """

    output: Whole = 0
    cued: tuple[Whole, ...] = (0, 1)
    lags: tuple[Whole, ...] = (0, 1, 2, 5, 10, 25, 50)
    share: Probability = 0.9

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        points, linear = stores["fixed_points"], stores["linearisations"]
        couplings, names = linear["coupling"].values, points["network"].values
        channel = dict(zip(points["still"].values, self.cued, strict=False))
        count = points.sizes["mode"]
        curve = np.full((len(names), len(self.lags), count), np.nan)
        needed, moduli = np.full((len(names), len(self.lags)), np.nan), np.full((len(names), count), np.nan)
        constants, cancellation = np.full((len(names), 2), np.nan), np.full(len(names), np.nan)
        for network, name in enumerate(names):
            rows = np.flatnonzero((points["owner"].values == name) & (points["kind"].values == "manifold"))
            if not len(rows):
                continue
            cued = [channel[still] for still in points["condition"].values[rows]]
            weights, values = couplings[rows, :, self.output, cued], points["eigenvalue"].values[rows]
            partial = partial_sums(weights, values, np.array(self.lags))
            with np.errstate(divide="ignore", invalid="ignore"):
                curve[network] = partial.mean(axis=0) / partial.mean(axis=0)[:, -1:]
                cancellation[network] = np.median(np.abs(weights).sum(axis=1) / np.abs(weights.sum(axis=1)))
                constants[network, : min(2, count)] = 1 / np.abs(np.log(np.median(np.abs(values), axis=0)[:2]))
            needed[network] = np.median(modes_needed(partial, self.share), axis=0)
            moduli[network] = np.abs(values).mean(axis=0)

        each = ("network",)
        columns = {
            "retained_output": variable((*each, "lag", "retained"), curve, "response of the leading modes over that of all"),
            "m90": variable((*each, "lag"), needed, f"modes that give {self.share:.0%} of the response, median over points"),
            "spectrum": variable((*each, "mode"), moduli, "modulus of eigenvalues, mean over points"),
            "cancellation_index": variable(each, cancellation, "sum of |(C r)(l B)| over |C B|, median over points"),
        }
        for lag in set(self.lags).intersection(_SUMMARISED):
            columns[f"m90_{lag}"] = variable(each, needed[:, self.lags.index(lag)], f"modes that give the response at lag {lag}")
        for place in range(2):
            long_name = f"time constant of mode {place + 1} by modulus"
            columns[f"time_constant_{place + 1}"] = variable(each, constants[:, place], long_name, "step")
        for horizon in linear["horizon"].values:
            r2 = linear["linear_r2"].sel(horizon=horizon).values
            columns[f"linear_r2_{horizon}"] = variable(each, r2, f"R² of outputs, linear for {horizon} steps at a time")
        numbers = {"lag": np.array(self.lags), "retained": np.arange(1, count + 1), "mode": np.arange(count)}
        return xr.Dataset(columns, {**identity(points), **numbers})


def partial_sums(
    weights: Complex[np.ndarray, "point mode"], values: Complex[np.ndarray, "point mode"], lags: np.ndarray
) -> Float[np.ndarray, "point lag retained"]:
    """Re Σ_{k≤m} weight_k value_k^t for m = 1, 2, ...; a conjugate pair counts from its second member on."""
    sums = np.cumsum((weights[:, None] * values[:, None] ** lags[:, None]).real, axis=2)
    before = np.concatenate([np.zeros_like(sums[..., :1]), sums[..., :-1]], axis=2)
    return np.where((values.imag > 0)[:, None], before, sums)


def modes_needed(partial: Float[np.ndarray, "*point retained"], share: float) -> Float[np.ndarray, "*point"]:
    """The smallest number of modes from which on the partial sums stay within (1 − share) of the whole."""
    whole = partial[..., -1:]
    # a hair beyond, so that what equals the bound by theory is not lost to rounding
    near = np.abs(partial - whole) <= (1 - share + 1e-9) * np.abs(whole)
    return partial.shape[-1] - np.logical_and.accumulate(near[..., ::-1], axis=-1).sum(axis=-1) + 1.0
