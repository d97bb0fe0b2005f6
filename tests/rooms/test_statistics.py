"""Statistics: the contract of every file of the room, and known answers on the ideal cube."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import reading_study
import session_study
import synthetic_population as synthetic
from rnnpop import names, variants
from rnnpop.names import variable
from rnnpop.numerics.evidence import evidence
from rnnpop.numerics.nonnormality import INDICES, NOISE
from rnnpop.statistics.choice_points import ChoicePoints
from rnnpop.statistics.cube import Cube
from rnnpop.statistics.decisions import Decisions
from rnnpop.statistics.dimensionality import Dimensionality
from rnnpop.statistics.fixed_points import FixedPoints
from rnnpop.statistics.imitation import Imitation
from rnnpop.statistics.line_attractor import describe_line
from rnnpop.statistics.modes import modes_needed, partial_sums
from rnnpop.statistics.nonnormality import Nonnormality
from rnnpop.statistics.slow_points import SlowPoints
from rnnpop.statistics.training import Training
from rnnpop.statistics.transitions import Transitions

SAME = {"rtol": 0, "atol": 1e-12}  # a few roundings of float64


#: Statistics of one task's networks, or of one kind of networks that play sessions; the others are looked at on the cube.
TASK_OF = {
    **dict.fromkeys(("line_attractor", "modes", "selection"), "context_integration"),
    **dict.fromkeys(("decisions", "choice_points"), "perceptual_decision"),
    "oscillation": "sine",
    **dict.fromkeys(session_study.STATISTICS["hierarchical"], "hierarchical"),
    "distillation": "distilled",
    **dict.fromkeys(reading_study.STATISTICS, "valence"),
}

#: What is known of a circuit, whatever became of its student.
OF_CIRCUITS = (*INDICES, *NOISE, "teacher_limit_set", "teacher_index_sum", "teacher_fixed_points", "teacher_stable_points")

#: What is known of the teacher of a student that could not be fitted, and of how much of it was seen.
OF_TEACHERS = ("teacher_score", "teacher_time_constant", "teacher_eigenvalue_real", "teacher_eigenvalue_imag", "observed")

#: What is known of a network that has diverged too.
ALL_THE_SAME = ("steps", "criterion_step", "teacher", *OF_CIRCUITS, *OF_TEACHERS)


def shard(count: int = 3, first: int = 0, task: str = "flip_flop") -> dict[str, xr.Dataset]:
    if task in session_study.STUDIES:
        return of_networks(session_study.shard(task, next(iter(session_study.STUDIES[task]))), [0, 3, 2])
    if task in reading_study.TASKS:
        return of_networks(reading_study.shard(task), [0, 3, 2])
    coords = synthetic.identity("gru", "tanh", count, first)
    networks = synthetic.networks(coords)
    if task == "perceptual_decision":
        trajectories, points, networks["input_weights"] = synthetic.decision_stores(coords)
    elif task == "flip_flop":
        trajectories = synthetic.trajectories(coords)
        points = synthetic.fixed_points(coords, trajectories.attrs["frames"])
    else:
        trajectories, points = synthetic.sine_stores(coords) if task == "sine" else synthetic.integration_stores(coords)
    return {
        "networks": with_readout(networks, points),
        "trajectories": trajectories,
        "fixed_points": points,
        "slow_points": slow_points(coords, points),
        "transitions": synthetic.transitions(coords),
        "linearisations": linearisations(coords, points),
        "orbits": orbits(coords, points),
        "circuits": circuits(coords),
        "students": students(coords),
    }


def linearisations(coords: dict[str, object], points: xr.Dataset) -> xr.Dataset:
    """Numbers without meaning, of the right shapes."""
    rng = np.random.default_rng(0)
    rows, units, inputs = points.sizes["fixed_point"], points.sizes["unit"], points.sizes["input"]
    shapes = {
        "coupling": ("fixed_point", "mode", "output", "input"),
        "right": ("fixed_point", "unit"),
        "left": ("fixed_point", "unit"),
        "input_gain": ("fixed_point", "input"),
        "readout_angle": ("fixed_point",),
        "condition_number": ("fixed_point",),
        "linear_r2": ("network", "horizon"),
    }
    sizes = {"fixed_point": rows, "mode": units, "unit": units, "output": points.sizes["output"], "input": inputs, "horizon": 2}
    sizes["network"] = len(coords["index"][1])
    drawn = {name: variable(dims, rng.standard_normal([sizes[dim] for dim in dims]), name) for name, dims in shapes.items()}
    drawn["coupling"] = drawn["coupling"].astype(complex, keep_attrs=True)
    drawn["marginal"] = variable(("fixed_point",), np.zeros(rows, dtype=int), "marginal")
    kept = {name: points[name].variable for name in ("owner", "node", "condition", "level")}
    return xr.Dataset(drawn, {**coords, **kept, "horizon": [1, 10]})


def with_readout(networks: xr.Dataset, points: xr.Dataset) -> xr.Dataset:
    """Readouts without meaning."""
    shape = [networks.sizes["network"], networks.sizes["checkpoint"], points.sizes["output"], points.sizes["unit"]]
    weights = np.random.default_rng(2).standard_normal(shape)
    return networks.assign(readout_weights=variable(("network", "checkpoint", "output", "source"), weights, "readout weights"))


def slow_points(coords: dict[str, object], points: xr.Dataset) -> xr.Dataset:
    """Descents from 30 states that ended at the points, q = 1e-9; all but the last of each network are kept, and half of those examined."""
    found = points.drop_vars([name for name in points.data_vars if name not in ("state", "outputs", "still_input", "command")])
    rows, networks, stills = points.sizes["fixed_point"], len(coords["index"][1]), points.sizes["still"]  # type: ignore[index]
    node, owned = points["node"].values, points["owner"].values
    last = node == np.array([node[owned == owner].max() for owner in owned])
    looked = (node % 2 == 0) & ~last
    columns: dict[str, tuple[tuple[str, ...], np.ndarray]] = {
        "position": (("fixed_point", "axis"), points["state"].values[:, :3]),
        "mean_squared_step": (("fixed_point",), np.full(rows, 1e-9)),
        "speed": (("fixed_point",), np.sqrt(1e-9 * points.sizes["unit"]) * np.ones(rows)),
        "displacement": (("fixed_point",), 0.1 + 0.01 * node),
        "start": (("fixed_point",), node),
        "kept": (("fixed_point",), ~last),
        "eigenvalue": (("fixed_point", "mode"), np.where(looked[:, None], points["eigenvalue"].values, np.nan)),
        "unstable": (("fixed_point",), np.where(looked, points["unstable"].values, np.nan)),
        "starts": (("network", "still"), np.full((networks, stills), 30)),
        "below": (("network", "still", "tolerance"), np.tile([28, 27], (networks, stills, 1))),
        "distinct": (("network", "still"), np.full((networks, stills), 27)),
        "mean_loss": (("network", "still", "iteration"), np.tile([1.0, 1e-6, np.nan], (networks, stills, 1))),
    }
    made = {name: variable(dims, values, name) for name, (dims, values) in columns.items()}
    return found.assign(made).assign_coords(tolerance=[1e-4, 1e-10], iteration=[1, 200, 400]).assign_attrs(tolerance=1e-4)


def orbits(coords: dict[str, object], points: xr.Dataset) -> xr.Dataset:
    """Cycles of the commanded frequencies, or of any where none is commanded."""
    commands = points["command"].values
    command = np.tile(np.where(np.isfinite(commands) & (commands > 0), commands, 1.0), (len(coords["index"][1]), 1))
    both = ("network", "still")
    return xr.Dataset(
        {
            "cycle": variable(both, np.ones(command.shape, dtype=bool), "cycle"),
            "period": variable(both, 1 / command, "period", "s"),
            "dt": variable((), 0.01, "length of a step", "s"),
        },
        {**coords, "still": points["still"].values},
    )


def circuits(coords: dict[str, object]) -> xr.Dataset:
    """Two stable points and a saddle each; other numbers without meaning."""
    rng, number = np.random.default_rng(0), len(coords["index"][1])  # type: ignore[index]
    columns = {name: variable(("network",), rng.standard_normal(number), name) for name in (*INDICES, *NOISE, "index_sum")}
    columns["known_points"] = variable(("network", "order"), np.tile([2.0, 1, 0, 0, 0], (number, 1)), "points")
    columns["limit_set"] = variable(("network",), np.array(["fixed point"] * number, dtype=object), "limit set")
    return xr.Dataset(columns, coords)


def students(coords: dict[str, object]) -> xr.Dataset:
    """Two fractions, two subsets: the first student of each has two stable points and a saddle, the others one point."""
    rng, number = np.random.default_rng(1), len(coords["index"][1])  # type: ignore[index]
    each = ("network", "fraction", "subset")
    shape = (number, 2, 2)
    columns = {name: variable(each, rng.lognormal(size=shape), name) for name in ("line_attractor_score", "overestimation", "acf_deficit")}
    columns |= {name: variable(each, np.zeros(shape), name) for name in ("unstable", "leading_complex")}
    columns["limit_set"] = variable(each, np.full(shape, "origin", dtype=object), "limit set")
    columns["eigenvalue"] = variable((*each, "timescale"), rng.standard_normal((*shape, 3)) + 0j, "eigenvalues")
    points = np.tile([1.0, 0, 0, 0, 0], (*shape, 1))
    points[:, 0, 0] = [2, 1, 0, 0, 0]
    columns["points"] = variable((*each, "order"), points, "points")
    columns["observed"] = variable(("fraction",), np.array([5, 50]), "watched units")
    columns["teacher_eigenvalue"] = variable(("network", "timescale"), rng.standard_normal((number, 3)) + 0j, "eigenvalues")
    columns["known_points"] = variable(("network", "order"), np.full((number, 5), np.nan), "points")
    columns |= {name: variable(("network",), rng.uniform(0, 1, number), name) for name in ("teacher_score", "teacher_time_constant")}
    return xr.Dataset(columns, {**coords, "fraction": [0.1, 1.0], "subset": [0, 1]})


def of_networks(stores: dict[str, xr.Dataset], rows: list[int]) -> dict[str, xr.Dataset]:
    """The stores that a shard of some of the networks has."""
    chosen = stores["networks"]["network"].values[rows]
    owned = {store: {dim for dim in ("fixed_point", "edge") if dim in dataset.dims} for store, dataset in stores.items()}
    return {
        store: dataset.isel(network=rows).isel({dim: np.isin(dataset["owner"].values, chosen) for dim in owned[store]})
        for store, dataset in stores.items()
    }


def harmed(task: str) -> dict[str, xr.Dataset]:
    """The shard, but that its second network has diverged."""
    if task in session_study.STUDIES:  # there the stages themselves have met one
        return of_networks(session_study.shard(task, next(iter(session_study.STUDIES[task]))), [0, 1, 2])
    if task in reading_study.TASKS:
        return of_networks(reading_study.shard(task), [0, 1, 2])
    stores = shard(task=task)
    diverge(stores, 1)
    return stores


def diverge(stores: dict[str, xr.Dataset], network: int) -> None:
    """Make one network what training and settling leave of one that has diverged."""
    name = stores["networks"]["network"].values[network]
    for store in stores.values():
        store["status"][network] = "diverged"
    stores["networks"]["final_loss"][network] = np.nan
    for name_of in ("state", "outputs"):
        stores["trajectories"][name_of][network] = np.inf
    stores["fixed_points"]["index_sum"][network] = np.nan
    stores["fixed_points"]["starts"][network] = 0
    for name_of, value in {"starts": 0, "below": 0, "distinct": 0, "mean_loss": np.nan}.items():
        stores["slow_points"][name_of][network] = value
    stores["linearisations"]["linear_r2"][network] = np.nan
    for item in stores["students"].data_vars.values():
        if item.dims[:2] == ("network", "fraction"):
            item[network] = "" if item.dtype == object else complex(np.nan, np.nan) if item.dtype == complex else np.nan
    stores["orbits"]["cycle"][network] = False
    stores["orbits"]["period"][network] = np.nan
    ragged = {**dict.fromkeys(("fixed_points", "slow_points", "linearisations"), "fixed_point"), "transitions": "edge"}
    for store, dim in ragged.items():
        stores[store] = stores[store].isel({dim: stores[store]["owner"].values != name})


@pytest.mark.parametrize("kind", variants.kinds("statistics"))
def test_every_statistic_makes_labelled_columns(kind: str) -> None:
    stores = shard(task=TASK_OF.get(kind, "flip_flop"))
    described = variants.load("statistics", {"kind": kind}).describe(stores)
    names.check(described, "describe")
    assert described.data_vars
    for column in described.data_vars.values():
        assert column.dims[0] == "network"
        # a shard of other cells may have more of them: the summary joins by name
        assert set(column.dims[1:]) <= set(described.coords)
    assert {"index", "status", "architecture", "activation", "learner"} <= set(described.coords)


@pytest.mark.parametrize("kind", variants.kinds("statistics"))
def test_a_diverged_network_is_nan_and_changes_no_other(kind: str) -> None:
    task = TASK_OF.get(kind, "flip_flop")
    statistic = variants.load("statistics", {"kind": kind})
    before, after = statistic.describe(shard(task=task)), statistic.describe(harmed(task))
    for name in before.data_vars:
        np.testing.assert_array_equal(after[name].values[[0, 2]], before[name].values[[0, 2]])
        if name not in ALL_THE_SAME:
            values = after[name].values[1]
            assert (values == "").all() if values.dtype == object else np.isnan(values).all(), name


@pytest.mark.parametrize("kind", variants.kinds("statistics"))
def test_a_network_does_not_know_its_shard(kind: str) -> None:
    """Alone or among others, a network has the same bytes in its row."""
    together = shard(task=TASK_OF.get(kind, "flip_flop"))
    statistic = variants.load("statistics", {"kind": kind})
    xr.testing.assert_identical(statistic.describe(together).isel(network=[2]), statistic.describe(of_networks(together, [2])))


def test_the_ideal_cube_is_full() -> None:
    found = FixedPoints().describe(shard()).assign(Cube().describe(shard()).data_vars)
    expected = {
        "n_fixed_0": 8, "n_fixed_1": 12, "n_fixed_2": 6, "n_fixed_3": 1, "n_fixed_more": 0, "n_slow": 0, "stable_labels": 8,
        "full_cube": 1, "extra_points": 0, "missing_labels": 0, "index_sum_holds": 1,
    }  # fmt: skip
    for name, value in expected.items():
        assert (found[name] == value).all(), name
    np.testing.assert_allclose(found["starts_fixed"], 200 / 256, **SAME)


def test_slow_points_of_the_ideal_cube() -> None:
    """All but the corner +++ are kept. Along an axis of the cube the others lie at ±1 and 0 (9 and 8, 9 times); λ = 1.1 but at corners."""
    stores = shard(2)
    names.check(stores["slow_points"].drop_vars(["level", "outcome"], errors="ignore"), "descend")
    found = SlowPoints().describe(stores)
    expected = {"slow_starts": 30, "slow_ends": 27, "slow_distinct": 27, "slow_kept": 26, "exact_points": 27, "slow_loss": 1e-6}
    for name, value in expected.items():
        assert (found[name] == value).all(), name
    np.testing.assert_allclose(found["slow_in_states"], 1, atol=1e-3)  # states leave the cube's axes by noise alone
    covariance = np.cov(synthetic.CUBE[:-1].T)
    shares = np.sort(np.linalg.eigvalsh(covariance))[::-1] / np.trace(covariance)
    np.testing.assert_allclose(found["slow_explained_1"], shares[0], **SAME)
    np.testing.assert_allclose(found["slow_participation"], 1 / (shares**2).sum(), **SAME)
    np.testing.assert_allclose(found["slow_explained_3"], 1, **SAME)
    looked = np.abs(stores["fixed_points"]["eigenvalue"].values[:26:2])
    np.testing.assert_allclose(found["slow_modulus"], np.median(looked[:, 0]), **SAME)
    np.testing.assert_allclose(found["slow_unstable"], np.mean(looked[:, 0] > 1), **SAME)
    np.testing.assert_allclose(found["slow_time_constant_4"], -1 / np.log(0.5), **SAME)
    readouts = stores["trajectories"]["outputs"].values[:, :10, :, 2] - stores["trajectories"]["outputs"].values[:, :10, :, 1]
    np.testing.assert_allclose(found["slow_coverage"], 4 / np.ptp(readouts.reshape(2, -1), axis=1), rtol=1e-6)
    np.testing.assert_array_equal(found["slow_ends_by_tolerance"], [[28, 27]] * 2)
    np.testing.assert_array_equal(found["slow_coverage_by_tolerance"].values[:, 1], 0)  # none below 1e-10


def test_a_network_without_slow_points_has_none_on_any_part_of_its_line() -> None:
    stores = shard(1)
    stores["slow_points"] = stores["slow_points"].isel(fixed_point=slice(0))
    found = SlowPoints().describe(stores)
    for name in ("slow_kept", "slow_coverage", "slow_range"):
        assert found[name] == 0
    for name in ("slow_modulus", "slow_participation", "slow_speed", "slow_unstable", "slow_time_constant_1"):
        assert np.isnan(found[name])


def test_a_cube_with_a_point_lost_doubled_or_turned_is_not_full() -> None:
    whole = shard(1)["fixed_points"]
    lost = whole.isel(fixed_point=slice(1, None))  # the corner ---
    doubled = whole.isel(fixed_point=[0, *range(27)])
    turned = whole.copy(deep=True)
    turned["unstable"][0] = 1  # the corner is a saddle: its label stays unmatched, and the point is one too many
    slow = whole.copy(deep=True)
    slow["kind"][0] = "slow"
    for points, missing, extra, corners in ((lost, 1, 0, 7), (doubled, 0, 1, 8), (turned, 1, 1, 7), (slow, 1, 0, 7)):
        found = Cube().describe({"fixed_points": points})
        assert [found[name].item() for name in ("missing_labels", "extra_points", "stable_labels")] == [missing, extra, corners]
        assert found["full_cube"] == 0


def test_the_index_sum_is_judged_only_where_theory_holds() -> None:
    points = shard(3)["fixed_points"]
    points["invariant_box"][:] = [True, True, False]
    points["index_sum"][:, 0] = [1, 2, 2]
    np.testing.assert_array_equal(FixedPoints().describe({"fixed_points": points})["index_sum_holds"], [1, 0, np.nan])


def test_a_network_without_points_is_described() -> None:
    stores = shard(1)
    bare = {
        "fixed_points": stores["fixed_points"].isel(fixed_point=slice(0)),
        "transitions": stores["transitions"].isel(edge=slice(0)),
    }
    assert Cube().describe(bare)["missing_labels"] == 27
    assert np.isnan(FixedPoints().describe(bare)["median_speed"])
    assert Transitions().describe(bare)["automaton_accuracy"] == 0


def test_the_cube_graph_has_an_entropy_of_its_unstable_directions() -> None:
    """A saddle with k unstable directions reaches 2^k corners alike: k bits; the mean over 12, 6, 1 saddles is 27/19."""
    found = Transitions().describe(shard())
    np.testing.assert_allclose(found["row_entropy"], (12 * 1 + 6 * 2 + 1 * 3) / 19, **SAME)
    assert (found["unlanded"] == 0).all()
    assert (found["heteroclinic_edges"] == 12 * 2 + 6 * 4 + 6).all()
    assert (found["automaton_accuracy"] == 1).all()


def test_pulses_that_land_wrong_and_runs_that_land_nowhere_count() -> None:
    stores = shard(1)
    edges = stores["transitions"]
    pulses = np.flatnonzero(edges["relation"].values == "input")
    edges["destination"][pulses[0]] = 26 if edges["destination"][pulses[0]] != 26 else 0  # another corner
    edges["destination"][pulses[1]] = -1
    edges["destination"][pulses[2]] = 13  # the centre, which is no corner
    saddles = np.flatnonzero((edges["relation"].values == "autonomous") & (edges["origin"].values == 13))
    edges["destination"][saddles[:4]] = -1
    found = Transitions().describe(stores)
    np.testing.assert_allclose(found["automaton_accuracy"], 45 / 48, **SAME)
    np.testing.assert_allclose(found["unlanded"], 0.5 / 19, **SAME)


def test_training_scores_on_the_probe_batch_alone() -> None:
    stores = shard(3)
    probes = stores["trajectories"]
    perfect = np.broadcast_to(probes["targets"].values, probes["outputs"].shape).astype(float)
    mean = probes["targets"].values[:10].astype(float).mean(axis=(0, 1))
    outputs = np.stack([perfect[0], -perfect[1], np.broadcast_to(mean, perfect[2].shape)])
    outputs[:, 10:] = 100.0  # the second batch is for noise floors
    probes["outputs"] = (probes["outputs"].dims, outputs, probes["outputs"].attrs)
    found = Training().describe(stores)
    np.testing.assert_allclose(found["output_r2"].values[[0, 2]], [1, 0], **SAME)
    assert found["output_r2"].values[1] < -1
    np.testing.assert_array_equal(found["sign_accuracy"].values[:2], [1, 0])


@pytest.mark.parametrize("dimension", [1, 3, 7])
def test_states_that_fill_some_directions_alike_have_that_dimension(dimension: int) -> None:
    """± the unit vectors of a subspace: equal variance along each, so the ratio is the dimension (float32 states: 1e-6)."""
    frame = np.linalg.qr(np.random.default_rng(1).standard_normal((12, dimension)))[0].T
    stores = shard(1)
    probes = stores["trajectories"].isel(time=slice(2 * dimension), unit=slice(12), trial=slice(1), drop=False)
    probes["state"][0, 0] = np.concatenate([frame, -frame])
    found = Dimensionality().describe({"trajectories": probes})
    np.testing.assert_allclose(found["participation_ratio"], dimension, rtol=1e-6)
    assert found["components_90"] == found["components_99"] == dimension


def test_conjugates_come_in_together() -> None:
    """Weights 1 and 2 ± i, λ = 0.5 and ±0.4 i; at lag 1 the pair adds 2 Re((2 + i) 0.4 i) = −0.8, its first member alone nothing."""
    weights, values = np.array([[1, 2 + 1j, 2 - 1j]]), np.array([[0.5, 0.4j, -0.4j]])
    np.testing.assert_allclose(partial_sums(weights, values, np.array([0, 1])), [[[1, 1, 5], [0.5, 0.5, -0.3]]], **SAME)


def test_m90_counts_from_where_the_sum_stays() -> None:
    """Sums that pass the whole and leave it again are not there yet; 10 % away is near enough."""
    partial = np.array([[1.0, 1, 1, 1], [1, 2, 1, 1], [0, 0.5, 0.9, 1], [0, 0, 0, 1], [-1, -1, -0.9, -1]])
    np.testing.assert_array_equal(modes_needed(partial, 0.9), [1, 3, 3, 4, 1])


def test_a_line_counts_where_it_is_slow() -> None:
    """Five points 1 apart on a line of length 4, of which those at −1, 0, 1 move less than 4/100 a step; levels are half the distances."""
    state = np.outer(np.arange(-2.0, 3), [0.6, 0.8])
    speed = np.array([0.05, 0.03, 0.0, 0.04, 0.2])
    eigenvalue = np.tile([1.01, 0.5j, -0.5j], (5, 1))
    rng = np.random.default_rng(0).permutation(5)  # rows in any order
    level = np.arange(-2.0, 3) / 2
    found = describe_line(level[rng], state[rng], speed[rng], eigenvalue[rng], slow=0.01)
    np.testing.assert_allclose(found, [3, 1, 0.5, 0.04, 0.02, 1.01, 0.5, 1], **SAME)


def test_what_is_said_of_circuits_stands_beside_their_students() -> None:
    """Columns keep their names and numbers, but for those that students have, too."""
    store = shard()["circuits"]
    found = Nonnormality().describe({"circuits": store})
    assert set(found.data_vars) == set(OF_CIRCUITS)
    for name in (*INDICES, *NOISE):
        xr.testing.assert_identical(found[name], store[name])
    assert (found["teacher_fixed_points"] == 3).all()
    assert (found["teacher_stable_points"] == 2).all()
    assert (found["teacher_limit_set"] == "fixed point").all()


def test_students_are_held_against_what_their_teachers_are() -> None:
    """Of two subsets the first has the circuit's points at the first fraction; a score above 1 is a line where nothing forbids it."""
    stores = {name: store for name, store in shard().items() if name in ("students", "circuits")}
    stores["students"]["leading_complex"][1] = 1
    stores["students"]["teacher_score"][2] = 3.0
    found, score = Imitation().describe(stores), stores["students"]["line_attractor_score"].values
    np.testing.assert_array_equal(found["topology_right"].values, [[0.5, 0]] * 3)
    np.testing.assert_array_equal(found["missed"].values, np.ones((3, 2)))  # the circuits rest at fixed points, students at the origin
    assert np.isnan(found["invented"].values).all()
    assert (found["mismatch"].values == "fixed point -> origin").all()
    np.testing.assert_allclose(found["line_attractor"].values[[0, 2]], (score > 1).mean(axis=2)[[0, 2]])
    assert (found["line_attractor"].values[1] == 0).all()
    assert np.isnan(found["spurious"].values[2]).all()
    np.testing.assert_allclose(found["overestimated"].values, (stores["students"]["overestimation"].values > 1.5).mean(axis=2))
    for name, strict in (("read", "line_attractor"), ("spurious_read", "spurious")):  # all are stable
        np.testing.assert_array_equal(found[name].values, found[strict].values)
    np.testing.assert_allclose(found["acf_deficit"].values, stores["students"]["acf_deficit"].values.mean(axis=2))


