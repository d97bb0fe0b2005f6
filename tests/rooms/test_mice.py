"""Mice in config.yaml, in the table of networks, and in their figure."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib.figure
import matplotlib.text
import numpy as np
import pytest
import xarray as xr
import yaml

import session_stores as synthetic
from rnnpop import names, validation
from rnnpop.figures import style
from rnnpop.figures.mice import Mice
from rnnpop.numerics.psychometrics import Curve, coordinates, curves
from rnnpop.numerics.sessions import behaviour, played
from rnnpop.statistics.replay import Replay

ROOT = Path(__file__).parents[2]
LEVELS = synthetic.TASK.strengths
REFERENCES = ["exact filter", "filter without blocks", "psychometric curve", "psychometric curves by block"]


def replays(mice: tuple[str, ...] = ("one", "two"), kinds: tuple[str, ...] = ("published", "hasty", "diverged")) -> xr.Dataset:
    """A store of stage `replay` with numbers that tell networks and mice apart."""
    size = len(kinds), len(mice)
    told = -0.5 - 0.01 * np.arange(size[0] * size[1]).reshape(size)
    told[[kind == "diverged" for kind in kinds]] = np.nan
    per_mouse = ("log_likelihood", "lapse", "agreement", "accuracy", "observations")
    per_trial = np.full((size[0], 4), 0.5, dtype=np.float32)
    store = xr.Dataset(
        {name: names.variable(("network", "mouse"), told + place, name) for place, name in enumerate(per_mouse)}
        | {name: names.variable(("network", "replayed"), per_trial, name) for name in ("right_probability", "choice_bits")},
        {
            **synthetic.identity(kinds),
            "mouse": list(mice),
            "owner": ("replayed", np.repeat(np.array(mice[:2], dtype=object), 4 // len(mice[:2]))),
            "session_number": ("replayed", [0] * 4),
            "trial_number": ("replayed", [0, 1] * 2),
        },
    )
    names.check(store, "replay")
    return store


@cache
def drawn(kind: str) -> dict[str, Curve]:
    """Curves of one network."""
    return curves(behaviour(*played(synthetic.sessions((kind,)), 0), synthetic.TASK.blanks), LEVELS)


def mice(number: int = 2) -> xr.Dataset:
    """What figures read of a store of stage `gather`: networks stand in for mice."""
    own = drawn("published")
    columns = {
        name: names.variable(("mouse", *dims), np.stack([values] * number), name)
        for name, (dims, values) in (own | {"median_duration": own["duration"]}).items()
    }
    columns["reference_log_likelihood"] = names.variable(("mouse", "reference"), np.tile([-0.6, -0.65, -0.7, -0.55], (number, 1)), "bits")
    attrs = {"contrasts": [0, 0.0625, 0.125, 0.25, 0.5, 1], "strengths": list(LEVELS), "task": "hierarchical_inference"}
    return xr.Dataset(columns, {"mouse": ["one", "two", "three"][:number], "reference": REFERENCES, **coordinates(LEVELS)}, attrs)


def summary(objectives: tuple[str, ...] = ("log", "linear"), kinds: tuple[str, ...] = ("published", "hasty")) -> xr.Dataset:
    """Networks with curves and replays."""
    joined = []
    for objective in objectives:
        made = [drawn(kind) for kind in kinds]
        columns = {
            name: names.variable(("network", *dims), np.stack([one[name][1] for one in made]), name) for name, (dims, _) in made[0].items()
        }
        of_mice = Replay().describe({"replays": replays(kinds=kinds)})
        columns |= {name: item.variable for name, item in of_mice.data_vars.items()}
        joined.append(xr.Dataset(columns, {**synthetic.identity(kinds, objective), "mouse": ["one", "two"], **coordinates(LEVELS)}))
    return names.join(joined)


def test_columns_are_those_of_the_store_and_a_diverged_network_has_none() -> None:
    described = Replay().describe({"replays": replays()})
    np.testing.assert_allclose(described["replay_bits"].values, [-0.505, -0.525, np.nan])
    assert described["replay_log_likelihood"].sel(mouse="two").values[1] == -0.53
    assert np.isnan(described["replay_lapse"].values[2]).all()
    alone = Replay().describe({"replays": replays().isel(network=[1])})
    xr.testing.assert_identical(described.isel(network=[1]), alone)


def texts(figure: matplotlib.figure.Figure) -> list[matplotlib.text.Text]:
    """Every text that is seen, laid out as on the page."""
    with style.sheet():
        figure.draw_without_rendering()
    unseen = {
        id(tick.label1)
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in axis.get_major_ticks()
        if not axes.axison or not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    }
    return [
        text for text in figure.findobj(matplotlib.text.Text) if text.get_visible() and text.get_text().strip() and id(text) not in unseen
    ]


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.slow
def test_the_figure_is_legible_and_nothing_overlaps(number: int) -> None:
    """Texts are of at least 7 points, on the page, and no two of them meet by more than a point."""
    figure = Mice().draw({"mice": mice(number), "summary": summary()}).figure
    found = [(text, text.get_window_extent()) for text in texts(figure)]
    page, slack = figure.bbox, figure.dpi / 72
    for place, (text, box) in enumerate(found):
        assert text.get_fontsize() >= style.TEXT
        assert min(box.x0, box.y0, page.width - box.x1, page.height - box.y1) >= 0, text.get_text()
        for other, second in found[place + 1 :]:
            across = min(box.x1, second.x1) - max(box.x0, second.x0)
            along = min(box.y1, second.y1) - max(box.y0, second.y0)
            assert min(across, along) <= slack, f"{text.get_text()!r} overlaps {other.get_text()!r}"


def test_drawn_numbers_are_the_stores() -> None:
    drawing = Mice().draw({"mice": mice(), "summary": summary()})
    assert sorted(drawing.tables) == ["a", "b", "c", "d", "e", "e_references"]
    likelihoods = drawing.tables["e"]
    assert len(likelihoods) == 2 * 2 * 2
    one = likelihoods[(likelihoods["mouse"] == "two") & (likelihoods["of"] == "networks, linear loss")]
    np.testing.assert_allclose(one["log_likelihood"], [-0.51, -0.53])
    accuracy = drawing.tables["b"].query("of == 'one' and stimulus == 'concordant' and x == 0")["value"].item()
    assert accuracy == float(mice()["accuracy_by_strength"].sel(mouse="one", concordance="concordant", strength=0))


@pytest.mark.parametrize("left", ["one objective", "no network", "no replay", "no behaviour"])
def test_it_draws_whatever_is_there(left: str) -> None:
    """One objective; no network that met the criterion; a summary without what the figure plots."""
    rows = summary(("log",)) if left == "one objective" else summary()
    if left == "no network":
        rows["status"][:] = "not_converged"
    if left == "no replay":
        rows = rows.drop_vars([name for name in rows.data_vars if str(name).startswith("replay")])
    if left == "no behaviour":
        rows = rows[[name for name in rows.data_vars if str(name).startswith("replay")]]
    drawing = Mice().draw({"mice": mice(), "summary": rows})
    assert texts(drawing.figure)
    assert (len(drawing.tables["e"]) > 0) == (left in ("one objective", "no behaviour"))
    assert set(drawing.tables["a"]["of"]) >= {"one", "two"}


@pytest.fixture(scope="module")
def shipped() -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((ROOT / "config.yaml").read_text())
    return config


def faults(config: dict[str, Any]) -> list[str]:
    try:
        validation.validate(config, ROOT / "workflow" / "schema.yaml")
    except validation.ConfigError as error:
        return str(error).splitlines()
    return []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"mice": {"mine": {}}}, "mice.mine: either `file` or `fixture` is expected, got neither"),
        ({"mice": {"mine": {"file": "a.csv", "fixture": "biased"}}}, "mice.mine: either `file` or `fixture` is expected"),
        ({"mice": {"mine": {"file": "a.mat"}}}, "mice.mine.file: a text matching"),
        ({"mice": {"mine": {"fixture": "rat"}}}, "mice.mine.fixture: one of biased, training, table"),
        ({"mice": {"mine": {"fixture": "biased", "blocks": False}}}, "mice.mine.blocks: goes with a `file`"),
        ({"replay": {"contrasts": [0, 1], "strengths": [0], "draws": 1}}, "replay.strengths: a list"),
        ({"replay": {"contrasts": [0, 1], "strengths": [0, 1, 2], "draws": 1}}, "replay.strengths: as many as contrasts (2)"),
        ({"replay": {"contrasts": [1, 0], "strengths": [0, 1], "draws": 1}}, "replay.contrasts: numbers in rising order"),
    ],
)
def test_one_line_names_the_key_and_what_is_allowed(shipped: dict[str, Any], changed: dict[str, Any], said: str) -> None:
    found = faults(copy.deepcopy(shipped) | changed)
    assert any(line.startswith(f"config: {said}") for line in found), found


def test_a_study_names_its_mice(shipped: dict[str, Any]) -> None:
    """A sound entry is accepted; an unknown mouse, and a study that reads mice and names none, are told."""
    config = copy.deepcopy(shipped)
    study = config["studies"]["universality"]
    config["mice"]["mine"] = {"file": "data/_ibl_trials.table.pqt", "sessions": "eid"}
    study["mice"] = ["mine"]
    assert faults(config) == []
    study["mice"] = ["rat"]
    known = ", ".join(config["mice"])
    assert faults(config) == [f"config: studies.universality.mice: 'rat' is not an entry of mice; there are: {known}"]
    del study["mice"]
    study["statistics"] = [*study["statistics"], "replay"]
    assert any(line.startswith("config: studies.universality.mice: missing") for line in faults(config))
