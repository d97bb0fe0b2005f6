"""Whether a network keeps its belief in one slow node, in two stable states, or otherwise, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Complex, Float

from rnnpop.names import identity, variable
from rnnpop.numerics.circuits import Belief, block_belief, stimulus_direction
from rnnpop.numerics.directions import angle_of_lines, unit_vector
from rnnpop.numerics.eigenvalues import time_constant
from rnnpop.statistics import Statistic

_COLUMNS = {
    "zero_input_fixed": ("fixed points under zero input", "1"),
    "zero_input_stable": ("stable fixed points under zero input", "1"),
    "zero_input_saddles": ("fixed points with an unstable direction under zero input", "1"),
    "zero_input_complete": ("whether the indices of the fixed points found under zero input add up to 1, where they must", "1"),
    "zero_input_slow": ("slow points that are no fixed points under zero input", "1"),
    "single_node": ("whether one stable point is all there is under zero input", "1"),
    "bistable": ("whether two points under zero input are stable, one on either side of the block belief's middle", "1"),
    "neither_node_nor_bistable": ("whether zero input leaves anything else", "1"),
    "leading_modulus": ("largest |eigenvalue| at the slowest point under zero input", "1"),
    "second_modulus": ("second largest |eigenvalue| there", "1"),
    "leading_time_constant": ("-1 / ln of the largest |eigenvalue| there, where it is below 1", "step"),
    "second_time_constant": ("-1 / ln of the second largest |eigenvalue| there, where it is below 1", "step"),
    "leading_time_constant_trials": ("time constant of the largest |eigenvalue| there", "trial"),
    "stable_modulus": ("largest |eigenvalue| at stable points under zero input, median over them", "1"),
    "stable_time_constant": ("-1 / ln of it", "step"),
    "stable_time_constant_trials": ("time constant of it", "trial"),
    "trial_steps": ("steps of a trial, mean over trials played", "step"),
    "slow_stimulus_angle": ("angle between the slow direction and the stimulus direction", "deg"),
    "slow_block_angle": ("angle between the slow direction and the block direction", "deg"),
    "path_speed": ("speed of the slowest visited states under zero input, median over block beliefs, over the typical step", "1"),
    "path_speed_largest": ("speed of the slowest visited states under zero input, largest over block beliefs, over the typical step", "1"),
    "play_time_constant": ("steps over which the gradient by an earlier state falls e-fold, between lags 10 and 40, in play", "step"),
    "play_time_constant_trials": ("trials over which that gradient falls e-fold, in play", "trial"),
    "gradient_reach": ("lag at which the gradient by an earlier state falls below 1 % of that at lag 0", "step"),
}

#: Gradients below this share of the one at lag 0 reach no farther.
_SMALL = 0.01

#: Lags between which memory in play is measured: behind the quick directions, before single windows decide.
_SLOPE = (10, 40)

#: Stable points that the published network has under each still input.
_PUBLISHED = {"left": 1, "right": 1, "wrong": 2, "blank": 2, "correct": 2}


@final
@dataclass(frozen=True)
class SlowDynamics(Statistic):
    """Is it a line attractor? Fixed points under zero input, their leading modes, and their directions.

    Reads `networks`, `sessions`, `fixed_points`, `linearisations` and, where it is among them, `fields` (for `path_speed` and gradients).

    - The *slowest point* under zero input (the still input `blank`) is the fixed point whose largest |λ| is nearest to 1 by |ln|λ||; of a
      network without any, the slow point. A time constant is −1/ln|λ|; there is none (NaN) where |λ| ≥ 1, as at the saddle between two
      stable states: `stable_time_constant` is that of the stable points. In trials: over the mean number of steps of the network's
      own trials.
    - `single_node`: one fixed point, stable. `bistable`: two stable ones, on either side of the middle of the block belief. A
      line of fixed points would be none of these two, with a time constant without bound and a `path_speed` of 0.
    - `stable_<still input>`: stable fixed points under each; `stable_as_published`: one under left, one under right, two under each
      input without a stimulus.
    - Angles (0 to 90°) of the slow direction: the line between the two states of a bistable network, else the right eigenvector at the
      slowest point whose eigenvalue is nearest to 1; to the stimulus direction (w_right − w_left of the readout, 0 for the cells of an
      LSTM), and to the block direction (from the mean state at the ends of trials of left blocks to that of right blocks, stimuli of either
      side counting alike). Directions at random have |cos| of about sqrt(2 / (π n)) in n dimensions.
    - `path_speed`: how far the slowest states that a network visits move in a step of zero input, median and largest over its beliefs of
      the block, over the typical step of its sessions.
    - `play_time_constant`: how long a network remembers while it plays, 30 / ln of the gradient at lag 10 over that at lag 40: its own
      inputs drive it far from the points of zero input, where `leading_time_constant` is taken.
    - `gradient_norm` (lag): gradient of the log-odds by an earlier state, along the network's own sessions, over that at lag 0;
      `gradient_reach`: the first lag at which it is below 1 %, NaN where there is none among those that were looked at.
    - `zero_input_complete`: points far outside the visited states are not counted (cells of an LSTM that drift away), nor those missed.

    NaN for networks whose states are not finite.

    Attributes:
        blank: the still input without stimulus and feedback.

    Source: Schaeffer et al. 2020, figure 7C, and the time constants of their distilled network.
    """

    blank: str = "blank"

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        points, names = stores["fixed_points"], stores["fixed_points"]["network"].values
        searched = np.isfinite(points["index_sum"].values).all(axis=1)
        kind, owner, condition, unstable = (points[name].values for name in ("kind", "owner", "condition", "unstable"))
        stills = [str(still) for still in points["still"].values]
        stable = np.full((len(names), len(stills)), np.nan)
        rows = []
        for network, name in enumerate(names):
            rows.append(self._row(stores, network) if searched[network] else dict.fromkeys(_COLUMNS, np.nan))
            if searched[network]:
                own = (owner == name) & (kind == "fixed") & (unstable == 0)
                stable[network] = [np.sum(own & (condition == still)) for still in stills]
        each = ("network",)
        columns = {name: variable(each, np.array([row[name] for row in rows], dtype=float), *told) for name, told in _COLUMNS.items()}
        for place, still in enumerate(stills):
            columns[f"stable_{still}"] = variable(each, stable[:, place], f"stable fixed points under the input {still}")
        expected = np.array([_PUBLISHED.get(still, np.nan) for still in stills])
        asked = np.isfinite(expected)
        published = np.where(searched, (stable == expected)[:, asked].all(axis=1), np.nan)
        columns["stable_as_published"] = variable(each, published, "whether stable points are as many as published under each input")
        if "fields" not in stores:
            return xr.Dataset(columns, identity(points))
        columns["gradient_norm"] = stores["fields"]["gradient_norm"].variable
        return xr.Dataset(columns, identity(points) | {"lag": stores["fields"]["lag"].variable})

    def _row(self, stores: Mapping[str, xr.Dataset], network: int) -> dict[str, float]:
        """Columns of one network whose states are finite."""
        own = stores["sessions"].isel(network=network)
        state, ended = own["state"].values.astype(np.float64), own["ended"].values.astype(bool)
        belief = block_belief(state, ended, *(own[name].values for name in ("trial_number", "block_side", "side")))
        readout = stores["networks"]["readout_weights"].isel(network=network, checkpoint=-1).values.astype(np.float64)
        steps = float(own["trial_step"].values[ended].mean() + 1) if ended.any() else np.nan

        points = stores["fixed_points"]
        still = np.flatnonzero((points["owner"].values == own["network"].values) & (points["condition"].values == self.blank))
        kind, unstable = points["kind"].values[still], points["unstable"].values[still] > 0
        fixed = still[kind == "fixed"]
        stable, saddles = still[(kind == "fixed") & ~unstable], still[(kind == "fixed") & unstable]
        row = dict.fromkeys(_COLUMNS, np.nan) | {
            "zero_input_fixed": len(fixed),
            "zero_input_stable": len(stable),
            "zero_input_saddles": len(saddles),
            "zero_input_complete": float(points["index_sum"].sel(still=self.blank)[network] == 1)
            if points["invariant_box"][network]
            else np.nan,
            "zero_input_slow": np.sum(kind == "slow"),
            "trial_steps": steps,
            **_class(len(fixed), points["state"].values[stable], belief),
        }
        if len(stable):
            modulus = float(np.median(np.abs(points["eigenvalue"].values[stable, 0])))
            row |= {"stable_modulus": modulus, "stable_time_constant": float(time_constant(modulus))}
        candidates = fixed if len(fixed) else still[kind == "slow"]
        if len(candidates):
            slowest = candidates[nearest_to_one(points["eigenvalue"].values[candidates])]
            moduli = np.abs(points["eigenvalue"].values[slowest])
            for name, place in (("leading", 0), ("second", 1)):
                row[f"{name}_modulus"] = moduli[place] if place < len(moduli) else np.nan
                row[f"{name}_time_constant"] = float(time_constant(row[f"{name}_modulus"]))
            direction = stores["linearisations"]["right"].values[slowest]
            if row["bistable"]:
                direction = unit_vector(np.diff(points["state"].values[stable], axis=0)[0])
            row["slow_stimulus_angle"] = angle_of_lines(direction, stimulus_direction(readout, len(direction)))
            row["slow_block_angle"] = angle_of_lines(direction, belief.direction)
        for name in ("leading", "stable"):
            row[f"{name}_time_constant_trials"] = row[f"{name}_time_constant"] / steps
        if "fields" in stores:
            path = stores["fields"]["path_speed"].values[network] / stores["fields"]["typical_step"].values[network]
            row |= {"path_speed": float(np.median(path)), "path_speed_largest": float(path.max())}
            gradient = stores["fields"]["gradient_norm"].isel(network=network)
            small = np.flatnonzero(gradient.values < _SMALL)
            row["gradient_reach"] = float(gradient["lag"].values[small[0]]) if len(small) else np.nan
            first, last = (float(gradient.sel(lag=lag)) for lag in _SLOPE)
            row["play_time_constant"] = (_SLOPE[1] - _SLOPE[0]) / np.log(first / last) if first > last > 0 else np.nan
            row["play_time_constant_trials"] = row["play_time_constant"] / steps
        return row


def _class(fixed: int, stable: Float[np.ndarray, "point unit"], belief: Belief) -> dict[str, bool]:
    """Which of the three a network is."""
    beliefs = belief.coordinate(stable)
    node = fixed == len(stable) == 1
    two = len(stable) == 2 and bool(beliefs.min() < 0 < beliefs.max())
    return {"single_node": node, "bistable": two, "neither_node_nor_bistable": not (node or two)}


def nearest_to_one(values: Complex[np.ndarray, "point mode"]) -> int:
    """The point whose first eigenvalue has the modulus nearest to 1, on a logarithmic scale."""
    with np.errstate(divide="ignore"):
        return int(np.abs(np.log(np.abs(values[:, 0]))).argmin())