def test_unstable_students_are_read_as_lines_and_never_forget() -> None:
    """λ = 1.002 has the time constant and the score of 0.998; publications do not tell them apart, `line_attractor` does."""
    stores = {name: store for name, store in shard().items() if name in ("students", "circuits")}
    store = stores["students"]
    store["unstable"][:], store["line_attractor_score"][:], store["overestimation"][:] = 1, 2.0, 0.5
    store["teacher_score"][:] = [0.0, 3.0, np.nan]  # of trained networks there is none
    found = Imitation().describe(stores)
    for name, told in {"line_attractor": 0, "read": 1, "overestimated": 1}.items():
        assert (found[name].values == told).all()
    np.testing.assert_array_equal(found["spurious"].values[:, 0], [0, np.nan, np.nan])
    np.testing.assert_array_equal(found["spurious_read"].values[:, 0], [1, np.nan, np.nan])


def test_a_student_invents_what_a_circuit_does_not_have() -> None:
    """Most runs of the second circuit end at the origin, too, but it has other points: no student has invented them."""
    stores = {name: store for name, store in shard().items() if name in ("students", "circuits")}
    stores["circuits"]["limit_set"][:2] = "origin"
    stores["circuits"]["known_points"][0] = [1, 0, 0, 0, 0]
    stores["students"]["limit_set"][:, 0] = "limit cycle"
    found = Imitation().describe(stores)
    for name in ("invented", "invented_cycle"):
        np.testing.assert_array_equal(found[name].values, [[1, 0], [np.nan] * 2, [np.nan] * 2])
    np.testing.assert_array_equal(found["missed"].values, [[np.nan] * 2, [np.nan] * 2, [0, 1]])


