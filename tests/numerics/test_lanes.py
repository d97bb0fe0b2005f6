"""Laws of training side by side: a network does not know its lane, and the optimiser is the textbook's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch

from rnnpop.numerics.affine import WEIGHTS
from rnnpop.numerics.kernels import Loss
from rnnpop.numerics.lanes import Lane, time_major
from rnnpop.numerics.scores import scored
from rnnpop.numerics.unroll import unroll
from rnnpop.tasks import Documents, ReadingTask
from rnnpop.variants import load


def lane(kind: str, networks: int, dtype: torch.dtype = torch.float64, loss: str = "squared") -> Lane:
    cell = load("cells", {"kind": kind, "units": 5})
    initial = [cell.init(np.random.default_rng(number), 3, 2) for number in range(networks)]
    return Lane(cell, initial, steps=6, trials=4, dtype=dtype, device=torch.device("cpu"), loss=loss)


def batch(networks: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(9)
    return tuple(torch.from_numpy(rng.standard_normal((networks, 6, 4, size))) for size in (3, 2))  # type: ignore[return-value]


@pytest.mark.parametrize("kind", ["vanilla", "ugrnn", "gru", "lstm"])
def test_gradient_is_that_of_the_mean_squared_error(kind: str) -> None:
    """Against automatic differentiation of the unrolled cell and readout; float64: 1e-12."""
    tested, (inputs, targets) = lane(kind, 2), batch(2)
    loss = tested.step_gradient(inputs, targets)
    cell = tested.cell
    for row in range(2):
        parameters = {name: value[row].clone().requires_grad_() for name, value in tested.parameters.items()}
        state, error = parameters["initial_state"].expand(4, -1), 0.0
        for t in range(6):
            state = cell.step(parameters, inputs[row, t], state)
            error = error + (cell.readout(parameters, state) - targets[row, t]).square().sum() / (6 * 4 * 2)
        torch.testing.assert_close(loss[row], error.detach(), rtol=0, atol=1e-12)
        for name, gradient in zip(parameters, torch.autograd.grad(error, list(parameters.values())), strict=True):
            torch.testing.assert_close(tested.gradients[name][row], gradient, rtol=0, atol=1e-12, msg=name)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 2e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("loss", ["log", "linear"])
@pytest.mark.parametrize("kind", ["vanilla", "ugrnn", "gru", "lstm"])
def test_scores_of_a_softmax_from_given_states(kind: str, loss: str, dtype: torch.dtype, tolerance: float) -> None:
    """−Σ y* log p and −Σ y* p, some steps unscored, against automatic differentiation of the plain cell in float64."""
    tested, (inputs, _) = lane(kind, 2, dtype, loss), batch(2)
    rng = np.random.default_rng(5)
    wanted = torch.from_numpy(np.eye(2)[rng.integers(0, 2, (2, 6, 4))] * rng.choice([0, 1, 1.5], (2, 6, 4, 1)))
    begun = torch.from_numpy(rng.uniform(-1, 1, (2, 4, tested.parameters["initial_state"].shape[1])))
    given = inputs.to(dtype), wanted.to(dtype), begun.to(dtype)
    losses = tested.step_gradient(*given)
    assert torch.equal(given[2], begun.to(dtype))
    for row in range(2):
        parameters = {name: value[row].double().requires_grad_() for name, value in tested.parameters.items()}
        state, score = begun[row], torch.zeros(())
        for t in range(6):
            state = tested.cell.step(parameters, inputs[row, t], state)
            p = tested.cell.readout(parameters, state).softmax(dim=1)
            score = score - (wanted[row, t] * (p.log() if loss == "log" else p)).sum() / (6 * 4)
        torch.testing.assert_close(losses[row].double(), score.detach(), rtol=0, atol=tolerance)
        names = [name for name in parameters if name != "initial_state"]
        for name, gradient in zip(names, torch.autograd.grad(score, [parameters[name] for name in names]), strict=True):
            torch.testing.assert_close(tested.gradients[name][row].double(), gradient, rtol=0, atol=tolerance, msg=name)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 2e-6), (torch.float64, 1e-14)])
@pytest.mark.parametrize("kind", ["vanilla", "ugrnn", "gru", "lstm"])
def test_a_step_of_the_lane_is_the_cells(kind: str, dtype: torch.dtype, tolerance: float) -> None:
    tested, (inputs, _) = lane(kind, 2, dtype), batch(2)
    rng = np.random.default_rng(6)
    begun = torch.from_numpy(rng.uniform(-1, 1, (2, 4, tested.parameters["initial_state"].shape[1])))
    states = begun.to(dtype, copy=True)
    outputs = tested.advance(inputs[:, 0].to(dtype).contiguous(), states)
    for row in range(2):
        parameters = {name: value[row].double() for name, value in tested.parameters.items()}
        after = tested.cell.step(parameters, inputs[row, 0], begun[row])
        torch.testing.assert_close(states[row].double(), after, rtol=0, atol=tolerance)
        torch.testing.assert_close(outputs[row].double(), tested.cell.readout(parameters, after), rtol=0, atol=2 * tolerance)


def test_descent_is_torchs() -> None:
    """Ten steps against torch.optim.SGD with momentum; float64: 1e-14."""
    tested = lane("vanilla", 2)
    plain = tested.flat.clone().requires_grad_()
    optimiser = torch.optim.SGD([plain], lr=0.1, momentum=0.3)
    for _ in range(10):
        tested.gradient.copy_(tested.flat.sin())
        plain.grad = plain.detach().sin()
        tested.descend(torch.full((2,), 0.1, dtype=torch.float64), 0.3)
        optimiser.step()
    torch.testing.assert_close(tested.flat, plain.detach(), rtol=0, atol=1e-14)


def test_adam_is_torchs_with_the_penalty_and_the_clip() -> None:
    """Twenty steps against torch.optim.Adam on error + l2 Σw² with a clipped gradient, each network by itself; float64: 1e-10."""
    tested, (inputs, targets) = lane("gru", 2), batch(2)
    rate, l2, clip = (torch.tensor(values, dtype=torch.float64) for values in ([1e-2, 3e-3], [1e-3, 0.0], [0.1, 5.0]))
    start = [{name: value[row].clone() for name, value in tested.parameters.items()} for row in range(2)]
    for step in range(1, 21):
        tested.step_gradient(inputs, targets)
        tested.adam(step, rate, l2, clip, beta1=0.9, beta2=0.999, epsilon=1e-8)
    for row in range(2):
        parameters = {name: value.requires_grad_() for name, value in start[row].items()}
        optimiser = torch.optim.Adam(parameters.values(), lr=float(rate[row]))
        for _ in range(20):
            state, error = parameters["initial_state"].expand(4, -1), 0.0
            for t in range(6):
                state = tested.cell.step(parameters, inputs[row, t], state)
                error = error + (tested.cell.readout(parameters, state) - targets[row, t]).square().mean() / 6
            penalty = l2[row] * sum(parameters[name].square().sum() for name in WEIGHTS)
            optimiser.zero_grad()
            (error + penalty).backward()
            norm = torch.cat([value.grad.flatten() for value in parameters.values()]).norm()  # torch's own clip adds 1e-6 to it
            for value in parameters.values():
                value.grad *= (clip[row] / norm).clamp_max(1)
            optimiser.step()
        for name, value in parameters.items():
            torch.testing.assert_close(tested.parameters[name][row], value.detach(), rtol=0, atol=1e-10, msg=name)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 0.0), (torch.float64, 1e-13)])
def test_leaving_a_lane_changes_nothing_for_those_who_stay(dtype: torch.dtype, tolerance: float) -> None:
    """To the bit in the native passes, which take one network after the other; within rounding in torch, whose products share a call."""
    inputs, targets = (array.to(dtype) for array in batch(3))
    full, left = lane("lstm", 3, dtype), lane("lstm", 3, dtype)
    if dtype == torch.float32 and not full.native:
        pytest.skip("no C compiler here")
    settings = [torch.full((3,), value, dtype=dtype) for value in (1e-2, 1e-4, 1.0)]
    for step in range(1, 4):
        full.step_gradient(inputs, targets)
        full.adam(step, *settings, beta1=0.9, beta2=0.999, epsilon=1e-8)
    for step in range(1, 4):
        if step == 3:
            left.keep([0, 2])
        rows = [0, 1, 2] if step < 3 else [0, 2]
        left.step_gradient(inputs[rows].contiguous(), targets[rows].contiguous())
        left.adam(step, *(s[: len(rows)] for s in settings), beta1=0.9, beta2=0.999, epsilon=1e-8)
    torch.testing.assert_close(left.flat, full.flat[[0, 2]], rtol=0, atol=tolerance)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_loss_of_a_batch_that_is_no_multiple_of_the_training_batch(dtype: torch.dtype) -> None:
    """Seven trials in chunks of four and three, against the plain cell; rounding of the passes in float32: 1e-6."""
    tested = lane("gru", 2, dtype)
    rng = np.random.default_rng(4)
    inputs, targets = (torch.from_numpy(rng.standard_normal((6, 7, size))).to(dtype) for size in (3, 2))
    for row, loss in enumerate(tested.losses(inputs, targets)):
        parameters = {name: value[row] for name, value in tested.parameters.items()}
        state, error = parameters["initial_state"].expand(7, -1), 0.0
        for t in range(6):
            state = tested.cell.step(parameters, inputs[t], state)
            error += float((tested.cell.readout(parameters, state) - targets[t]).square().mean()) / 6
        assert loss == pytest.approx(error, abs=1e-6)


def test_native_passes_refuse_another_shape() -> None:
    tested = lane("gru", 1, torch.float32)
    if not tested.native:
        pytest.skip("no C compiler here")
    with pytest.raises(ValueError, match="given to a kernel"):
        tested.step_gradient(torch.zeros(1, 6, 3, 3), torch.zeros(1, 6, 3, 2))


def test_native_adam_is_the_plain_one() -> None:
    """Ten steps of both on gradients of their own size each, clip at work and not; float32, some dozen roundings of 6e-8: 1e-5."""
    tested, plain = lane("gru", 2, torch.float32), lane("gru", 2)
    if not tested.native:
        pytest.skip("no C compiler here")
    settings = [torch.tensor(values, dtype=torch.float64) for values in ([1e-2, 3e-3], [1e-2, 0.0], [1.0, 1e3])]
    rng = np.random.default_rng(3)
    plain.flat.copy_(tested.flat)
    for step in range(1, 11):
        plain.gradient.copy_(torch.from_numpy(rng.standard_normal(plain.gradient.shape) * np.exp(rng.uniform(-9, 0, plain.gradient.shape))))
        tested.gradient.copy_(plain.gradient)
        for each in (tested, plain):
            each.adam(step, *(s.to(each.dtype) for s in settings), beta1=0.9, beta2=0.999, epsilon=1e-8)
    torch.testing.assert_close(tested.flat.double(), plain.flat, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_step_whose_gradient_is_not_finite_is_not_taken(dtype: torch.dtype, bad: float) -> None:
    """By the network whose gradient it is: its weights and moments stay to the bit. Its neighbour takes its own step."""
    tested, (inputs, targets) = lane("gru", 2, dtype), (array.to(dtype) for array in batch(2))
    settings = [torch.full((2,), value, dtype=dtype) for value in (1e-2, 1e-4, 1.0)]
    for step in (1, 2):
        tested.step_gradient(inputs, targets)
        if step == 2:
            tested.gradient[0, 3] = bad
            before, other = tested.snapshot(0), tested.flat[1].clone()
        tested.adam(step, *settings, beta1=0.9, beta2=0.999, epsilon=1e-8)
    assert all(torch.equal(kept, now) for kept, now in zip(before, tested.snapshot(0), strict=True))
    assert (tested.flat[1] != other).any()


@pytest.mark.parametrize("kind", ["vanilla", "ugrnn", "gru", "lstm"])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_what_is_not_a_number_stays_so(kind: str, activation: str) -> None:
    """A network with such a weight has no error and no gradient: neither may look like a small one."""
    cell = load("cells", {"kind": kind, "units": 5, "activation": activation})
    weights = cell.init(np.random.default_rng(0), 3, 2)
    weights["recurrent_weights"][0, 0, 0] = np.nan
    tested = Lane(cell, [weights], steps=6, trials=4, dtype=torch.float32, device=torch.device("cpu"))
    loss = tested.step_gradient(*(array[:1].float() for array in batch(2)))
    assert not loss.isfinite().any()
    assert not tested.gradient.norm().isfinite()


@dataclass(frozen=True, kw_only=True)
class Words(ReadingTask):
    """Documents of five words; wanted is whether more ones than twos have come."""

    loss: ClassVar = "logistic"
    outputs: ClassVar = 1
    words: ClassVar = ("nothing", "good", "bad", "well", "ill")

    def frequencies(self) -> np.ndarray:
        return np.full(5, 0.2)

    def values(self) -> np.ndarray:
        return np.array([[0.0], [1], [-1], [1], [-1]])

    def documents(self, rng: np.random.Generator, number: int, part: str = "train", *, whole: bool = False) -> Documents:
        tokens, length = rng.integers(0, 5, (number, 9)), rng.integers(9 if whole else 3, 10, number)
        tokens[np.arange(9) >= length[:, None]] = 0
        return Documents(tokens, length, np.where(self.values()[tokens].sum(axis=1) > 0, 1.0, -1.0))


@pytest.mark.parametrize("dimensions", [0, 4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_words_are_rows_of_an_embedding_and_train_them(dtype: torch.dtype, dimensions: int) -> None:
    """Loss and gradients of documents of different lengths against automatic differentiation of a plain run over one-hot words, document
    by document; float32: 2e-5 of the largest gradient, as in tests/rooms/test_cells.py."""
    task, cell, rng = Words(dimensions=dimensions), load("cells", {"kind": "gru", "units": 5}), np.random.default_rng(4)
    initial = cell.init(rng, task.inputs, 1) | {"embedding": task.first_embedding(rng)}
    lane = Lane(cell, [initial], steps=4, trials=6, dtype=dtype, device=torch.device("cpu"), held=task.frozen, loss="logistic")
    documents = task.documents(rng, 6)
    inputs, targets = time_major(documents.trials(), torch.device("cpu"))
    loss = lane.step_gradient([inputs], [targets.to(dtype)])

    leaves = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in initial.items()}
    total = torch.zeros(())
    for tokens, length, wanted in zip(documents.tokens, documents.length, documents.wanted, strict=True):
        state = leaves["initial_state"]
        for word in tokens[:length]:
            state = cell.step(leaves, leaves["embedding"][word], state)
        total = total + torch.nn.functional.softplus(-wanted[0] * cell.readout(leaves, state)[0]) / 6
    total.backward()
    tolerance = 2e-5 if dtype == torch.float32 else 1e-12
    assert float(loss[0]) == pytest.approx(float(total.detach()), rel=tolerance)
    assert float(lane.losses(inputs, targets.to(dtype))[0]) == pytest.approx(float(total.detach()), rel=tolerance)
    for name, leaf in leaves.items():
        expected = torch.zeros_like(leaf) if name in task.frozen else leaf.grad
        torch.testing.assert_close(
            lane.gradients[name][0].double(), expected, rtol=0, atol=tolerance * max(1.0, float(expected.abs().max())), msg=name
        )


@pytest.mark.parametrize("loss", ["log", "logistic", "squared"])
def test_scores_outside_of_lanes_are_the_same(loss: Loss) -> None:
    """`scores.scored`, which looks at finished networks, is what they were trained on; float32: 1e-5."""
    rng = np.random.default_rng(1)
    sign = rng.integers(0, 2, (4, 6, 2)) * 2.0 - 1
    targets = {"squared": sign, "logistic": 3 * sign, "log": 3 * np.eye(2)[(sign[..., 0] > 0).astype(int)]}[loss]
    cell = load("cells", {"kind": "vanilla", "units": 5})
    lane = Lane(cell, [cell.init(rng, 2, 2)], steps=6, trials=4, dtype=torch.float32, device=torch.device("cpu"), loss=loss)
    inputs = torch.from_numpy(rng.standard_normal((6, 4, 2))).float()
    parameters = {name: value[0].double() for name, value in lane.parameters.items()}
    answered = cell.readout(parameters, unroll(cell, parameters, inputs.double().swapaxes(0, 1))).numpy()
    found = lane.losses(inputs, torch.from_numpy(targets).float().swapaxes(0, 1).contiguous())
    assert scored(loss, answered, targets) == pytest.approx(float(found[0]), rel=1e-5)
