"""Distillation in closed form: known networks are recovered, and the published one behaves as published."""

from __future__ import annotations

import numpy as np
import pytest

from rnnpop.numerics import distillation
from rnnpop.numerics.distillation import Lesson, coordinates, fit_tanh_map, lag_distances, logistic, rollout_r2
from rnnpop.numerics.eigenvalues import time_constant
from rnnpop.numerics.sessions import behaviour, play
from rnnpop.seeds import stream
from rnnpop.tasks.hierarchical_inference import HierarchicalInference

#: The distilled networks of Schaeffer et al.: of the project page (NeurIPS 2020) and of the abstract of 2021.
PAGE = np.array([[0.54, 0.31], [0.19, 0.84]]), np.array([[-0.19, 0.20, 0.005], [-0.04, 0.04, 0.021]])
ABSTRACT = np.array([[0.59, 0.28], [0.18, 0.90]]), np.array([[-0.19, 0.19, 0.005], [-0.04, 0.04, 0.019]])

#: Readout gain -> accuracy, timeouts, steps a trial of the project page's network: 300 000 trials, standard error of accuracy .0006.
PLAYED = {
    2: (0.813, 0.136, 6.01),
    3: (0.8725, 0.021, 4.37),
    4: (0.868, 0.003, 3.80),
    5: (0.860, 0.001, 3.54),
    6: (0.852, 0.0, 3.40),
    8: (0.840, 0.0, 3.27),
    10: (0.835, 0.0, 3.20),
}


def driven(
    recurrent: np.ndarray, input: np.ndarray, bias: np.ndarray, seed: int, shape: tuple[int, int] = (4, 300)
) -> tuple[np.ndarray, ...]:
    """Inputs, and the states that a tanh network goes through from 0."""
    inputs = np.random.default_rng(seed).standard_normal((*shape, input.shape[1]))
    state, states = np.zeros((shape[0], len(recurrent))), []
    for t in range(shape[1]):
        state = np.tanh(state @ recurrent.T + inputs[:, t] @ input.T + bias)
        states.append(state)
    return inputs, np.stack(states, axis=1)


def lesson(hidden: np.ndarray, inputs: np.ndarray, decision: np.ndarray, block_side: np.ndarray, bias: float = 0.0) -> Lesson:
    """A lesson in which every step is an observation, and nothing is chosen."""
    everywhere = np.ones(hidden.shape[:2], dtype=bool)
    return Lesson(inputs, hidden, hidden @ decision + bias, block_side, everywhere, np.zeros(hidden.shape[:2], dtype=int), decision, bias)


@pytest.mark.parametrize("units", [1, 2, 5])
def test_the_closed_form_returns_the_network_that_made_the_states(units: int) -> None:
    """T6. No noise: what is left is rounding, amplified by artanh' = 1 / (1 − z²) < 1e3 and the condition of the predictors."""
    rng = np.random.default_rng(units)
    recurrent, input, bias = (
        0.4 * rng.standard_normal((units, units)),
        0.2 * rng.standard_normal((units, 3)),
        0.1 * rng.standard_normal(units),
    )
    inputs, states = driven(recurrent, input, bias, seed=units)
    found = fit_tanh_map(states, inputs)
    for one, true in zip(found, (recurrent, input, bias), strict=True):
        np.testing.assert_allclose(one, true, atol=1e-8)
    r2 = rollout_r2(lambda u, z: np.tanh(z @ found[0].T + u @ found[1].T + found[2]), states, inputs)
    np.testing.assert_allclose(r2, 1.0, atol=1e-10)


@pytest.mark.parametrize(
    ("published", "moduli", "constants"),
    [(PAGE, (0.97531, 0.40469), (40.0, 1.105)), (ABSTRACT, (1.01781, 0.47219), (np.nan, 1.333))],
)
def test_time_constants_of_the_published_networks(published: tuple[np.ndarray, ...], moduli: tuple, constants: tuple) -> None:
    """T7, to the digits given."""
    found = np.sort(np.abs(np.linalg.eigvals(published[0])))[::-1]
    np.testing.assert_allclose(found, moduli, atol=5e-6)
    np.testing.assert_allclose(time_constant(found), constants, atol=5e-2 if constants[0] == 40 else 5e-4)
    np.testing.assert_allclose(time_constant(found)[1], constants[1], atol=5e-4)


@pytest.mark.parametrize(("published", "places"), [(PAGE, [(0, 0)]), (ABSTRACT, [(0.1621, 0.2425), (-0.1621, -0.2425)])])
def test_where_the_published_networks_come_to_rest(published: tuple[np.ndarray, ...], places: list[tuple[float, float]]) -> None:
    """T7: without input every start ends at the one node, or at one of two."""
    state = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    for _ in range(3000):
        state = np.tanh(state @ published[0].T)
    distance = np.linalg.norm(state[:, None] - np.array(places), axis=-1)
    assert distance.min(axis=1).max() < 1e-4  # the places are given to four digits
    assert set(distance.argmin(axis=1)) == set(range(len(places)))


