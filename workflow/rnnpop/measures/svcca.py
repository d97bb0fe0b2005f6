"""SVCCA: how far the principal subspaces of two networks' states are from being one up to an invertible linear map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Float

from rnnpop.measures import Measure, sampled_states
from rnnpop.names import identity, variable
from rnnpop.numerics.subspaces import canonical_correlations, principal_subspace, svcca_distances
from rnnpop.variants import Count


@final
@dataclass(frozen=True)
class Svcca(Measure):
    """d = 1 - mean canonical correlation of the leading principal components of the states; reads `trajectories`.

    States of the probe batch (trials of `batch` 0), rows (trial, time) in the order of the store, are centred and cut to their
    k = `components` leading left singular vectors Q; the canonical correlations of networks i and j are the singular values of
    Q_i^T Q_j. Directions that a network does not have (rank below k) are treated as `numerics.subspaces.svcca_distances` says.
    The state is all of it: hidden units and cells for an LSTM. Samples should be some hundred times the components, as chance
    correlations are about sqrt(k / samples).

    `noise_floor` is the distance of a network to itself when only the choice of directions changes: principal axes fitted on the
    probe batch and on the second one (trials of `batch` 1), both applied to the states of the probe batch. NaN without a second
    batch.

    Attributes:
        components: k.

    Units: none; distances run from 0 to 1.
    Source: Raghu et al. 2017; Maheswaranathan et al. 2019, figure 1c.
    """

    components: Count

    def represent(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        trajectories = stores["trajectories"]
        batches = (sampled_states(trajectories, batch) for batch in (0, 1))
        networks = [self._represent(probe, second) for probe, second in zip(*batches, strict=True)]
        basis, explained, rank, floor = (np.stack(parts) for parts in zip(*networks, strict=True))
        return xr.Dataset(
            {
                "basis": variable(("network", "component", "sample"), basis, "leading left singular vectors of the centred states"),
                "explained_variance": variable(("network", "component"), explained, "fraction of the variance of the states"),
                "rank": variable(("network",), rank, "principal components that exist, at most those asked for"),
                "noise_floor": variable(("network",), floor, "SVCCA distance of a network to itself between two probe batches"),
            },
            coords=identity(trajectories),
        )

    def _represent(
        self, probe: Float[np.ndarray, "sample unit"], second: Float[np.ndarray, "other_sample unit"]
    ) -> tuple[Float[np.ndarray, "component sample"], Float[np.ndarray, " component"], int, float]:
        if np.isnan(probe).any():
            return np.full((self.components, len(probe)), np.nan), np.full(self.components, np.nan), 0, np.nan
        subspace = principal_subspace(probe, self.components)
        if not len(second) or np.isnan(second).any():
            return subspace.basis, subspace.explained, subspace.rank, np.nan
        axes = principal_subspace(second, self.components).axes
        again = principal_subspace(probe.astype(np.float64) @ axes, self.components)
        correlations = np.linalg.svd(subspace.basis @ again.basis.T, compute_uv=False)
        floor = svcca_distances(np.minimum(correlations, 1.0), np.array(subspace.rank), np.array(again.rank))
        return subspace.basis, subspace.explained, subspace.rank, float(floor)

    def compare(self, first: xr.Dataset, second: xr.Dataset) -> xr.Dataset:
        names, partners = (block["network"].values.astype(str) for block in (first, second))
        correlations = canonical_correlations(first["basis"].values, second["basis"].values, names, partners)
        distances = svcca_distances(correlations, first["rank"].values[:, None], second["rank"].values)
        return xr.Dataset(
            {
                "distance": variable(("network", "partner"), distances, "SVCCA distance"),
                "correlation": variable(("network", "partner", "component"), correlations, "canonical correlation"),
            }
        )
