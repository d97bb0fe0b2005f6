"""Laws of networks that play: no network knows its shard, every one has the same luck, and training teaches the task."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
import xarray as xr

from rnnpop import names
from rnnpop.numerics.affine import DIMENSIONS
from rnnpop.numerics.kernels.native import available
from rnnpop.numerics.lanes import Lane
from rnnpop.numerics.rollouts import Rollout, side_by_side
from rnnpop.seeds import stream
from rnnpop.stages.play import play
from rnnpop.stages.record import record
from rnnpop.stages.train import teacher, train
from rnnpop.variants import load

TASK = load("tasks", {"kind": "hierarchical_inference", "sessions": 3, "session_steps": 120, "probe_sessions": 2, "probe_steps": 60})
CUT = {
    "kind": "closed_loop",
    "learning_rate": 0.01,
    "updates": 8,
    "environments": 8,
    "horizon": 20,
    "session_steps": 60,
    "evaluate_every": 4,
}
WHOLE = {
    "kind": "closed_loop",
    "learning_rate": 0.1,
    "updates": 2,
    "environments": 1,
    "blocks": 1,
    "optimiser": "descent",
    "evaluate_every": 1,
}


def run(cell: str = "vanilla", indexes: range | list[int] = range(3), task: object = TASK, **learner: object) -> xr.Dataset:
    return train(
        task,
        load("cells", {"kind": cell, "units": 6}),
        load("learners", CUT | learner),
        study="s",
        names={"task": "ibl", "cell": cell, "learner": "fast"},
        indexes=indexes,
        factors={"architecture": cell, "units": 6, "learner": "fast"},
        seed=7,
        device="cpu",
    )


def played(networks: xr.Dataset, kind: str = "vanilla") -> xr.Dataset:
    return play(networks, TASK, load("cells", {"kind": kind, "units": 6}), names={"task": "ibl"}, seed=7)


@pytest.mark.parametrize(("kind", "learner"), [("vanilla", CUT), ("lstm", CUT | {"loss": "linear"}), ("gru", WHOLE)])
def test_a_network_does_not_know_its_shard(kind: str, learner: dict[str, object]) -> None:
    """The same network, and the same sessions, to the bit: alone, among three, and in another lane."""
    together = run(kind, **learner)
    names.check(together, "train")
    xr.testing.assert_identical(together.isel(network=[1]), run(kind, [1], **learner))
    xr.testing.assert_identical(together, run(kind, **learner | {"lane": 2}))
    sessions = played(together, kind)
    names.check(sessions, "play")
    xr.testing.assert_identical(sessions.isel(network=[2]), played(together.isel(network=[2]), kind))


def test_training_teaches_the_task() -> None:
    """From an untrained network to fewer than 0.2 wrong: without the block, single observations of an ideal observer give 0.23."""
    task = dataclasses.replace(TASK, sessions=24, probe_steps=200)
    trained = run(indexes=[0], task=task, updates=120, evaluate_every=120, environments=32, horizon=60, session_steps=300)
    untrained = run(indexes=[0], task=task, updates=1, learning_rate=1e-12)
    assert float(untrained["final_loss"][0]) > 0.3
    assert float(trained["final_loss"][0]) < 0.2
    assert trained["status"].values.tolist() == ["ok"]


def test_the_lane_plays_as_the_stage_does() -> None:
    """The same luck, the same weights, both in float64: the same inputs, which hang on every action before; inputs are kept in float32."""
    networks = run(indexes=range(2), updates=40, evaluate_every=40)
    cell, sessions = load("cells", {"kind": "vanilla", "units": 6}), played(networks)
    values = [{name: networks[name].values[network, -1] for name in DIMENSIONS} for network in range(2)]
    lane = Lane(cell, values, steps=1, trials=3, dtype=torch.float64, device=torch.device("cpu"))
    course = TASK.course(stream(7, "ibl", "sessions"), 3, steps=120)
    inputs, _ = Rollout.begin(TASK, lane, [course] * 2).steps(120)
    np.testing.assert_array_equal(inputs.numpy().swapaxes(1, 2).astype(np.float32), sessions["inputs"].values)
    assert sessions["ended"].values.sum() > 20


def test_whole_sessions_end_where_their_blocks_do() -> None:
    task = load("tasks", {"kind": "hierarchical_inference"})
    course = side_by_side([task.course(np.random.default_rng(seed), 1, blocks=2) for seed in range(3)])
    assert course.side.shape == (3, course.trials.max())
    for row, trials in enumerate(course.trials):
        assert course.block[row, trials - 1] == 1
    cell = load("cells", {"kind": "vanilla", "units": 4})
    initial = [cell.init(np.random.default_rng(seed), 3, 2) for seed in range(3)]
    lane = Lane(cell, initial, steps=1, trials=1, dtype=torch.float32, device=torch.device("cpu"), loss="linear")
    if not available(cell, torch.float32, torch.device("cpu")):
        pytest.skip("no C compiler here")
    rollout = Rollout.begin(task, lane, [task.course(np.random.default_rng(seed), 1, blocks=2) for seed in range(3)])
    inputs, wanted = rollout.to_the_end()
    assert rollout.over.all()
    for row in range(3):  # observations of a trial: scored; blanks: not
        assert int((wanted[row].sum(dim=2) == 0).sum()) == 2 * course.trials[row]
        assert len(inputs[row]) == len(wanted[row])


def test_a_teacher_is_one_network_and_what_it_played() -> None:
    networks = run()
    sessions = played(networks)
    found = teacher(networks, sessions, 1)
    assert found.name == "ibl/vanilla/fast/00001"
    np.testing.assert_array_equal(found.state, sessions["state"].values[1])
    np.testing.assert_array_equal(found.parameters["readout_weights"], networks["readout_weights"].values[1, -1])


def test_networks_of_a_task_that_answers_back_are_recorded_like_others() -> None:
    networks = run(indexes=range(2))
    recorded = record(networks, TASK, load("cells", {"kind": "vanilla", "units": 6}), names={"task": "ibl"}, seed=7)
    names.check(recorded, "record")
    assert np.isfinite(recorded["targets"].values).all()


def test_a_lesioned_network_is_its_teacher_but_for_the_channel() -> None:
    networks = run(indexes=range(2))
    sessions = played(networks)
    teachers = {index: teacher(networks, sessions, index) for index in range(2)}
    settings = {"study": "s", "names": {"task": "ibl", "cell": "vanilla", "learner": "deaf"}, "factors": {}, "seed": 7, "device": "cpu"}
    learner = load("learners", {"kind": "lesioned", "teacher": "s/ibl/vanilla/fast", "channels": [2]})
    cut = train(TASK, load("cells", {"kind": "vanilla", "units": 6}), learner, indexes=range(2), teachers=teachers, **settings)
    for name in DIMENSIONS:
        before, after = (store[name].values[:, -1] for store in (networks, cut))
        np.testing.assert_array_equal(
            after[..., :2] if name == "input_weights" else after, before[..., :2] if name == "input_weights" else before
        )
    assert not cut["input_weights"].values[:, -1, :, :, 2].any()
    with pytest.raises(ValueError, match="another cell or size"):
        train(TASK, load("cells", {"kind": "vanilla", "units": 5}), learner, indexes=range(2), teachers=teachers, **settings)
