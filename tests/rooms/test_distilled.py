"""Students: what they learn from a teacher, what they may not know of each other, and what a useless teacher leaves."""

from __future__ import annotations

import warnings
from dataclasses import fields, replace
from typing import Any

import matplotlib.text
import numpy as np
import pytest
import torch
import xarray as xr

import session_stores
from rnnpop import variants
from rnnpop.figures import Drawing, style
from rnnpop.learners import Apprentice, Learner, Teacher, Training
from rnnpop.numerics.affine import DIMENSIONS
from rnnpop.numerics.distillation import STRIDES, lesson
from rnnpop.numerics.sessions import Course, Steps, behaviour, play
from rnnpop.numerics.students import FOLLOWED
from rnnpop.seeds import stream
from rnnpop.statistics.distillation import Distillation

TASK = session_stores.TASK
TEACHER = {"teacher": "hierarchical/hierarchical_inference/vanilla/closed_loop"}
LEARNERS: dict[str, dict[str, Any]] = {
    "radd": {"kind": "radd", "gain": "fitted"},
    "dual": {"kind": "radd", "basis": "dual"},
    "whole": {"kind": "radd", "directions": "whole"},
    "components": {"kind": "radd", "directions": "components"},
    "learned": {"kind": "radd", "directions": "learned"},
    "logits": {"kind": "distilled", "target": "logits"},
    "choices": {"kind": "distilled", "target": "choices"},
    "rollout": {"kind": "distilled", "target": "rollout", "gain": "fitted"},
}


def learner(name: str, **more: Any) -> Learner:
    brief = {"updates": 12, "window": 16, "batch": 8, "refresh": 6} if LEARNERS[name]["kind"] == "distilled" else {}
    loaded = variants.load("learners", TEACHER | LEARNERS[name] | brief | more)
    assert isinstance(loaded, Learner)
    return loaded


def cell(kind: str = "vanilla", units: int = 2) -> Any:
    return variants.load("cells", {"kind": kind, "units": units})


@pytest.fixture(scope="module")
def teachers() -> dict[str, Teacher]:
    """One for each kind of network of `session_stores`."""
    luck, played = session_stores.course(), session_stores.sessions()
    course = replace(luck, noise=luck.noise[:, :, :0])
    return {
        kind: Teacher(
            name=str(played["network"].values[row]),
            parameters=session_stores.parameters(kind),
            steps=Steps(**{field.name: played[field.name].values[row] for field in fields(Steps)}),
            state=played["state"].values[row],
            course=course,
            blanks=TASK.blanks,
        )
        for row, kind in enumerate(session_stores.KINDS)
    }


def apprentice(student: Any, index: int, teacher: Teacher) -> Apprentice:
    return Apprentice(student.init(stream(0, "student", index, "init"), 3, 2), stream(0, "student", index, "trials"), teacher)


def learn(how: Learner, student: Any, *taught: tuple[int, Teacher]) -> Training:
    return how.learn(TASK, student, [apprentice(student, index, teacher) for index, teacher in taught], None, "cpu")


class Student:
    """A network as an agent."""

    def __init__(self, student: Any, values: dict[str, np.ndarray], environments: int) -> None:
        self.cell, self.values = student, {name: torch.from_numpy(value) for name, value in values.items()}
        self.state = self.values["initial_state"].expand(environments, -1)

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        self.state = self.cell.step(self.values, torch.from_numpy(inputs).double(), self.state)
        return np.asarray(self.cell.readout(self.values, self.state).numpy())


def accuracy(agent: Any, course: Course) -> float:
    return float(behaviour(play(TASK, course, agent, TASK.session_steps), course, TASK.blanks).correct.mean())


