"""InputDSA: how unlike the ways are in which the inputs drive two networks' states, when one may be rotated freely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Float

from rnnpop.measures import Measure, trial_states
from rnnpop.names import identity, variable
from rnnpop.numerics.linear_maps import alignment_distances, controllability
from rnnpop.variants import Count, Positive


@final
@dataclass(frozen=True)
class InputDsa(Measure):
    """d = min over orthogonal C of ||C K_1 - K_2||_F, K = [B, A B, ..., A^(lags - 1) B]; reads `trajectories`.

    z_t = A z_{t-1} + B u_t + b is fitted to the leading `rank` principal components of the states of the probe batch (trials of
    `batch` 0), scaled to a total variance of 1, with each input channel in units of its standard deviation over that batch. So K
    is the response of the state, in its own standard deviations, to an impulse of typical size; it does not change under
    rotations, permutations, shifts or a common factor of the states but for what C takes away. d is a metric. A network whose states
    span fewer dimensions than `rank` has zero rows.

    The free offset b is what keeps inputs that are constant in a trial from being degenerate: they count by how they differ between
    trials (`numerics.linear_maps.controllability`). They excite weakly all the same: where the state under a still input is soon where
    that input holds it, z_{t-1} tells as much as u_t, and only the starts of trials tell A from B. `noise_floor` shows what that costs:
    it is the distance between the fits on the probe batch and on the second one (trials of `batch` 1); NaN without one.

    Attributes:
        rank: principal components. Conclusions have been seen to change with it: compare several.
        lags: steps after an impulse.
        ridge: penalty on A and B, for predictors of unit variance.

    Units: standard deviations of the state per standard deviation of the input.
    Source: InputDSA (ICLR 2026), its controllability distance; fitted here by regression, as all states are known.
    """

    rank: Count
    lags: Count = 10
    ridge: Positive = 1e-4

    def represent(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        trajectories = stores["trajectories"]
        batches = [trajectories["inputs"].values[trajectories["batch"].values == batch].astype(np.float64) for batch in (0, 1)]
        spread = batches[0].std(axis=(0, 1))
        inputs = [batch / np.where(spread > 0, spread, 1.0) for batch in batches]
        probe, second = (
            np.stack([self._controllability(states, driven) for states in trial_states(trajectories, batch)])
            for batch, driven in enumerate(inputs)
        )
        keys = np.zeros(1, dtype=int)
        floor = [alignment_distances(one[None], other[None], keys, keys)[0, 0] for one, other in zip(probe, second, strict=True)]
        long_name = "response of principal components to impulses: lags in turn, inputs within a lag"
        return xr.Dataset(
            {
                "controllability": variable(("network", "component", "column"), probe, long_name),
                "noise_floor": variable(
                    ("network",), np.array(floor), "InputDSA distance of a network to itself between two probe batches"
                ),
            },
            coords=identity(trajectories),
        )

    def _controllability(
        self, states: Float[np.ndarray, "trial time unit"], inputs: Float[np.ndarray, "trial time input"]
    ) -> Float[np.ndarray, "component column"]:
        if not len(states) or np.isnan(states).any():
            return np.full((self.rank, self.lags * inputs.shape[2]), np.nan)
        return controllability(states, inputs, self.rank, self.lags, self.ridge)

    def compare(self, first: xr.Dataset, second: xr.Dataset) -> xr.Dataset:
        matrices, names = ([block[of].values for block in (first, second)] for of in ("controllability", "network"))
        distances = alignment_distances(*matrices, *(keys.astype(str) for keys in names))
        return xr.Dataset({"distance": variable(("network", "partner"), distances, "distance of controllability matrices")})
