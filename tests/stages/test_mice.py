"""Mice: tables of trials there and back, what is wrong with one, a pickle that is not trusted, and choices foretold."""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import session_stores as synthetic
from rnnpop import names
from rnnpop.cells.vanilla import Vanilla
from rnnpop.numerics import replays, sessions
from rnnpop.numerics.trial_tables import COLUMNS, behaviour_of
from rnnpop.seeds import stream
from rnnpop.stages.export import export
from rnnpop.stages.fetch import AlteredFile, ForbiddenPickle, arrays, fixtures
from rnnpop.stages.gather import REFERENCES, gather
from rnnpop.stages.replay import replay
from rnnpop.stages.tabulate import TableError, tabulate

TASK = synthetic.TASK
CELL = Vanilla(2 * synthetic.COPIES)
SETTINGS = {"contrasts": [0, 0.0625, 0.125, 0.25, 0.5, 1], "strengths": [0, 0.5, 1, 1.5, 2, 2.5], "draws": 4}


def mouse(trials: int = 150, number: int = 2, seed: int = 0) -> pd.DataFrame:
    """A table of a made-up mouse: chooses the stimulus' side, the more surely the higher the contrast, or else the block's."""
    rng = stream(seed, "mouse")
    tables = []
    for session in range(number):
        own = trials - 20 * session
        left = np.repeat([0.5, 0.8, 0.2, 0.8, 0.2], 30)[:own]
        side = np.where(rng.random(own) < left, -1, 1)
        contrast = rng.choice([0, 0.0625, 0.125, 0.25, 1], own)
        sees = rng.random(own) < 0.4 + 0.6 * contrast
        choice = np.where(sees, side, np.where(left == 0.5, rng.choice([-1, 1], own), np.where(left > 0.5, -1, 1)))
        begun = np.cumsum(rng.uniform(2, 4, own))
        tables.append(
            pd.DataFrame(
                {
                    "day": f"day {session}",
                    "contrastLeft": np.where(side < 0, contrast, np.nan),
                    "contrastRight": np.where(side > 0, contrast, np.nan),
                    "probabilityLeft": left,
                    "choice": -choice,
                    "feedbackType": np.where(choice == side, 1, -1),
                    "stimOn_times": begun,
                    "response_times": begun + rng.uniform(0.2, 1.0, own),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def table() -> pd.DataFrame:
    return tabulate(mouse(), name="made-up", sessions="day")


def test_a_table_of_a_network_is_read_back_as_it_was() -> None:
    """T13. Export, then import: every column of the behaviour (1e-12 where contrasts and times are computed)."""
    played = synthetic.sessions(("published", "hasty"))
    exported = export(played)
    for place, name in enumerate(played["network"].values):
        own = sessions.behaviour(*sessions.played(played, place), TASK.blanks)
        table = exported[exported["network"] == name].reset_index(drop=True)
        assert tabulate(table, name="network", sessions="session").shape == (len(table), len(COLUMNS))
        back = behaviour_of(table, [0, 1], [0, 2.5])
        for column in sessions.Behaviour.__dataclass_fields__:
            np.testing.assert_allclose(getattr(back, column), getattr(own, column), atol=1e-12, err_msg=column)
        assert set(table["probabilityLeft"]) == {0.2, 0.8}
        assert table["choice"].tolist() == (-own.action).tolist()


def test_a_positive_choice_is_to_the_left() -> None:
    """What was rewarded for a stimulus on the left was a choice of +1; and the sign of a table that has it otherwise is refused."""
    own = mouse()
    rewarded = (own["feedbackType"] > 0) & own["contrastLeft"].notna()
    assert (own["choice"][rewarded] == 1).all()
    read = behaviour_of(table())
    assert (read.action[rewarded] == -1).all()
    assert read.correct.tolist() == (own["feedbackType"] > 0).tolist()
    with pytest.raises(TableError, match=r"column 'choice', row \d+ holds -?1; rewarded for a stimulus on the other side"):
        tabulate(own.assign(choice=-own["choice"]), name="x.csv")


def test_blocks_end_where_the_chance_changes_and_sessions_begin_anew() -> None:
    read = behaviour_of(table())
    first = read.session == 0
    assert read.block[first].tolist() == np.repeat(range(5), 30).tolist()
    assert read.block_side[first].tolist() == np.repeat([0, -1, 1, -1, 1], 30).tolist()
    assert read.block_trial[~first][:3].tolist() == [1, 2, 3]
    assert read.block[~first][0] == 0
    assert read.number[~first].tolist() == list(range(130))


def test_contrasts_stand_for_strengths_by_pairs() -> None:
    read = behaviour_of(table(), SETTINGS["contrasts"], SETTINGS["strengths"])
    assert set(read.strength) == {0, 0.5, 1, 1.5, 2.5}
    between = behaviour_of(table().assign(contrastLeft=0.75, contrastRight=np.nan), [0, 0.5, 1], [0, 2, 4])
    assert set(between.strength) == {3}


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no contrast": ({"contrastLeft": (3, np.nan), "contrastRight": (3, np.nan)}, "column 'contrastLeft', row 4 holds nan"),
    "two contrasts": ({"contrastLeft": (3, 0.5), "contrastRight": (3, 0.5)}, "column 'contrastLeft', row 4 holds 0.5"),
    "per cent": ({"contrastLeft": (3, 25.0)}, "column 'contrastLeft', row 4 holds 25; a contrast from 0 to 1"),
    "choice missing": ({"choice": (0, np.nan)}, "column 'choice', row 1 holds nan"),
    "choice unknown": ({"choice": (7, 2)}, "column 'choice', row 8 holds 2"),
    "chance missing": ({"probabilityLeft": (2, np.nan)}, "column 'probabilityLeft', row 3 holds nan"),
    "chance of training": ({"probabilityLeft": (2, 0.6)}, "column 'probabilityLeft', row 3 holds 0.6; blocks have 0.2, 0.5 or 0.8"),
    "feedback": ({"feedbackType": (2, 0)}, "column 'feedbackType', row 3 holds 0"),
    "out of order": ({"stimOn_times": (5, 0.5)}, "column 'stimOn_times', row 6 holds 0.5; not later"),
    "response out of order": ({"response_times": (5, 0.5)}, "column 'response_times', row 6 holds 0.5; not later"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_line_names_file_column_and_row(fault: str) -> None:
    changes, said = FAULTS[fault]
    own = mouse().astype({"choice": float, "feedbackType": float})
    for column, (row, value) in changes.items():
        own.loc[row, column] = value
    with pytest.raises(TableError) as raised:
        tabulate(own, name="my mouse.csv", sessions="day")
    assert str(raised.value).startswith(f"my mouse.csv: {said}")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("column", COLUMNS[1:])
def test_a_missing_column_is_named(column: str) -> None:
    with pytest.raises(TableError, match=f"my.csv: column '{column}' is missing"):
        tabulate(mouse().drop(columns=column), name="my.csv")


def test_texts_gaps_in_time_and_sessions_apart() -> None:
    """A word where a number should be is named; times may be missing, or be those of the feedback; a session stands together."""
    with pytest.raises(TableError, match="column 'choice', row 2 holds 'left'; a number is expected"):
        tabulate(mouse().astype({"choice": object}).replace({"choice": {-1: "left", 1: "left"}}).iloc[1:].pipe(_with_first), name="x")
    gaps = mouse()
    gaps.loc[[0, 3], "stimOn_times"] = np.nan
    read = behaviour_of(tabulate(gaps.rename(columns={"response_times": "feedback_times"}), name="x", sessions="day"))
    assert np.flatnonzero(np.isnan(read.duration)).tolist() == [0, 3]
    with pytest.raises(TableError, match="column 'session', row 281 holds 'day 0'; which ended in an earlier row"):
        tabulate(pd.concat([mouse(), mouse().head(1)], ignore_index=True), name="x", sessions="day")
    with pytest.raises(TableError, match="column 'eid', which should tell sessions apart, is missing"):
        tabulate(mouse(), name="x", sessions="eid")
    with pytest.raises(TableError, match="there is no trial in it"):
        tabulate(mouse().head(0), name="x")


def _with_first(rest: pd.DataFrame) -> pd.DataFrame:
    """A sound first trial before others."""
    return pd.concat([mouse().head(1).astype({"choice": object}), rest], ignore_index=True)


def test_training_has_no_blocks() -> None:
    own = mouse().assign(probabilityLeft=0.3)
    assert set(behaviour_of(tabulate(own, name="x", blocks=False, sessions="day")).block_side) == {0}


class _Trap:
    """Would write a word if it were unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return print, ("sprung",)


def test_a_pickle_may_hold_arrays_and_nothing_that_acts(capsys: pytest.CaptureFixture[str]) -> None:
    held = {"2020-08-31": {"choice": np.array([1, -1]), "task_protocol": np.array("biased"), "contrastLeft": np.array([0.25, np.nan])}}
    back = arrays(pickle.dumps(held))
    assert back["2020-08-31"]["choice"].tolist() == [1, -1]
    assert str(back["2020-08-31"]["task_protocol"]) == "biased"
    for trapped in (_Trap(), {"a": [_Trap()]}, np.array([_Trap()], dtype=object), io.StringIO):
        with pytest.raises(ForbiddenPickle, match="only numpy arrays"):
            arrays(pickle.dumps(trapped))
    assert not capsys.readouterr().out


def test_an_altered_wheel_is_refused() -> None:
    with pytest.raises(AlteredFile, match="SHA-256"):
        fixtures(b"not the wheel")


def test_a_mouse_s_trials_are_played_as_they_were() -> None:
    """Sides, strengths and blocks reach every draw of their session; only the noise differs."""
    read = behaviour_of(table(), SETTINGS["contrasts"], SETTINGS["strengths"])
    course = replays.course_of(read, 3, stream(0, "noise"), observations=10, noise=1.0)
    assert course.trials.tolist() == [150] * 3 + [130] * 3
    for draw in range(3):
        np.testing.assert_array_equal(course.side[3 + draw, :130], read.side[read.session == 1])
        np.testing.assert_array_equal(course.strength[draw], read.strength[read.session == 0])
    assert len(np.unique(course.noise)) > course.noise.size / 2


def test_what_is_foretold_of_an_agent_that_knows_the_answer() -> None:
    """It is always right, whatever the noise, after one observation; of its own choices there is nothing left to tell (λ → 0)."""
    read = behaviour_of(table(), SETTINGS["contrasts"], SETTINGS["strengths"])
    course = replays.course_of(read, 2, stream(0, "noise"), observations=TASK.observations, noise=1.0)
    clock = {"trial": np.zeros(len(course.trials), dtype=int), "step": np.zeros(len(course.trials), dtype=int)}

    def knows(inputs: np.ndarray) -> np.ndarray:
        rows = np.arange(len(inputs))
        side = course.side[rows, np.minimum(clock["trial"], course.trials - 1)]
        acts = clock["step"] == TASK.blanks
        clock["trial"], clock["step"] = clock["trial"] + acts, np.where(acts, 0, clock["step"] + 1)
        return np.stack([-side, side], axis=1) * np.where(acts, 9.0, 0.0)[:, None]

    right, steps = replays.foretold(TASK, course, knows, read, 2)
    np.testing.assert_array_equal(right, read.side > 0)
    np.testing.assert_array_equal(steps, TASK.blanks + 1)
    assert replays.fitted_lapse(right, read.side) < 1e-5
    assert replays.agreement(right, read.side) == 1
    assert replays.likelihood(right, read.side, 1e-6).mean() == pytest.approx(0, abs=1e-5)


def test_likelihood_and_lapse_of_a_coin_and_of_known_lapses() -> None:
    """Of P(right) = 1/2, −1 bit whatever λ; of choices that err in a fifth of trials, λ = 2/5 (the likelihood's own maximum; 1e-5)."""
    action = np.tile([1, 1, 1, 1, -1], 40)
    assert replays.likelihood(np.full(200, 0.5), action, 0.3).mean() == pytest.approx(-1)
    assert replays.fitted_lapse(np.ones(200), action) == pytest.approx(0.4, abs=1e-5)
    silent = np.append(action, 0)
    assert np.isnan(replays.likelihood(np.ones(201), silent, 0.4)[-1])
    assert replays.fitted_lapse(np.ones(201), silent) == replays.fitted_lapse(np.ones(200), action)
    assert np.isnan(replays.fitted_lapse(np.full(200, np.nan), action))
    assert np.isnan(replays.agreement(np.full(200, np.nan), action))


@pytest.fixture(scope="module")
def gathered() -> xr.Dataset:
    return gather({"one": table(), "two": tabulate(mouse(100, 1, seed=1), name="two", sessions="day")}, TASK, SETTINGS, seed=7)


def test_mice_are_gathered(gathered: xr.Dataset) -> None:
    """The schema; curves by hand; blocks help to foretell a mouse that heeds them; chance is −1 bit."""
    names.check(gathered, "gather")
    read = behaviour_of(table(), SETTINGS["contrasts"], SETTINGS["strengths"])
    chosen = (read.strength == 0) & read.concordant & (read.block_side != 0)
    assert float(gathered["accuracy_by_strength"].sel(mouse="one", concordance="concordant", strength=0)) == read.correct[chosen].mean()
    assert gathered["owner"].values.tolist() == ["one"] * 280 + ["two"] * 100
    bits = gathered["reference_log_likelihood"].sel(mouse="one")
    assert (bits.values > -1).all()
    assert float(bits.sel(reference="psychometric curves by block")) > float(bits.sel(reference="psychometric curve"))
    assert float(bits.sel(reference="exact filter")) > float(bits.sel(reference="filter without blocks"))
    assert gathered["reference"].values.tolist() == list(REFERENCES)
    assert float(gathered["reaction_time"].sel(mouse="one")) == pytest.approx(np.median(read.duration))


def test_a_mouse_does_not_know_the_others(gathered: xr.Dataset) -> None:
    alone = gather({"one": table()}, TASK, SETTINGS, seed=7)
    xr.testing.assert_identical(gathered.isel(mouse=[0], replayed=gathered["owner"].values == "one"), alone)


def test_networks_replay() -> None:
    """The schema; a silent network tells nothing, a diverged one is NaN; each is the same whatever its neighbours; nothing is changed."""
    kinds = ("published", "silent", "diverged", "hasty")
    networks, tables = synthetic.networks(kinds), {"one": tabulate(mouse(100, 1), name="one")}
    before = networks.copy(deep=True)
    played = replay(networks, tables, TASK, CELL, SETTINGS, seed=7)
    names.check(played, "replay")
    xr.testing.assert_identical(networks, before)
    bits = played["log_likelihood"].values[:, 0]
    assert bits[0] > -0.95
    assert bits[1] == pytest.approx(-1)
    assert np.isnan(bits[2])
    assert played["observations"].values[1, 0] == TASK.observations
    assert 0.6 < played["accuracy"].values[0, 0] < 1
    for number in range(4):
        alone = replay(networks.isel(network=[number]), tables, TASK, CELL, SETTINGS, seed=7)
        xr.testing.assert_identical(played.isel(network=[number]), alone)
