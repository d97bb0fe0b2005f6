"""Describe and summarise: all columns of all statistics, one row a network, in a stable order."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import synthetic_population as synthetic
from rnnpop import names, store, variants
from rnnpop.stages.describe import describe
from rnnpop.stages.summarise import summarise, table


def described(architecture: str, count: int, first: int = 0, learner: str = "adam") -> xr.Dataset:
    coords = synthetic.identity(architecture, "tanh", count, first, learner)
    trajectories = synthetic.trajectories(coords)
    stores = {
        "networks": synthetic.networks(coords),
        "trajectories": trajectories,
        "fixed_points": synthetic.fixed_points(coords, trajectories.attrs["frames"]),
        "transitions": synthetic.transitions(coords),
    }
    kinds = ("training", "fixed_points", "cube", "transitions", "dimensionality")  # those of a memory task
    return describe(stores, {kind: variants.load("statistics", {"kind": kind}) for kind in kinds})


def test_all_statistics_stand_side_by_side() -> None:
    shard = described("gru", 2)
    names.check(shard, "describe")
    assert {"steps", "full_cube", "row_entropy", "participation_ratio"} <= set(shard.data_vars)


def test_two_statistics_may_not_share_a_column() -> None:
    training = variants.load("statistics", {"kind": "training"})
    coords = synthetic.identity("gru", "tanh", 1)
    stores = {"networks": synthetic.networks(coords), "trajectories": synthetic.trajectories(coords)}
    with pytest.raises(ValueError, match="'one' and 'two' both make a column 'steps'"):
        describe(stores, {"one": training, "two": training})


def test_no_statistics_leave_the_identity() -> None:
    coords = synthetic.identity("gru", "tanh", 2)
    names.check(describe({"networks": synthetic.networks(coords)}, {}), "describe")


def test_shards_are_joined_in_order() -> None:
    shards = [described("vanilla", 2), described("gru", 1), described("vanilla", 1, first=2)]
    summary = summarise(shards)
    names.check(summary, "summarise")
    np.testing.assert_array_equal(summary["network"], np.concatenate([shard["network"] for shard in shards]))
    for name in shards[0].data_vars:
        np.testing.assert_array_equal(summary[name], np.concatenate([shard[name] for shard in shards]))


def test_the_table_opens_with_the_identity_and_survives_the_disk(tmp_path) -> None:
    summary = summarise([described("vanilla", 2), described("gru", 1, learner="untrained")])
    rows = table(summary)
    assert list(rows.columns[:6]) == ["network", "index", "status", "activation", "architecture", "learner"]
    assert len(rows) == 3
    store.save(summary, tmp_path / "summary.zarr.zip", "summarise")
    again = table(store.load(tmp_path / "summary.zarr.zip"))
    assert again.to_csv(index=False) == rows.to_csv(index=False)


def test_what_some_shards_lack_is_empty_in_their_rows() -> None:
    rated = described("vanilla", 1).assign_coords(learning_rate=("network", [0.1]), solver=("network", np.array(["fast"], dtype=object)))
    rated["extra"] = names.variable(("network",), [5.0], "extra")
    rows = table(summarise([rated, described("gru", 1, learner="untrained")]))
    np.testing.assert_array_equal(rows["learning_rate"], [0.1, np.nan])
    np.testing.assert_array_equal(rows["extra"], [5.0, np.nan])
    assert list(rows["solver"]) == ["fast", ""]
