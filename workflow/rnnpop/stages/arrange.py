"""Arrange: the tiles of a comparison as one distance matrix, and as a picture in two dimensions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from rnnpop.names import join, variable
from rnnpop.numerics.scaling import metric_scaling


def arrange(tiles: Sequence[xr.Dataset], order: Sequence[str]) -> xr.Dataset:
    """The full symmetric matrix in the order of the names given, and metric MDS of its networks.

    Networks that are NaN to themselves (diverged) stay in the matrix and have no position. Numbers and coordinates that tiles
    hold for each network are carried along.

    Args:
        tiles: stores of stage `compare` that hold every pair of networks once at least, in any order.
        order: names of all networks.

    Returns:
        Store of stage `arrange`: `position` in units of the distance, `stress` (Kruskal's stress-1) and `rank_correlation` (Spearman,
        distances given and drawn) say how far the picture can be trusted.

    Raises:
        ValueError: if some pair is in no tile.
    """
    place = pd.Index(order)
    distance = np.full((len(order), len(order)), np.nan)
    seen = np.zeros(distance.shape, dtype=bool)
    for tile in tiles:
        rows, columns = (place.get_indexer(tile[side].values.astype(str)) for side in ("network", "partner"))
        for matrix, values in ((distance, tile["distance"].values), (seen, np.True_)):
            matrix[np.ix_(rows, columns)] = values
            matrix[np.ix_(columns, rows)] = np.transpose(values)
    if not seen.all():
        one, other = np.argwhere(~seen)[0]
        raise ValueError(f"no tile holds the pair {order[one]}, {order[other]}")

    finite = np.isfinite(distance.diagonal())
    position = np.full((len(order), 2), np.nan)
    picture = metric_scaling(distance[np.ix_(finite, finite)])
    position[finite] = picture.position
    return (
        _of_networks(tiles, order)
        .assign(
            distance=variable(("network", "partner"), distance, str(tiles[0]["distance"].attrs["long_name"])),
            position=variable(("network", "axis"), position, "coordinates in the plane (metric MDS)"),
            stress=variable((), picture.stress, "Kruskal's stress-1 of the plane"),
            rank_correlation=variable((), picture.rank_correlation, "Spearman correlation of distances and distances in the plane"),
        )
        .assign_coords(partner=("partner", np.array(order, dtype=object)))
    )


def _of_networks(tiles: Sequence[xr.Dataset], order: Sequence[str]) -> xr.Dataset:
    joined = join([tile.drop_dims("partner") for tile in tiles])
    return joined.drop_duplicates("network").sel(network=list(order)).drop_attrs(deep=False)
