"""Figures: every one draws from finished stores without torch, legibly, with its numbers, and the same bytes again."""

from __future__ import annotations

import copy
import hashlib
import importlib
import os
import pickle
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib.text
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.transforms import Bbox

import synthetic_population as synthetic
from rnnpop import names, variants
from rnnpop.figures import Drawing, panels, style
from rnnpop.stages.portray import portray

#: Fields of each figure's entry that have no default.
ENTRIES = {
    "memory": {"kind": "memory", "geometry": "svcca", "topology": "topology"},
    "sine": {"kind": "sine", "geometry": "svcca", "topology": "topology"},
    "integration": {"kind": "integration", "geometry": "svcca", "topology": "topology"},
    "simplex": {"kind": "simplex", "classes": {"context": 2, "categorical": 3}},
    "modifiers": {"kind": "modifiers", "gains": {"not": -1}, "scopes": {"not": 4, "extremely": 1}},
    "gallery": {"kind": "gallery"},
    "embeddings": {"kind": "embeddings", "measures": ["svcca", "topology"]},
    "levels": {
        **{"kind": "levels", "factor": "architecture", "by": "activation", "columns": ["final_loss", "steps", "spectrum"]},
        **{"logarithmic": ["final_loss", "spectrum"], "reference": {"final_loss": 0.001}},
    },
}
#: Figures of a study of networks that play sessions, and of one of students.
SESSIONS = dict.fromkeys(("observers", "behaviour", "beliefs", "effects", "dynamics", "mice", "sessions"), "hierarchical") | {
    "distillation": "distilled"
}
#: Figures of circuits and their students.
EXHIBITS = dict.fromkeys(("line_attractors", "circuit_spectra", "limit_sets"), "exhibits")
#: Figures of many students, and of a recording.
STUDENTS = dict.fromkeys(("phases", "chains", "confusions", "predictors", "student_spectra", "singular_vectors", "diagnosis"), "students")
#: Figures of networks that decide.
DECISIONS = dict.fromkeys(("decisions", "choice_points"), "decisions")
#: Figures of networks that read.
READERS = dict.fromkeys(("reading", "line", "words", "modifiers", "simplex"), "readers")
#: The task that a figure is of, where it is not any.
TASKS = {"sine": "sine", "integration": "context_integration"} | SESSIONS | EXHIBITS | STUDENTS | DECISIONS | READERS
KINDS = variants.kinds("figures")


def single_networks(task: str, coords: dict[str, Any], seed: int) -> tuple[xr.Dataset, xr.Dataset]:
    """Trajectories and fixed points of a population."""
    if task == "sine":
        return synthetic.sine_stores(coords, seed)
    if task == "context_integration":
        return synthetic.integration_stores(coords, seed)
    trajectories = synthetic.trajectories(coords, seed=seed)
    return trajectories, synthetic.fixed_points(coords, trajectories.attrs["frames"], jitter=0.05, seed=seed)


def study(task: str = "flip_flop", per_population: int = 3, topology: float = 0.02) -> dict[str, Any]:
    """Stores of a task of a study of eight populations; or of one of networks that play sessions. The caller may change them."""
    return copy.deepcopy(made(task, per_population, topology))


@cache
def made(task: str, per_population: int, topology: float) -> dict[str, Any]:
    """The same, once and for all tests."""
    if task in SESSIONS.values():
        import session_study  # and so torch, which no figure needs

        return made("flip_flop", per_population, topology) | session_study.study(task)
    if task == "exhibits":
        import exhibit_study

        return made("flip_flop", per_population, topology) | exhibit_study.study()
    if task == "readers":
        import reader_study

        return made("flip_flop", per_population, topology) | reader_study.study()
    if task == "students":
        import student_summary

        return made("flip_flop", per_population, topology) | student_summary.study(per_population)
    if task == "decisions":
        import decision_study

        return made("flip_flop", per_population, topology) | decision_study.study(per_population)
    stores: dict[str, Any] = {"portraits": [], "transitions": [], "fixed_points": [], "networks": []}
    for seed, (architecture, activation) in enumerate((a, b) for a in synthetic.ARCHITECTURES for b in synthetic.ACTIVATIONS):
        coords = synthetic.identity(architecture, activation, 2, task=task)
        trajectories, fixed_points = single_networks(task, coords, seed)
        stores["portraits"].append(portray(trajectories, fixed_points))
        stores["fixed_points"].append(fixed_points)
        stores["transitions"].append(synthetic.transitions(coords))
        stores["networks"].append(synthetic.networks(coords, seed))
    return stores | {
        "atlas": {
            "svcca": synthetic.atlas(per_population, 0.3, 0.08, task=task),
            "topology": synthetic.atlas(per_population, topology, 2.5 * topology, seed=1, task=task),
        },
        "contrasts": synthetic.contrasts(),
        "controls": {"untrained": synthetic.contrasts(seed=4)},
        "summary": synthetic.summary(per_population),
        "claims": synthetic.claims(),
    }


