"""Words as cells take them: rows of a network's embedding."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from rnnpop.numerics.affine import Parameters


def embedded(parameters: Parameters, inputs: Float[Tensor, "*trial input"] | Int[Tensor, "*trial 1"]) -> Float[Tensor, "*trial input"]:
    """Inputs as the cell takes them: of numbers of words, their rows of the embedding; what is a vector already stays as it is."""
    return inputs if inputs.is_floating_point() else parameters["embedding"][inputs.squeeze(-1)]


def mixed(parameters: Parameters, still: Float[np.ndarray, "channel"]) -> Float[np.ndarray, "input"]:
    """A constant input as the cell takes it: of a mixture of words, the sum of their embeddings, each times its share."""
    return (torch.from_numpy(still) @ parameters["embedding"]).numpy() if "embedding" in parameters else still
