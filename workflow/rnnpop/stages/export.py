"""Export what networks did as tables of trials that tools for mice read."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from rnnpop.numerics.sessions import behaviour, played
from rnnpop.numerics.trial_tables import table_of


def export(sessions: xr.Dataset) -> pd.DataFrame:
    """The finished trials of all networks of a shard, in the columns of an ALF trials table, and `network`, `session` and `reward`.

    Mind that a choice of +1 is to the LEFT. A contrast of 1 is the task's strongest stimulus. Times are in s from the session's start, and
    a step lasts what it lasts in the task.

    Args:
        sessions: store of `play`.
    """
    blanks, strongest, congruence = (sessions.attrs["blanks"], max(sessions.attrs["strengths"]), sessions.attrs["congruence"])
    times = sessions["time"].values
    tables = []
    for place, name in enumerate(sessions["network"].values):
        own = behaviour(*played(sessions, place), int(blanks))
        table = table_of(own, blanks=int(blanks), strongest=strongest, congruence=congruence, dt=float(times[1] - times[0]))
        tables.append(table.assign(network=name))
    joined = pd.concat(tables, ignore_index=True)
    return joined[["network", *joined.columns.drop("network")]]
