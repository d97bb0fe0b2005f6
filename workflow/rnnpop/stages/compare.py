"""Compare: all pairs of networks of two blocks, by one measure."""

from __future__ import annotations

import xarray as xr

from rnnpop.measures import Measure
from rnnpop.names import identity


def compare(first: xr.Dataset, second: xr.Dataset, measure: Measure) -> xr.Dataset:
    """Distances of every network of `first` (dimension `network`) to every one of `second` (dimension `partner`).

    Numbers that the representation holds for each network (a noise floor, a rank) are carried along for `first`; every network is
    in `first` of some tile, as every block is compared with itself.

    Returns:
        Store of stage `compare`.
    """
    of_networks = {name: item.variable for name, item in first.data_vars.items() if item.dims == ("network",)}
    partners = {"partner": ("partner", second["network"].values)}
    return measure.compare(first, second).assign(of_networks).assign_coords(identity(first) | partners)
