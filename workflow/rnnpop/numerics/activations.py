"""The non-linearity of candidates and outputs (gates are always logistic), and its slope as a function of its value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor


@dataclass(frozen=True)
class Activation:
    """A non-linearity φ.

    Attributes:
        value: φ(a), elementwise.
        slope: φ'(a) from the value y = φ(a).
        into: φ in place.
        pull_back: (gradient, value, out) -> out = gradient · φ'(a); `out` may be `gradient`.
        smooth: whether φ has a derivative everywhere.
    """

    value: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]
    into: Callable[[Tensor], Tensor]
    pull_back: Callable[[Tensor, Tensor, Tensor], Tensor]
    smooth: bool


ACTIVATIONS: Final = {
    "tanh": Activation(
        torch.tanh,
        lambda y: 1 - y * y,
        torch.tanh_,
        lambda gradient, y, out: torch.ops.aten.tanh_backward.grad_input(gradient, y, grad_input=out),
        smooth=True,
    ),
    "relu": Activation(
        torch.relu,
        lambda y: (y > 0).to(y.dtype),
        torch.relu_,
        lambda gradient, y, out: torch.ops.aten.threshold_backward.grad_input(gradient, y, 0, grad_input=out),
        smooth=False,
    ),
}


def sigmoid_pull_back(gradient: Tensor, gate: Tensor, out: Tensor) -> Tensor:
    """out = gradient · σ(1 − σ) with σ = `gate`."""
    return torch.ops.aten.sigmoid_backward.grad_input(gradient, gate, grad_input=out)
