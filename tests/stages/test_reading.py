"""Stages read and appraise: networks made by hand, of which everything is known, and laws that hold for any."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

import reading_study as study
import review_corpus
from rnnpop import names, variants
from rnnpop.names import variable
from rnnpop.numerics.affine import DIMENSIONS, EMBEDDING
from rnnpop.seeds import stream
from rnnpop.stages.appraise import appraise
from rnnpop.stages.descend import descend
from rnnpop.stages.read import LAGS, read
from rnnpop.stages.record import record
from rnnpop.statistics.reading import Reading
from rnnpop.statistics.words import Words

#: tanh bends what a sum adds by less than its square, (20 · 2 · PUSH)² = 1.6e-5.
NEARLY = {"rtol": 1e-4, "atol": 1e-4}
GIVEN: dict[str, Any] = {"names": {"task": "valence"}, "seed": 0}
KEPT = np.array(study.KEPT)
SOUND = np.isfinite(KEPT)


@pytest.mark.parametrize("task", study.TASKS)
def test_stores_keep_their_promises(task: str) -> None:
    stores = study.shard(task)
    names.check(stores["readings"], "read")
    names.check(stores["appraisals"], "appraise")
    for store in ("readings", "appraisals"):
        for name, item in stores[store].data_vars.items():
            if item.dims[:1] == ("network",) and item.dtype.kind == "f":
                assert np.isnan(item.values[~SOUND]).all(), name
    assert not set(stores["appraisals"]["owner"].values) & set(stores["networks"]["network"].values[~SOUND])


def test_a_sum_along_a_line_is_read_as_what_it_is() -> None:
    """Loss of `1 - kept` a step; the widest loss, of the first network, is below one, the smallest sum."""
    found = Reading().describe(study.shard("valence"))
    first = found.isel(network=0)
    for name in ("test_accuracy", "shuffled_accuracy", "squashed_accuracy_1", "value_bag_accuracy", "reading_components_95"):
        assert first[name] == 1, name
    for name in ("score_r2", "shuffled_correlation", "reading_variance_1", "reading_participation"):
        np.testing.assert_allclose(first[name], 1, atol=1e-3, err_msg=name)
    for lag in LAGS:
        np.testing.assert_allclose(found[f"relaxation_{lag}"], 1 - KEPT, **NEARLY)
    np.testing.assert_allclose(found["relaxation_path"][SOUND], 1, **NEARLY)
    assert (found["untrained_reading_participation"][SOUND] > 1.5).all()


def test_words_push_along_the_line_as_far_as_they_are_worth() -> None:
    found = Words().describe(study.shard("valence"))
    for name in (
        "integration_overlap",
        "value_correlation",
        "in_plane_1",
        "readout_share",
        "theta_rank_correlation",
        "rollout_correlation",
    ):
        np.testing.assert_allclose(found[name][SOUND], 1, **NEARLY, err_msg=name)
    # the four words of largest value: three of them 2, one of them 1
    np.testing.assert_allclose(found["positive_projection"][SOUND], 1.75 * study.PUSH, **NEARLY)
    np.testing.assert_allclose(found["negative_projection"][SOUND], -1.75 * study.PUSH, **NEARLY)
    np.testing.assert_allclose(found["neutral_ratio"][SOUND], 0, atol=1e-9)
    np.testing.assert_allclose(found["word_separation"][SOUND], 3.5 / np.sqrt(3 / 16), **NEARLY)
    # words move these states along one direction alone, so any other tells them apart as well: up to its sign, the same distance
    np.testing.assert_allclose(found["word_separation_null"][SOUND], found["word_separation"][SOUND], rtol=1e-6)
    np.testing.assert_allclose(found["tau_1"], -1 / np.log(KEPT), rtol=2e-3)  # bent by 1e-6, of 1e-3 that is lost
    assert (found["slow_modes_half"][SOUND] == [1, 1, 1]).all()
    assert (found["unstable_share"][SOUND] == 0).all()
    assert found["rollout_accuracy"][0] == found["bag_accuracy"][0] == found["fading_bag_accuracy"][0] == 1
    assert (found["bag_accuracy"][SOUND] >= found["fading_bag_accuracy"][SOUND]).all()  # here forgetting is the network's only fault
    assert np.isnan(found["readout_angle"]).all()
    np.testing.assert_allclose(found["word_length"][SOUND], 1)


def test_what_sums_has_nothing_to_gain_by_order() -> None:
    """A word t steps before the last one weighs kept^t; the first network forgets 2 % of the first word."""
    found = Words().describe(study.shard("valence"))
    np.testing.assert_allclose(found["lasting_bag_correlation"][0], 1, atol=1e-3)
    assert (found["ordered_bag_correlation"][SOUND] > 0.99).all()  # what fades in ten words is an edge of three, at most
    assert (found["ordered_bag_correlation"][SOUND] >= found["lasting_bag_correlation"][SOUND]).all()
    assert found["lasting_bag_accuracy"][0] == 1
    assert np.isnan(found["ordered_bag_gain"][0])
    assert np.abs([found["begin_excess"][0], found["end_excess"][0]]).max() < 0.03
    assert found["end_excess"][3] > 0.5  # 0.9 a word
    assert np.isnan(found["traceless_accuracy"]).all()


def test_words_that_modify_nothing_leave_no_trace() -> None:
    stores = study.shard("context")
    found = Words().describe(stores)
    assert (found["traces"][SOUND] == 0).all()
    for name in ("traceless_accuracy", "beside_accuracy"):
        np.testing.assert_allclose(found[name][SOUND], stores["appraisals"]["own_accuracy"][SOUND], atol=0.05)  # but for thresholds


def test_a_step_is_linear_but_for_the_drift_of_the_points() -> None:
    """The nearest point counts as fixed: what it loses in a step, 0.1 % of it or less of the state, is the whole error."""
    error = Words().describe(study.shard("valence"))["linear_error"].values
    assert error[0] < 2e-3
    assert (np.diff(error[SOUND]) > 0).all()


def test_around_one_fixed_point_there_is_no_line() -> None:
    """Points within 0.1 % of where they were: what their scatter is like is left open, what is said of each is not."""
    stores = study.shard("categorical")
    points = stores["slow_points"].assign(state=0.001 * stores["slow_points"]["state"])
    given = study.task("categorical"), study.cell()
    names_of = {"task": "categorical"}
    found = appraise(stores["networks"], points, stores["readings"], *given, settings=study.APPRAISE, names=names_of, seed=0)
    described = Words().describe({"appraisals": found})
    for name in ("in_plane_1", "integration_overlap", "theta_rank_correlation"):
        assert np.isnan(described[name]).all(), name
    assert np.isfinite(described["tau_1"][SOUND]).all()
    assert np.isfinite(described["value_correlation"][SOUND]).all()


def test_three_classes_are_the_corners_of_a_triangle() -> None:
    stores = study.shard("categorical")
    found = Reading().describe(stores).assign(Words().describe(stores).data_vars)
    np.testing.assert_allclose(found["readout_angle"][SOUND], 120, atol=1e-5)  # arccos of rounded weights
    np.testing.assert_allclose(found["readout_angle_spread"][SOUND], 0, atol=1e-5)
    for name in ("readout_share", "in_plane_1", "in_plane_2", "reading_variance_2", "value_correlation", "rollout_correlation"):
        np.testing.assert_allclose(found[name][SOUND], 1, **NEARLY, err_msg=name)
    np.testing.assert_allclose(found["in_plane_3"][SOUND], 0, atol=1e-4)
    assert (found["slow_modes"][SOUND] == [2, 2, 0]).all()
    assert found["bag_accuracy"][0] == found["test_accuracy"][0] == found["value_bag_accuracy"][0] == 1
    assert (found["squashed_accuracy_1"][SOUND] < 0.8).all()
    assert (found["squashed_accuracy_2"][SOUND] == found["test_accuracy"][SOUND]).all()


@pytest.mark.parametrize("task", study.TASKS)
def test_a_network_does_not_know_its_shard(task: str) -> None:
    """Every number of a network but the picture of the shard's first one."""
    together = study.shard(task)
    alone = study.stores_of(study.networks(task).isel(network=[2]), task)
    name = alone["networks"]["network"].values[0]
    for store in ("readings", "appraisals"):
        mine = together[store].isel(network=[2])
        if "fixed_point" in mine.dims:
            mine = mine.isel(fixed_point=mine["owner"].values == name)
        xr.testing.assert_identical(*(found.drop_vars("activity", errors="ignore") for found in (mine, alone[store])))