def of(kind: str, **given: Any) -> dict[str, Any]:
    """Stores of the task that the figure is of."""
    return study(TASKS.get(kind, "flip_flop"), **given)


def draw(kind: str, datasets: dict[str, Any]) -> Drawing:
    return variants.load("figures", ENTRIES.get(kind, {"kind": kind})).draw(datasets)


@cache
def drawn(kind: str, met: bool = True) -> Drawing:
    """The figure of eight networks a population; or of networks none of which met the criterion."""
    datasets = of(kind, per_population=8)
    if not met:
        for store in (*datasets["portraits"], *datasets["atlas"].values(), *datasets["networks"], datasets["summary"]):
            store["status"][:] = "not_converged"
        datasets["claims"]["estimate"] = np.nan
    return draw(kind, datasets)


@cache
def written(kind: str, met: bool = True) -> list[tuple[str, float, Bbox]]:
    """What is written in that figure, its size in points, and its box on the page."""
    return [(text.get_text(), text.get_fontsize(), text.get_window_extent()) for text in texts(drawn(kind, met))]


def texts(drawing: Drawing) -> list[matplotlib.text.Text]:
    """Every text that is drawn, laid out as on the page."""
    with style.sheet():
        drawing.figure.draw_without_rendering()
    hidden = {
        id(label)
        for axes in drawing.figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in axis.get_major_ticks()
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
        for label in (tick.label1, tick.label2)
    }
    found = drawing.figure.findobj(matplotlib.text.Text)
    return [text for text in found if text.get_text().strip() and text.get_visible() and id(text) not in hidden]


@pytest.mark.parametrize("task", ["flip_flop", "sine", "context_integration"])
def test_the_synthetic_stores_are_what_stages_make(task: str) -> None:
    datasets = study(task)
    for stage, stores in (
        ("train", datasets["networks"]),
        ("record", [single_networks(task, synthetic.identity("gru", "tanh", 2, task=task), 0)[0]]),
        ("settle", datasets["fixed_points"]),
        ("portray", datasets["portraits"]),
        ("connect", datasets["transitions"]),
        ("arrange", datasets["atlas"].values()),
        ("contrast", [datasets["contrasts"]]),
        ("summarise", [datasets["summary"]]),
    ):
        for store in stores:
            names.check(store, stage)


@pytest.mark.parametrize("kind", KINDS)
def test_text_is_legible_and_within_the_page(kind: str) -> None:
    drawing = drawn(kind)
    page = drawing.figure.bbox
    assert drawing.figure.get_figwidth() * style.INCH == pytest.approx(style.PAGE)
    for text, size, box in written(kind):
        assert size >= 7, text
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= page.width, text
        assert box.y1 <= page.height, text