def test_the_closed_form_makes_two_units_of_six(teachers: dict[str, Teacher]) -> None:
    """Six units that are copies of the published two: the plane holds all there is.

    840 trials of the same luck: 0.05 is 3 standard errors of a paired difference in which one trial in four differs.
    """
    done = learn(learner("radd"), cell(), (0, teachers["published"]))
    assert done.status == ["ok"]
    assert done.final_loss[0] < 0.03
    assert done.described["choice_agreement"].values[0] > 0.97
    assert done.described["output_divergence"].values[0] < 0.01
    course = session_stores.course(seed=1)
    both = [
        accuracy(agent, course)
        for agent in (
            Student(cell(), done.trained[0], TASK.sessions),
            session_stores.Network(session_stores.parameters("published"), TASK.sessions),
        )
    ]
    assert abs(both[0] - both[1]) < 0.05


@pytest.mark.parametrize("name", ["logits", "choices", "rollout"])
def test_gradients_bring_a_student_nearer_to_its_teacher(name: str, teachers: dict[str, Teacher]) -> None:
    """A constant misses all: 300 small updates must leave less than half of it, on sessions that were held out."""
    long = {"updates": 300, "window": 32, "batch": 32, "learning_rate": 0.03, "refresh": 50}
    done = learn(learner(name, **long), cell(), (0, teachers["published"]))
    assert done.status == ["ok"]
    assert done.final_loss[0] < 0.5
    assert done.steps.tolist() == [300]
    assert done.described["choice_agreement"].values[0] > 0.85


@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if name in ("radd", "rollout") else pytest.mark.slow) for name in LEARNERS])
def test_a_student_does_not_know_its_shard(name: str, teachers: dict[str, Teacher]) -> None:
    """Equal to the bit, alone or in any company, and the second time."""
    how, lessons = learner(name), [(0, teachers["published"]), (1, teachers["forgetful"]), (2, teachers["hasty"])]
    together, backwards = learn(how, cell(), *lessons), learn(how, cell(), *lessons[::-1])
    for place, taught in enumerate(lessons):
        alone = learn(how, cell(), taught)
        for other, row in ((together, place), (backwards, 2 - place)):
            for key, value in alone.trained[0].items():
                np.testing.assert_array_equal(value, other.trained[row][key])
            assert alone.final_loss[0] == other.final_loss[row]
            for key, found in alone.described.items():
                np.testing.assert_array_equal(found.values[0], other.described[key].values[row])


@pytest.mark.parametrize("name", LEARNERS)
def test_what_comes_back_is_what_a_store_of_networks_holds(name: str, teachers: dict[str, Teacher]) -> None:
    """Shapes of the first parameters, float64, and every promised number along its dimensions."""
    done = learn(learner(name), cell(units=3), (0, teachers["published"]))
    first = apprentice(cell(units=3), 0, teachers["published"]).initial
    assert {key: value.shape for key, value in done.trained[0].items()} == {key: value.shape for key, value in first.items()}
    assert {value.dtype for value in done.trained[0].values()} == {np.dtype(float)}
    assert set(done.described) == {"teacher", *FOLLOWED}
    assert done.described["rollout_r2"].dims == ("network", "stride")
    assert done.coordinates["stride"].tolist() == list(STRIDES)
    assert done.loss.shape == done.solved.shape == (1, len(done.step))


