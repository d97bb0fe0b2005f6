"""Contract of every cell: its step, Jacobian, kernel, and what it says of itself."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from oracles import random_parameters
from rnnpop import variants
from rnnpop.cells import Cell
from rnnpop.numerics.affine import DIMENSIONS
from rnnpop.numerics.kernels import TorchKernel
from rnnpop.numerics.kernels.automatic import AutomaticKernel
from rnnpop.numerics.kernels.native import NativeKernel, available
from rnnpop.variants import load

#: Circuits that are constructed may be linear, too.
CELLS = [
    (kind, activation)
    for kind in variants.kinds("cells")
    for activation in ("tanh", "relu", *(["identity"] if variants.base("cells", kind) == "Circuit" else []))
]


@pytest.fixture(params=CELLS, ids=lambda c: "-".join(c))
def cell(request: pytest.FixtureRequest) -> Cell:
    kind, activation = request.param
    return load("cells", {"kind": kind, "units": 6, "activation": activation})


def state_size(cell: Cell) -> int:
    return cell.units * len(cell.parts)


def test_step_broadcasts_over_trials(cell: Cell) -> None:
    rng = np.random.default_rng(0)
    parameters = {name: value[0] for name, value in random_parameters(cell, rng, 1).items()}
    states, inputs = torch.from_numpy(rng.standard_normal((4, state_size(cell)))), torch.from_numpy(rng.standard_normal((4, 3)))
    together = cell.step(parameters, inputs, states)
    for trial in range(4):
        torch.testing.assert_close(together[trial], cell.step(parameters, inputs[trial], states[trial]), rtol=0, atol=1e-14)


def test_jacobian_is_that_of_finite_differences(cell: Cell) -> None:
    """Central differences of step 1e-5 have an error near 1e-10; asked for: 1e-8, ten times better than the issue's 1e-7."""
    rng = np.random.default_rng(1)
    parameters = {name: value[0] for name, value in random_parameters(cell, rng, 1).items()}
    states, x = torch.from_numpy(rng.standard_normal((5, state_size(cell)))), torch.from_numpy(rng.standard_normal(3))
    jacobian, width = cell.jacobian(parameters, x, states), 1e-5
    for column, direction in enumerate(torch.eye(state_size(cell), dtype=torch.float64)):
        ahead, behind = (cell.step(parameters, x, states + sign * width * direction) for sign in (1, -1))
        torch.testing.assert_close(jacobian[..., column], (ahead - behind) / (2 * width), rtol=0, atol=1e-8)


def test_jacobian_equals_automatic_differentiation(cell: Cell) -> None:
    rng = np.random.default_rng(2)
    parameters = {name: value[0] for name, value in random_parameters(cell, rng, 1).items()}
    states, x = torch.from_numpy(rng.standard_normal((5, state_size(cell)))), torch.from_numpy(rng.standard_normal(3))
    torch.testing.assert_close(cell.jacobian(parameters, x, states), Cell.jacobian(cell, parameters, x, states), rtol=0, atol=1e-13)


def test_newton_step_is_that_of_the_whole_jacobian(cell: Cell) -> None:
    """A system of six or twelve equations of order one, whose matrix may have a condition of some hundred: 1e-11."""
    rng = np.random.default_rng(8)
    parameters = {name: value[0] for name, value in random_parameters(cell, rng, 1).items()}
    states, residual = (torch.from_numpy(rng.standard_normal((5, state_size(cell)))) for _ in range(2))
    x = torch.from_numpy(rng.standard_normal(3))
    matrix = torch.eye(state_size(cell), dtype=torch.float64) - Cell.jacobian(cell, parameters, x, states)
    found = cell.newton_solver(parameters, x, states)(residual)
    torch.testing.assert_close(found, torch.linalg.solve(matrix, residual), rtol=1e-11, atol=1e-11)


def passes(kernel_class: type[TorchKernel], cell: Cell) -> dict[str, torch.Tensor]:
    """Hidden units and all gradients that a kernel gives for two networks, the same at every call."""
    rng, (networks, steps, trials) = np.random.default_rng(3), (2, 7, 5)
    parameters = random_parameters(cell, rng, networks)
    inputs = torch.from_numpy(rng.standard_normal((networks, steps, trials, 3)))
    gradient = torch.from_numpy(rng.standard_normal((networks, steps, trials, cell.units)))
    kernel = kernel_class(cell, networks, steps, trials, torch.float64, torch.device("cpu"))
    hidden = kernel.forward(parameters, inputs).clone()
    out = {name: torch.full_like(value, torch.nan) for name, value in parameters.items() if not name.startswith("readout")}
    kernel.backward(gradient, out)
    return {"hidden": hidden} | out


def test_kernel_equals_the_plain_cell(cell: Cell) -> None:
    """Forward and all gradients against automatic differentiation of `step`; float64, sums of some hundred terms: 1e-12."""
    found = passes(cell.kernel or AutomaticKernel, cell)  # type: ignore[arg-type]  # NativeKernel is no cell's own
    for name, expected in passes(AutomaticKernel, cell).items():
        torch.testing.assert_close(found[name], expected, rtol=0, atol=1e-12, msg=name)


