"""Describe: every statistic of a study, on the networks of one shard."""

from __future__ import annotations

from collections.abc import Mapping

import xarray as xr

from rnnpop.names import identity
from rnnpop.statistics import Statistic


def describe(stores: Mapping[str, xr.Dataset], statistics: Mapping[str, Statistic]) -> xr.Dataset:
    """Columns of all statistics side by side, one row a network.

    Args:
        stores: finished stores of one shard, by name; every store that some statistic reads is among them.
        statistics: by their names in config.yaml.

    Raises:
        ValueError: if two statistics make a column of the same name.
    """
    columns: dict[str, xr.Variable] = {}
    makers: dict[str, str] = {}
    indexes: dict[str, xr.Variable] = {}  # of a statistic's own dimensions, by which shards of other cells are joined
    for name, statistic in statistics.items():
        described = statistic.describe(stores)
        indexes |= {str(dim): described[dim].variable for dim in described.indexes if dim != "network"}
        for column, values in described.data_vars.items():
            column = str(column)
            if column in columns:
                raise ValueError(f"statistics '{makers[column]}' and '{name}' both make a column '{column}'")
            columns[column], makers[column] = values.variable, name
    coordinates: dict[str, xr.Variable] = {}
    for store in stores.values():
        coordinates = identity(store) | coordinates
    return xr.Dataset(columns, coordinates | indexes)
