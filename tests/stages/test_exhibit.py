"""Exhibit: what is shown is the circuit and the students of the other stages; traces, planes and runs are what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pytest
import xarray as xr

import exhibit_study
from rnnpop import names, store
from rnnpop.cells import Wiring
from rnnpop.learners import ActivityLearner
from rnnpop.numerics.recurrences import Fit, Recording, Recurrence
from rnnpop.stages.exhibit import ending, exhibit, flow_field, implied, scheme
from rnnpop.stages.imitate import imitate, wired

#: Pictures are stored in float32: 2⁻²⁴ of the largest number, with room for a few operations.
SINGLE = 1e-6


@cache
def shown(*population: str) -> xr.Dataset:
    return exhibit(*exhibit_study.loaded(*population), index=1, **exhibit_study.arguments(*population))


@dataclass(frozen=True)
class Given(ActivityLearner):
    """One that returns what it was given."""

    result: Any
    sees: ClassVar[Literal["recording", "covariance"]] = "recording"

    def fit(self, seen: Sequence[Any], streams: Sequence[np.random.Generator]) -> list[Fit]:
        return [self.result(each) for each in seen]


def with_student(result: Any, task: str = "noise", cell: str = "chain-0.5", fractions: Sequence[float] = (0.2, 1.0)) -> xr.Dataset:
    """An exhibit of a student of one's own."""
    task_, cell_, _ = exhibit_study.loaded(task, cell, "map")
    given = exhibit_study.arguments(task, cell, "map")
    given["settings"] = given["settings"] | {"exhibited": list(fractions), "steps": 600}
    return exhibit(task_, cell_, Given(result), index=1, **given)


@pytest.mark.parametrize("population", [("noise", "chain-0.5", "limit"), ("noise", "oscillation", "map")], ids="-".join)
def test_students_are_those_of_imitate(population: tuple[str, str, str], tmp_path: Path) -> None:
    exhibited = shown(*population)
    names.check(exhibited, "exhibit")
    store.save(exhibited, tmp_path / "e.zarr.zip", "exhibit")
    xr.testing.assert_equal(store.load(tmp_path / "e.zarr.zip"), exhibited)
    students = imitate(*exhibit_study.loaded(*population), indexes=[0, 1], **exhibit_study.arguments(*population)).isel(network=1)
    assert exhibited["network"].item() == students["network"].item()
    assert list(exhibited["sight"].values) == ["teacher", "0.2", "0.6"]
    for place, fraction in enumerate((0.2, 0.6), 1):
        kept = students["eigenvalue"].sel(fraction=fraction).isel(subset=0).values
        kept = kept[np.isfinite(kept)]
        np.testing.assert_array_equal(exhibited["eigenvalue"].values[place][: len(kept)], kept)
        assert exhibited["observed"][place] == students["observed"].sel(fraction=fraction)
    np.testing.assert_array_equal(exhibited["eigenvalue"].values[0][:10], students["teacher_eigenvalue"].values)


def test_the_same_again_whatever_else_is_shown() -> None:
    """The students of a fraction do not hang on the fractions beside it."""
    one, both = (
        with_student(lambda seen: Fit.of(Recurrence(np.eye(seen.states.shape[2]) / 2, seen.leak)), fractions=f)
        for f in ((0.2,), (0.2, 0.6))
    )
    xr.testing.assert_identical(one.isel(mode=slice(5)), both.isel(sight=[0, 1], mode=slice(5)))


def test_a_student_that_is_its_teacher_runs_as_it() -> None:
    """In the same noise and with the same input, from the same state; not so without the input."""
    population = ("integration", "chain-0.5", "map")
    given = exhibit_study.arguments(*population)
    cell = exhibit_study.loaded(*population)[1]
    circuit = cell.recurrence(wired(cell, study=given["study"], names=given["names"], index=1, seed=given["seed"]))
    true, own = with_student(lambda seen: Fit.of(circuit), "integration", fractions=(1.0,))["trace"].values
    np.testing.assert_allclose(own, true, atol=SINGLE * np.abs(true).max())
    bare = with_student(lambda seen: Fit.of(replace(circuit, input_weights=None)), "integration", fractions=(1.0,))["trace"].values[1]
    assert np.abs(bare - true).max() > 0.3 * np.abs(true).max()