def test_pictures_are_of_what_was_read() -> None:
    """States and the readout's line in the plane give the outputs back: the network lives on it, but for axes that nothing fills."""
    readings = study.shard("valence")["readings"].isel(network=0)
    outputs = readings["end"].values @ readings["readout"].values.T + readings["centre_outputs"].values
    np.testing.assert_allclose(outputs, readings["outputs"], atol=1e-6)
    assert readings["visits"].sum() == sum_of_lengths(readings)
    lengths = np.isfinite(readings["trajectory"].values[..., 0]).sum(axis=1)
    ends = readings["trajectory"].values[np.arange(study.READ["shown"]), lengths - 1]
    np.testing.assert_allclose(ends, readings["end"].values[readings["shown"].values], atol=1e-12)
    classes = readings["answered"].values[readings["shown"].values]
    np.testing.assert_array_equal(classes, [0, 1, 0, 1, 0])


def sum_of_lengths(readings: xr.Dataset) -> int:
    """Words of the test documents, by the stage's own stream."""
    documents = study.task("valence").documents(stream(0, "valence", "reading", "test"), study.READ["documents"], "test")
    np.testing.assert_array_equal(documents.wanted[:, 0] > 0, readings["answered"].values == 1)
    return int(documents.length.sum())


def networks(task: Any, cell: Any, number: int = 2) -> xr.Dataset:
    """Random networks: no sense is made of documents, but nothing may fail."""
    rows = []
    for index in range(number):
        rng = np.random.default_rng(index)
        rows.append(cell.init(rng, task.inputs, task.outputs) | {"embedding": task.first_embedding(rng)})
    made = {
        key: variable(("network", "checkpoint", *dims), np.stack([[row[key]] * 2 for row in rows]), key)
        for key, dims in (DIMENSIONS | EMBEDDING).items()
    }
    coords = {"network": np.array([f"t/c/l/{index}" for index in range(number)], dtype=object), "checkpoint": ["initial", "trained"]}
    return xr.Dataset(
        made, coords | {"index": ("network", np.arange(number)), "status": ("network", np.array(["ok"] * number, dtype=object))}
    )


