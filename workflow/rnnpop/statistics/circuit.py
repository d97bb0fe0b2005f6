"""Whether the units of a network fall into groups, and whether its weights know of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import xarray as xr

from rnnpop.names import identity, variable
from rnnpop.numerics.circuits import Belief, block_belief, contrast, correlations, correlations_with, groups, stimulus_direction
from rnnpop.seeds import stream
from rnnpop.statistics import Statistic
from rnnpop.variants import Count, Probability

_COLUMNS = {
    "circuit_groups": "groups of hidden units",
    "circuit_group_1": "fraction of hidden units in the largest group",
    "circuit_group_2": "fraction of hidden units in the second largest group",
    "circuit_correlation_within": "mean |correlation| of two units of one of the two largest groups",
    "circuit_correlation_between": "mean |correlation| of a unit of the largest and one of the second largest group",
    "circuit_correlation_opposed": "mean correlation, with its sign, of a unit of the largest and one of the second largest group",
    "circuit_weight_within": "mean weight onto another unit of the same group",
    "circuit_weight_between": "mean weight onto a unit of the other group",
    "circuit_weight_effect": "(within - between) / standard deviation of the weights",
    "circuit_weight_p": "p of |within - between| under permutations of units",
    "units_of_stimulus": "fraction of units that go with the stimulus belief alone",
    "units_of_block": "fraction of units that go with the block belief alone",
    "units_of_both": "fraction of units that go with both beliefs",
    "units_of_one_sign": "fraction of units whose correlations with the two beliefs have the same sign",
    "beliefs_correlation": "correlation of the two beliefs",
}


@final
@dataclass(frozen=True)
class Circuit(Statistic):
    """Groups of hidden units of like activity, and the recurrent weights within and between them; reads `networks`, `sessions`.

    Pearson correlations of hidden units over steps of the played sessions; Euclidean distances between rows of that matrix, complete
    linkage, cut at half the largest distance. The weights are those of the trained network (gated cells: those of the candidate), a unit's
    own left out; the p-value permutes the units of the two largest groups. Groups come of the activity that those very weights shape, so p
    is of the grouping, not of training: given the same inputs, untrained tanh networks of 50 units have p ≤ 0.05 in 10 % (uniform first
    weights) to 40 % (at twice that gain), with effects of either sign, below 0.25 in 97 % of the former. A unit goes with a belief if its
    |correlation| with the state's projection on the belief's direction is at least `selective`: stimulus, w_right − w_left of the readout;
    block, from the mean hidden state at the ends of trials in left blocks to that in right ones, stimuli of either side counting alike. The
    two beliefs are themselves correlated (`beliefs_correlation`), so that many units go with both.

    NaN where states are not finite, or where there is no second group (columns of groups) or block direction (columns of units).

    Attributes:
        epoch: steps that correlations are over: all, those of blanks, or those of observations.
        selective: |correlation| from which on a unit goes with a belief.
        permutations: of the test.

    Source: Schaeffer et al. 2020, figure 7, with the test that its reviewers asked for.
    """

    epoch: Literal["all", "blank", "observation"] = "all"
    selective: Probability = 0.5
    permutations: Count = 999

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        networks, sessions = stores["networks"], stores["sessions"]
        rows = [self._row(networks, sessions, network) for network in range(sessions.sizes["network"])]
        table = np.array(rows, dtype=float).reshape(-1, len(_COLUMNS))
        return xr.Dataset(
            {name: variable(("network",), table[:, place], long_name) for place, (name, long_name) in enumerate(_COLUMNS.items())},
            identity(sessions),
        )

    def _row(self, networks: xr.Dataset, sessions: xr.Dataset, network: int) -> list[float]:
        """Columns of one network, in their order."""
        own = sessions.isel(network=network, unit=np.flatnonzero(sessions["part"].values == "hidden"))
        state = own["state"].values.astype(np.float64)
        if not np.isfinite(state).all():
            return [np.nan] * len(_COLUMNS)
        during = own["trial_step"].values >= sessions.attrs["blanks"]
        steps = state[{"all": np.full_like(during, True), "blank": ~during, "observation": during}[self.epoch]]
        weights = networks["recurrent_weights"].isel(network=network, checkpoint=-1).sel(gate="candidate").values.astype(np.float64)
        readout = networks["readout_weights"].isel(network=network, checkpoint=-1).values.astype(np.float64)
        belief = block_belief(state, *(own[name].values for name in ("ended", "trial_number", "block_side", "side")))
        rng = stream(0, str(sessions["network"].values[network]), "circuit")
        return [*self._of_groups(steps, weights, rng), *self._of_units(steps, stimulus_direction(readout, state.shape[-1]), belief)]

    def _of_groups(self, steps: np.ndarray, weights: np.ndarray, rng: np.random.Generator) -> list[float]:
        correlation = correlations(steps)
        found = groups(correlation)
        sizes, own = found.sizes, found.label
        tested = contrast(weights, own, self.permutations, rng)
        pairs = ~np.eye(len(own), dtype=bool)
        within = correlation[pairs & (own[:, None] == own) & (own < 2)]
        between = correlation[np.ix_(own == 0, own == 1)]
        return [
            len(sizes),
            sizes[0] / len(own),
            sizes[1] / len(own) if len(sizes) > 1 else 0.0,
            np.abs(within).mean() if within.size else np.nan,
            np.abs(between).mean() if between.size else np.nan,
            between.mean() if between.size else np.nan,
            *(tested.within, tested.between, tested.effect, tested.p),
        ]

    def _of_units(self, steps: np.ndarray, stimulus: np.ndarray, belief: Belief) -> list[float]:
        if np.isnan(belief.middle) or np.isnan(stimulus).any():
            return [np.nan] * 5
        beliefs = np.column_stack([steps @ stimulus, belief.coordinate(steps)])
        by_stimulus, by_block = (correlations_with(steps, value) for value in beliefs.T)
        one, other = (np.abs(values) >= self.selective for values in (by_stimulus, by_block))
        shares = [(one & ~other).mean(), (other & ~one).mean(), (one & other).mean(), (by_stimulus * by_block > 0).mean()]
        return [*(float(share) for share in shares), float(correlations(beliefs)[0, 1])]
