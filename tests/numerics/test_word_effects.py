"""Words at slow points: known lines and modes, linear readers of linear networks, and modifiers of known scope."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from rnnpop.numerics.eigenvalues import LONGEST, memory, time_constant
from rnnpop.numerics.linearisation import Expansion, Modes
from rnnpop.numerics.reading import through
from rnnpop.numerics.word_effects import (
    Integration,
    Line,
    LinearReader,
    Plane,
    Separation,
    Simplex,
    contrast,
    linear_errors,
    modification,
    random_overlap,
    slowest,
    spread_over,
    value_correlations,
)

RNG = np.random.default_rng(0)
UNITS = 6
#: Modes of a network: one slow real one, a faster pair, three fast ones.
VALUES = np.array([0.99, 0.8 * np.exp(0.5j), 0.8 * np.exp(-0.5j), 0.5, 0.3, 0.1])


def jacobian(values: np.ndarray) -> np.ndarray:
    """A matrix with these eigenvalues, conjugates side by side, that is not normal."""
    blocks, place = np.zeros((UNITS, UNITS)), 0
    while place < UNITS:
        value = values[place]
        if value.imag:
            blocks[place : place + 2, place : place + 2] = [[value.real, -value.imag], [value.imag, value.real]]
        else:
            blocks[place, place] = value.real
        place += 1 + bool(value.imag)
    basis = RNG.standard_normal((UNITS, UNITS))
    return basis @ blocks @ np.linalg.inv(basis)


def modes_of(*matrices: np.ndarray) -> Modes:
    return Modes.of(torch.from_numpy(np.stack(matrices)))


def test_memory_is_a_time_constant_of_growth_too() -> None:
    moduli = np.array([0.0, 0.5, 0.99, 1.0, 1 / 0.99, 1 - 1e-16])
    np.testing.assert_allclose(memory(moduli)[:3], time_constant(moduli[:3]), rtol=1e-12)
    np.testing.assert_allclose(memory(moduli)[3:], [LONGEST, time_constant(0.99), LONGEST], rtol=1e-9)


def test_the_logit_is_what_the_first_quantity_moves() -> None:
    np.testing.assert_allclose(contrast(1, 1, "logistic"), [1])
    np.testing.assert_allclose(contrast(3, 3, "log"), np.array([2, -1, -1]) / np.sqrt(6))
    np.testing.assert_allclose(contrast(5, 1, "log"), np.arange(-2, 3) / np.sqrt(10))
    np.testing.assert_allclose(contrast(2, 2, "logistic"), [1, 0])


def test_points_are_spread_evenly() -> None:
    values = np.concatenate([RNG.uniform(0, 0.1, 900), np.linspace(0, 1, 101)])
    chosen = values[spread_over(values, 11)]
    np.testing.assert_allclose(chosen, np.linspace(0, 1, 11), atol=0.005)  # half the grid of the spaced ones
    np.testing.assert_array_equal(spread_over(np.array([3.0, 1.0, 2.0]), 5), [1, 2, 0])


def test_a_line_has_places_along_it() -> None:
    direction = np.array([3.0, 4, 0]) / 5
    along = np.array([0.0, 1, 4])
    line = Line.of(7 + along[:, None] * direction, -direction)
    np.testing.assert_allclose(line.axes[:, 0], -direction, atol=1e-12)
    np.testing.assert_allclose(line.theta, 1 - along / 2, atol=1e-12)
    assert np.isnan(Line.of(np.ones((1, 3)), direction).axes).all()
    assert np.isnan(Line.of(np.ones((4, 3)), direction).theta).all()
    spread = along.std()
    assert np.isfinite(Line.of(along[:, None] * direction, direction, 0.99 * spread).axes).all()
    assert np.isnan(Line.of(along[:, None] * direction, direction, 1.01 * spread).axes).all()


def test_the_slowest_mode_is_not_the_largest() -> None:
    """A pair that grows by a half in a step lasts 2.5 steps; conjugates are never parted."""
    assert list(slowest(np.array([1.5, 0.99, 0.5], dtype=complex), 1)) == [1]
    assert list(slowest(np.array([0.9j, -0.9j, 0.5]), 1)) == [0, 1]
    assert list(slowest(np.array([0.99, 0.9j, -0.9j, 0.5]), 1)) == [0]


def test_one_real_mode_is_its_eigenvectors() -> None:
    modes, gradient, direction = modes_of(jacobian(VALUES)), RNG.standard_normal(UNITS), np.eye(UNITS)[0]
    found = Integration.of(modes, gradient, direction, 1)
    right, left = modes.right[0, :, 0].real, modes.left[0, 0].real
    sign = np.sign(gradient @ right)
    np.testing.assert_allclose(found.right[0], sign * right, atol=1e-10)
    np.testing.assert_allclose(found.left[0], sign * left, atol=1e-10)
    np.testing.assert_allclose(found.overlap, abs(right[0]), atol=1e-10)
    assert found.right[0] @ gradient > 0


def test_of_a_complex_pair_the_plane_counts() -> None:
    """g P is the part of the gradient that sees the plane only: nothing of the other modes, all of the plane."""
    values = np.array([0.95 * np.exp(0.1j), 0.95 * np.exp(-0.1j), 0.5, 0.4, 0.3, 0.2])
    modes, gradient = modes_of(jacobian(values)), RNG.standard_normal(UNITS)
    plane = np.linalg.qr(np.stack([modes.right[0, :, 0].real, modes.right[0, :, 0].imag], axis=1))[0]
    inside = plane @ [0.6, 0.8]
    found = Integration.of(modes, gradient, inside, 1)
    np.testing.assert_allclose(found.overlap, 1, atol=1e-10)
    np.testing.assert_allclose(found.left[0] @ modes.right[0][:, 2:], 0, atol=1e-10)
    np.testing.assert_allclose(found.left[0] @ plane * (gradient @ found.right[0]), gradient @ plane, atol=1e-10)
    np.testing.assert_allclose(found.left[0] @ found.right[0], 1, atol=1e-10)
    assert np.isnan(Integration.of(modes, np.zeros(UNITS), inside, 1).left).all()


@pytest.mark.parametrize(("units", "dimensions"), [(40, 1), (40, 3)])
def test_random_directions_overlap_as_told(units: int, dimensions: int) -> None:
    """20,000 draws: five standard errors; of a line near the root of 2 / (π n)."""
    drawn = RNG.standard_normal((20_000, units))
    lengths = np.linalg.norm(drawn[:, :dimensions], axis=1) / np.linalg.norm(drawn, axis=1)
    assert random_overlap(units, dimensions) == pytest.approx(lengths.mean(), abs=5 * lengths.std() / np.sqrt(len(lengths)))
    assert dimensions > 1 or random_overlap(units, 1) == pytest.approx(np.sqrt(2 / (np.pi * units)), rel=0.01)


def test_classes_of_words_are_told_apart() -> None:
    effect = np.array([[3.0, 1, -3, -1, 0.5, -0.5, 0]])
    chosen = {"positive": np.array([0, 1]), "negative": np.array([2, 3]), "neutral": np.array([4, 5, 6])}
    found = Separation.of(effect, chosen)
    np.testing.assert_allclose(found.mean, [[2, -2, 0]])
    np.testing.assert_allclose(found.distance, [4])
    np.testing.assert_allclose(found.neutral_ratio, [1 / 6])
    lone = Separation.of(effect, {"positive": np.array([0]), "negative": np.array([2]), "neutral": np.array([], dtype=np.int64)})
    assert np.isnan(lone.distance).all()
    assert np.isnan(lone.neutral_ratio).all()
    assert value_correlations(effect, np.array([6, 2, -6, -2, np.nan, -1, 0])) == pytest.approx(1, abs=1e-12)
    assert np.isnan(value_correlations(effect, np.full(7, np.nan))).all()


WORDS = 5
EMBEDDING = RNG.standard_normal((WORDS, 3))
TOKENS, LENGTH = RNG.integers(0, WORDS, (40, 8)), RNG.integers(1, 9, 40)


def linear_network(values: np.ndarray) -> tuple[Expansion, Modes]:
    """h' = p + J (h - p) + B x, expanded at p: the expansion is the network."""
    matrix, point, drive = jacobian(values), RNG.standard_normal((1, UNITS)), RNG.standard_normal((1, UNITS, 3))
    return Expansion(point, point, matrix[None], drive), modes_of(matrix)


