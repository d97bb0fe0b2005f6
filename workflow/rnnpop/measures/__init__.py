"""Similarity measures of pairs of networks: one file each, a distance matrix each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float

from rnnpop.names import identity, variable
from rnnpop.numerics.subspaces import principal_subspace


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


def trial_states(trajectories: xr.Dataset, batch: int) -> Iterator[Float[np.ndarray, "trial time unit"]]:
    """As `sampled_states`, trial by trial."""
    steps, units = trajectories.sizes["time"], trajectories.sizes["unit"]
    return (samples.reshape(-1, steps, units) for samples in sampled_states(trajectories, batch))


def explained_bases(trajectories: xr.Dataset, components: int) -> xr.Dataset:
    """Representation of each network by the principal components of its states on the probe batch: `basis`, `explained_variance`."""
    bases, explained = [], []
    for samples in sampled_states(trajectories, 0):
        absent = np.isnan(samples).any()
        subspace = principal_subspace(np.nan_to_num(samples), components)
        bases.append(np.full_like(subspace.basis, np.nan) if absent else subspace.basis)
        explained.append(np.full(components, np.nan) if absent else subspace.explained)
    return xr.Dataset(
        {
            "basis": variable(("network", "component", "sample"), np.stack(bases), "leading left singular vectors of the centred states"),
            "explained_variance": variable(("network", "component"), np.stack(explained), "fraction of the variance of the states"),
        },
        coords=identity(trajectories),
    )


def bases_and_names(
    first: xr.Dataset, second: xr.Dataset
) -> tuple[Float[np.ndarray, "network component sample"], Float[np.ndarray, "partner component sample"], np.ndarray, np.ndarray]:
    """Bases and names of both blocks, as `numerics.subspaces` takes them."""
    blocks = (first, second)
    bases, names = ([block["basis"].values for block in blocks], [block["network"].values.astype(str) for block in blocks])
    return bases[0], bases[1], names[0], names[1]
