"""CKA: how far two networks' states are from having the same similarities between samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import xarray as xr

from rnnpop.measures import Measure, bases_and_names, explained_bases
from rnnpop.names import variable
from rnnpop.numerics.subspaces import cka_distances
from rnnpop.variants import Count


@final
@dataclass(frozen=True)
class Cka(Measure):
    """d = 1 - ||X^T Y||_F^2 / (||X^T X||_F ||Y^T Y||_F), linear centred kernel alignment; reads `trajectories`.

    X and Y are the centred states of the probe batch (trials of `batch` 0), cut to their k = `components` leading principal
    components. 1 - d is the cosine between the kernels X X^T and Y Y^T: it does not change under rotations, permutations, shifts or
    a common factor of a network's states. Its weights are variances squared, so a few components decide it.

    Exact if k is at least the size of the largest state. The cut turns a kernel by phi, sin^2 phi = the fraction of the sum of
    squared variances that it leaves out, at most p_k (1 - sum_c p_c) / sum_c p_c^2 with p the `explained_variance`; a distance is off
    by at most phi_i + phi_j.

    Attributes:
        components: k.

    Units: none; distances run from 0 to 1.
    Source: Kornblith et al. 2019.
    """

    components: Count

    def represent(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        return explained_bases(stores["trajectories"], self.components)

    def compare(self, first: xr.Dataset, second: xr.Dataset) -> xr.Dataset:
        variances = (block["explained_variance"].values for block in (first, second))
        distances = cka_distances(*bases_and_names(first, second), *variances)
        return xr.Dataset({"distance": variable(("network", "partner"), distances, "CKA distance")})