class Published:
    """The project page's network as an agent."""

    def __init__(self, gain: float, environments: int) -> None:
        self.gain, self.state = gain, np.zeros((environments, 2))

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        self.state = np.tanh(self.state @ PAGE[0].T + inputs @ PAGE[1].T)
        return self.gain * self.state[:, :1] * np.array([-1.0, 1.0])


def plays(gain: float, sessions: int = 400, steps: int = 650) -> dict[str, tuple[float, float]]:
    """Accuracy, timeouts and steps a trial, each with its standard error over sessions."""
    task = HierarchicalInference()
    course = task.course(stream(0, "distillation"), sessions, steps=steps)
    done = behaviour(play(task, course, Published(gain, sessions), steps), course, task.blanks)
    counts = np.bincount(done.session, minlength=sessions)
    result = {}
    for name, values in {"accuracy": done.correct, "timeouts": done.timed_out, "steps": done.duration + task.blanks}.items():
        each = np.bincount(done.session, values.astype(float), minlength=sessions) / counts
        result[name] = float(values.mean()), float(each.std() / np.sqrt(sessions))
    return result


@pytest.mark.parametrize("gain", [pytest.param(gain, marks=[] if gain in (2, 3) else pytest.mark.slow) for gain in PLAYED])
def test_the_published_network_plays_as_published(gain: int) -> None:
    """T7, table 5.3: within 3 standard errors, that of the table (.0006) and of its last digit included."""
    played = plays(gain)
    digits = {"accuracy": 5e-4, "timeouts": 5e-4, "steps": 5e-3}
    for name, wanted in zip(played, PLAYED[gain], strict=True):
        found, error = played[name]
        assert abs(found - wanted) <= 3 * np.hypot(error, 6e-4 if name == "accuracy" else error / 2) + digits[name], (name, found, error)


def test_a_gain_of_one_never_acts() -> None:
    """σ(2 z) > 0.9 needs z > 1.0986."""
    assert plays(1.0, sessions=20)["timeouts"][0] == 1.0


@pytest.mark.parametrize(("stride", "order"), [(1, 2.3), (2, 3.9), (5, 25), (10, 684), (19, 3.0e5)])
def test_differences_over_a_lag_are_bounded_and_those_of_an_order_are_not(stride: int, order: float) -> None:
    """D-03: white noise of three dimensions; 5 % covers the sampling of 20 runs of 2000 steps and the digits of the anchors."""
    noise = np.random.default_rng(stride).standard_normal((20, 2000, 3))
    np.testing.assert_allclose(lag_distances(noise, [stride]), 4 / np.sqrt(np.pi), rtol=0.02)  # E |N(0, 2 I)| in three dimensions
    np.testing.assert_allclose(np.linalg.norm(np.diff(noise, n=stride, axis=1), axis=-1).mean(), order, rtol=0.05)


def test_a_lag_longer_than_the_session_has_no_distance() -> None:
    assert np.isnan(lag_distances(np.zeros((2, 5, 3)), [5])).all()
    assert np.isnan(rollout_r2(lambda _, z: z, np.zeros((2, 5, 3)), np.zeros((2, 5, 1)), [5])).all()


def test_logistic_regression_finds_the_odds_that_made_the_probabilities() -> None:
    """Soft labels of a logistic law have it as their exact minimum, but for a ridge of 1e-6."""
    rng = np.random.default_rng(0)
    features, weights = rng.standard_normal((500, 3)), np.array([1.5, -0.7, 0.2])
    np.testing.assert_allclose(logistic(features, 1 / (1 + np.exp(-features @ weights))), weights, atol=1e-4)
    assert np.isfinite(logistic(features, (features[:, 0] > 0).astype(float))).all()  # told apart without an error


def known(
    directions: distillation.Directions, *, dual: bool = False, loud: float = 0.0
) -> tuple[Lesson, distillation.Coordinates, np.ndarray]:
    """Ten units that carry two things at 60 degrees, the readout's and one on which the block's side depends, beside something `loud`."""
    rng = np.random.default_rng(1)
    frame = np.linalg.qr(rng.standard_normal((10, 3)))[0].T
    made = np.array([[1, 0, 0], [0.5, np.sqrt(0.75), 0]]) @ frame
    hidden = rng.standard_normal((6, 2000, 3)) @ np.diag([1.0, 0.8, loud]) @ frame + 3 * rng.standard_normal(
        10
    )  # a mean that is none of theirs
    log_odds = 3 * (hidden - hidden.mean(axis=(0, 1))) @ made[1]
    side = np.where(rng.random(log_odds.shape) < 1 / (1 + np.exp(-log_odds)), 1, -1)
    decision = 2 * made[0]
    given = lesson(hidden, np.zeros((*side.shape, 1)), decision, side, bias=-float(hidden.mean(axis=(0, 1)) @ decision))
    return given, coordinates(given, directions, 2, dual=dual), made


