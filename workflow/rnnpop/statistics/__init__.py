"""Statistics of single networks: one file each, one column or more of `summary.csv` each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import xarray as xr


class Statistic(ABC):
    """What can be said of one network from its own finished stores, as columns of a table."""

    @abstractmethod
    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        """Columns of a shard.

        Args:
            stores: finished stores of one shard, by the names that the entry's `reads` lists.

        Returns:
            One variable (dimension `network`) a column, made by `names.variable`, with `names.identity` as coordinates. Columns of
            a network whose states are not finite are NaN.
        """
