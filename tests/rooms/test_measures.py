"""The contract of measures, asked of every file in the room through the entries of config.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import yaml

import similarity_stores
from rnnpop import names, variants
from rnnpop.measures import Measure
from rnnpop.stages.compare import compare
from rnnpop.stages.represent import represent

ENTRIES = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text())["measures"] | {
    "pwcca": {"kind": "pwcca", "reads": ["trajectories"], "components": 10},
    "cka": {"kind": "cka", "reads": ["trajectories"], "components": 20},
    "dsa_5": {"kind": "dsa", "reads": ["trajectories"], "rank": 5},
    "dsa_20": {"kind": "dsa", "reads": ["trajectories"], "rank": 20},
    "input_dsa_5": {"kind": "input_dsa", "reads": ["trajectories"], "rank": 5},
    "input_dsa_20": {"kind": "input_dsa", "reads": ["trajectories"], "rank": 20},
    "tree": {"kind": "input_topology", "reads": ["fixed_points"], "by": "tree"},
    "neighbours": {"kind": "input_topology", "reads": ["fixed_points"], "by": "neighbours"},
    "ranks": {"kind": "input_topology", "reads": ["fixed_points"], "by": "ranks"},
}
NUMBERS = list(range(7))
#: Distances of order one, of bases on a grid (`numerics.subspaces.GRID`): 4e-9 sqrt(120 samples) for an angle, twice, and room.
ROUNDING = 2e-7
#: Measures that are exact between equal representations.
EXACT = {"TransitionGraph", "InputTopology", "Dsa"}


@pytest.fixture(params=ENTRIES, scope="module")
def entry(request: pytest.FixtureRequest) -> dict[str, Any]:
    return ENTRIES[request.param]


@pytest.fixture(scope="module")
def measure(entry: dict[str, Any]) -> Measure:
    return variants.load("measures", entry)


def block(entry: dict[str, Any], measure: Measure, *shards: dict[str, xr.Dataset]) -> xr.Dataset:
    return represent([{store: shard[store] for store in entry["reads"]} for shard in shards], measure)


@pytest.fixture(scope="module")
def whole(entry: dict[str, Any], measure: Measure) -> xr.Dataset:
    return block(entry, measure, similarity_stores.shard(NUMBERS))


@pytest.fixture(scope="module")
def tile(whole: xr.Dataset, measure: Measure) -> xr.Dataset:
    return compare(whole, whole, measure)


def test_every_kind_has_an_entry() -> None:
    assert {entry["kind"] for entry in ENTRIES.values()} == set(variants.kinds("measures"))


def test_stores_are_as_promised(whole: xr.Dataset, tile: xr.Dataset) -> None:
    names.check(whole, "represent")
    names.check(tile, "compare")
    assert "network" in next(iter(whole.data_vars.values())).dims


def test_distances_are_symmetric_finite_and_not_all_zero(tile: xr.Dataset) -> None:
    distance = tile["distance"].values
    np.testing.assert_array_equal(distance, distance.T)
    assert np.isfinite(distance).all()
    assert (distance[~np.eye(len(distance), dtype=bool)] > 1e-3).all()


def test_network_is_at_no_distance_from_itself(tile: xr.Dataset, measure: Measure) -> None:
    bound = 0.0 if type(measure).__name__ in EXACT else ROUNDING
    np.testing.assert_allclose(tile["distance"].values.diagonal(), 0, atol=bound)


def test_order_of_units_does_not_matter(entry: dict[str, Any], measure: Measure, whole: xr.Dataset) -> None:
    permuted = block(entry, measure, similarity_stores.shard(NUMBERS, permuted=True))
    across = measure.compare(whole, permuted)["distance"].values
    np.testing.assert_allclose(across.diagonal(), 0, atol=ROUNDING)
    np.testing.assert_allclose(across, measure.compare(whole, whole)["distance"].values, atol=ROUNDING)


def test_network_does_not_know_its_shard(entry: dict[str, Any], measure: Measure, whole: xr.Dataset) -> None:
    shards = [similarity_stores.shard(NUMBERS[first : first + 2]) for first in (0, 2, 4, 6)]
    xr.testing.assert_identical(block(entry, measure, *shards), whole)


def test_pair_does_not_know_its_tile(measure: Measure, whole: xr.Dataset, tile: xr.Dataset) -> None:
    for one in range(len(NUMBERS)):
        for other in range(len(NUMBERS)):
            alone = measure.compare(whole.isel(network=[one]), whole.isel(network=[other]))
            np.testing.assert_array_equal(alone["distance"].values[0, 0], tile["distance"].values[one, other])
    part = measure.compare(whole.isel(network=[5, 2, 0]), whole.isel(network=[1, 6]))
    np.testing.assert_array_equal(part["distance"].values, tile["distance"].values[np.ix_([5, 2, 0], [1, 6])])


def test_diverged_network_is_nan_to_all_and_harms_none(entry: dict[str, Any], measure: Measure, tile: xr.Dataset) -> None:
    some = block(entry, measure, similarity_stores.shard(NUMBERS[:3]), similarity_stores.diverged(3), similarity_stores.shard(NUMBERS[4:]))
    found = compare(some, some, measure)["distance"].values
    assert np.isnan(found[3]).all()
    assert np.isnan(found[:, 3]).all()
    rest = [0, 1, 2, 4, 5, 6]
    np.testing.assert_array_equal(found[np.ix_(rest, rest)], tile["distance"].values[np.ix_(rest, rest)])


@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if entry["kind"] in ("svcca", "dsa", "input_dsa")])
def test_noise_floor_is_of_two_batches_and_nan_without_a_second_one(name: str) -> None:
    measure = variants.load("measures", ENTRIES[name])
    stores = similarity_stores.shard(NUMBERS)
    found = represent([stores], measure)
    # subspaces of all units are the same whatever the batch
    assert ((found["noise_floor"].values > 0) != (ENTRIES[name].get("components", 0) >= similarity_stores.UNITS)).all()
    first = stores["trajectories"].isel(trial=stores["trajectories"]["batch"].values == 0)
    alone = represent([{"trajectories": first}], measure)
    assert np.isnan(alone["noise_floor"].values).all()
    # the second batch sets the floor and nothing else
    xr.testing.assert_identical(alone.drop_vars("noise_floor"), found.drop_vars("noise_floor"))
    # the same trials twice: no noise at all
    twice = xr.concat([first, first.assign_coords(batch=first["batch"] + 1)], "trial", data_vars="minimal")
    twice = twice.assign(inputs=twice["inputs"].isel(trial=slice(None)))
    np.testing.assert_allclose(represent([{"trajectories": twice}], measure)["noise_floor"].values, 0, atol=ROUNDING)


def test_noise_floor_is_below_the_distance_to_others() -> None:
    measure = variants.load("measures", {"kind": "svcca", "components": 3})
    found = represent([similarity_stores.shard(NUMBERS)], measure)
    distance = compare(found, found, measure)["distance"].values + 2 * np.eye(len(NUMBERS))
    assert (found["noise_floor"].values < distance.min(axis=1)).all()


TOPOLOGIES = {by: variants.load("measures", {"kind": "input_topology", "by": by}) for by in ("tree", "neighbours", "ranks")}


def on_a_curve(stores: dict[str, xr.Dataset], bend: float) -> dict[str, xr.Dataset]:
    """The same stores, with the fixed points that most starts found in order of their inputs on a curve, and all others elsewhere."""
    points = stores["fixed_points"]
    still = points["still"].to_index().get_indexer(points["condition"].values)
    chosen = (points["kind"] == "fixed").values & ~((still == 0) & (points["hits"] == 1).values)
    state = np.zeros((len(still), points.sizes["unit"]))
    state[:, :2] = np.stack([still, bend * still**2], axis=1)
    state[~chosen, 2] = 50.0
    return {"fixed_points": points.assign(state=points["state"].copy(data=state))}


def test_points_in_order_on_a_curve_have_the_path_as_their_tree() -> None:
    measure = TOPOLOGIES["tree"]
    straight, bent = (represent([on_a_curve(similarity_stores.shard([0, 1]), bend)], measure) for bend in (0.0, 0.3))
    np.testing.assert_array_equal(straight["relation"].values[0], np.eye(7, k=1))
    np.testing.assert_array_equal(measure.compare(straight, bent)["distance"].values, 0)


def test_absent_place_is_disagreement_with_those_that_have_it() -> None:
    stores = on_a_curve(similarity_stores.shard([0]), 0.1)
    gap = {"fixed_points": stores["fixed_points"].isel(fixed_point=stores["fixed_points"]["condition"].values != "still 3")}
    for by, wanted in (("tree", 1 - 4 / 6), ("neighbours", np.sqrt((7 + 6 - 2 * 5) / 14)), ("ranks", None)):
        measure = TOPOLOGIES[by]
        whole, lacking = (represent([held], measure) for held in (stores, gap))
        assert measure.compare(lacking, lacking)["distance"].item() == 0
        found = measure.compare(whole, lacking)["distance"].item()
        assert found == pytest.approx(wanted, abs=1e-15) if wanted else 0.05 < found < 1


def test_points_at_levels_are_places_of_their_own_and_shards_without_any_fit() -> None:
    levels = (-1.0, 0.0, 1.0)
    stores = similarity_stores.shard([0, 1], levels=levels)
    points = stores["fixed_points"]
    still = points["still"].to_index().get_indexer(points["condition"].values)
    state = np.zeros((len(still), points.sizes["unit"]))
    state[:, 0], state[:, 1] = points["level"].values, 9.0 * still  # a line for each still input, far from each other
    state[np.isnan(state[:, 0])] = 4.0
    lines = {"fixed_points": points.assign(state=points["state"].copy(data=state))}
    for measure in TOPOLOGIES.values():
        found = represent([lines, similarity_stores.diverged(2, levels)], measure)
        assert found["relation"].shape == (3, 21, 21)
        assert np.isnan(measure.compare(found, found)["distance"].values).tolist() == [[False, False, True]] * 2 + [[True] * 3]
    tree = represent([lines], TOPOLOGIES["tree"])["relation"].values[0]
    assert tree.sum() == 20
    assert all(tree[3 * path + place, 3 * path + place + 1] == 1 for path in range(7) for place in range(2))


def test_group_distance_ignores_the_identity_of_channels_and_label_distance_does_not() -> None:
    stores = similarity_stores.shard(NUMBERS)
    flipped = dict(stores)
    outputs = stores["fixed_points"]["outputs"]
    flipped["fixed_points"] = stores["fixed_points"].assign(outputs=outputs.copy(data=outputs.values[:, ::-1] * [1, -1]))
    for align, same in (("cube", True), ("label", False)):
        measure = variants.load("measures", {"kind": "transition_graph", "align": align, "threshold": 0.5})
        found = measure.compare(represent([stores], measure), represent([flipped], measure))["distance"].values.diagonal()
        assert ((found == 0) == same).all()
