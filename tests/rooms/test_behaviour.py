"""Behaviour of networks: the statistic against plain counts in their sessions, and the figure that is drawn of it."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pytest
import xarray as xr

import session_stores as made
from rnnpop import names
from rnnpop.figures import Drawing, style
from rnnpop.figures.behaviour import Behaviour as Figure
from rnnpop.numerics import psychometrics
from rnnpop.numerics.sessions import played
from rnnpop.statistics.behaviour import Behaviour

KINDS = tuple(made.KINDS)


@cache
def stores() -> dict[str, xr.Dataset]:
    return {"networks": made.networks(), "sessions": made.sessions()}


@cache
def described() -> xr.Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return Behaviour().describe(stores())


def of(column: str, kind: str) -> np.ndarray:
    return described()[column].values[KINDS.index(kind)]


def test_the_columns_are_what_a_statistic_promises() -> None:
    names.check(described(), "describe")
    assert set(described().dims) <= set(described().indexes)


def test_a_network_does_not_know_its_shard() -> None:
    alone = [Behaviour().describe({name: store.isel(network=[place]) for name, store in stores().items()}) for place in range(len(KINDS))]
    xr.testing.assert_identical(names.join(alone), described())


def test_nothing_is_said_of_a_network_that_diverged() -> None:
    """But how its training went."""
    for name, column in described().data_vars.items():
        assert np.isnan(column.values[KINDS.index("diverged")]).all() == (name not in ("final_loss", "steps")), name


def test_a_network_that_never_acts_times_out() -> None:
    assert (of("accuracy", "silent"), of("timeouts", "silent"), of("observations", "silent")) == (0, 1, 10)
    np.testing.assert_allclose(of("reward", "silent"), -1 - 9 * 0.05, rtol=1e-12)
    assert np.isnan(of("zero_contrast_block_effect", "silent"))
    assert np.isnan(of("history_weight", "silent")).all()


@pytest.mark.parametrize("kind", ["published", "hasty", "forgetful"])
def test_the_numbers_are_those_of_a_loop_over_steps(kind: str) -> None:
    """Timeouts are wrong, unless the likelier side is taken; observers are judged at the same trials."""
    sessions = stores()["sessions"]
    steps, course = played(sessions, KINDS.index(kind))
    odds = sessions["stimulus_log_odds"].values[KINDS.index(kind)]
    tallies: dict[str, list[float]] = {name: [] for name in ("accuracy", "forced_accuracy", "exact_accuracy", "soft_accuracy", "reward")}
    reward = 0.0
    for session, time in np.ndindex(*steps.ended.shape):
        reward = steps.reward[session, time] + (reward if steps.trial_step[session, time] else 0.0)
        if steps.ended[session, time]:
            side = course.side[session, steps.trial_number[session, time]]
            action = steps.action[session, time]
            left, right = steps.outputs[session, time]
            tallies["accuracy"].append(action == side)
            tallies["forced_accuracy"].append((action or (1 if right >= left else -1)) == side)
            for place, observer in enumerate(("exact", "soft")):
                tallies[f"{observer}_accuracy"].append((odds[place, session, time] >= 0) == (side > 0))
            tallies["reward"].append(reward)
    for name, values in tallies.items():
        np.testing.assert_allclose(of(name, kind), np.mean(values), rtol=1e-9, err_msg=name)
    np.testing.assert_allclose(of("soft_gap", kind), of("soft_accuracy", kind) - of("forced_accuracy", kind), atol=1e-12)


def test_only_a_network_with_a_memory_is_moved_by_the_block_and_by_the_past() -> None:
    """Without recurrence: shift and block effect of 0 within four errors; with it, far beyond, as the block is 4 to 1 on one side."""
    count = described()["acted_trials"].sel(signed_strength=0.0).values[KINDS.index("forgetful")][[0, 2]]
    error = np.sqrt((0.25 / count).sum())
    assert abs(of("zero_contrast_block_effect", "forgetful")) < 4 * error
    assert of("zero_contrast_block_effect", "hasty") > 4 * error
    assert of("zero_contrast_concordant", "hasty") > 0.5 > of("zero_contrast_discordant", "hasty")
    for observer in range(2):
        weight, deviation = (described()[f"history_{name}"].values[KINDS.index("forgetful"), observer] for name in ("weight", "error"))
        past = [psychometrics.REGRESSORS.index(name) for name in ("prior", "previous_choice", "previous_rewarded_choice")]
        assert (np.abs(weight[past]) < 4 * deviation[past]).all()
        seen = psychometrics.REGRESSORS.index("signed_strength")
        assert weight[seen] > 4 * deviation[seen]


def test_no_network_beats_the_exact_observer_of_its_own_sessions() -> None:
    """Where sessions are independent, by no more than four standard errors."""
    for kind in ("published", "hasty", "forgetful", "silent"):
        assert of("exact_gap", kind) > -4 * of("exact_gap_error", kind)
    assert of("exact_gap", "silent") > 0.2


def summary(
    architectures: tuple[str, ...] = ("vanilla", "ugrnn", "gru", "lstm"), losses: tuple[str, ...] = ("log", "linear")
) -> xr.Dataset:
    """The same networks under every name."""
    rows = []
    for architecture in architectures:
        for loss in losses:
            named = described()["network"].values.astype(str)
            renamed = np.char.replace(named, "vanilla-log", f"{architecture}-{loss}").astype(object)
            looks = {
                name: ("network", np.full(len(named), value, dtype=object))
                for name, value in (("architecture", architecture), ("loss", loss))
            }
            rows.append(described().assign_coords(network=renamed, **looks))
    return xr.concat(rows, dim="network", data_vars="minimal")


def observers() -> xr.Dataset:
    """Curves of two actors, which are networks here."""
    curves = list(psychometrics.curves(_nobody(), made.TASK.strengths))
    told = described()[curves].isel(network=[0, 1]).reset_coords(drop=True).rename(network="actor")
    return told.assign_coords(actor=np.array(["exact", "published"], dtype=object))


def _nobody() -> psychometrics.Behaviour:
    whole, real = np.empty(0, dtype=int), np.empty(0)
    return psychometrics.Behaviour(whole, whole, whole, real, whole, whole, whole, whole, real, real)


def draw(table: xr.Dataset, actors: xr.Dataset | None = None) -> Drawing:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return Figure().draw({"summary": table, "networks": [made.networks()], "observers": observers() if actors is None else actors})


def test_the_figure_says_what_is_in_the_summary() -> None:
    table = summary()
    tables = draw(table).tables
    assert list(tables) == list("abcdef")
    assert all(len(panel) for panel in tables.values())
    met = table.isel(
        network=(table["status"] == "ok").values & (table["loss"] == "linear").values & (table["architecture"] == "gru").values
    )
    drawn = tables["d"].query("agent == 'networks' and architecture == 'gru' and level == 'linear' and concordance == 'discordant'")
    values = met["accuracy_by_strength"].sel(concordance="discordant").values
    np.testing.assert_allclose(drawn["median"], np.median(values, axis=0), rtol=1e-12)
    np.testing.assert_allclose(drawn["low"], np.percentile(values, 2.5, axis=0), rtol=1e-12)
    assert set(drawn["networks"]) == {4}
    assert "GRU (log 4, linear 4)" in {text.get_text() for text in draw(table).figure.texts}


def test_masked_trials_are_not_drawn() -> None:
    drawn = draw(summary()).tables["e"].query("agent == 'networks' and variable == 'accuracy_by_block_trial' and networks == 0")
    assert len(drawn)
    assert drawn["median"].isna().all()


@pytest.mark.slow
def test_text_is_legible_and_within_the_page() -> None:
    figure = draw(summary()).figure
    with style.sheet():
        figure.draw_without_rendering()
    width, height = figure.get_size_inches() * figure.dpi
    for text in figure.texts:
        box = text.get_window_extent()
        assert text.get_fontsize() >= style.TEXT
        assert min(box.x0, box.y0, width - box.x1, height - box.y1) >= 0, text.get_text()


@pytest.mark.parametrize(
    ("architectures", "losses"), [(("vanilla",), ("log",)), (("gru", "lstm"), ("linear",)), (("vanilla",), ("log", "linear"))]
)
def test_it_draws_with_one_level_of_either_factor(architectures: tuple[str, ...], losses: tuple[str, ...]) -> None:
    draw(summary(architectures, losses)).render("pdf")


def test_it_draws_whatever_is_missing() -> None:
    table = summary(("vanilla",))
    draw(table.drop_vars("loss")).render("pdf")
    draw(table.drop_vars(list(table.data_vars))).render("pdf")
    draw(table, xr.Dataset()).render("pdf")
    table["status"][:] = "not_converged"
    drawing = draw(table)
    assert any("no network" in text.get_text() for axes in drawing.figure.axes for text in axes.texts)
    draw(table.isel(network=slice(0))).render("pdf")


@pytest.mark.slow
def test_equal_stores_are_equal_bytes() -> None:
    table = summary(("vanilla",))
    assert draw(table).render("pdf") == draw(table).render("pdf")
