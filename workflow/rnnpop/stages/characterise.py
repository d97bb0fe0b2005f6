"""Characterise: how far from normal constructed circuits are, what that does to noise, and where nonlinear ones go without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from rnnpop.cells import Circuit, Wiring
from rnnpop.design import network_name
from rnnpop.names import variable
from rnnpop.numerics import nonnormality
from rnnpop.numerics.stationary import Stationary
from rnnpop.seeds import stream
from rnnpop.stages.imitate import ORDERS, portrait, wired


def characterise(
    cell: Circuit, *, study: str, names: Mapping[str, str], indexes: Sequence[int], seed: int, settings: Mapping[str, Any]
) -> xr.Dataset:
    """One row a circuit: the same circuit that students of this study, task and cell are fitted to, whoever they are.

    What noise does is said of linear circuits, and of the linearisation at the origin of those that have one (tanh): NaN where it is
    unstable. Limit sets and fixed points of linear circuits are not asked for: no text, and NaN.

    Args:
        names: `task` and `cell` as they stand in paths.
        settings: the `imitate` entry of config.yaml.

    Returns:
        Store of stage `characterise`.
    """
    rows = []
    for index in indexes:
        wiring = wired(cell, study=study, names=names, index=index, seed=seed)
        row: dict[str, Any] = _described(cell, wiring)
        if cell.activation != "identity":
            rng = stream(seed, study, names["task"], names["cell"], index, "portrait")
            row |= portrait(cell.recurrence(wiring), None, rng, settings)
        rows.append(row)
    texts = nonnormality.INDICES | nonnormality.NOISE | {"index_sum": "sum of sign det(I − J) over the fixed points found"}
    columns = {name: variable(("network",), np.array([row.get(name, np.nan) for row in rows]), text) for name, text in texts.items()}
    points = np.array([row.get("points", np.full(ORDERS, np.nan)) for row in rows]).reshape(-1, ORDERS)
    ends = np.array([row.get("limit_set", "") for row in rows], dtype=object)
    columns["known_points"] = variable(("network", "order"), points, "fixed points by unstable directions; the last for as many or more")
    columns["limit_set"] = variable(("network",), ends, "where most runs without noise end")
    numbers = [network_name(names["task"], names["cell"], "circuits", index) for index in indexes]
    return xr.Dataset(columns, {"network": numbers, "index": ("network", list(indexes))})


def _described(cell: Circuit, wiring: Wiring) -> dict[str, float]:
    """Indices of the matrix, and what is said of noise where the circuit has a stationary state."""
    told = nonnormality.indices(wiring.weights if wiring.core is None else wiring.core, wiring.spectrum)
    if cell.activation == "relu":  # no linearisation at the origin
        return told
    try:
        stationary = Stationary.of(wiring.weights, cell.leak, basis=wiring.basis, core=wiring.core)
    except ValueError:  # unstable
        return told
    return told | nonnormality.noise(stationary.covariance, float(wiring.spectrum[0].real))
