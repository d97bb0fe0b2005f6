"""How well networks foretell what mice did, when they are given the same trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import xarray as xr

from rnnpop.names import identity, variable
from rnnpop.statistics import Statistic

#: Columns by mouse: variable of the store -> name in the summary.
_BY_MOUSE = {
    "log_likelihood": "replay_log_likelihood",
    "lapse": "replay_lapse",
    "agreement": "replay_agreement",
    "accuracy": "replay_accuracy",
    "observations": "replay_observations",
}


@final
@dataclass(frozen=True)
class Replay(Statistic):
    """`replay_log_likelihood` (bits a choice, chance −1), `_lapse`, `_agreement`, `_accuracy`, `_observations` by mouse; reads `replays`.

    `replay_bits` is the log-likelihood averaged over mice, each mouse alike.
    """

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        replays = stores["replays"]
        columns = {name: replays[held].variable for held, name in _BY_MOUSE.items()}
        # one network at a time: a mean over an axis may add in another order where there are more rows
        bits = [row.mean() for row in replays["log_likelihood"].values]
        columns["replay_bits"] = variable(("network",), bits, "mean log-likelihood of a mouse's choice", "bit")
        return xr.Dataset(columns, {**identity(replays), "mouse": replays["mouse"].variable})