def test_latent_students_show_what_lies_in_the_range_of_their_readout() -> None:
    rng = np.random.default_rng(0)
    readout, offset = rng.standard_normal((5, 2)), rng.standard_normal(5)
    model = Recurrence(np.diag([0.9, 0.1]), 0.01, readout=readout, offset=offset)
    seen = Recording(rng.standard_normal((1, 40, 5)), np.zeros((1, 40, 0)), 0.01)
    expected = np.linalg.lstsq(readout, (seen.states[0] - offset).T, rcond=None)[0].T
    np.testing.assert_allclose(implied(model, seen), expected, atol=1e-12)
    # a channel that the student says nothing of
    blind = replace(model, readout=np.where(np.arange(5)[:, None] == 3, np.nan, readout))
    rest = np.linalg.lstsq(np.delete(readout, 3, 0), np.delete(seen.states[0] - offset, 3, 1).T, rcond=None)[0].T
    np.testing.assert_allclose(implied(blind, seen), rest, atol=1e-12)


def test_hidden_units_run_on_while_the_others_are_as_recorded() -> None:
    """Driven by the watched units of a circuit, its own hidden units come to be as they were, as their own part is stable."""
    rng = np.random.default_rng(1)
    circuit = Recurrence(0.5 * rng.standard_normal((6, 6)) / 6**0.5, 0.1, "tanh", readout=np.eye(4, 6))
    states = circuit.run(rng.standard_normal(6), 600)
    states[300:] = circuit.run(states[299] + np.array([1.0, 0, 0, 0, 0, 0]), 300)
    seen = Recording(states[None, :, :4], np.zeros((1, 600, 0)), 0.1, "tanh")
    found = implied(circuit, seen)
    np.testing.assert_array_equal(found[0], [*states[0, :4], 0, 0])
    np.testing.assert_allclose(found[:, :4], states[:, :4], atol=1e-14)
    np.testing.assert_allclose(found[-1], states[-1], atol=1e-6)  # e^(−60 (1 − Re λ)) of the first error


def test_flow_of_two_units_is_their_velocity() -> None:
    """In the plane of all the units there are, a place is a state."""
    rng = np.random.default_rng(2)
    model = Recurrence(np.array([[0.5, -0.8], [0.3, 0.2]]), 0.01)
    states = rng.standard_normal((400, 2)) * [2, 1] + [3, 4]
    told = flow_field(model, states)
    late = states[20:]
    centre, axes = late.mean(0), np.linalg.svd(late - late.mean(0), full_matrices=False)[2].T
    axes = axes * np.sign(np.take_along_axis(axes, np.abs(axes).argmax(0)[None], 0))
    velocity = (centre + told["position"][:, :2] @ axes.T) @ (model.weights - np.eye(2)).T @ axes
    scale = np.abs(velocity).max()
    np.testing.assert_allclose(told["flow"][:, :2], velocity, atol=10 * SINGLE * scale)
    np.testing.assert_allclose(told["visited"][[0, -1], :2], (late[[0, -1]] - centre) @ axes, atol=10 * SINGLE * scale)
    low, high = told["visited"][:, :2].min(0), told["visited"][:, :2].max(0)
    assert (told["position"][:, :2].min(0) < low).all()
    assert (told["position"][:, :2].max(0) > high).all()
    np.testing.assert_allclose(
        told["plane_explained"], [*np.linalg.svd(late - centre)[1] ** 2 / ((late - centre) ** 2).sum(), 0], atol=1e-12
    )


