"""From representations to verdicts: tiles make one matrix, and neither shards nor tiles nor order change a number."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import similarity_stores
from rnnpop import names, variants
from rnnpop.claims.factor_difference import FactorDifference
from rnnpop.claims.fraction import Fraction
from rnnpop.claims.median import Median
from rnnpop.measures import Measure
from rnnpop.numerics import contrasts
from rnnpop.stages.arrange import arrange
from rnnpop.stages.compare import compare
from rnnpop.stages.contrast import contrast, table
from rnnpop.stages.judge import judge
from rnnpop.stages.represent import represent

SETTINGS = {"permutations": 99, "draws": 50, "neighbours": 3, "quantities": ["final_loss", "absent"]}
FACTORS = ["architecture", "activation"]
MEASURES = {
    "svcca": {"kind": "svcca", "components": 4},
    "topology": {"kind": "transition_graph", "align": "label", "threshold": 0.5},
}


def summary_of(atlases: dict[str, xr.Dataset]) -> xr.Dataset:
    """A loss for every network, that goes by its name alone; in another order than the atlases have."""
    networks = np.sort(next(iter(atlases.values()))["network"].values.astype(str))[::-1]
    loss = [10.0 ** -(1 + 3 * np.random.default_rng(list(name.encode())).random()) for name in networks]
    return xr.Dataset({"final_loss": ("network", loss)}, {"network": networks.astype(object)})


def contrast_of(atlases: dict[str, xr.Dataset], factors: list[str] = FACTORS, summary: xr.Dataset | None = None) -> xr.Dataset:
    return contrast(atlases, summary or summary_of(atlases), factors, SETTINGS, 1, "study", "flip_flop", "adam")


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
    return contrast_of(atlases)


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
    result = contrast_of(found)
    assert (result.attrs["kept"], result.attrs["total"]) == (16, 17)
    np.testing.assert_array_equal(result["r2"].values, contrast_of(atlases)["r2"].values)


def test_contrast_is_as_promised(contrasted: xr.Dataset) -> None:
    names.check(contrasted, "contrast")
    loss = contrasted.sel(quantity="final_loss").drop_vars(["mantel_p", "noise_floor", "r2_configuration_draws"])
    assert np.isfinite(loss.to_array()).all()
    assert np.isnan(contrasted["dissociation"].sel(quantity="absent")).all()
    assert np.isnan(contrasted["r2_configuration_draws"]).all()  # two populations a level
    assert np.isfinite(contrasted["noise_floor"]).values.tolist() == [True, False]
    assert (contrasted["knn_chance"].values == 0.5).all()
    assert float(contrasted["mantel"].sel(measure="svcca", other="topology")) == float(
        contrasted["mantel"].sel(measure="topology", other="svcca")
    )
    for name in ("p", "linear_p", "dissociation_p"):
        values = contrasted[name].values
        assert (values[np.isfinite(values)] >= 0.01).all()


def test_noise_floor_and_typical_distance_are_those_of_the_networks_kept(atlases: dict[str, xr.Dataset]) -> None:
    status = np.array(["ok"] * 10 + ["not_converged"] * 5 + ["diverged"], dtype=object)
    mixed = {name: found.assign_coords(status=("network", status)) for name, found in atlases.items()}
    result = contrast_of(mixed)
    assert (result.attrs["kept"], result.attrs["total"]) == (10, 16)
    for name, found in mixed.items():
        pairs = found["distance"].values[:10, :10][np.triu_indices(10, 1)]
        assert result["median_distance"].sel(measure=name) == np.median(pairs)
    assert result["noise_floor"].sel(measure="svcca") == np.median(atlases["svcca"]["noise_floor"][:10])
    # of a control none is ok: all count that have not diverged
    status[:10] = "not_converged"
    control = {name: found.assign_coords(status=("network", status)) for name, found in atlases.items()}
    assert contrast_of(control).attrs["kept"] == 15


def test_loss_that_has_nothing_to_do_with_distance_shows_no_correlation(contrasted: xr.Dataset) -> None:
    found = contrasted.sel(quantity="final_loss")
    low, high = (found["dissociation_draws"].quantile(q, "draw") for q in (0.025, 0.975))
    assert ((low < 0) & (high > 0)).all()
    assert (found["dissociation_p"] > 0.05).all()


def test_networks_without_the_quantity_leave_the_weights_of_other_pairs(
    atlases: dict[str, xr.Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four networks a cell are resampled; where one has no loss, two others are still together 3/4 as often as counts of 1 say."""
    seen = []
    plain = contrasts.resampled_correlations
    monkeypatch.setattr(contrasts, "resampled_correlations", lambda *given: seen.append(given[2]) or plain(*given))
    loss = summary_of(atlases)
    loss["final_loss"][0] = np.nan
    contrast_of(atlases, summary=loss)
    (weights,) = seen
    assert weights.apart.shape == (15, 15)
    np.testing.assert_allclose(np.unique(weights.apart), [0, 1, 4 / 3], rtol=1e-12)


