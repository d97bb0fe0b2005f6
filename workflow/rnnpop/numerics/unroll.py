"""Run a cell over trials."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rnnpop.numerics.affine import Parameters
from rnnpop.numerics.embeddings import embedded


def unroll(
    cell: Any, parameters: Parameters, inputs: Float[Tensor, "trial time input"] | Int[Tensor, "trial time 1"]
) -> Float[Tensor, "trial time unit"]:
    """States of one network after each step, from its first state; of words, their numbers are given."""
    inputs = embedded(parameters, inputs)
    state = parameters["initial_state"].expand(len(inputs), -1)
    states = []
    for t in range(inputs.shape[1]):
        state = cell.step(parameters, inputs[:, t], state)
        states.append(state)
    return torch.stack(states, dim=1)
