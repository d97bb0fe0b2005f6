"""Summarise: one row a network, over all shards of a study's task."""

from __future__ import annotations

import pandas as pd
import xarray as xr

#: Columns that open the table; the design factors and the statistics follow by name.
_FIRST = ("network", "index", "status")


def summarise(shards: list[xr.Dataset]) -> xr.Dataset:
    """Stores of `describe`, joined along `network` in the order given.

    A column or coordinate that some shards lack (a control without a learning rate) is NaN, or empty text, in their rows.
    """
    coordinates = {str(name) for shard in shards for name in shard.coords} - {"network"}
    joined = xr.concat(
        [shard.reset_coords(drop=False) for shard in shards],
        dim="network",
        data_vars="all",
        coords="minimal",
        compat="override",
        join="outer",
        combine_attrs="drop",
    )
    for name, column in joined.variables.items():
        if column.dtype == object and name != "network":
            joined[name] = joined[name].fillna("")
        described = next((shard[name].attrs for shard in shards if name in shard), {})
        joined[name].attrs.update(described)
    return joined.set_coords(sorted(coordinates))


def table(summary: xr.Dataset) -> pd.DataFrame:
    """The tidy table of `summary.csv`: identity first, then design factors, then statistics, each by name.

    The order of columns depends on their names alone, so tables of two runs can be compared line by line.
    """
    of_networks = [str(name) for name, item in summary.variables.items() if item.dims == ("network",)]
    factors = sorted(name for name in of_networks if name in summary.coords and name not in _FIRST)
    statistics = sorted(name for name in of_networks if name not in summary.coords)
    columns = [*(name for name in _FIRST if name in of_networks), *factors, *statistics]
    return pd.DataFrame({name: summary[name].values for name in columns})