@pytest.mark.parametrize(("units", "trials"), [(6, 5), (33, 70)], ids=["one block", "two blocks, rows over"])
def test_native_kernel_equals_the_plain_cell(cell: Cell, units: int, trials: int) -> None:
    """Error and all gradients in float32, from a compiler, against automatic differentiation in float64.

    Each of some thousand terms of a sum is rounded to 6e-8 and tanh to 5e-7, steps before it included: 2e-5 of the largest gradient.
    """
    cell = dataclasses.replace(cell, units=units)
    if not available(cell, torch.float32, torch.device("cpu")):
        pytest.skip("no C compiler here, or no native passes for this cell")
    rng, networks, steps = np.random.default_rng(3), 2, 7
    parameters = random_parameters(cell, rng, networks)
    inputs, targets = (torch.from_numpy(rng.standard_normal((networks, steps, trials, size))) for size in (3, 2))
    found = {}
    for kernel_class, dtype in ((AutomaticKernel, torch.float64), (NativeKernel, torch.float32)):
        typed = {name: value.to(dtype) for name, value in parameters.items()}
        out = {name: torch.full_like(value, torch.nan) for name, value in typed.items()}
        kernel = kernel_class(cell, networks, steps, trials, dtype, torch.device("cpu"))
        loss = kernel.gradient(typed, inputs.to(dtype), targets.to(dtype), out)
        common = kernel.error(typed, inputs[0].to(dtype), targets[0].to(dtype))
        assert float(common[0]) == pytest.approx(float(loss[0]), rel=1e-6)
        found[kernel_class] = {"loss": loss, "error": common} | out
    for name, expected in found[AutomaticKernel].items():
        close = found[NativeKernel][name].double()
        torch.testing.assert_close(close, expected, rtol=0, atol=2e-5 * float(expected.abs().max()), msg=name)


def test_one_gate_name_for_each_block_of_weights(cell: Cell) -> None:
    parameters = cell.init(np.random.default_rng(0), 3, 2)
    assert len(cell.gates) == parameters["recurrent_weights"].shape[0] == parameters["bias"].shape[0]
    assert parameters["initial_state"].shape == (state_size(cell),)


def test_only_smooth_cells_are_without_kinks(cell: Cell) -> None:
    rng = np.random.default_rng(4)
    parameters = {name: value[0] for name, value in random_parameters(cell, rng, 1).items()}
    arguments = cell.arguments(parameters, torch.zeros(3, dtype=torch.float64), torch.zeros(2, state_size(cell), dtype=torch.float64))
    assert (arguments is None) == (cell.activation != "relu")


def test_invariant_box_holds_where_it_is_claimed(cell: Cell) -> None:
    """From far outside, hidden units of a cell that claims a box are inside [-1, 1] when the box says so, and stay bounded."""
    if not cell.invariant_box:
        pytest.skip("no box is claimed")
    rng = np.random.default_rng(5)
    parameters = {name: 5 * value[0] for name, value in random_parameters(cell, rng, 1).items()}
    x, state = torch.zeros(3, dtype=torch.float64), torch.from_numpy(rng.uniform(-1, 1, (50, state_size(cell))))
    for _ in range(50):
        state = cell.step(parameters, x, state)
        assert state[..., : cell.units].abs().max() <= 1


def test_reset_gate_acts_before_the_matrix() -> None:
    """With r = 0 the GRU's candidate does not see the state through W at all, nor a bias of the recurrent product (torch.nn.GRU's does)."""
    cell = load("cells", {"kind": "gru", "units": 4})
    rng = np.random.default_rng(6)
    parameters = {name: value[0] for name, value in random_parameters(cell, rng, 1).items()}
    parameters["bias"] = parameters["bias"].clone()
    parameters["bias"][0], parameters["bias"][1] = -50.0, -50.0  # u = 0, r = 0
    x = torch.zeros(3, dtype=torch.float64)
    for state in torch.from_numpy(rng.standard_normal((3, 4))):
        torch.testing.assert_close(cell.step(parameters, x, state), torch.tanh(parameters["bias"][2]), rtol=0, atol=1e-12)


def test_lstm_forgets_by_a_constant_beside_its_bias() -> None:
    one, none = (load("cells", {"kind": "lstm", "units": 4, "forget_bias": value}) for value in (1.0, 0.0))
    parameters = {name: value[0] for name, value in random_parameters(one, np.random.default_rng(7), 1).items()}
    shifted = parameters | {"bias": parameters["bias"] + torch.tensor([1.0, 0, 0, 0], dtype=torch.float64)[:, None]}
    x, state = torch.zeros(3, dtype=torch.float64), torch.ones(8, dtype=torch.float64)
    torch.testing.assert_close(one.step(parameters, x, state), none.step(shifted, x, state), rtol=0, atol=1e-14)


def test_uniform_first_weights_have_torchs_bounds() -> None:
    """|w| ≤ 1/√n, variance 1/(3n); the bias is the sum of two. 2500 draws: four standard errors of 0.018 relative to the variance."""
    first = variants.load("cells", {"kind": "vanilla", "units": 50, "first_weights": "uniform"}).init(np.random.default_rng(0), 3, 2)
    assert set(first) == set(DIMENSIONS)
    for name in ("input_weights", "recurrent_weights", "readout_weights"):
        assert np.abs(first[name]).max() <= 1 / np.sqrt(50)
    assert first["recurrent_weights"].var() == pytest.approx(1 / 150, rel=4 * 0.018)
    assert 1 / np.sqrt(50) < np.abs(first["bias"]).max() <= 2 / np.sqrt(50)
    assert not first["initial_state"].any()
