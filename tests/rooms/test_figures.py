"""Figures: every one draws from finished stores without torch, legibly, with its numbers, and the same bytes again."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib.text
import numpy as np
import pytest
import xarray as xr

import synthetic_population as synthetic
from rnnpop import names, variants
from rnnpop.figures import Drawing, panels, style
from rnnpop.stages.portray import portray

#: Fields of each figure's entry that have no default.
ENTRIES = {"memory": {"kind": "memory", "geometry": "svcca", "topology": "topology"}}
KINDS = variants.kinds("figures")


def study(per_population: int = 3, topology: float = 0.02) -> dict[str, Any]:
    """Stores of a study of eight populations."""
    portraits, transitions = [], []
    for seed, (architecture, activation) in enumerate((a, b) for a in synthetic.ARCHITECTURES for b in synthetic.ACTIVATIONS):
        coords = synthetic.identity(architecture, activation, 2)
        trajectories = synthetic.trajectories(coords, seed=seed)
        portraits.append(portray(trajectories, synthetic.fixed_points(coords, trajectories.attrs["frames"], jitter=0.05, seed=seed)))
        transitions.append(synthetic.transitions(coords))
    return {
        "portraits": portraits,
        "transitions": transitions,
        "atlas": {
            "svcca": synthetic.atlas(per_population, 0.3, 0.08),
            "topology": synthetic.atlas(per_population, topology, 2.5 * topology, seed=1),
        },
        "contrasts": synthetic.contrasts(),
        "summary": xr.Dataset(),
    }


def draw(kind: str, datasets: dict[str, Any]) -> Drawing:
    return variants.load("figures", ENTRIES[kind]).draw(datasets)


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


def test_the_synthetic_stores_are_what_stages_make() -> None:
    datasets = study()
    for stage, stores in (
        ("portray", datasets["portraits"]),
        ("connect", datasets["transitions"]),
        ("arrange", datasets["atlas"].values()),
    ):
        for store in stores:
            names.check(store, stage)
    names.check(datasets["contrasts"], "contrast")


@pytest.mark.parametrize("kind", KINDS)
def test_text_is_legible_and_within_the_page(kind: str) -> None:
    drawing = draw(kind, study())
    page = drawing.figure.bbox
    assert drawing.figure.get_figwidth() * style.INCH == pytest.approx(style.PAGE)
    for text in texts(drawing):
        assert text.get_fontsize() >= 7, text.get_text()
        box = text.get_window_extent()
        assert box.x0 >= 0, text.get_text()
        assert box.y0 >= 0, text.get_text()
        assert box.x1 <= page.width, text.get_text()
        assert box.y1 <= page.height, text.get_text()


@pytest.mark.parametrize("kind", KINDS)
def test_no_two_texts_overlap(kind: str) -> None:
    """Boxes may touch by the blank line of a glyph's box (1 pt), not more."""
    drawing = draw(kind, study(per_population=8))
    slack = drawing.figure.dpi / 72
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts(drawing)]
    for place, (one, first) in enumerate(boxes):
        for other, second in boxes[place + 1 :]:
            across = min(first.x1, second.x1) - max(first.x0, second.x0)
            along = min(first.y1, second.y1) - max(first.y0, second.y0)
            assert min(across, along) <= slack, f"{one!r} overlaps {other!r}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_panel_has_its_numbers(kind: str) -> None:
    drawing = draw(kind, study())
    letters = {text.get_text() for text in texts(drawing) if re.fullmatch("[a-z]", text.get_text())}
    assert letters
    assert {name[0] for name in drawing.tables} == letters
    assert all(len(table) for table in drawing.tables.values())


SCRIPT = """
import hashlib, sys
import test_figures as figures
drawing = figures.draw(sys.argv[1], figures.study())
print(hashlib.sha256(drawing.render("pdf") + drawing.render("png")).hexdigest(), "torch" in sys.modules)
"""


@pytest.mark.parametrize("kind", KINDS)
def test_it_draws_without_torch_and_the_same_bytes_in_another_process(kind: str) -> None:
    drawing = draw(kind, study())
    here = drawing.render("pdf")
    assert b"CreationDate" not in here
    assert here == drawing.render("pdf")
    folders = [str(Path(__file__).parent), str(Path(synthetic.__file__).parent), str(Path(variants.__file__).parents[1])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(folders), "PYTHONHASHSEED": "7"}
    told = subprocess.run([sys.executable, "-c", SCRIPT, kind], env=environment, capture_output=True, text=True, check=True).stdout.split()
    assert told == [hashlib.sha256(here + drawing.render("png")).hexdigest(), "False"]


@pytest.mark.parametrize("kind", KINDS)
def test_it_draws_whatever_became_of_the_networks(kind: str) -> None:
    """Populations without a network that met the criterion, networks without points, distances without spread or not finite."""
    datasets = study(per_population=2, topology=0.0)
    portraits = datasets["portraits"]
    portraits[0]["status"][:] = "not_converged"
    portraits[1]["status"][0] = "diverged"
    portraits[1]["trajectory"][0] = np.nan
    portraits[2] = portraits[2].isel(fixed_point=slice(0))
    portraits[4]["unstable"][3] = 9
    for store in datasets["atlas"].values():
        store["status"][2] = "not_converged"
        store["status"][5] = "diverged"
        store["position"][5] = np.nan
        store["distance"][5, :] = store["distance"][:, 5] = np.nan
    for name in ("r2", "r2_draws"):
        datasets["contrasts"][name][1] = np.nan
    datasets["atlas"]["topology"]["stress"] = datasets["atlas"]["topology"]["stress"] * np.nan
    drawing = draw(kind, datasets)
    drawing.render("pdf")
    assert len(drawing.tables["d"]) == 14
    assert portraits[1]["network"].values[1] in set(drawing.tables["b"]["network"])


@pytest.mark.parametrize("kind", KINDS)
def test_it_draws_when_no_network_met_the_criterion(kind: str) -> None:
    datasets = study()
    for store in (*datasets["portraits"], *datasets["atlas"].values()):
        store["status"][:] = "not_converged"
    drawing = draw(kind, datasets)
    drawing.render("pdf")
    assert any("no network" in text.get_text() for text in texts(drawing))


@pytest.mark.parametrize("kind", KINDS)
def test_it_draws_without_an_activation_axis_and_with_one_architecture(kind: str) -> None:
    datasets = study()
    chosen = {"portraits": datasets["portraits"][:1], "transitions": datasets["transitions"][:1]}
    chosen["portraits"] = [store.drop_vars("activation") for store in chosen["portraits"]]
    chosen["atlas"] = {
        name: store.isel(network=slice(3), partner=slice(3)).drop_vars("activation") for name, store in datasets["atlas"].items()
    }
    draw(kind, datasets | chosen | {"contrasts": datasets["contrasts"].sel(factor=["architecture"])}).render("pdf")


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