@pytest.mark.parametrize(("directions", "loud"), [("task", 0.0), ("whole", 0.0), ("whole", 5.0)])
def test_beliefs_are_the_directions_that_the_states_were_made_of(directions: distillation.Directions, loud: float) -> None:
    """In the plane, or, beside something louder than both, in the whole space.

    The stimulus' is exact; the block's is as good as a logistic fit to 12 000 coin throws (standard error of its angle 0.02 rad).
    """
    given, found, made = known(directions, loud=loud)
    rows = found.projection / np.linalg.norm(found.projection, axis=1, keepdims=True)
    np.testing.assert_allclose(rows[0], made[0], atol=1e-9)
    assert rows[1] @ made[1] > np.cos(0.06)
    places = found.places(given.hidden)
    np.testing.assert_allclose(np.abs(places).max(), 1 / 1.01)
    np.testing.assert_allclose(
        places[..., 0] * np.linalg.norm(given.decision) / np.linalg.norm(found.projection[0]), given.log_odds, atol=1e-9
    )


def test_something_loud_leaves_the_plane_one_belief() -> None:
    """What `whole` is for: directions at 60 degrees are all but one and the same in a plane that something else half fills."""
    rows = known("task", loud=5.0)[1].projection
    assert rows[0] @ rows[1] > 0.99 * np.linalg.norm(rows[0]) * np.linalg.norm(rows[1])


def test_dual_coordinates_put_the_state_together_again() -> None:
    """z_1 v_1 + z_2 v_2 is the state in the plane, from wherever the origin is; and the reading is still the decision."""
    given, found, _ = known("task", dual=True)
    directions = known("task")[1].projection
    directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    places = found.places(given.hidden).reshape(-1, 2)
    again, hidden = places @ directions, given.hidden.reshape(-1, 10)
    moved, wanted = again - again.mean(axis=0), hidden - hidden.mean(axis=0)
    scale = np.sqrt((wanted**2).sum() / (moved**2).sum())
    np.testing.assert_allclose(scale * moved, wanted, atol=1e-9)
    assert np.corrcoef(places @ found.reading, given.log_odds.ravel())[0, 1] > 1 - 1e-9


@pytest.mark.parametrize("directions", ["components", "learned"])
def test_other_coordinates_hold_the_two_dimensions_in_which_a_network_lives(directions: str) -> None:
    """Six copies of a two-unit network, and noise of size 1e-3 that nothing depends on: two coordinates predict the next two."""
    inputs, states = driven(*PAGE, np.zeros(2), seed=3)
    rng = np.random.default_rng(4)
    hidden = np.repeat(states, 3, axis=-1) * np.array([1, -1, 1, 1, -1, 1]) + 1e-3 * rng.standard_normal((4, 300, 6))
    decision = np.array([1, -1, 1, 0, 0, 0.0])
    given = lesson(hidden, inputs, decision, np.sign(states[..., 1]).astype(int))
    found = coordinates(given, directions, 2)  # type: ignore[arg-type]
    places = found.places(hidden)
    recurrent, input, bias = fit_tanh_map(places, inputs)
    step = lambda u, z: np.tanh(z @ recurrent.T + u @ input.T + bias)  # noqa: E731
    assert rollout_r2(step, places, inputs, [1])[0] > 0.98  # turned coordinates are no tanh network any more, but nearly
    belief = places @ found.reading + found.indifference
    assert np.corrcoef(belief.ravel(), given.log_odds.ravel())[0, 1] > 0.999


def test_a_fitted_gain_gives_back_the_gain_of_the_readout() -> None:
    """log-odds = 2 g z_1 exactly: the ridge of 1e-6 is all that is between."""
    inputs, states = driven(*PAGE, np.zeros(2), seed=5)
    given = lesson(states, inputs, np.array([6.0, 0.0]), np.sign(states[..., 1]).astype(int))
    found = coordinates(given, "task", 2)
    gain = distillation.fitted_gain(given, found)
    odds = 2 * gain * (found.places(states) @ found.reading + found.indifference)
    np.testing.assert_allclose(odds, given.log_odds, rtol=1e-3, atol=1e-6)
