"""PWCCA: canonical correlations of two networks' states, weighed by how much of the states each of them carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr

from rnnpop.measures import Measure, bases_and_names, explained_bases
from rnnpop.names import variable
from rnnpop.numerics.subspaces import pwcca_distances
from rnnpop.variants import Count


@final
@dataclass(frozen=True)
class Pwcca(Measure):
    """d = 1 - sum_m w_m rho_m, averaged over both directions; reads `trajectories`.

    States of the probe batch (trials of `batch` 0) are centred and cut to their k = `components` leading principal components, as in
    SVCCA; rho_m are the canonical correlations, and w_m = sum_c |<u_m, x_c>|, normalised, how much of the principal components x_c
    of the *first* network its canonical variate u_m carries. That is not symmetric: the distance is the mean of the two
    directions. Components that the canonical variates leave out, where the other network has a lower rank, count as a correlation
    of 0 (`numerics.subspaces.pwcca_distances`).

    It does not change under rotations, permutations or a common factor of a network's states, nor with shifts; unlike SVCCA it does
    under other invertible maps, as these change the weights. No triangle inequality is promised. Variates of equal correlation are
    determined up to a rotation only, and a sum of moduli is not: weights are then one choice of several, which real states do not meet.

    Attributes:
        components: k.

    Units: none; distances run from 0 to 1.
    Source: Morcos, Raghu & Bengio 2018, equation 2, whose weights are from the units, ours from the principal components.
    """

    components: Count

    def represent(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        return explained_bases(stores["trajectories"], self.components)

    def compare(self, first: xr.Dataset, second: xr.Dataset) -> xr.Dataset:
        deviations = (np.sqrt(block["explained_variance"].values) for block in (first, second))
        distances = pwcca_distances(*bases_and_names(first, second), *deviations)
        return xr.Dataset({"distance": variable(("network", "partner"), distances, "PWCCA distance")})