def test_the_plane_goes_through_the_state_halfway() -> None:
    """The flow there is that state's own: further components are as it has them."""
    rng = np.random.default_rng(3)
    model = Recurrence(rng.standard_normal((5, 5)) / 5, 0.01, "tanh")
    states = rng.standard_normal((401, 5)) * [5, 4, 1, 1, 1]
    told = flow_field(model, states)
    late = states[20:]
    halfway = len(late) // 2
    place = (
        np.abs(told["position"][:, :2] - told["visited"][np.linspace(0, len(late) - 1, 500).astype(int) == halfway][0, :2]).sum(1).argmin()
    )
    moved = (model.step(late[halfway]) - late[halfway]) / model.leak
    # as near as the grid is fine: Lipschitz constant 2 or so, pitch a quarter
    assert np.linalg.norm(told["flow"][place]) == pytest.approx(np.linalg.norm(moved), rel=0.35)
    assert told["position"][place, 2] == pytest.approx(
        told["visited"][np.linspace(0, len(late) - 1, 500).astype(int) == halfway][0, 2], abs=1e-5
    )


def test_runs_end_where_it_is_said() -> None:
    slow = with_student(lambda seen: Fit.of(Recurrence(np.diag(np.full(seen.states.shape[2], -1.0)), seen.leak)), fractions=(0.2,))
    assert list(slow["limit_set"].values)[1] == "origin"
    runs = slow["run"].values[1]
    # rates of 2 per τ, 5.7 τ from the first moment shown to the last
    assert np.abs(runs[:, -1] - runs[:, -1].mean(0)).max() < 2e-5 * np.abs(runs[:, 0] - runs[:, 0].mean(0)).max()
    assert slow["moment"].values[[0, -1]] == pytest.approx([0.3, 6.0])
    wild = with_student(lambda seen: Fit.of(Recurrence(np.diag(np.full(seen.states.shape[2], 300.0)), seen.leak)), fractions=(0.2,))
    assert list(wild["limit_set"].values)[1] == "diverged"
    assert np.isnan(wild["run"].values[1]).all()
    assert np.isfinite(wild["run"].values[0]).all()


def test_linear_networks_end_where_their_eigenvalues_say() -> None:
    """A chain of 400 is far from empty after 3 τ; one that is pushed rests elsewhere; an undamped turn grows in discrete time."""
    spectrum, starts = np.zeros(400, dtype=complex), np.ones((1, 400))
    chain = Recurrence(np.eye(400, k=1), 0.01)
    assert ending(chain, spectrum, starts, 300) == "origin"
    assert ending(replace(chain, bias=np.ones(400)), spectrum, starts, 300) == "fixed point"
    turn = Recurrence(np.array([[1.0, -1.0], [1.0, 1.0]]), 0.01)
    assert ending(turn, np.array([1 + 1j, 1 - 1j]), np.ones((1, 2)), 300) == "diverged"


def test_a_student_that_is_no_network_leaves_its_place_empty() -> None:
    exhibited = with_student(lambda seen: Fit(np.array([0.5 + 0j, np.nan]), None, {}))
    names.check(exhibited, "exhibit")
    for name in ("trace", "visited", "flow", "run"):
        assert np.isnan(exhibited[name].values[1:]).all()
        assert np.isfinite(exhibited[name].values[0]).all()
    assert list(exhibited["limit_set"].values[1:]) == ["", ""]
    broken = with_student(lambda seen: Fit(np.full(5, np.nan + 0j), Recurrence(np.full((5, 5), np.nan), seen.leak), {}), fractions=(0.2,))
    assert broken["limit_set"].values[1] == ""


def test_the_scheme_is_the_basis_of_the_circuit() -> None:
    rng = np.random.default_rng(4)
    chain = exhibit_study.loaded("noise", "chain-0.5", "map")[1].wiring(rng)
    expected = np.eye(5, k=1)
    expected[0, 2:] = 0.5
    np.testing.assert_array_equal(scheme(chain), expected)
    bare = Wiring(rng.standard_normal((3, 3)), np.array([0.9, 0.2 + 0.1j, 0.2 - 0.1j]), np.ones(3), np.ones(3))
    np.testing.assert_array_equal(scheme(bare), np.diag([0.9, 0.2, 0.2]))