@pytest.mark.parametrize(
    ("task", "cell"),
    [
        ({"kind": "context", "length": 12, "dimensions": 3, "probe_documents": 8}, {"kind": "lstm", "units": 4}),
        ({"kind": "ordered", "length": 12, "probe_documents": 8}, {"kind": "gru", "units": 8}),
        ({"kind": "multilabel", "length": 12, "probe_documents": 8}, {"kind": "ugrnn", "units": 8}),
        ({"kind": "valence", "length": 12, "classes": 5, "probe_documents": 8}, {"kind": "vanilla", "units": 8}),
        ({"kind": "text", "corpus": "two", "length": 12, "dimensions": 3, "probe_documents": 8}, {"kind": "gru", "units": 4}),
        ({"kind": "text", "corpus": "three", "length": 12, "dimensions": 3, "probe_documents": 8}, {"kind": "gru", "units": 4}),
    ],
    ids=lambda entry: entry["kind"],
)
def test_every_task_of_documents_is_appraised(task: dict[str, Any], cell: dict[str, Any]) -> None:
    """Networks as they are drawn; the second one has no slow points."""
    corpora = [review_corpus.corpus(classes=3 if task["corpus"] == "three" else 2)] if "corpus" in task else []
    given = variants.load("tasks", task).bound(*corpora), variants.load("cells", cell)
    made = networks(*given)
    readings = read(made, *given, settings=study.READ | {"documents": 60}, **GIVEN)
    names.check(readings, "read")
    probes = record(made, *given, names=GIVEN["names"], seed=0)
    settings = study.DESCEND | {"learning_rate": 0.02, "iterations": 100, "every": 50, "starts": 20, "tolerance": 1e-2}
    points = descend(made, probes, *given, settings=settings, study="s", seed=0, device="cpu")
    points = points.isel(fixed_point=points["owner"].values == made["network"].values[0])
    found = appraise(made, points, readings, *given, settings=study.APPRAISE | {"documents": 40, "tolerance": 1e-2}, **GIVEN)
    names.check(found, "appraise")
    assert found.sizes["fixed_point"] > 4
    described = Words().describe({"appraisals": found})
    assert (described["appraised_points"].values == [np.sum(found["condition"].values == "silence"), 0]).all()
    assert np.isfinite(described["tau_1"].values[0])
    assert np.isnan(described["tau_1"].values[1])
    assert np.isfinite(described["rollout_accuracy"].values[0])
    if task["kind"] == "context":
        assert dict(zip(found["modifier"].values, found["kind"].values, strict=True)) == given[0].modifiers()
        assert not set(found["probe"].values) & set(found["modifier"].values)
        assert np.isfinite(found["gain"].values[0]).all()
        assert np.isnan(found["gain"].values[1]).all()
        valenced = found["probe_valence"].values != "neutral"
        assert np.isfinite(found["barcode"].values[0][..., valenced]).all()
        assert np.isnan(found["barcode"].values[0][..., ~valenced]).all()