def test_an_ideal_integrator_decides_as_the_ideal_observer_does() -> None:
    """Its output is the sum of the evidence, so its choices are the ideal observer's. The threshold of 320 trials at and next to zero has a
    standard error of a tenth, the efficiency of 0.2: four of them. The primacy of 320 choices has a standard error of 0.05."""
    found = Decisions().describe(shard(task="perceptual_decision"))
    for own, ideal in (
        ("decision_accuracy", "ideal_accuracy"),
        ("decision_accuracy_by_strength", "ideal_accuracy_by_strength"),
        ("first_choice", "ideal_first_choice"),
    ):
        np.testing.assert_array_equal(found[own], found[ideal])
    assert (found["undecided"] == 0).all()
    assert (found["decision_accuracy_by_strength"].sel(strength=[25.6, 51.2]) == 1).all()
    assert (np.abs(found["relative_efficiency"] - 1) < 0.8).all()
    assert (np.abs(found["kernel_primacy"]) < 0.2).all()
    assert (found["choice_along_pc1"] > 0.98).all()
    assert (found["decision_pc1"] > found["decision_pc2"]).all()


def test_decisions_on_half_of_the_evidence_are_seen_as_such() -> None:
    """Who sums the first ten samples has an efficiency of 1/2 (0.1 of standard error) and a primacy of 1 (weights of noise: 0.4)."""
    stores = shard(1, task="perceptual_decision")
    store = stores["trajectories"]
    early = evidence(store["inputs"].values)[:, :10].sum(axis=1)
    store["outputs"][0, :, -1] = np.stack([np.full(len(early), -1.0), early, -early], axis=1)
    found = Decisions().describe(stores)
    assert abs(found["relative_efficiency"].item() - 0.5) < 4 * 0.1
    assert found["relative_efficiency"].item() < Decisions().describe(shard(1, task="perceptual_decision"))["relative_efficiency"].item()
    assert found["kernel_primacy"].item() > 0.6
    assert found["decision_accuracy"].item() < found["ideal_accuracy"].item()


