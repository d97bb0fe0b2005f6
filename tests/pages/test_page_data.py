"""What pages hold is what stores hold: numbers to the digits kept, networks in their places, claims with what carries them."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import page_study
import synthetic_population as synthetic
from rnnpop import epilogue
from rnnpop.fingerprint import folder_digest
from rnnpop.names import variable
from rnnpop.pages.cards import cards
from rnnpop.pages.index import overview
from rnnpop.pages.numbers import coded, rounded
from rnnpop.pages.population import population, views
from rnnpop.pages.rendering import index_page, packed
from rnnpop.stages.portray import portray


@pytest.fixture(scope="module")
def summary() -> xr.Dataset:
    return synthetic.summary(2)


@pytest.fixture(scope="module")
def told(summary: xr.Dataset) -> dict:
    return page_study.told(summary, 2)


def column(task: dict, name: str) -> dict:
    return next(each for each in task["columns"] if each["name"] == name)


def test_numbers_keep_four_digits_and_none_stands_for_no_number() -> None:
    values = np.array([np.pi * 1e-7, -123456.0, 3.0, 0.0, np.nan, np.inf])
    assert rounded(values) == [3.142e-07, -123500, 3, 0, None, None]
    assert [type(value) for value in rounded(np.array([3.0]))] == [int]


def test_levels_stand_in_order_of_size_or_of_appearance() -> None:
    assert coded([64, 128, 64, 9]) == (["9", "64", "128"], [1, 2, 1, 0])
    assert coded(["gru", "b", "gru"]) == (["gru", "b"], [0, 1, 0])


def test_what_is_packed_is_unpacked_and_the_same_each_time() -> None:
    data = {"text": page_study.HOSTILE, "numbers": [1, None, 2.5]}
    assert json.loads(gzip.decompress(base64.b64decode(packed(data)))) == data
    assert packed(data) == packed(data)
    assert re.fullmatch("[A-Za-z0-9+/=]+", packed(data))  # nothing that HTML could take for its own
    with pytest.raises(ValueError, match="JSON"):
        packed([np.nan])


def test_columns_are_those_of_the_summary(told: dict, summary: xr.Dataset) -> None:
    for task in told["tasks"]:
        assert task["networks"] == [name for name in summary["network"].values if name.startswith(f"{task['name']}/")]
        own = summary.sel(network=task["networks"])
        np.testing.assert_allclose(column(task, "final_loss")["values"], own["final_loss"].values, rtol=5e-4)
        architecture = column(task, "architecture")
        assert [architecture["levels"][code] for code in architecture["values"]] == own["architecture"].values.tolist()
        assert column(task, "status")["kind"] == "factor"


def test_columns_without_a_number_in_a_task_are_left_out_and_curves_are_none(told: dict) -> None:
    names = {task["name"]: {each["name"] for each in task["columns"]} for task in told["tasks"]}
    assert "m90" in names["context_integration"] - names["flip_flop"] - names["sine"]
    assert not names["context_integration"] & {"spectrum", "retained_output"}


def test_a_statistic_with_a_further_dimension_has_a_column_for_each_place(told: dict, summary: xr.Dataset) -> None:
    task = told["tasks"][2]
    m90 = column(task, "m90")
    assert (m90["dimension"], m90["places"]) == ("lag", ["0", "1", "10"])
    np.testing.assert_array_equal(m90["values"], summary["m90"].sel(network=task["networks"]).transpose("lag", "network").values)


def test_texts_are_columns_too(summary: xr.Dataset) -> None:
    endings = np.where(np.arange(summary.sizes["network"]) % 2, "limit cycle", "").astype(object)
    with_texts = summary.assign(limit_set=variable(("network",), endings, "ending"))
    limit_set = column(page_study.told(with_texts, 2)["tasks"][0], "limit_set")
    assert limit_set["kind"] == "text"
    assert [limit_set["levels"][code] for code in limit_set["values"][:2]] == ["", "limit cycle"]


def test_positions_are_those_of_the_atlas_network_by_network(told: dict) -> None:
    task = told["tasks"][0]
    assert [(each["group"], each["name"]) for each in task["measures"]] == [("adam", "svcca"), ("adam", "topology")]
    atlas = synthetic.atlas(2, 1.0, 0.1)
    for number, x, y in zip(*(task["measures"][0][key] for key in ("networks", "x", "y")), strict=True):
        np.testing.assert_allclose([x, y], atlas["position"].sel(network=task["networks"][number]).values, rtol=5e-4)
    assert told["tasks"][1]["measures"] == []


def test_every_claim_leads_to_what_carries_it(told: dict) -> None:
    found = {claim["claim"]: claim["views"] for claim in told["claims"]}
    own = {"status": "ok", "learner": "adam"}
    assert found["claim_0"] == [{"measure": measure, "colour": "architecture", "among": own} for measure in ("svcca", "topology")]
    bounds = {"x": "architecture", "y": "final_loss", "colour": "architecture", "bounds": [0.001]}
    assert found["claim_1"] == [bounds | {"among": own}]
    assert found["claim_3"][0]["among"] == own | {"lag": 10, "activation": "tanh"}
    assert found["claim_5"] == [{"measure": "topology", "colour": "final_loss", "among": own}]
    assert told["claims"][4]["estimate"] is None
    assert views({"statistic": "score", "factor": "units", "low": "8", "high": ["16"], "among": {"learner": "map"}}, "adam")[0][
        "among"
    ] == {
        "status": "ok",
        "learner": "map",
    }
    difference = {"measure": "svcca", "factor": "architecture", "against_factor": "units"}
    assert [(view["measure"], view["colour"]) for view in views(difference, "adam")] == [("svcca", "architecture"), ("svcca", "units")]


def test_a_card_shows_the_fixed_points_of_its_network(summary: xr.Dataset) -> None:
    stores = page_study.shards(2)[3]
    name = str(stores["networks"]["network"].values[1])
    plane, training = cards(stores, summary)[name]
    portrait = stores["portraits"]
    own = portrait["owner"].values == name
    np.testing.assert_allclose([plane["points"]["x"], plane["points"]["y"]], portrait["position"].values[own, :2].T, rtol=5e-3, atol=1e-12)
    assert plane["points"]["unstable"] == stores["fixed_points"]["unstable"].values[own].tolist()
    assert plane["points"]["eigenvalues"][13][0][:3] == [1.1, 1.1, 1.1]  # of the origin
    np.testing.assert_allclose(training["series"][0]["y"], stores["networks"]["error"].values[1], rtol=5e-3)


def test_arrows_are_those_between_different_points(summary: xr.Dataset) -> None:
    stores = page_study.shards(1)[0]
    plane = next(iter(cards(stores, summary).values()))[0]
    relations, codes = plane["edges"]["relation"]
    drawn = {
        (origin, destination, relations[code])
        for origin, destination, code in zip(plane["edges"]["origin"], plane["edges"]["destination"], codes, strict=True)
    }
    assert drawn == {(a, b, relation) for a, b, relation, _, _ in synthetic.cube_edges() if a != b}


def test_of_conjugate_eigenvalues_one_is_kept(summary: xr.Dataset) -> None:
    coords = synthetic.identity("gru", "tanh", 1, task="sine")
    trajectories, points = synthetic.sine_stores(coords)
    stores = {"networks": synthetic.networks(coords), "portraits": portray(trajectories, points), "fixed_points": points}
    plane = next(iter(cards(stores, summary).values()))[0]
    real, imaginary = plane["points"]["eigenvalues"][2]
    pair = points["eigenvalue"].values[2, 0]
    assert (real[0], imaginary[0]) == pytest.approx((pair.real, abs(pair.imag)), rel=5e-3)
    assert min(imaginary) >= 0
    assert plane["edges"] is None
    assert plane["conditions"][0] == list(dict.fromkeys(points["condition"].values))


def test_a_network_that_diverged_has_a_card_without_pictures(summary: xr.Dataset) -> None:
    stores = {name: store.copy(deep=True) for name, store in page_study.shards(1)[0].items()}
    stores["networks"]["error"][:] = np.nan
    stores["portraits"]["position"][:] = np.nan
    assert list(cards(stores, summary).values()) == [[]]


def test_an_error_at_one_moment_is_no_curve(summary: xr.Dataset) -> None:
    stores = {"networks": page_study.shards(1)[0]["networks"].copy(deep=True)}
    stores["networks"]["error"][:, 1:] = np.nan
    assert list(cards(stores, summary).values()) == [[]]


def test_psychometric_curves_are_those_of_the_summary(summary: xr.Dataset) -> None:
    coords = synthetic.identity("gru", "tanh", 2)
    share = np.random.default_rng(0).random((summary.sizes["network"], 3, 3))
    share[:, :, 1] = np.nan  # no trials without a block
    dims = ("network", "signed_strength", "block_side")
    played = summary.assign(right_fraction=variable(dims, share, "share of right choices"))
    played = played.assign_coords(signed_strength=[-1.0, 0.0, 1.0], block_side=[-1, 0, 1])
    name = str(coords["network"][1][1])
    curve = cards({"networks": synthetic.networks(coords)}, played)[name][0]
    assert [series["name"] for series in curve["series"]] == ["left block", "right block"]
    right = played["right_fraction"].sel(network=name, block_side=1).values
    np.testing.assert_allclose(curve["series"][1]["y"], right, rtol=5e-3)


def students() -> xr.Dataset:
    """One circuit and its students at two fractions of its units."""
    coords = {name: (dims, values[:1]) for name, (dims, values) in synthetic.identity("gru", "tanh", 1).items()}
    eigenvalue = np.array([[[[0.5, np.nan]], [[0.9 + 0.1j, 0.9 - 0.1j]]]])
    dims = ("network", "fraction", "subset")
    return xr.Dataset(
        {
            "eigenvalue": variable((*dims, "timescale"), eigenvalue, "eigenvalue"),
            "teacher_eigenvalue": variable(("network", "timescale"), np.array([[0.99 + 0j, 0.2]]), "eigenvalue"),
            "line_attractor_score": variable(dims, np.array([[[1.0], [2.0]]]), "score"),
            "teacher_score": variable(("network",), np.array([3.0]), "score"),
            "time_constant_1": variable(dims, np.full((1, 2, 1), np.nan), "time constant"),
            "teacher_time_constant": variable(("network",), np.array([100.0]), "time constant"),
        },
        {**coords, "fraction": [0.1, 0.5], "subset": [0]},
    )


def test_students_stand_beside_their_teacher(summary: xr.Dataset) -> None:
    spectra, score = next(iter(cards({"students": students()}, summary).values()))
    assert spectra["teacher"] == [[0.99, 0.2], [0, 0]]
    assert spectra["students"] == [[[0.5], [0]], [[0.9, 0.9], [0.1, -0.1]]]
    assert [(series["name"], series["y"]) for series in score["series"]] == [("student", [1, 2]), ("teacher", [3, 3])]
    assert not spectra["note"]


def test_a_teacher_without_eigenvalues_is_said_to_have_none(summary: xr.Dataset) -> None:
    nonlinear = students()
    nonlinear["teacher_eigenvalue"][:] = np.nan
    nonlinear["teacher_score"][:] = np.nan
    spectra, score = next(iter(cards({"students": nonlinear}, summary).values()))
    assert spectra["teacher"] == [[], []]
    assert "eacher" not in spectra["title"]
    assert "not linear" in spectra["note"]
    assert [series["name"] for series in score["series"]] == ["student"]


def reader(coords: dict, pushes: np.ndarray) -> dict[str, xr.Dataset]:
    """Stores of networks that read four words, as far as a card is made from them: two slow points each, the line along the first axis."""
    names = coords["network"][1]
    count = len(names)
    left = np.tile([[0.0, 5.0, 0.0], [2.0, 0.0, 0.0]], (count, 1))
    eigenvalue = np.tile([[0.99, 0.5], [1.01, 0.5]], (count, 1)).astype(complex)
    texts = np.array(["good", "bad", "the", "fine"], dtype=object)
    appraisals = xr.Dataset(
        {
            "position": variable(("fixed_point", "axis"), np.arange(6.0 * count).reshape(-1, 3), "position"),
            "outputs": variable(("fixed_point", "output"), np.ones((2 * count, 1)), "output"),
            "eigenvalue": variable(("fixed_point", "mode"), eigenvalue, "eigenvalue"),
            "left": variable(("fixed_point", "axis"), left, "left vector"),
            "push": variable(("network", "still", "place", "probe", "axis"), pushes[:, None, None], "what words add"),
            "push_point": variable(("network", "still", "place"), np.full((count, 1, 1), 7), "node"),
        },
        {
            **coords,
            "still": np.array(["silence"], dtype=object),
            "place": np.array(["middle"], dtype=object),
            "probe": texts,
            "probe_valence": ("probe", np.array(["positive", "negative", "neutral", "positive"], dtype=object)),
            "owner": ("fixed_point", np.repeat(names, 2)),
            "condition": ("fixed_point", np.full(2 * count, "silence", dtype=object)),
            "node": ("fixed_point", np.tile([3, 7], count)),
        },
    )
    readings = xr.Dataset(
        {
            "explained": variable(("network", "checkpoint", "component"), np.full((count, 2, 4), 0.25), "share"),
            "trajectory": variable(("network", "trial", "time", "axis"), np.zeros((count, 2, 5, 3)), "states"),
        },
        {**coords, "checkpoint": np.array(["initial", "trained"], dtype=object)},
    )
    return {"networks": synthetic.networks(coords), "readings": readings, "appraisals": appraisals}


def test_words_stand_in_the_order_of_what_they_add_along_the_slowest_mode(summary: xr.Dataset) -> None:
    coords = synthetic.identity("gru", "tanh", 2)
    pushes = np.zeros((2, 4, 3))
    pushes[:, :, 0] = [[0.3, -0.2, 0.01, 0.2], [np.nan, 0, 0, 0]]
    pushes[:, :, 1] = 9.0  # beside the line
    first, second = cards(reader(coords, pushes), summary).values()
    plane, words, _ = first
    assert (words["words"], words["along"]) == (["bad", "the", "fine", "good"], [-0.2, 0.01, 0.2, 0.3])
    levels, codes = words["valence"]
    assert [levels[code] for code in codes] == ["negative", "neutral", "positive", "positive"]
    assert (plane["points"]["x"], plane["points"]["unstable"]) == ([0, 3], [0, 1])
    assert plane["x"] == "PC1 (25 %)"
    assert [panel["kind"] for panel in second] == ["plane", "lines"]


def test_a_study_without_measures_or_claims_has_a_page(summary: xr.Dataset) -> None:
    bare = population(summary, [], pd.DataFrame(), {}, study="bare", title="", tasks=["sine"], groups=["adam"])
    assert bare["claims"] == []
    assert bare["tasks"][0]["measures"] == []
    assert bare["tasks"][0]["networks"]


def test_the_index_counts_own_networks_and_escapes_texts(summary: xr.Dataset) -> None:
    table = summary[["final_loss"]].to_dataframe().reset_index()
    table.loc[0, "status"] = "diverged"
    study = overview("universality", "title", "adam", table, page_study.claims())
    assert (study["networks"], study["ok"]) == (48, 47)
    assert study["tasks"] == list(page_study.TASKS)
    assert study["verdicts"] == {"holds": 1, "holds in part": 1, "undecided": 2, "does not hold": 2}
    assert study["claims"][4]["estimate"] == "–"
    text = index_page([study])
    assert 'href="universality/atlas.html#claim=flip_flop.claim_0"' in text
    assert "<img" not in text
    assert "&lt;img" in text


def test_pages_look_different_where_a_file_of_the_template_differs(tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text("a")
    before = folder_digest(tmp_path)
    assert folder_digest(tmp_path) == before
    (tmp_path / "style.css").write_text("b")
    edited = folder_digest(tmp_path)
    (tmp_path / "style.css").rename(tmp_path / "other.css")
    assert len({before, edited, folder_digest(tmp_path)}) == 3


def test_a_finished_run_says_where_the_page_over_all_studies_is(tmp_path: Path) -> None:
    assert "atlas.html" not in epilogue.tell(tmp_path, {})
    (tmp_path / "atlas.html").touch()
    assert epilogue.tell(tmp_path, {}).splitlines()[-1].endswith(str(tmp_path / "atlas.html"))
