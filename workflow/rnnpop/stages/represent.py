"""Represent: what a measure needs of each network, for the shards of one block."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import xarray as xr

from rnnpop.measures import Measure
from rnnpop.names import join


def represent(shards: Iterable[Mapping[str, xr.Dataset]], measure: Measure) -> xr.Dataset:
    """Representations of all networks of a block, in the order of the shards.

    Args:
        shards: for each shard, the stores that the measure reads, by name; taken one after another, so that a generator holds the
            trajectories of one shard at a time.

    Returns:
        Store of stage `represent`.
    """
    return join([measure.represent(stores) for stores in shards])
