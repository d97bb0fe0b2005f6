"""How many directions of state space a network's probe states fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Float

from rnnpop.names import identity, variable
from rnnpop.numerics.eigenvalues import participation
from rnnpop.statistics import Statistic


@final
@dataclass(frozen=True)
class Dimensionality(Statistic):
    """Participation ratio (Σλ)² / Σλ² of the covariance eigenvalues λ, and components that hold 90 and 99 % of the variance.

    States of the probe batch, (trial, time) as rows, centred; the whole state (LSTM: hidden and cell units). Reads
    `trajectories`. NaN where a state is not finite or nothing varies. Participation ratio: Gao et al. 2017, equation 5.
    """

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        probes = stores["trajectories"].isel(trial=stores["trajectories"]["batch"].values == 0)
        spread = [spectrum(states.reshape(-1, states.shape[-1]).astype(float)) for states in probes["state"].values]
        columns = {
            "participation_ratio": variable(("network",), [participation(s) for s in spread], "participation ratio of probe states"),
            "components_90": variable(("network",), [components(s, 0.90) for s in spread], "components that hold 90 % of the variance"),
            "components_99": variable(("network",), [components(s, 0.99) for s in spread], "components that hold 99 % of the variance"),
        }
        return xr.Dataset(columns, identity(probes))


def spectrum(states: Float[np.ndarray, "sample unit"]) -> Float[np.ndarray, " component"]:
    """Eigenvalues of the covariance by falling size, as fractions of the total; empty where undefined."""
    if not np.isfinite(states).all():
        return np.empty(0)
    # the covariance is units x units: far smaller than the states, and accurate enough for fractions of variance
    eigenvalues = np.clip(np.linalg.eigvalsh(np.cov(states, rowvar=False).reshape(states.shape[1], -1))[::-1], 0, None)
    return eigenvalues / eigenvalues.sum() if eigenvalues.sum() > 0 else np.empty(0)


def components(fractions: Float[np.ndarray, " component"], share: float) -> float:
    """Smallest number of leading components that together hold `share` of the variance."""
    if not fractions.size:
        return np.nan
    # the tolerance keeps a spectrum of exact shares (0.9 held by 9 of 10) from needing one component more by rounding
    return float(np.searchsorted(np.cumsum(fractions), share - 1e-12) + 1)
