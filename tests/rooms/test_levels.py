"""The figure of levels: whose numbers stand over which level, whatever kind of factor it is."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import xarray as xr

from rnnpop import variants
from rnnpop.figures import Drawing
from rnnpop.names import variable

#: Networks of a level and loss.
SEEDS = 3


def summary(levels: tuple[Any, ...], factor: str, losses: tuple[str, ...] = ("linear", "log")) -> xr.Dataset:
    """Networks of a study of one factor; accuracy falls by 0.1 a level and by 0.02 from loss to loss, with seeds 0.001 apart."""
    place, loss, seed = (index.ravel() for index in np.indices((len(levels), len(losses), SEEDS)))
    level = np.array(levels)[place]
    task = level if factor == "task" else ["ibl"] * len(level)
    name = [f"{own}/vanilla-{p}/fast-{k}/{i:05d}" for own, p, k, i in zip(task, place, loss, seed, strict=True)]
    accuracy, lag = 0.9 - 0.1 * place - 0.02 * loss + 0.001 * seed, np.arange(5)
    coordinates = {
        "network": np.array(name, dtype=object),
        "status": ("network", np.array(["ok"] * len(name), dtype=object)),
        "architecture": ("network", np.array(["vanilla"] * len(name), dtype=object)),
        "units": ("network", np.full(len(name), 50)),
        "loss": ("network", np.array(losses, dtype=object)[loss]),
        "lag": lag,
    } | ({factor: ("network", level)} if factor != "task" else {})
    columns = {
        "accuracy": variable(("network",), accuracy, "accuracy"),
        "gradient_norm": variable(("network", "lag"), (place + 2.0)[:, None] ** -lag, "gradient by lag"),
    }
    return xr.Dataset(columns, coordinates)


def draw(datasets: dict[str, Any], **entry: Any) -> Drawing:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawing = variants.load("figures", {"kind": "levels", "columns": ["accuracy", "gradient_norm"], **entry}).draw(datasets)
        drawing.render("pdf")
    return drawing


def below(drawing: Drawing) -> list[str]:
    """What is written below the levels of the first panel."""
    return [label.get_text() for label in drawing.figure.axes[0].get_xticklabels()]


def test_numbers_rise_and_medians_are_those_of_networks_that_met_the_criterion() -> None:
    """Of three networks the interval of the median is their range; of the two that are left as well; of one there is none."""
    store = summary((300, 2, 30), "horizon")
    store["status"][1] = "not_converged"
    store["accuracy"][[3, 4]] = np.nan
    drawing = draw({"summary": store}, factor="horizon")
    assert below(drawing) == ["2\n(6)", "30\n(6)", "300\n(3+1)"]
    medians = drawing.tables["a_medians"].set_index(["level", "by"])
    np.testing.assert_allclose(medians.loc[("2", "linear"), ["median", "low", "high"]].astype(float), [0.801, 0.8, 0.802], rtol=1e-12)
    np.testing.assert_allclose(medians.loc[("300", "linear"), ["median", "low", "high"]].astype(float), [0.901, 0.9, 0.902], rtol=1e-12)
    np.testing.assert_allclose(medians.loc[("300", "log"), "median"], 0.882, rtol=1e-12)
    assert medians.loc[("300", "log"), ["low", "high"]].isna().all()
    assert medians["networks"].tolist() == [3, 3, 2, 3, 3, 1]
    assert medians["others"].tolist() == [0, 0, 1, 0, 0, 0]
    assert len(drawing.tables["a"]) == 18


@pytest.mark.slow
def test_the_interval_covers_the_median_of_a_population() -> None:
    """In 95 of 100 samples of 25 normal numbers, at least in 86 (three standard deviations of a count, and the interval is short)."""
    covered = 0
    for seed in range(100):
        store = summary(tuple(range(25)), "horizon", ("log",)).isel(network=slice(25)).assign_coords(horizon=("network", np.ones(25)))
        store["accuracy"][:] = np.random.default_rng(seed).standard_normal(25)
        found = variants.load("figures", {"kind": "levels", "columns": ["accuracy"], "factor": "horizon"}).draw({"summary": store})
        row = found.tables["a_medians"].iloc[0]
        covered += row["low"] <= 0 <= row["high"]
    assert 86 <= covered < 100


def test_tasks_are_levels_and_may_be_chosen_ordered_and_named() -> None:
    store = summary(("without", "none", "penalty_02", "penalty_10"), "task")
    told = below(draw({"summary": store}, factor="task"))
    assert told == ["without (6)", "none (6)", "penalty 02 (6)", "penalty 10 (6)"]
    drawing = draw({"summary": store}, factor="task", levels={"none": "0", "penalty_02": "-0.02"}, name="penalty")
    assert below(drawing) == ["0\n(6)", "−0.02\n(6)"]
    assert drawing.figure.axes[0].get_xlabel() == "penalty (N)"
    assert set(drawing.tables["a"]["level"]) == {"none", "penalty_02"}


def test_networks_without_a_level_are_left_out_and_all_are_shown_where_none_has_one() -> None:
    """A control has no horizon; a study without that axis has one level."""
    store = summary((2, 30), "horizon")
    store = store.assign_coords(horizon=store["horizon"].astype(float).where(store["loss"] == "log"))
    drawing = draw({"summary": store}, factor="horizon")
    assert below(drawing) == ["2\n(3)", "30\n(3)"]
    assert set(drawing.tables["a"]["by"]) == {"log"}
    assert below(draw({"summary": store.drop_vars("horizon")}, factor="horizon")) == ["\n(12)"]


def test_teachers_of_the_same_kind_stand_beside() -> None:
    lesioned = summary(("deaf",), "learner", ("log",)).drop_vars("loss")
    teachers = xr.concat(
        [summary(("fast",), "learner"), summary(("other",), "learner").assign_coords(units=("network", [2] * 6))], "network"
    )
    drawing = draw({"summary": lesioned, "teachers": [teachers]}, factor="learner")
    assert [text.split()[0] for text in below(drawing)] == ["deaf", "fast"]
    assert drawing.tables["a_medians"][["level", "by"]].to_numpy().tolist() == [["deaf", ""], ["fast", "linear"], ["fast", "log"]]


@pytest.mark.parametrize("logarithmic", [[], ["accuracy", "gradient_norm"]])
def test_curves_are_medians_by_level(logarithmic: list[str]) -> None:
    drawing = draw({"summary": summary((10, 2), "units_")}, factor="units_", logarithmic=logarithmic, reference={"accuracy": 0.5})
    table = drawing.tables["b"].set_index(["level", "by", "x"]).sort_index()["median"]
    np.testing.assert_allclose(table["10", "log"], 2.0 ** -np.arange(5), rtol=1e-12)
    np.testing.assert_allclose(table["2", "linear"], 3.0 ** -np.arange(5), rtol=1e-12)
    low, high = drawing.figure.axes[0].get_ylim()
    assert low < 0.5 < 0.902 < high


def test_a_surface_is_no_curve() -> None:
    store = summary((2, 30), "horizon")
    with pytest.raises(ValueError, match=r"column 'gradient_norm' has dimensions \('network', 'lag', 'observer'\)"):
        draw({"summary": store.assign(gradient_norm=store["gradient_norm"].expand_dims(observer=2, axis=2))}, factor="horizon")


def test_a_place_makes_a_surface_a_curve_and_a_level_leaves_others_out() -> None:
    store = summary((2, 30), "horizon", ("log",))
    store = store.assign(gradient_norm=store["gradient_norm"].expand_dims(fraction=[0.05, 0.5], axis=2) * [1, 10])
    drawing = draw({"summary": store}, factor="horizon", columns=["gradient_norm"], at={"fraction": 0.5, "lag": 3})
    np.testing.assert_allclose(drawing.tables["a_medians"]["median"], [10 * 2.0**-3, 10 * 3.0**-3], rtol=1e-12)
    curve = draw({"summary": store}, factor="loss", columns=["gradient_norm"], at={"fraction": 0.5, "horizon": 30.0}).tables["a"]
    np.testing.assert_allclose(curve["median"], 10 * 3.0 ** -np.arange(5), rtol=1e-12)
    nowhere = draw({"summary": store}, factor="horizon", at={"fraction": 0.2, "horizon": 2})
    assert nowhere.tables["b"]["value"].isna().all()
    assert nowhere.tables["a_medians"]["networks"].tolist() == [3]


@pytest.mark.parametrize("case", ["nobody", "none met", "none finite", "nothing told", "negative"])
def test_it_draws_whatever_there_is(case: str) -> None:
    store = summary((2, 30), "horizon")
    if case == "nobody":
        store = store.isel(network=slice(0))
    if case == "none met":
        store["status"][:] = "diverged"
    if case == "none finite":
        store = store.where(store["accuracy"] < 0)
    if case == "nothing told":
        store = store.drop_vars(["accuracy", "gradient_norm"])
    if case == "negative":
        store = -store
    assert {"a", "b"} <= set(draw({"summary": store}, factor="horizon", logarithmic=["accuracy", "gradient_norm"]).tables)
