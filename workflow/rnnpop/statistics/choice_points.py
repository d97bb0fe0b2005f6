"""Exact fixed points of a network that decides: how many there are with and without evidence, and what their slow mode holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

import numpy as np
import xarray as xr
from jaxtyping import Float

from rnnpop.names import identity, variable
from rnnpop.numerics.decoding import spectrum
from rnnpop.numerics.directions import angle_of_lines, unit_vector
from rnnpop.statistics import Statistic

#: Evidence for the first choice, by channel.
_EVIDENCE: Final = (0.0, 1.0, -1.0)

_COLUMNS: Final = {
    "neutral_points": ("fixed points without evidence", "1"),
    "neutral_stable": ("stable fixed points without evidence", "1"),
    "neutral_saddles": ("fixed points without evidence that are not stable", "1"),
    "neutral_modulus": ("largest modulus of an eigenvalue, median over fixed points without evidence", "1"),
    "neutral_time_constant": (
        "1 / |ln |λ|| of the eigenvalue nearest to 1, decaying or growing, median over fixed points without evidence",
        "step",
    ),
    "neutral_pc1_angle": ("angle between that mode's right eigenvector and principal component 1, median", "degree"),
    "neutral_evidence_angle": ("angle between that mode's left eigenvector and what evidence adds to the state, median", "degree"),
    "neutral_evidence_gain": ("|l B (0, 1, −1)| of that mode: how far evidence of 1 moves the state along it, median", "1"),
}


@final
@dataclass(frozen=True)
class ChoicePoints(Statistic):
    """Exact fixed points of networks of a perceptual decision; reads `networks`, `fixed_points`, `linearisations`, `trajectories`.

    `stable_points` and `saddle_points` are counts under each still input. The other columns are of the still input of command 0, without
    evidence. An integrator of evidence has a mode there of an eigenvalue near 1 (its time constant long against the stimulus), along
    principal component 1 of all states of the probe batch (right eigenvector r), which selects the evidence (left eigenvector l along
    A (0, 1, −1), with A the input weights of the cell's candidate; of an LSTM in the cells). Vectors are scaled to |r| = 1, l · r = 1.
    Angles are of lines, 0 to 90°; two random directions of n dimensions are about 90° − 46°/√n apart. Medians are over points; NaN where
    a network has none.
    """

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        points, linear, trajectories = stores["fixed_points"], stores["linearisations"], stores["trajectories"]
        owner, condition = points["owner"].values, points["condition"].values
        fixed, stable = points["kind"].values == "fixed", points["unstable"].values == 0
        stills = points["still"].values
        neutral = np.isin(condition, stills[points["command"].values == 0])
        searched = np.isfinite(points["index_sum"].values).all(axis=1)  # others had no finite states to start from
        probe = np.flatnonzero(trajectories["batch"].values == 0)
        counts = np.full((2, len(searched), len(stills)), np.nan)
        table = np.full((len(searched), len(_COLUMNS)), np.nan)
        for network in np.flatnonzero(searched):
            own = fixed & (owner == points["network"].values[network])
            for number, kind in enumerate((stable, ~stable)):
                counts[number, network] = [np.count_nonzero(own & kind & (condition == still)) for still in stills]
            rows = np.flatnonzero(own & neutral)
            table[network, :3] = len(rows), np.count_nonzero(stable[rows]), np.count_nonzero(~stable[rows])
            if len(rows):
                states = trajectories["state"].values[network, probe].astype(np.float64)
                toward = _driven(stores["networks"].isel(network=network), trajectories["part"].values)
                table[network, 3:] = _modes(points, linear, rows, spectrum(states.reshape(-1, states.shape[2]))[1][:, 0], toward)
        columns = {name: variable(("network",), values, *_COLUMNS[name]) for name, values in zip(_COLUMNS, table.T, strict=True)}
        for name, values in zip(("stable_points", "saddle_points"), counts, strict=True):
            columns[name] = variable(("network", "still"), values, f"{name.replace('_', ' ')}: fixed points under each still input")
        return xr.Dataset(columns, identity(points) | {"still": ("still", stills)})


def _driven(network: xr.Dataset, part: np.ndarray) -> Float[np.ndarray, "unit"]:
    """A (0, 1, −1) of the candidate in state space: the part of the state that the candidate enters."""
    weights = network["input_weights"].isel(checkpoint=-1).sel(gate="candidate").values.astype(np.float64)
    direction = np.zeros(len(part))
    direction[part == ("cell" if "cell" in part else "hidden")] = weights @ _EVIDENCE
    return direction


def _modes(
    points: xr.Dataset, linear: xr.Dataset, rows: np.ndarray, component: Float[np.ndarray, "unit"], driven: Float[np.ndarray, "unit"]
) -> list[float]:
    """The columns of one network's points, from its largest modulus on."""
    eigenvalue, marginal = points["eigenvalue"].values[rows], linear["marginal"].values[rows]
    with np.errstate(divide="ignore"):  # a mode that dies at once, or lasts for ever
        lasting = 1 / np.abs(np.log(np.abs(eigenvalue[np.arange(len(rows)), marginal])))
    right, left = (np.stack([unit_vector(vector) for vector in linear[name].values[rows]]) for name in ("right", "left"))
    angles = [[angle_of_lines(vector, unit_vector(other)) for vector in of] for of, other in ((right, component), (left, driven))]
    gain = np.abs(linear["input_gain"].values[rows] @ _EVIDENCE)
    return [
        float(np.median(np.abs(eigenvalue).max(axis=1))),
        float(np.median(lasting)),
        *(float(np.median(of)) for of in angles),
        float(np.median(gain)),
    ]