def test_a_linear_network_is_read_without_an_error() -> None:
    """1e-10: eight steps of rounding times the condition of the eigenvectors."""
    around, modes = linear_network(VALUES)
    readout, first = RNG.standard_normal((2, UNITS)), RNG.standard_normal(UNITS)
    offset = readout @ around.state[0] + 0.3
    words, matrix = torch.from_numpy(EMBEDDING @ around.drive[0].T), torch.from_numpy(around.jacobian[0])
    point = torch.from_numpy(around.state[0])

    def step(word: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        return point + (state - point) @ matrix.T + words[word]

    reading = through(step, torch.from_numpy(first), TOKENS, LENGTH)
    inputs = EMBEDDING[TOKENS[reading.document, reading.time]]
    np.testing.assert_allclose(linear_errors(around, reading.before(first), reading.state, inputs), 0, atol=1e-10)
    reader, outputs = LinearReader(around, 0, EMBEDDING, readout, offset, first), reading.final @ readout.T + 0.3
    np.testing.assert_allclose(reader.rollout(TOKENS, LENGTH), outputs, atol=1e-10)
    np.testing.assert_allclose(reader.bag(modes, 0, UNITS, TOKENS, LENGTH, fading=True), outputs, atol=1e-10)


def test_a_bag_of_words_has_no_order() -> None:
    around, modes = linear_network(VALUES)
    readout = RNG.standard_normal((1, UNITS))
    reader = LinearReader(around, 0, EMBEDDING, readout, np.zeros(1), around.state[0])
    bags = [reader.bag(modes, 0, 1, tokens, np.full(40, 8), fading=False) for tokens in (TOKENS, TOKENS[:, ::-1])]
    np.testing.assert_allclose(*bags, atol=1e-10)
    counts = np.stack([np.bincount(tokens, minlength=WORDS) for tokens in TOKENS])
    each = (readout @ modes.right[0][:, 0] * (EMBEDDING @ around.drive[0].T @ modes.left[0, 0])).real
    np.testing.assert_allclose(bags[0][:, 0], counts @ each, atol=1e-10)


def test_readouts_of_classes_form_a_simplex() -> None:
    axes = np.linalg.qr(RNG.standard_normal((8, 8)))[0]
    corners = (np.eye(4) - 0.25) @ np.linalg.qr(RNG.standard_normal((4, 4)))[0]
    inside = np.linalg.svd(corners)[2][:3]
    readout = corners @ inside.T @ axes[:, :3].T + axes[:, 5]  # what all classes share does not count
    found = Simplex.of(readout, axes, "log")
    np.testing.assert_allclose(found, [np.degrees(np.arccos(-1 / 3)), 0, 1], atol=1e-6)  # arccos near its end: root of the rounding
    square = Simplex.of(axes[:, :2].T, axes, "logistic")
    np.testing.assert_allclose(square, [90, 0, 1], atol=1e-6)
    assert Simplex.of(axes[:, 3:4].T, axes, "logistic").share == pytest.approx(0, abs=1e-12)


class Negating:
    """State: the sum, and how many words are left under a negation (of three) and under an intensifier (of one)."""

    VALUES = torch.tensor([0.0, 0, 0, 1, 2, -1, -2], dtype=torch.float64)

    def step(self, parameters: object, word: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        number = word.argmax(-1)
        total, negated, raised = state.unbind(-1)
        factor = torch.where(negated > 0, -1.0, 1.0) * torch.where(raised > 0, 2.0, 1.0)
        total = total + self.VALUES[number] * factor
        left = [(count - 1).clamp_min(0) for count in (negated, raised)]
        return torch.stack(
            torch.broadcast_tensors(total, torch.where(number == 1, 3.0, left[0]), torch.where(number == 2, 1.0, left[1])), dim=-1
        )


def test_the_scope_of_a_modifier_is_recovered() -> None:
    """Words 1 and 2 negate the next three and double the next one; 0 is neutral."""
    states, gradient = np.zeros((4, 3)), np.array([1.0, 0, 0])
    states[:, 0] = RNG.standard_normal(4)
    parameters = {"embedding": torch.eye(7, dtype=torch.float64)}
    probes = np.array([4, 3, 5, 6])
    found = modification(Negating(), parameters, states, gradient, np.array([1, 2]), probes, np.array([0]), 6)
    np.testing.assert_allclose(found.gain, [[-1, -1, -1, 1, 1, 1], [2, 1, 1, 1, 1, 1]], atol=1e-12)
    np.testing.assert_allclose(found.strength, [[2, 2, 2, 0, 0, 0], [1, 0, 0, 0, 0, 0]], atol=1e-12)
    np.testing.assert_allclose(found.barcode, [[-4, -2, 2, 4], [2, 1, -1, -2]], atol=1e-12)
    np.testing.assert_array_equal(found.scope, [3, 1])
    nothing = modification(Negating(), parameters, states, gradient, np.array([0]), probes, np.array([0]), 6)  # a neutral word
    assert np.isnan([nothing.scope, nothing.decay]).all()
    assert np.isnan(found.decay).all()  # a step is no decay
    plane = Plane.of(found.displacement, gradient, 2)
    np.testing.assert_allclose(plane.angle, 90)
    np.testing.assert_allclose(np.abs(plane.position), [[3, 0], [0, 1]], atol=1e-12)
    assert plane.participation == pytest.approx(100 / 82)


def test_a_modifier_that_fades_has_a_time_constant() -> None:
    """s' = s + v (1 − m), m' = m e^(−1/2), or 1 after the modifier."""

    def step(parameters: object, word: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        number = word.argmax(-1)
        total, held = state.unbind(-1)
        total = total + torch.tensor([0.0, 0, 1, -1], dtype=torch.float64)[number] * (1 - held)
        return torch.stack(torch.broadcast_tensors(total, torch.where(number == 1, 1.0, held * np.exp(-0.5))), dim=-1)

    parameters = {"embedding": torch.eye(4, dtype=torch.float64)}
    found = modification(
        SimpleNamespace(step=step), parameters, np.zeros((1, 2)), np.array([1.0, 0]), np.array([1]), np.array([2, 3]), np.array([0]), 5
    )
    np.testing.assert_allclose(found.decay, [2], rtol=1e-10)
    np.testing.assert_allclose(found.gain[0], 1 - np.exp(-np.arange(5) / 2), atol=1e-12)