def test_a_bias_wastes_no_evidence() -> None:
    """Who adds 4 % of coherence to each sample is right less often, and as sensitive as before: an efficiency of 1, four standard
    errors of 0.2. Of its accuracy at the weakest coherence alone, 0.89, it would be 0.4."""
    stores = shard(1, task="perceptual_decision")
    store = stores["trajectories"]
    samples = evidence(store["inputs"].values)
    pushed = samples.sum(axis=1) + 0.04 * samples.shape[1]
    store["outputs"][0, :, -1] = np.stack([np.full(len(pushed), -9.0), pushed, -pushed], axis=1)
    found, unbiased = (Decisions().describe(own) for own in (stores, shard(1, task="perceptual_decision")))
    weak, as_weak = (own["decision_accuracy_by_strength"].sel(strength=6.4).item() for own in (found, unbiased))
    assert weak < as_weak - 0.02
    assert found["decision_bias"].item() == pytest.approx(-4, abs=4 * 0.4)
    assert found["relative_efficiency"].item() == pytest.approx(unbiased["relative_efficiency"].item(), abs=4 * 0.1)
    assert found["relative_efficiency"].item() == pytest.approx(1, abs=4 * 0.2)


def test_the_points_of_an_integrator_are_counted_and_its_mode_is_along_the_evidence() -> None:
    """Both eigenvectors are put along the line of states, which A (0, 1, −1) is along, and principal component 1 but for its noise."""
    stores = shard(task="perceptual_decision")
    points, linear = stores["fixed_points"], stores["linearisations"]
    line = np.diff(points["state"].values.reshape(3, -1, 16)[:, [0, -1]], axis=1)[:, 0]
    for name in ("right", "left"):
        linear[name][:] = np.repeat(line / np.linalg.norm(line, axis=1, keepdims=True), 11, axis=0)
    linear["input_gain"][:] = [0.5, 0.3, -0.3]
    found = ChoicePoints().describe(stores)
    expected = [[1] * 4 + [2] + [1] * 4] * 3
    np.testing.assert_array_equal(found["stable_points"], expected)
    np.testing.assert_array_equal(found["saddle_points"].sel(still="no evidence"), [1] * 3)
    assert found["saddle_points"].sum() == 3
    for name, number in {"neutral_points": 3, "neutral_stable": 2, "neutral_saddles": 1}.items():
        np.testing.assert_array_equal(found[name], [number] * 3)
    np.testing.assert_allclose(found["neutral_modulus"], 0.95, **SAME)
    np.testing.assert_allclose(found["neutral_time_constant"], -1 / np.log(0.95), **SAME)
    np.testing.assert_allclose(found["neutral_evidence_gain"], 0.6, **SAME)
    assert (found["neutral_evidence_angle"] < 1e-4).all()  # the arc cosine of 1 − 1e-15 is 3e-6 degrees
    assert (found["neutral_pc1_angle"] < 5).all()


def test_without_fixed_points_nothing_is_said_of_modes() -> None:
    stores = shard(1, task="perceptual_decision")
    for name in ("fixed_points", "linearisations"):
        stores[name] = stores[name].isel(fixed_point=slice(0))
    found = ChoicePoints().describe(stores)
    assert found["neutral_stable"].item() == found["stable_points"].sum() == 0
    assert np.isnan(found["neutral_modulus"])