@pytest.mark.parametrize("met", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_no_two_texts_overlap(kind: str, met: bool) -> None:
    """Boxes may touch by the blank line of a glyph's box (1 pt), not more; whether or not a network met the criterion."""
    slack = drawn(kind, met).figure.dpi / 72
    told = written(kind, met)
    for place, (one, _, first) in enumerate(told):
        for other, _, second in told[place + 1 :]:
            across = min(first.x1, second.x1) - max(first.x0, second.x0)
            along = min(first.y1, second.y1) - max(first.y0, second.y0)
            assert min(across, along) <= slack, f"{one!r} overlaps {other!r}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_panel_has_its_numbers(kind: str) -> None:
    drawing = drawn(kind)
    letters = {text for text, _, _ in written(kind) if re.fullmatch("[a-z]", text)}
    assert letters
    assert {name[0] for name in drawing.tables} == letters
    assert all(len(table) for table in drawing.tables.values())


def digest(kind: str, drawing: Drawing) -> str:
    content = drawing.render("pdf")
    assert b"CreationDate" not in content
    pixels = drawing.render("png") if kind == "verdicts" else b""  # one is enough, they are slow to make
    return hashlib.sha256(content + pixels).hexdigest()


SCRIPT = """
import pickle
import sys
from pathlib import Path
import test_figures as figures
stores = pickle.loads(Path(sys.argv[1]).read_bytes())
print(*(figures.digest(kind, figures.draw(kind, own)) for kind, own in stores.items()), "torch" in sys.modules)
"""


@pytest.mark.parametrize("kinds", [["memory", "behaviour", "levels"], pytest.param(KINDS, marks=pytest.mark.slow)], ids=["some", "all"])
def test_they_draw_without_torch_and_the_same_bytes_in_another_process(kinds: list[str], tmp_path: Path) -> None:
    file = tmp_path / "stores.pickle"
    file.write_bytes(pickle.dumps({kind: of(kind, per_population=8) for kind in kinds}))
    folders = [str(Path(__file__).parent), str(Path(synthetic.__file__).parent), str(Path(variants.__file__).parents[1])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(folders), "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-c", SCRIPT, str(file)]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
    assert told == [*(digest(kind, drawn(kind)) for kind in kinds), "False"]


@pytest.mark.parametrize("kind", KINDS)
def test_it_draws_whatever_became_of_the_networks(kind: str) -> None:
    """Populations without a network that met the criterion, networks without points, distances without spread or not finite."""
    datasets = of(kind, per_population=2, topology=0.0)
    portraits = datasets["portraits"]
    portraits[0]["status"][:] = "not_converged"
    portraits[1]["status"][0] = "diverged"
    portraits[1]["trajectory"][0] = np.nan
    portraits[2] = portraits[2].isel(fixed_point=slice(0))
    datasets["fixed_points"][2] = datasets["fixed_points"][2].isel(fixed_point=slice(0))
    portraits[4]["unstable"][3] = 9
    datasets["networks"][1]["status"][0] = "diverged"
    datasets["networks"][1]["error"][0, 4:] = np.nan
    for store in (*datasets["atlas"].values(), datasets["summary"]):
        store["status"][2] = "not_converged"
        store["status"][5] = "diverged"
    for store in datasets["atlas"].values():
        store["position"][5] = np.nan
        store["distance"][5, :] = store["distance"][:, 5] = np.nan
    summary = datasets["summary"]
    for name, column in summary.data_vars.items():
        if column.dtype != object:
            summary[name] = column.astype(float).where(summary["architecture"] != "gru")
    for name in ("r2", "r2_draws"):
        datasets["contrasts"][name][1] = np.nan
    datasets["atlas"]["topology"]["stress"] = datasets["atlas"]["topology"]["stress"] * np.nan
    assert texts(draw(kind, datasets))


def test_failed_networks_leave_the_panels_and_stay_in_the_tables() -> None:
    datasets = study(per_population=2)
    datasets["portraits"][1]["status"][0] = "diverged"
    for store in (datasets["atlas"]["svcca"], datasets["summary"]):
        store["status"][2] = "diverged"
    tables = draw("memory", datasets).tables
    assert len(tables["d"]) == 15
    assert datasets["portraits"][1]["network"].values[1] in set(tables["b"]["network"])
    accuracy = draw("curves", datasets).tables["b_accuracy"]
    assert list(accuracy["network"]) == list(datasets["atlas"]["svcca"]["network"].values)
    assert list(accuracy["status"]).count("diverged") == 1


@pytest.mark.parametrize("kind", KINDS)
def test_it_draws_when_no_network_met_the_criterion(kind: str) -> None:
    told = written(kind, met=False)
    if kind not in ("curves", "verdicts", "diagnosis"):  # the one shows those that failed, the others show no network
        assert any(re.search(r"no network|\(N = 0\)", text) for text, _, _ in told)


@pytest.mark.parametrize("kind", KINDS)
def test_it_draws_without_an_activation_axis_and_with_one_architecture(kind: str) -> None:
    datasets = of(kind)
    chosen = {name: [store.drop_vars("activation") for store in datasets[name][:1]] for name in ("portraits", "fixed_points", "networks")}
    chosen["transitions"] = datasets["transitions"][:1]
    chosen["atlas"] = {
        name: store.isel(network=slice(3), partner=slice(3)).drop_vars("activation") for name, store in datasets["atlas"].items()
    }
    summary = datasets["summary"].drop_vars("activation")
    chosen["summary"] = summary.isel(network=summary["architecture"].values == "vanilla")
    assert texts(draw(kind, datasets | chosen | {"contrasts": datasets["contrasts"].sel(factor=["architecture"])}))


@pytest.mark.parametrize("kind", ["sine", "integration", "curves", "verdicts", "levels", *SESSIONS, *STUDENTS, *DECISIONS, *READERS])
def test_it_draws_when_the_summary_lacks_what_it_plots(kind: str) -> None:
    datasets = of(kind)
    datasets["summary"] = datasets["summary"].drop_vars(list(datasets["summary"].data_vars))
    assert texts(draw(kind, datasets | {"claims": datasets["claims"].iloc[:0]}))


@pytest.mark.parametrize("kind", ["gallery", "embeddings", "curves"])
def test_further_factors_are_named_and_their_levels_sorted(kind: str) -> None:
    datasets = study(per_population=2)
    for name in ("portraits", "networks"):
        datasets[name] = [store.assign_coords(units=("network", [size] * 2)) for store in datasets[name] for size in (128, 64)]
    sizes = {"units": ("network", np.tile([128, 64], 8))}
    datasets["atlas"] = {name: store.assign_coords(sizes) for name, store in datasets["atlas"].items()}
    datasets["summary"] = datasets["summary"].assign_coords(units=("network", np.resize([128, 64], datasets["summary"].sizes["network"])))
    told = " ".join(text.get_text() for text in texts(draw(kind, datasets)))
    assert "units" in told
    assert panels.key(datasets["portraits"], "units").levels["units"] == ("64", "128")


def test_the_linearised_numbers_are_the_stores() -> None:
    """A fixed point for each command, and there the frequency that was put in, to the rounding of an arctangent."""
    tables = draw("sine", study("sine")).tables
    commands = np.array(list(synthetic.SINE.commands().values()))
    for _, own in tables["d"].groupby("network"):
        np.testing.assert_array_equal(own["command"], commands)
    pair = tables["d_eigenvalues"].query("oscillatory and imaginary > 0")
    assert len(pair) == len(tables["d"])
    frequency = np.arctan2(pair["imaginary"], pair["real"]) / (2 * np.pi * synthetic.SINE.dt)
    architecture = pair["network"].str.extract("/([a-z]*)-")[0]
    expected = pair["command"] * (1 + architecture.map(synthetic.DETUNED) / synthetic.SINE.highest)
    np.testing.assert_allclose(frequency, expected, rtol=1e-12)


def test_means_are_those_of_the_level_s_networks_that_met_the_criterion() -> None:
    datasets = study("sine")
    summary = datasets["summary"]
    summary["status"][summary["network"].values == "sine/gru-tanh/adam/00001"] = "not_converged"
    table = draw("sine", datasets).tables["f"]
    met = [f"sine/gru-{activation}/adam/{i:05d}" for activation, i in (("tanh", 0), ("tanh", 2), ("relu", 0), ("relu", 1), ("relu", 2))]
    values = summary["mode_frequency"].sel(network=met).values
    gru = table[table["level"] == "gru"]
    np.testing.assert_allclose(gru["mean"], values.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(gru["standard_error"], values.std(axis=0, ddof=1) / np.sqrt(5), rtol=1e-12)
    np.testing.assert_allclose(gru["deviation"], values.mean(axis=0) - gru["command"], atol=1e-12)
    assert set(gru["networks"]) == {5}


def test_modes_are_counted_at_the_lag_asked_for() -> None:
    datasets = study("context_integration")
    summary = datasets["summary"]
    own = summary.isel(network=[str(name).startswith("context_integration/lstm-relu/adam") for name in summary["network"].values]).sel(
        lag=10
    )
    tables = variants.load("figures", ENTRIES["integration"] | {"lag": 10}).draw(datasets).tables
    row = tables["f_medians"].query("architecture == 'lstm' and activation == 'relu'").iloc[0]
    assert row["m90_median"] == np.median(own["m90"])
    mean = tables["f"].query("architecture == 'lstm' and activation == 'relu'")["mean"]
    np.testing.assert_allclose(mean, own["retained_output"].values.mean(axis=0), rtol=1e-12)


def test_a_mean_of_one_network_has_no_error_and_of_none_no_value() -> None:
    told = panels.mean_and_error(np.array([[1.0, np.nan, 2.0], [3.0, np.nan, np.nan]]))
    np.testing.assert_array_equal(told["mean"], [2.0, np.nan, 2.0])
    np.testing.assert_array_equal(told["standard_error"], [1.0, np.nan, np.nan])
    np.testing.assert_array_equal(told["networks"], [2, 0, 1])


def test_any_number_of_claims_stands_in_the_order_of_the_table() -> None:
    claims = synthetic.claims(6)
    drawing = draw("verdicts", {"claims": claims})
    pd.testing.assert_frame_equal(drawing.tables["a"], claims)
    verdicts = [text for text in drawing.figure.texts if text.get_text() in set(claims["verdict"])]
    assert [text.get_text() for text in sorted(verdicts, key=lambda text: -text.get_position()[1])] == list(claims["verdict"])


def test_the_drawn_numbers_are_the_stores() -> None:
    datasets = study()
    tables = draw("memory", datasets).tables
    atlas = datasets["atlas"]["svcca"]
    of_map = tables["d"].set_index("network")
    np.testing.assert_array_equal(of_map.loc[atlas["network"].values, ["mds_1", "mds_2"]], atlas["position"])
    matrix = tables["c"].set_index("network").loc[atlas["network"].values, atlas["network"].values]
    np.testing.assert_array_equal(matrix, atlas["distance"])
    low, high = np.percentile(datasets["contrasts"]["r2_draws"].values[0, 0], [2.5, 97.5])
    row = tables["d_effects"].iloc[0]
    assert (row["factor"], row["r2"], row["low"], row["high"]) == ("architecture", 0.52, low, high)
    assert len(tables["e"]) == 27 * len(synthetic.ARCHITECTURES)


def test_the_map_sorts_by_the_factors_in_the_order_of_the_config() -> None:
    store = synthetic.atlas(2, 0.3, 0.1).isel(network=slice(None, None, -1), partner=slice(None, None, -1))
    key = style.Key({"architecture": synthetic.ARCHITECTURES, "activation": synthetic.ACTIVATIONS})
    rows = panels.networks(store, key)
    assert list(dict.fromkeys(rows["architecture"])) == list(synthetic.ARCHITECTURES)
    assert list(rows["activation"][:4]) == ["tanh", "tanh", "relu", "relu"]


def test_coincident_networks_are_fanned_out_and_others_are_not_moved() -> None:
    position = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    drawn = panels.fan_out(position)
    assert len(np.unique(drawn, axis=0)) == 4
    np.testing.assert_array_equal(drawn[2], position[2])
    assert np.linalg.norm(drawn - position, axis=1).max() < 0.05
    many = panels.fan_out(np.zeros((1000, 2)))
    assert np.abs(many).max() < 0.5


def test_exhibits_stand_beside_the_networks_of_their_own_population() -> None:
    datasets = study("exhibits")
    summary = datasets["summary"]
    summary["line_attractor_score"][:] = np.arange(summary["line_attractor_score"].size).reshape(summary["line_attractor_score"].shape)
    summary["status"][summary["network"].values == "integration/line/latent/00001"] = "diverged"
    tables = variants.load("figures", {"kind": "line_attractors", "published": {"chain": 6.13}}).draw(datasets).tables
    line, chain = (tables[f"{letter}_scores"].set_index("of")["line_attractor_score"] for letter in "ab")
    own = [
        np.flatnonzero(summary["network"].values == f"integration/{cell}/latent/{i:05d}")[0]
        for cell in ("line", "chain-0.5")
        for i in (0, 1)
    ]
    scores = summary["line_attractor_score"].sel(fraction=0.2).values[own]
    np.testing.assert_array_equal(line[["students"]], scores[:1])
    np.testing.assert_array_equal(chain[["students"]], scores[2:])
    assert (np.isnan(line["published"]), chain["published"]) == (True, 6.13)
    shown = datasets["exhibits"][1]
    assert chain["student shown"] == float(shown["line_attractor_score"].sel(sight="0.2"))
    of_student = tables["b_time_constants"].query("of == 'student shown'")["time_constant"]
    np.testing.assert_array_equal(of_student, shown["time_constant"].sel(sight="0.2"))


@pytest.mark.parametrize("kind", EXHIBITS)
def test_exhibits_are_shown_as_named(kind: str) -> None:
    datasets = study("exhibits")
    datasets["exhibits"] = [exhibit for exhibit in datasets["exhibits"] if exhibit["network"].item().startswith("noise")]
    drawing = variants.load("figures", {"kind": kind, "populations": ["oscillation/map", "line/map"]}).draw(datasets)
    shown = [text.get_text() for text in texts(drawing) if text.get_text().startswith(("oscillation, ", "line, "))]
    assert [text.partition(",")[0] for text in shown] == ["oscillation", "line"]


def test_endings_are_counted_over_teachers_and_over_students() -> None:
    datasets = study("exhibits")
    datasets["exhibits"] = [exhibit for exhibit in datasets["exhibits"] if "oscillation" in exhibit["network"].item()]
    datasets["exhibits"][0]["limit_set"][:] = ["origin", "limit cycle", "limit cycle"]
    summary = datasets["summary"]
    own = np.flatnonzero([str(name).startswith("noise/oscillation/") for name in summary["network"].values])
    summary["teacher_limit_set"][own] = ["origin", "fixed point"]
    summary["limit_set"][own, 0] = "limit cycle"
    summary["limit_set"][own, 1] = ["", "origin"]
    drawing = draw("limit_sets", datasets)
    told = {tuple(row) for row in drawing.tables["a_endings"][["sight", "class", "count", "networks"]].to_numpy().tolist()}
    assert told == {
        *(("teacher", "origin", 1, 2), ("teacher", "fixed point", 1, 2)),
        *(("0.2", "limit cycle", 2, 2), ("0.6", "limit cycle", 0, 1), ("0.6", "origin", 1, 1)),
    }
    printed = [text.get_text() for text in texts(drawing)]
    assert {"limit cycle\n(2 of 2)", "limit cycle\n(0 of 1)", "origin\n(1 of 2)"} <= set(printed)


def test_arrows_and_spectra_are_the_stores() -> None:
    datasets = study("exhibits")
    tables = draw("circuit_spectra", datasets).tables
    assert {name[0] for name in tables} == {"a", "b", "c", "d"}
    exhibit = next(each for each in datasets["exhibits"] if each["network"].item() == "noise/line/map/00000")
    told = tables["c_spectrum"].query("learner == 'map' and of == 'student'")
    student = exhibit["eigenvalue"].sel(sight="0.2").values
    np.testing.assert_array_equal(told["real"] + 1j * told["imaginary"], student[np.isfinite(student)])
    flow = tables["c_flow"].query("learner == 'map'")[["flow_1", "flow_2"]]
    np.testing.assert_array_equal(flow, exhibit["flow"].sel(sight="0.2").values[:, :2])


def test_a_network_that_failed_is_not_counted_among_students() -> None:
    datasets = study("students", per_population=4)
    summary = datasets["summary"]
    chain = np.flatnonzero((summary["architecture"] == "chain") & (summary["learner"] == "long_time_limit") & (summary["beta"] == 0.5))
    summary["line_attractor_score"][chain, 1] = [4.0, 5.0, 6.0, 400.0]
    summary["status"][chain[3]] = "diverged"
    summary["line_attractor"][chain, 1] = [1.0, 0.0, 0.0, 1.0]
    scores = draw("phases", datasets).tables["b"].query("family == 'chain' and level == 0.5 and fraction == 0.1").iloc[0]
    assert (scores["value"], scores["networks"]) == (5.0, 3)
    assert np.isnan(scores["low"])  # of three networks no interval holds 95 %
    read = draw("confusions", datasets).tables["a"]
    own = read[(read["architecture"] == "chain") & (read["learner"] == "long_time_limit") & (read["fraction"] == 0.1)].iloc[0]
    assert own["networks"] == 11
    assert own["low"] < own["value"] < own["high"]


def test_confusions_are_counted_by_class_of_the_teacher() -> None:
    datasets = study("students", per_population=4)
    summary = datasets["summary"]
    own = np.flatnonzero((summary["architecture"] == "oscillation") & (summary["learner"] == "map"))
    summary["mismatch"][own, 2] = ["origin -> limit cycle", "origin -> origin", "fixed point -> fixed point", ""]
    summary["topology_right"][own, 2] = [0.0, 0.5, 1.0, np.nan]
    tables = draw("confusions", datasets).tables
    at = "learner == 'map' and fraction == 0.2"
    counted = tables["b_prevalence"].query(at).set_index(["own", "found"])[["count", "networks"]].to_dict("index")
    assert counted == {
        ("origin", "limit cycle"): {"count": 1, "networks": 2},
        ("origin", "origin"): {"count": 1, "networks": 2},
        ("fixed point", "fixed point"): {"count": 1, "networks": 1},
    }
    assert tables["c"].query(at)["value"].item() == pytest.approx(1 / 3)
    assert tables["d"].query(at)["value"].item() == pytest.approx(0.5)


def test_letters_of_panels_follow_each_other_and_one_share_has_bars() -> None:
    datasets = study("students", per_population=4)
    summary = datasets["summary"].isel(fraction=[2])
    drawing = draw("confusions", {"summary": summary})
    assert {"b", "c", "d"} < set(drawing.tables)
    shares = [axes for axes in drawing.figure.axes if axes.get_ylabel() == "share of students"]
    assert [axes.get_xticklabels()[0].get_text() for axes in shares] == ["0.2", "0.2"]
    for axes, letter in zip(shares, "cd", strict=True):
        bars = np.sort([bar for own in axes.collections for bar in getattr(own, "get_segments", list)()], axis=0)[:, :, 1]
        np.testing.assert_array_equal(bars, np.sort(drawing.tables[letter][["low", "high"]].to_numpy(), axis=0))
    summary["mismatch"][:] = ""
    assert set(draw("confusions", {"summary": summary}).tables) == {"a", "b"}


def test_what_foretells_an_overestimated_time_constant() -> None:
    """An index that ranks as the ratio itself does has area 1 and correlation 1; a deficit counts the other way round."""
    datasets = study("students", per_population=4)
    summary = datasets["summary"]
    summary["noise_amplification"][:] = summary["overestimation"].sel(fraction=0.1).values
    summary["acf_deficit"][:] = summary["overestimation"].values
    tables = draw("predictors", datasets).tables
    assert tables["a"].set_index("column").loc["noise_amplification", ["value", "low", "high"]].tolist() == [1, 1, 1]
    assert tables["b"].set_index("column").loc["noise_amplification", "value"] == pytest.approx(1)
    assert tables["e"].set_index("column").loc["acf_deficit", "value"] == 0
    assert "oscillation" not in set(tables["f"]["architecture"])  # without a ratio


def test_spectra_are_medians_and_a_teacher_of_two_students_counts_once() -> None:
    datasets = study("students", per_population=7)
    table = draw("student_spectra", datasets).tables["a"]
    summary = datasets["summary"]
    own = (summary["rank"].values == 3) & (summary["learner"].values == "map")
    expected = np.sort(summary["eigenvalue_real"].sel(fraction=0.05).values[own], axis=0)
    found = table[(table["level"] == 3) & (table["learner"] == "map")]
    np.testing.assert_array_equal(found["value"], expected[3])
    np.testing.assert_array_equal(found[["low", "high"]], expected[[0, -1]].T)  # of seven, the range holds the median at 98 %
    assert set(table["networks"]) == {7}
    assert set(table["level"]) == {2, 3}


def test_singular_values_stand_beside_those_of_teachers_at_each_level() -> None:
    tables = draw("singular_vectors", study("students", per_population=3)).tables
    own = tables["b"].query("whose == 'teacher' and level == 20")
    np.testing.assert_allclose(own["value"], 20 * own["fraction"], rtol=1e-12)
    assert set(tables["a"]["level"]) == {5, 20, 100}
    assert set(tables["e"]["networks"]) == {3}


def test_what_figures_of_decisions_read_is_what_stages_make() -> None:
    """Columns are those that the statistics make; axes of the made-up points are the portraits'."""
    datasets = study("decisions", per_population=2)
    stores = {"portraits": "portray", "slow_points": "descend", "networks": "train"}
    for name, stage in stores.items():
        for store in datasets[name]:
            names.check(store, stage)
    made_by = [variables for kind in ("decisions", "choice_points", "slow_points") for variables in columns_of(kind)]
    assert set(datasets["summary"].data_vars) <= set(made_by)


def columns_of(kind: str) -> list[str]:
    """Names in the tables of columns of a statistic's file."""
    module = importlib.import_module(f"rnnpop.statistics.{kind}")
    tables = [table for name, table in vars(module).items() if name in ("_COLUMNS", "_COUNTS")]
    return [column for table in tables for column in table]


def test_curves_are_means_between_percentiles_of_the_networks_that_met_the_criterion() -> None:
    datasets = study("decisions", per_population=4)
    summary = datasets["summary"]
    summary["status"][1] = "not_converged"
    tables = draw("decisions", datasets).tables
    own = summary["first_choice"].values[[0, 2, 3]]
    found = tables["a"][tables["a"]["group"] == "Leaky"]
    np.testing.assert_allclose(found["mean"], own.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found[["low", "high"]].T, np.percentile(own, [2.5, 97.5], axis=0), rtol=1e-12)
    assert set(found["networks"]) == {3}
    medians = tables["d_medians"].query("column == 'decision_threshold' and group == 'Leaky'")
    assert medians["value"].item() == np.median(summary["decision_threshold"].values[[0, 2, 3]])
    assert len(tables["d"].query("column == 'decision_threshold' and group == 'Leaky'")) == 4


def test_groups_are_called_as_the_entry_says() -> None:
    datasets = study("decisions", per_population=4)
    datasets["summary"]["status"][1] = "not_converged"
    entry = {"kind": "decisions", "factors": ["architecture", "activation"], "written": {"leaky": "Leaky, α = 1", "tanh": "(tanh)"}}
    drawing = variants.load("figures", entry).draw(datasets)
    assert "Leaky, α = 1, (tanh)" in set(drawing.tables["d"]["group"])
    assert sum("N = 3 of 4" in text.get_text() for text in texts(drawing)) == 3


def test_points_kept_stand_beside_exact_ones_of_the_same_networks() -> None:
    """Populations take turns: seven with two networks each leave room for a second one of the first only."""
    datasets = study("decisions", per_population=3)
    tables = draw("choice_points", datasets).tables
    points = tables["a_points"]
    assert points["network"].nunique() == 8
    kinds = points.groupby("network")["kind"].value_counts().unstack()
    assert (kinds[["stable", "unstable", "slow"]] == [2, 1, 10]).all(axis=None)
    cloud = points[points["kind"] == "slow"].groupby("network")["pc_1"].agg(np.ptp)
    ends = points[points["kind"] == "stable"].groupby("network")["pc_1"].agg(np.ptp)
    np.testing.assert_allclose(cloud / ends, 9 / 11, rtol=1e-9)
    counted = tables["c"].query("column == 'neutral_stable'").groupby("count")["networks"].sum()
    np.testing.assert_array_equal(counted.loc[:3], np.bincount(datasets["summary"]["neutral_stable"].values.astype(int), minlength=4))
    np.testing.assert_array_equal(tables["e"]["slow_kept"], datasets["summary"]["slow_kept"])


def test_a_network_without_slow_points_is_drawn_all_the_same() -> None:
    datasets = study("decisions", per_population=2)
    datasets["slow_points"] = [store.isel(fixed_point=slice(0)) for store in datasets["slow_points"]]
    told = [text.get_text() for text in texts(draw("choice_points", datasets))]
    assert sum("slow: 0" in text for text in told) == 8


def test_what_figures_of_readers_draw_is_what_stages_made() -> None:
    datasets = study("readers")
    met = datasets["summary"]["network"].values[datasets["summary"]["status"].values == "ok"]
    planes = draw("reading", datasets).tables["c"]
    for network, own in planes.groupby("network"):
        reading = next(store for store in datasets["readings"] if network in store["network"].values).sel(network=network)
        assert own["states"].sum() == reading["visits"].sum()
    times = draw("line", datasets).tables["c"].query("mode == 0")
    appraisal = datasets["appraisals"][0]
    for name in set(appraisal["network"].values) & set(met):
        points = (appraisal["owner"].values == name) & (appraisal["condition"].values == "silence")
        np.testing.assert_array_equal(
            np.sort(times[times["network"] == name]["time_constant"]), np.sort(appraisal["time_constant"].values[points, 0])
        )
    shares = draw("words", datasets).tables
    np.testing.assert_allclose(shares["b"].groupby(["group", "valence"])["share"].sum(), 1, rtol=1e-12)
    np.testing.assert_allclose(shares["c"].groupby("group")["share"].sum(), 1, rtol=1e-12)


def test_classes_are_told_apart_in_one_dimension_less_than_they_are() -> None:
    datasets = study("readers")
    summary = datasets["summary"]
    lost = summary["network"].values == "categorical/gru/adam/00000"
    summary["status"][lost] = "not_converged"
    tables = draw("simplex", datasets).tables
    own = np.array([str(name).startswith("categorical/gru") for name in summary["network"].values]) & (summary["status"].values == "ok")
    told = tables["a_medians"].query("group == 'GRU' and classes == 3")
    assert told["value"].item() == np.median(summary["reading_participation"].values[own])
    assert told["networks"].item() == sum(own) == 2
    assert "categorical/gru/adam/00000" in set(tables["a"]["network"])  # hollow, and in no median
    np.testing.assert_allclose(tables["a"].query("group == 'predicted'")["value"], [1, 2], atol=0.05)