@pytest.mark.parametrize("name", LEARNERS)
def test_a_teacher_that_came_apart_teaches_nothing(name: str, teachers: dict[str, Teacher]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        done = learn(learner(name), cell(), (0, teachers["diverged"]))
    assert done.status == ["diverged"]
    assert np.isnan(done.final_loss).all()
    assert all(np.isnan(done.described[column].values).all() for column in FOLLOWED)
    assert done.described["teacher"].values.tolist() == [teachers["diverged"].name]
    for key, value in apprentice(cell(), 0, teachers["diverged"]).initial.items():
        np.testing.assert_array_equal(done.trained[0][key], value)


@pytest.mark.parametrize("name", LEARNERS)
def test_a_teacher_that_never_acts_breaks_nothing(name: str, teachers: dict[str, Teacher]) -> None:
    """Its outputs are 0: there is no choice to agree with, and nothing for `choices` to learn from."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        done = learn(learner(name), cell(), (0, teachers["silent"]))
    assert np.isnan(done.described["choice_agreement"].values).all()
    assert all(np.isfinite(value).all() for value in done.trained[0].values())
    if name in ("logits", "choices"):
        assert done.status == ["not_converged"]


@pytest.mark.parametrize("name", ["radd", "whole", "components", "learned", "rollout", "logits"])
def test_sessions_that_are_held_out_do_not_reach_the_student(name: str, teachers: dict[str, Teacher]) -> None:
    """Every third session, the others' order unchanged: the student is the same to the bit, its loss is not."""
    teacher = teachers["published"]
    state, inputs = teacher.state.copy(), teacher.steps.inputs.copy()
    state[2::3], inputs[2::3] = np.tanh(state[2::3] + 0.3), 0.5
    other = replace(teacher, state=state, steps=replace(teacher.steps, inputs=inputs))
    done, moved = (learn(learner(name), cell(), (0, one)) for one in (teacher, other))
    for key, value in done.trained[0].items():
        np.testing.assert_array_equal(value, moved.trained[0][key])
    assert done.final_loss[0] != moved.final_loss[0]


def test_students_of_other_cells(teachers: dict[str, Teacher]) -> None:
    """Logits teach any cell, a rollout any without a hidden memory; the closed form is that of one cell."""
    for kind in ("gru", "ugrnn", "lstm"):
        assert np.isfinite(learn(learner("logits"), cell(kind), (0, teachers["published"])).final_loss).all()
    assert np.isfinite(learn(learner("rollout"), cell("gru"), (0, teachers["published"])).final_loss).all()
    with pytest.raises(ValueError, match="hidden units only"):
        learn(learner("rollout"), cell("lstm"), (0, teachers["published"]))
    with pytest.raises(ValueError, match="vanilla tanh"):
        learn(learner("radd"), cell("gru"), (0, teachers["published"]))
    with pytest.raises(ValueError, match="no room"):
        learn(learner("radd"), cell(units=1), (0, teachers["published"]))


def test_a_teacher_with_cells_shows_its_hidden_units(teachers: dict[str, Teacher]) -> None:
    """As of an LSTM: what stands behind the hidden units is no part of the lesson."""
    teacher = teachers["published"]
    longer = replace(teacher, state=np.concatenate([teacher.state, 9 * np.ones_like(teacher.state)], axis=-1))
    plain, cells = lesson(teacher), lesson(longer)
    assert plain is not None
    assert cells is not None
    np.testing.assert_array_equal(plain.hidden, cells.hidden)


def networks(done: Training) -> xr.Dataset:
    """As the stage `train` stores it."""
    weights = {
        name: (("network", "checkpoint", *dims), np.stack([[values[name]] * 2 for values in done.trained]))
        for name, dims in DIMENSIONS.items()
    }
    called = np.array([f"t/c/l/{row:05d}" for row in range(len(done.trained))], dtype=object)
    told = {"network": called, "checkpoint": ["initial", "trained"], "status": ("network", np.array(done.status, dtype=object))}
    return xr.Dataset(weights | done.described, told | done.coordinates)


def test_the_statistic_tells_single_weights(teachers: dict[str, Teacher]) -> None:
    done = learn(learner("radd", gain=3.0), cell(), (0, teachers["published"]), (1, teachers["diverged"]), (2, teachers["hasty"]))
    done.trained[0] |= {"recurrent_weights": session_stores.RECURRENT[None], "input_weights": session_stores.INPUT[None]}
    found = Distillation().describe({"networks": networks(done)})
    assert found["first_from_second"].values[0] == 0.31
    assert found["second_from_feedback"].values[0] == 0.021
    np.testing.assert_allclose(found["observation_ratio"].values[0], 0.39 / 0.08)
    np.testing.assert_allclose(found["recurrent_modulus_1"].values[0], 0.97531, atol=5e-6)
    np.testing.assert_allclose(found["recurrent_time_constant_2"].values[0], 1.105, atol=5e-4)
    np.testing.assert_allclose(found["readout_gain"].values[0], 3.0)
    assert np.isnan(found["recurrent_modulus_1"].values[1])
    assert np.isfinite(found["one_step_r2"].values[[0, 2]]).all()
    assert found["rollout_r2"].dims == ("network", "stride")
    alone = Distillation().describe({"networks": networks(done).isel(network=[2])})
    for name, column in alone.data_vars.items():
        np.testing.assert_array_equal(column.values[0], found[name].values[2])


def test_the_statistic_of_networks_that_are_no_students() -> None:
    """Larger networks have eigenvalues (copies those of what they copy); neither single weights nor a teacher."""
    found = Distillation().describe({"networks": session_stores.networks(("published", "hasty"))})
    assert "first_from_second" not in found
    assert "one_step_r2" not in found
    np.testing.assert_allclose(found["recurrent_modulus_2"].values, 0.40469, atol=5e-6)


def test_ideal_beliefs_are_fitted_to_as_states_are() -> None:
    """An observation tells the stimulus more than the block, of the same sign; whoever came apart has no sessions to tell of."""
    kinds = ("published", "hasty", "diverged")
    stores = {"networks": session_stores.networks(kinds), "sessions": session_stores.sessions(kinds)}
    found = Distillation().describe(stores)
    ideal = [name for name in found if str(name).startswith("ideal_")]
    assert len(ideal) == 5
    assert np.isfinite(np.array([found[name].values for name in ideal])).all(axis=0).tolist() == [True, True, False]
    assert (found["ideal_observation_ratio"].values[:2] > 1).all()
    assert (found["ideal_second_from_second"].values[:2] > found["ideal_first_from_first"].values[:2]).all()
    alone = Distillation().describe({name: store.isel(network=[1]) for name, store in stores.items()})
    for name in ideal:
        assert alone[name].values[0] == found[name].values[1]


#: Gain of each population of students, by learner; NaN where the study does not vary it.
POPULATIONS = {"radd-1": 1.0, "radd-3": 3.0, "radd-10": 10.0, "logits": np.nan, "rollout": np.nan, "direct": np.nan}
PER_POPULATION = 4
_NUMBERS = (
    *("accuracy", "forced_accuracy", "timeouts", "zero_contrast_concordant", "zero_contrast_discordant", "switch_dip"),
    *("leading_modulus", "second_modulus", "recurrent_modulus_1", "recurrent_modulus_2"),
    *(f"{unit}_from_{source}" for unit in ("first", "second") for source in ("first", "second", "left", "right", "feedback")),
)


def summary(populations: dict[str, float], per_population: int = PER_POPULATION, seed: int = 0) -> xr.Dataset:
    """As `summarise` joins it: numbers between 0 and 1."""
    rng = np.random.default_rng(seed)
    names = [f"hierarchical_inference/c/{name}/{index:05d}" for name in populations for index in range(per_population)]
    number = len(names)
    curves = {"accuracy_by_block_trial": ("block_trial", 100)}
    curves |= dict.fromkeys(("rollout_r2", "teacher_lag_distance", "student_lag_distance"), ("stride", len(STRIDES)))
    teachers = [f"hierarchical_inference/c/closed_loop/{index:05d}" for _ in populations for index in range(per_population)]
    return xr.Dataset(
        {name: ("network", rng.random(number)) for name in _NUMBERS}
        | {name: (("network", dim), rng.random((number, size))) for name, (dim, size) in curves.items()}
        | {"teacher": ("network", np.array(teachers, dtype=object))},
        {
            "network": np.array(names, dtype=object),
            "index": ("network", np.tile(np.arange(per_population), len(populations))),
            "status": ("network", np.array(["ok"] * number, dtype=object)),
            "learner": ("network", np.repeat([name.split("-")[0] for name in populations], per_population).astype(object)),
            "gain": ("network", np.repeat(list(populations.values()), per_population)),
            "block_trial": np.arange(1, 101),
            "stride": np.array(STRIDES),
        },
    )


def study() -> dict[str, Any]:
    """What the figure reads; the study of the teachers has twice as many of them."""
    told = summary(POPULATIONS)
    return {
        "summary": told,
        "networks": [told.isel(network=slice(2))],
        "teachers": [summary({"closed_loop": np.nan}, 2 * PER_POPULATION, seed=1)],
    }


def draw(datasets: dict[str, Any]) -> Drawing:
    drawing = variants.load("figures", {"kind": "distillation"}).draw(datasets)
    assert isinstance(drawing, Drawing)
    return drawing


def texts(drawing: Drawing) -> list[matplotlib.text.Text]:
    """Every text that is drawn, laid out as on the page."""
    with style.sheet():
        drawing.figure.draw_without_rendering()
    hidden = {
        id(label)
        for axes in drawing.figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
        for label in (tick.label1, tick.label2)
    }
    found = drawing.figure.findobj(matplotlib.text.Text)
    return [text for text in found if text.get_text().strip() and text.get_visible() and id(text) not in hidden]


@pytest.mark.parametrize("status", ["ok", "not_converged"])
@pytest.mark.slow
def test_the_figure_is_legible(status: str) -> None:
    """Texts are of 7 pt, within the page, and touch each other by at most 1 pt; whether or not a student is ok."""
    datasets = study()
    datasets["summary"]["status"][:] = status
    drawing = draw(datasets)
    page, slack, boxes = drawing.figure.bbox, drawing.figure.dpi / 72, []
    for text in texts(drawing):
        assert text.get_fontsize() >= 7
        box = text.get_window_extent()
        assert min(box.x0, box.y0) >= 0, text.get_text()
        assert box.x1 <= page.width, text.get_text()
        assert box.y1 <= page.height, text.get_text()
        for other, second in boxes:
            across, along = min(box.x1, second.x1) - max(box.x0, second.x0), min(box.y1, second.y1) - max(box.y0, second.y0)
            assert min(across, along) <= slack, f"{text.get_text()!r} overlaps {other!r}"
        boxes.append((text.get_text(), box))


def test_the_figure_says_what_is_in_the_summaries() -> None:
    """Students in closed form are those of a gain of 3, teachers are those of students, and the sweep has every gain."""
    datasets = study()
    tables = draw(datasets).tables
    told, full = datasets["summary"], datasets["teachers"][0]
    chosen = told.isel(network=(told["learner"] == "radd").values & (told["gain"] == 3).values)
    accuracy = tables["c"].query("column == 'accuracy'").set_index("kind")
    assert accuracy.index.tolist() == ["teachers", "radd", "logits", "rollout", "direct"]
    assert accuracy.loc["radd", "median"] == np.median(chosen["accuracy"])
    assert accuracy.loc["teachers", "median"] == np.median(full["accuracy"][:PER_POPULATION])
    assert set(accuracy["networks"]) == {PER_POPULATION}
    np.testing.assert_array_equal(tables["b"]["leading_full"], full["leading_modulus"].values[:PER_POPULATION])
    np.testing.assert_array_equal(tables["b"]["leading_distilled"], chosen["leading_modulus"].values)
    weight = tables["a"].set_index("weight").loc["first_from_second"]
    assert weight["median"] == np.median(chosen["first_from_second"])
    assert weight["published_2020"] == 0.31
    sweep = tables["e"].query("column == 'timeouts'").set_index("gain")
    assert sweep.index.tolist() == [1, 3, 10]
    assert sweep.loc[10, "median"] == np.median(told["timeouts"].values[(told["gain"] == 10).values])
    np.testing.assert_array_equal(sweep["published"], [1.0, 0.021, 0.0])


@pytest.mark.slow
def test_the_figure_draws_whatever_is_missing() -> None:
    datasets = study()
    draw(datasets | {"summary": datasets["summary"].drop_vars("gain"), "teachers": []})
    draw(datasets | {"summary": datasets["summary"].drop_vars([name for name in datasets["summary"].data_vars])})
    draw(datasets | {"summary": datasets["summary"].isel(network=slice(0)), "networks": []})
    datasets["summary"]["first_from_first"][:] = np.nan
    datasets["summary"]["leading_modulus"][:] = np.nan
    tables = draw(datasets).tables
    assert np.isfinite(tables["b"]["leading_distilled"]).all()  # those of the recurrent matrix


@pytest.mark.slow
def test_the_figure_is_the_same_twice() -> None:
    assert draw(study()).render("pdf") == draw(study()).render("pdf")
