"""From representations to verdicts: tiles make one matrix, and neither shards nor tiles nor order change a number."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import similarity_stores
from rnnpop import names, variants
from rnnpop.claims.factor_difference import FactorDifference
from rnnpop.claims.fraction import Fraction
from rnnpop.measures import Measure
from rnnpop.stages.arrange import arrange
from rnnpop.stages.compare import compare
from rnnpop.stages.contrast import contrast, table
from rnnpop.stages.judge import judge
from rnnpop.stages.represent import represent

SETTINGS = {"permutations": 99, "draws": 50, "neighbours": 3}
FACTORS = ["architecture", "activation"]
MEASURES = {
    "svcca": {"kind": "svcca", "components": 4},
    "topology": {"kind": "transition_graph", "align": "label", "threshold": 0.5},
}


def atlas(measure: Measure, blocks: list[list[int]], group: str = "adam", status: str = "ok") -> xr.Dataset:
    held = [represent([similarity_stores.shard(numbers, group=group, status=status)], measure) for numbers in blocks]
    tiles = [compare(one, other, measure) for place, one in enumerate(held) for other in held[place:]]
    return arrange(tiles, [similarity_stores.network_name(number, group) for numbers in blocks for number in numbers])


@pytest.fixture(scope="module")
def measures() -> dict[str, Measure]:
    return {name: variants.load("measures", entry) for name, entry in MEASURES.items()}


@pytest.fixture(scope="module")
def atlases(measures: dict[str, Measure]) -> dict[str, xr.Dataset]:
    return {name: atlas(measure, [list(range(16))]) for name, measure in measures.items()}


@pytest.fixture(scope="module")
def contrasted(atlases: dict[str, xr.Dataset]) -> xr.Dataset:
    return contrast(atlases, FACTORS, SETTINGS, 1, "study", "flip_flop", "adam")


def test_atlas_is_as_promised_and_symmetric(atlases: dict[str, xr.Dataset]) -> None:
    for found in atlases.values():
        names.check(found, "arrange")
        np.testing.assert_array_equal(found["distance"].values, found["distance"].values.T)
        assert list(found["partner"].values) == list(found["network"].values)
        assert {"status", "architecture", "index"} <= set(found.coords)
        assert 0 < float(found["stress"]) < 1
    assert atlases["svcca"]["noise_floor"].dims == ("network",)


def test_tiles_do_not_show_in_the_atlas(measures: dict[str, Measure], atlases: dict[str, xr.Dataset]) -> None:
    for name, measure in measures.items():
        xr.testing.assert_identical(atlas(measure, [[0, 1, 2, 3, 4], list(range(5, 11)), list(range(11, 16))]), atlases[name])


def test_missing_tile_is_named(measures: dict[str, Measure]) -> None:
    held = [represent([similarity_stores.shard(numbers)], measures["topology"]) for numbers in ([0, 1], [2])]
    order = [similarity_stores.network_name(number) for number in range(3)]
    with pytest.raises(ValueError, match=f"{order[0]}, {order[2]}"):
        arrange([compare(one, one, measures["topology"]) for one in held], order)


def test_diverged_network_stays_without_a_place_and_out_of_the_tests(measures: dict[str, Measure], atlases: dict[str, xr.Dataset]) -> None:
    order = [similarity_stores.network_name(number) for number in range(17)]
    found = {}
    for name, measure in measures.items():
        held = represent([similarity_stores.shard(list(range(16))), similarity_stores.diverged(16)], measure)
        found[name] = arrange([compare(held, held, measure)], order)
        names.check(found[name], "arrange")
        assert np.isnan(found[name]["position"].values).any(axis=1).tolist() == [False] * 16 + [True]
        np.testing.assert_array_equal(found[name]["position"].values[:16], atlases[name]["position"].values)
    result = contrast(found, FACTORS, SETTINGS, 1, "study", "flip_flop", "adam")
    assert (result.attrs["kept"], result.attrs["total"]) == (16, 17)
    np.testing.assert_array_equal(result["r2"].values, contrast(atlases, FACTORS, SETTINGS, 1, "study", "flip_flop", "adam")["r2"].values)


def test_contrast_is_as_promised(contrasted: xr.Dataset) -> None:
    names.check(contrasted, "contrast")
    assert np.isfinite(contrasted.drop_vars("mantel_p").to_array()).all()
    assert (contrasted["knn_chance"].values == 0.5).all()
    assert float(contrasted["mantel"].sel(measure="svcca", other="topology")) == float(
        contrasted["mantel"].sel(measure="topology", other="svcca")
    )
    assert (contrasted["p"].values >= 0.01).all()


def test_contrast_table_is_the_store_row_by_row(contrasted: xr.Dataset) -> None:
    rows = table(contrasted)
    assert len(rows) == contrasted.sizes["measure"] * contrasted.sizes["factor"]
    for row in rows.itertuples():
        own = contrasted.sel(measure=row.measure, factor=row.factor)
        assert row.r2 == float(own["r2"])
        assert row.low <= row.high
        assert row.low == np.quantile(own["r2_draws"], 0.025)
        assert row.networks == contrasted.attrs["kept"]


def test_order_of_networks_and_further_measures_change_no_number(
    measures: dict[str, Measure], atlases: dict[str, xr.Dataset], contrasted: xr.Dataset
) -> None:
    turned = {name: atlas(measure, [list(range(8, 16)), list(range(8))]) for name, measure in measures.items()}
    xr.testing.assert_identical(contrast(turned, FACTORS, SETTINGS, 1, "study", "flip_flop", "adam"), contrasted)
    alone = contrast({"topology": atlases["topology"]}, FACTORS, SETTINGS, 1, "study", "flip_flop", "adam")
    for name in ("p", "r2_draws", "knn_p"):
        np.testing.assert_array_equal(alone[name].sel(measure="topology").values, contrasted[name].sel(measure="topology").values)


def test_contrast_sees_a_planted_factor(atlases: dict[str, xr.Dataset]) -> None:
    found = atlases["svcca"]
    apart = found["architecture"].values[:, None] != found["architecture"].values
    planted = {"svcca": found.assign(distance=found["distance"] + 3.0 * apart)}
    result = contrast(planted, FACTORS, SETTINGS, 1, "study", "flip_flop", "adam").sel(measure="svcca")
    assert result["p"].sel(factor="architecture") == 0.01
    assert result["r2"].sel(factor="architecture") > 0.5 > result["r2"].sel(factor="activation")
    assert result["knn_accuracy"].sel(factor="architecture") == 1


def test_factor_that_goes_with_another_shows_nothing_of_its_own(atlases: dict[str, xr.Dataset]) -> None:
    found = atlases["svcca"]
    architecture = found["architecture"].values
    apart = architecture[:, None] != architecture
    follower = np.where(np.isin(np.arange(16), [12, 15]), architecture[::-1], architecture)  # the other level in two networks
    planted = found.assign(distance=found["distance"] + 3.0 * apart).assign_coords(follower=("network", follower))
    result = contrast({"svcca": planted}, ["architecture", "follower"], SETTINGS, 1, "study", "flip_flop", "adam").sel(measure="svcca")
    assert result["r2"].sel(factor="follower") > 0.15
    # within a level of the follower there are but eight places for the odd one: the observed order comes up by chance, p is near 1/64
    assert result["p"].sel(factor="architecture") < 0.05 < result["p"].sel(factor="follower")


@pytest.mark.parametrize(("networks", "status"), [(1, "ok"), (2, "ok"), (4, "ok"), (5, "untrained"), (4, "not_converged")])
def test_few_networks_give_nan_and_no_failure(measures: dict[str, Measure], networks: int, status: str) -> None:
    few = {name: atlas(measure, [list(range(networks))], status=status) for name, measure in measures.items()}
    result = contrast(few, [*FACTORS, "learner"], SETTINGS, 1, "study", "flip_flop", "adam")
    names.check(result, "contrast")
    assert result.attrs["kept"] == (0 if status == "not_converged" else networks)
    assert np.isnan(result["r2"].sel(factor="learner")).all()  # one level


def test_judge_takes_each_task_and_the_own_group_only(contrasted: xr.Dataset) -> None:
    own, control = (similarity_stores.shard(range(16), group=group)["fixed_points"] for group in ("adam", "untrained"))
    other = own.assign_coords(network=[str(name).replace("flip_flop", "sine") for name in own["network"].values])
    per_network = [
        store.drop_dims("fixed_point").assign(stable_labels=("network", np.full(16, count, dtype=float)))
        for store, count in ((own, 8), (control, 1), (other, 3))
    ]
    summary = xr.concat(per_network, "network", data_vars="minimal", coords="minimal", compat="override", join="outer")
    claims = {
        "corners": Fraction("all corners", "stable_labels", 8, 0.7),
        "difference": FactorDifference("geometry more than topology", "svcca", "topology", "architecture"),
    }
    table = judge(summary, {"flip_flop": contrasted}, claims, study="study", tasks=["flip_flop", "sine"], group="adam")
    assert list(table.columns[:4]) == ["study", "task", "claim", "statement"]
    assert table["verdict"].isin(["holds", "holds in part", "does not hold", "undecided"]).all()
    assert table[["task", "claim", "n"]].values.tolist() == [
        ["flip_flop", "corners", 16],
        ["flip_flop", "difference", 16],
        ["sine", "corners", 16],
        ["sine", "difference", 0],
    ]
    assert table["estimate"].tolist()[0::2] == [1.0, 0.0]
    assert table["verdict"].tolist()[0::2] == ["holds", "does not hold"]
    assert table["verdict"].tolist()[3] == "undecided"
