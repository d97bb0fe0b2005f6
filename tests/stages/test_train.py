"""Laws of training: the shard law, early stop, status, and what is kept."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from rnnpop import names
from rnnpop.stages.record import record
from rnnpop.stages.train import train
from rnnpop.variants import load

TASK = load("tasks", {"kind": "flip_flop", "steps": 12, "criterion": 0.2, "probe_trials": 6})
SETTINGS = {"kind": "adam", "learning_rate": 0.02, "steps": 120, "batch": 16, "evaluate_every": 10}


def run(kind: str = "gru", indexes: range | list[int] = range(3), task: object = TASK, **learner: object) -> xr.Dataset:
    cell = load("cells", {"kind": kind, "units": 8})
    labels = {"task": "flip_flop", "cell": kind, "learner": "adam"}
    return train(
        task,
        cell,
        load("learners", SETTINGS | learner),
        study="s",
        names=labels,
        indexes=indexes,
        factors={"architecture": kind, "units": 8, "learner": "adam"},
        seed=7,
        device="cpu",
    )


@pytest.mark.parametrize("kind", ["vanilla", "ugrnn", "gru", "lstm"])
def test_a_network_does_not_know_its_shard(kind: str) -> None:
    """The same network to the bit: alone, in a shard of three, and in a shard in another order."""
    together = run(kind)
    xr.testing.assert_identical(together.isel(network=[1]), run(kind, [1]))
    xr.testing.assert_identical(together.isel(network=[2, 0]), run(kind, [2, 0]))


def test_a_wide_lane_gives_the_same_networks() -> None:
    """Networks in one product instead of three: float32 rounding grows over 120 steps of training; held to 1e-3 of the weights' scale."""
    one, three = run(), run(lane=3)
    assert one["status"].values.tolist() == three["status"].values.tolist()
    assert one["steps"].values.tolist() == three["steps"].values.tolist()
    np.testing.assert_allclose(one["recurrent_weights"], three["recurrent_weights"], atol=1e-3)


def test_networks_differ_and_learn() -> None:
    trained = run(indexes=range(4))
    weights = trained["recurrent_weights"].values[:, -1].reshape(4, -1)
    assert len({row.tobytes() for row in weights}) == 4
    loss = trained["error"].values
    assert (trained["final_loss"].values < loss[:, 0]).all()
    names.check(trained, "train")


def test_a_network_stops_when_it_meets_the_criterion() -> None:
    trained = run(steps=2000)
    assert (trained["status"] == "ok").all()
    assert (trained["final_loss"] <= TASK.criterion).all()
    for network in range(trained.sizes["network"]):
        seen = trained["error"].values[network]
        stopped = np.flatnonzero(seen <= TASK.criterion)[0]
        assert np.isnan(seen[stopped + 1 :]).all()
        assert int(trained["steps"][network]) == int(trained["step"][stopped])


def test_what_does_not_converge_or_diverges_is_kept_and_said() -> None:
    assert (run(steps=10)["status"] == "not_converged").all()
    wild = run("vanilla", learning_rate=1e30, warmup=0.0, clip=1e30)
    assert (wild["status"] == "diverged").all()
    assert wild.sizes["network"] == 3


def test_a_sine_network_that_misses_one_frequency_is_not_trained() -> None:
    """The criterion asks for every frequency: an error that is small on average does not do."""
    lenient = load("tasks", {"kind": "sine", "steps": 20, "frequencies": 4, "analysed": 3, "criterion": 0.6, "least_r2": 0.0})
    strict = load("tasks", {"kind": "sine", "steps": 20, "frequencies": 4, "analysed": 3, "criterion": 0.6, "least_r2": 1.0})
    trained = {name: run("gru", task=task, steps=20) for name, task in (("lenient", lenient), ("strict", strict))}
    assert (trained["strict"]["final_loss"] <= strict.criterion).all()
    assert (trained["strict"]["status"] == "not_converged").all()
    assert np.isnan(trained["strict"]["criterion_step"]).all()
    solved = trained["lenient"]["status"] == "ok"
    assert (np.isfinite(trained["lenient"]["criterion_step"]) >= solved).all()


def test_shuffled_targets_teach_nothing_but_their_mean() -> None:
    """The error stays at the variance of the targets, 1 - P(no pulse yet) here, where the task itself is learnt in as many steps."""
    own, shuffled = run(steps=400, batch=32), run(steps=400, batch=32, targets="shuffled")
    assert (own["final_loss"] <= TASK.criterion).all()
    assert (shuffled["final_loss"] > 2 * TASK.criterion).all()
    assert (shuffled["status"] == "not_converged").all()


def test_learners_share_first_weights() -> None:
    cell = load("cells", {"kind": "gru", "units": 8})
    labels = {"task": "flip_flop", "cell": "gru", "learner": "untrained"}
    untrained = train(
        TASK, cell, load("learners", {"kind": "untrained"}), study="s", names=labels, indexes=range(3), factors={}, seed=7, device="cpu"
    )
    np.testing.assert_array_equal(
        untrained["recurrent_weights"].sel(checkpoint="trained"), run()["recurrent_weights"].sel(checkpoint="initial")
    )
    assert (untrained["status"] == "untrained").all()


def test_record_sees_the_frozen_trials_and_the_readout() -> None:
    """The same probes for every network and cell; outputs are the readout of the states, to float32 rounding."""
    networks, cell = run(), load("cells", {"kind": "gru", "units": 8})
    recorded = record(networks, TASK, cell, names={"task": "flip_flop"}, seed=7)
    names.check(recorded, "record")
    assert recorded["batch"].values.tolist() == [0] * 6 + [1] * 6
    assert (recorded["beyond_loss"].values > 0).all()
    again = record(networks.isel(network=[2]), TASK, cell, names={"task": "flip_flop"}, seed=7)
    xr.testing.assert_identical(again, recorded.isel(network=[2]))
    weights, bias = (networks[name].values[0, -1] for name in ("readout_weights", "readout_bias"))
    np.testing.assert_allclose(recorded["outputs"][0], recorded["state"].values[0] @ weights.T + bias, atol=1e-5)
