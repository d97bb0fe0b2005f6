"""Shape metrics: the angle between two networks' states when one may be rotated freely; Procrustes, CCA, and between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Float

from rnnpop.measures import Measure, bases_and_names, sampled_states
from rnnpop.names import identity, variable
from rnnpop.numerics.subspaces import principal_subspace, shape_angles
from rnnpop.variants import Count, Probability


@final
@dataclass(frozen=True)
class Shape(Measure):
    """theta = min over rotations R of the angle between Z_i and Z_j R, Z the partially whitened states; reads `trajectories`.

    States of the probe batch (trials of `batch` 0) are centred and divided by the root of the number of samples: X = U S V^T, the
    s standard deviations along the principal components. Z = U D V^T with D = alpha S + (1 - alpha), and
    theta = arccos(||Z_i^T Z_j||_* / (||Z_i||_F ||Z_j||_F)), where V drops out: ||D_i U_i^T U_j D_j||_* needs only k x k matrices.
    It is a metric (symmetric, triangle inequality) and does not change under rotations, permutations or shifts of a network's
    states; for alpha 1 and 0 not under a common factor either, for alpha 0 not under any invertible map.

    Exact if `components` is at least the size of the largest state. Cut to fewer, each angle at alpha = 1 is off by at most
    arcsin sqrt(1 - e_i) + arcsin sqrt(1 - e_j), where e is the sum of a network's `explained_variance`; at smaller alpha the cut
    is what keeps whitening from blowing up noise, and another k is another measure.

    Attributes:
        components: principal components kept, k.
        alpha: 1 is Procrustes, 0 is CCA. Between, D depends on the units of the states, so the same number should be used
            throughout (0.5).

    Units: radians, 0 to pi/2.
    Source: Williams et al. 2021, whose code whitens X^T X without dividing by the number of samples (the same at alpha 0 and 1).
    """

    components: Count
    alpha: Probability = 1.0

    def represent(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        trajectories = stores["trajectories"]
        networks = [self._represent(states) for states in sampled_states(trajectories, 0)]
        basis, weight, explained = (np.stack(parts) for parts in zip(*networks, strict=True))
        return xr.Dataset(
            {
                "basis": variable(("network", "component", "sample"), basis, "leading left singular vectors of the centred states"),
                "weight": variable(("network", "component"), weight, "what is left of the standard deviation along each of them"),
                "explained_variance": variable(("network", "component"), explained, "fraction of the variance of the states"),
            },
            coords=identity(trajectories),
        )

    def _represent(
        self, states: Float[np.ndarray, "sample unit"]
    ) -> tuple[Float[np.ndarray, "component sample"], Float[np.ndarray, " component"], Float[np.ndarray, " component"]]:
        if np.isnan(states).any():
            nothing = np.full(self.components, np.nan)
            return np.full((self.components, len(states)), np.nan), nothing, nothing
        subspace = principal_subspace(states, self.components)
        there = subspace.explained > 0
        return subspace.basis, there * (self.alpha * subspace.deviations + (1 - self.alpha)), subspace.explained

    def compare(self, first: xr.Dataset, second: xr.Dataset) -> xr.Dataset:
        weights = (np.nan_to_num(block["weight"].values) for block in (first, second))
        angles = shape_angles(*bases_and_names(first, second), *weights)
        return xr.Dataset({"distance": variable(("network", "partner"), angles, "angle between shapes", "rad")})