def test_networks_that_do_alike_are_found_where_distance_goes_with_loss(atlases: dict[str, xr.Dataset]) -> None:
    loss = summary_of(atlases)
    own = np.log(loss["final_loss"].sel(network=atlases["svcca"]["network"]).values)
    planted = {"svcca": atlases["svcca"].assign(distance=(("network", "partner"), np.exp(np.abs(own[:, None] - own)) - 1))}
    found = contrast_of(planted).sel(measure="svcca", quantity="final_loss")
    assert found["dissociation"].item() == pytest.approx(1, rel=1e-12)  # ranks see no scale
    assert found["dissociation_p"] == 0.01
    np.testing.assert_allclose(found["dissociation_draws"], 1, rtol=1e-9)
    loss["final_loss"][:2] = [np.inf, 0.0]  # two without a logarithm are left out
    some = contrast_of(planted, summary=loss).sel(measure="svcca", quantity="final_loss")
    assert some["dissociation"].item() == pytest.approx(1, rel=1e-12)


def test_populations_are_resampled_where_a_level_has_three(atlases: dict[str, xr.Dataset]) -> None:
    found = atlases["svcca"]
    size = np.array([8, 16, 32, 64])[np.arange(16) // 4 % 4]
    cells = [f"flip_flop/{a}-{n}/adam/{i:05d}" for a, n, i in zip(found["architecture"].values, size, range(16), strict=True)]
    renamed = found.assign_coords(network=np.array(cells, dtype=object), partner=np.array(cells, dtype=object), units=("network", size))
    result = contrast_of({"svcca": renamed}, ["architecture", "units"]).sel(measure="svcca")
    assert np.isfinite(result["r2_configuration_draws"].sel(factor="architecture")).all()  # four sizes each
    assert np.isnan(result["r2_configuration_draws"].sel(factor="units")).all()  # two architectures each


def test_networks_that_began_alike_are_one_unit(atlases: dict[str, xr.Dataset]) -> None:
    """Pairs of twins under two penalties, near each other whatever their labels: neither tells the other's, nor is relabelled alone."""
    rng = np.random.default_rng(3)
    found = atlases["svcca"]
    index, penalty = np.repeat(np.arange(8), 2), np.tile(["0.0", "0.1"], 8)
    cells = np.where(index % 2, "lstm", "gru")
    new = np.array([f"flip_flop/{c}/adam-{p}/{i:05d}" for c, p, i in zip(cells, penalty, index, strict=True)], dtype=object)
    points = rng.standard_normal((8, 3))[index] + 0.01 * rng.standard_normal((16, 3))
    twins = found.assign(distance=(("network", "partner"), np.linalg.norm(points[:, None] - points, axis=2)))
    twins = twins.assign_coords(
        network=new, partner=new, index=("network", index), l2=("network", penalty), architecture=("network", cells.astype(object))
    )
    result = contrast_of({"svcca": twins}, ["architecture", "l2"]).sel(measure="svcca")
    assert result["knn_accuracy"].sel(factor="architecture") < 0.8  # the twin alone would tell all
    assert result["p"].sel(factor="architecture") > 0.05
    assert result["r2"].sel(factor="l2") < 0.01
    assert np.isnan(contrast_of({"svcca": twins.drop_vars("l2")}, ["architecture", "l2"])["r2"].sel(factor="l2")).all()  # a control


def test_labels_of_the_linear_classifier_stay_within_their_folds(atlases: dict[str, xr.Dataset], monkeypatch: pytest.MonkeyPatch) -> None:
    """16 networks of four seeds, each seed a fold with as many of every level, as the design made them."""
    seen = []
    plain = contrasts.relabellings_of_units

    def spy(*given: object) -> np.ndarray:
        seen.append(plain(*given))
        return seen[-1]

    monkeypatch.setattr(contrasts, "relabellings_of_units", spy)
    contrast_of({"svcca": atlases["svcca"]}, ["architecture"])
    seed = np.array([name.rsplit("/", 1)[1] for name in np.sort(atlases["svcca"]["network"].values.astype(str))])
    even = [all((rows[:, seed == own].sum(axis=1) == 2).all() for own in np.unique(seed)) for rows in seen]
    assert even == [False, True]  # of neighbours and PERMANOVA; of the classifier


def test_measure_that_no_network_has_holds_back_no_other(atlases: dict[str, xr.Dataset], contrasted: xr.Dataset) -> None:
    void = {**atlases, "topology": atlases["topology"] * np.nan}
    result = contrast_of(void)
    assert result.attrs["kept"] == 16
    np.testing.assert_array_equal(result["r2"].sel(measure="svcca"), contrasted["r2"].sel(measure="svcca"))
    assert np.isnan(result["r2"].sel(measure="topology")).all()


def test_contrast_table_is_the_store_row_by_row(contrasted: xr.Dataset) -> None:
    rows = table(contrasted)
    assert len(rows) == contrasted.sizes["measure"] * contrasted.sizes["factor"]
    for row in rows.itertuples():
        own = contrasted.sel(measure=row.measure, factor=row.factor)
        assert row.r2 == float(own["r2"])
        assert row.low <= row.high
        assert row.low == np.quantile(own["r2_draws"], 0.025)
        assert row.networks == contrasted.attrs["kept"]
        for name in (
            "pseudo_f",
            "p",
            "knn_accuracy",
            "knn_chance",
            "knn_p",
            "linear_accuracy",
            "linear_p",
            "median_distance",
            "noise_floor",
        ):
            np.testing.assert_array_equal(getattr(row, name), own[name])
    assert {"within_distance", "between_distance", "configuration_low", "configuration_high"} < set(rows)


def test_order_of_networks_and_further_measures_change_no_number(
    measures: dict[str, Measure], atlases: dict[str, xr.Dataset], contrasted: xr.Dataset
) -> None:
    turned = {name: atlas(measure, [list(range(8, 16)), list(range(8))]) for name, measure in measures.items()}
    xr.testing.assert_identical(contrast_of(turned), contrasted)
    alone = contrast_of({"topology": atlases["topology"]})
    for name in ("p", "r2_draws", "knn_p", "linear_accuracy", "dissociation", "dissociation_p", "dissociation_draws"):
        np.testing.assert_array_equal(alone[name].sel(measure="topology").values, contrasted[name].sel(measure="topology").values)


def test_contrast_sees_a_planted_factor(atlases: dict[str, xr.Dataset]) -> None:
    found = atlases["svcca"]
    apart = found["architecture"].values[:, None] != found["architecture"].values
    planted = {"svcca": found.assign(distance=found["distance"] + 3.0 * apart)}
    result = contrast_of(planted).sel(measure="svcca")
    assert result["p"].sel(factor="architecture") == 0.01
    assert result["r2"].sel(factor="architecture") > 0.5 > result["r2"].sel(factor="activation")
    assert result["knn_accuracy"].sel(factor="architecture") == 1


def test_factor_that_goes_with_another_shows_nothing_of_its_own(atlases: dict[str, xr.Dataset]) -> None:
    found = atlases["svcca"]
    architecture = found["architecture"].values
    apart = architecture[:, None] != architecture
    follower = np.where(np.isin(np.arange(16), [12, 15]), architecture[::-1], architecture)  # the other level in two networks
    planted = found.assign(distance=found["distance"] + 3.0 * apart).assign_coords(follower=("network", follower))
    result = contrast_of({"svcca": planted}, ["architecture", "follower"]).sel(measure="svcca")
    assert result["r2"].sel(factor="follower") > 0.15
    # within a level of the follower there are but eight places for the odd one: the observed order comes up by chance, p is near 1/64
    assert result["p"].sel(factor="architecture") < 0.05 < result["p"].sel(factor="follower")


@pytest.mark.parametrize(("networks", "status"), [(1, "ok"), (2, "ok"), (4, "ok"), (5, "untrained"), (4, "not_converged"), (4, "diverged")])
def test_few_networks_give_nan_and_no_failure(measures: dict[str, Measure], networks: int, status: str) -> None:
    few = {name: atlas(measure, [list(range(networks))], status=status) for name, measure in measures.items()}
    result = contrast_of(few, [*FACTORS, "learner"])
    names.check(result, "contrast")
    assert result.attrs["kept"] == (0 if status == "diverged" else networks)
    assert np.isnan(result["r2"].sel(factor="learner")).all()  # one level


def test_judge_takes_each_task_and_the_own_group_only(contrasted: xr.Dataset) -> None:
    own, control = (similarity_stores.shard(range(16), group=group)["fixed_points"] for group in ("adam", "untrained"))
    other = own.assign_coords(network=[str(name).replace("flip_flop", "sine") for name in own["network"].values])
    per_network = [
        store.drop_dims("fixed_point").assign(stable_labels=("network", np.full(16, count, dtype=float)))
        for store, count in ((own, 8), (control, 1), (other, 3))
    ]
    summary = xr.concat(per_network, "network", data_vars="minimal", coords="minimal", compat="override", join="outer")
    corners = Fraction("all corners", "stable_labels", 0.7, at_least=8)
    difference = FactorDifference("geometry more than topology", "svcca", "architecture", against="topology")
    claims = {"flip_flop": {"corners": corners, "difference": difference}, "sine": {"difference": difference, "corners": corners}}
    held = {"flip_flop": contrasted}
    table = judge(summary, held, claims, study="study", group="adam", seed=1)
    assert list(table.columns[:4]) == ["study", "task", "claim", "statement"]
    assert table["verdict"].isin(["holds", "holds in part", "does not hold", "undecided"]).all()
    assert table[["task", "claim", "n"]].values.tolist() == [
        ["flip_flop", "corners", 16],
        ["flip_flop", "difference", 16],
        ["sine", "difference", 0],
        ["sine", "corners", 16],
    ]
    assert table["estimate"].tolist()[0::3] == [1.0, 0.0]
    assert table["verdict"].tolist()[0::3] == ["holds", "does not hold"]
    assert table["verdict"].tolist()[2] == "undecided"
    typical = Median("typical", "loss", at_most=1.0)  # resampled: its interval is of its own stream
    spread = summary.assign(loss=("network", np.random.default_rng(0).lognormal(size=48)))
    many = {"flip_flop": claims["flip_flop"] | {"typical": typical}, "sine": {"typical": typical}}
    few = {"sine": {"typical": typical}, "flip_flop": {"typical": typical, "corners": corners}}
    tables = [judge(spread, {}, asked, study="study", group="adam", seed=1).set_index(["task", "claim"]) for asked in (many, few)]
    assert tables[0].loc[tables[1].index].equals(tables[1])
    assert tables[0].loc[("flip_flop", "difference"), "verdict"] == "undecided"  # nothing was compared
    failed = summary.assign_coords(status=("network", np.full(48, "not_converged", dtype=object)))
    assert (judge(failed, held, claims, study="study", group="adam", seed=1)["verdict"] == "undecided").all()


def test_a_claim_may_be_about_some_levels_of_a_factor() -> None:
    """Networks with corners have 8 units; the others have 4."""
    summary = similarity_stores.shard(range(16))["fixed_points"].drop_dims("fixed_point")
    units = np.repeat([8, 4], [6, 10])
    summary = summary.assign(stable_labels=("network", units.astype(float))).assign_coords(units=("network", units))
    corners = Fraction("all corners", "stable_labels", 0.7, at_least=8)
    asked = {"flip_flop": {"any": corners, "large": corners, "none": corners}}
    among = {"large": {"units": "8", "learner": "adam"}, "none": {"units": "16"}}
    table = judge(summary, {}, asked, among=among, study="study", group="adam", seed=1).set_index("claim")
    assert table["n"].tolist() == [16, 6, 0]
    assert table["estimate"].tolist()[:2] == [6 / 16, 1.0]
    assert table.loc["none", "verdict"] == "undecided"
