"""DSA: how far apart the eigenvalues of the linear maps lie that best describe two networks' delay-embedded states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Complex, Float

from rnnpop.measures import Measure, trial_states
from rnnpop.names import identity, variable
from rnnpop.numerics.linear_maps import delay_eigenvalues, transport_distances
from rnnpop.variants import Count, Positive


@final
@dataclass(frozen=True)
class Dsa(Measure):
    """d = root of the least mean |lambda_i - mu_j|^2 over one-to-one matchings of eigenvalues; reads `trajectories`.

    States of the probe batch (trials of `batch` 0), trial by trial, are cut to `rank` principal components, delay-embedded, and cut
    to `rank` again by the SVD of their Hankel matrix; the linear map of one step on is fitted by ridge regression with a free
    offset, never across the end of a trial (`numerics.linear_maps.delay_eigenvalues`). Its eigenvalues do not change under rotations,
    permutations, shifts or a common factor of the states.

    The matching is the 2-Wasserstein distance of the eigenvalues as points of equal weight in the complex plane: a metric on spectra.
    A network whose states span fewer dimensions than `rank` has eigenvalues 0 for those missing: a direction without a future.

    `noise_floor` is the distance between the fits on the probe batch and on the second one (trials of `batch` 1); NaN without one.

    Attributes:
        rank: eigenvalues of each network. Conclusions have been seen to change with it: compare several.
        delays: steps that stand side by side; 1 is none. Trials must be longer.
        ridge: penalty on the map, for predictors of unit variance.

    Units: none (an eigenvalue is per time step).
    Source: Ostrow et al. 2023; the comparison of spectra is that of their package, which leaves out the root.
    """

    rank: Count
    delays: Count = 5
    ridge: Positive = 1e-6

    def represent(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        trajectories = stores["trajectories"]
        probe, second = (np.stack([self._eigenvalues(states) for states in trial_states(trajectories, batch)]) for batch in (0, 1))
        keys = np.zeros(1, dtype=int)
        floor = [transport_distances(one[None], other[None], keys, keys)[0, 0] for one, other in zip(probe, second, strict=True)]
        return xr.Dataset(
            {
                "eigenvalue": variable(("network", "mode"), probe, "eigenvalues of the linear map fitted to delay-embedded states"),
                "noise_floor": variable(("network",), np.array(floor), "DSA distance of a network to itself between two probe batches"),
            },
            coords=identity(trajectories),
        )

    def _eigenvalues(self, states: Float[np.ndarray, "trial time unit"]) -> Complex[np.ndarray, " mode"]:
        if not len(states) or np.isnan(states).any():
            return np.full(self.rank, np.nan + 0j)
        return delay_eigenvalues(states, self.rank, self.delays, self.ridge)

    def compare(self, first: xr.Dataset, second: xr.Dataset) -> xr.Dataset:
        eigenvalues, names = ([block[of].values for block in (first, second)] for of in ("eigenvalue", "network"))
        distances = transport_distances(*eigenvalues, *(keys.astype(str) for keys in names))
        return xr.Dataset({"distance": variable(("network", "partner"), distances, "transport distance of eigenvalues")})
