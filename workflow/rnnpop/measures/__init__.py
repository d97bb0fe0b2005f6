"""Similarity measures of pairs of networks: one file each, a distance matrix each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float


class Measure(ABC):
    """How unlike two networks are, in two steps: something once per network, then something cheap once per pair.

    Two laws hold for each: a pair's distance is the same, bit for bit, in any tile and from either side; and a network that has
    diverged is NaN to all, itself included.
    """

    @abstractmethod
    def represent(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        """What `compare` needs of each network of a shard.

        Args:
            stores: finished stores of one shard, by the names that the entry's `reads` lists.

        Returns:
            Variables on `network` (and own dimensions that no shard changes), made by `names.variable`, with `names.identity` as
            coordinates.
        """

    @abstractmethod
    def compare(self, first: xr.Dataset, second: xr.Dataset) -> xr.Dataset:
        """All pairs of two blocks.

        Args:
            first: representations of the networks that become `network`.
            second: representations of those that become `partner`; may be the same ones.

        Returns:
            `distance(network, partner)`, and whatever else a pair has, made by `names.variable`.
        """


def alive(store: xr.Dataset) -> Bool[np.ndarray, " network"]:
    """Networks that have not diverged, so that numbers of them mean something."""
    return store["status"].values != "diverged"


def sampled_states(trajectories: xr.Dataset, batch: int) -> Iterator[Float[np.ndarray, "sample unit"]]:
    """States of one batch of trials, network by network, a row each (trial, time).

    NaN throughout for a network that has diverged or whose states are not all finite; no row at all where there is no such batch.
    """
    chosen = trajectories["batch"].values == batch
    for state, living in zip(trajectories["state"].values, alive(trajectories), strict=True):
        samples = state[chosen].reshape(-1, state.shape[-1])
        yield samples if living and np.isfinite(samples).all() else np.full_like(samples, np.nan)
