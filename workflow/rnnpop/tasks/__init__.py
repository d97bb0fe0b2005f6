"""Tasks: what networks are trained on, and the trials on which all of them are looked at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Trials:
    """A batch of trials.

    Attributes:
        input: what the network is given.
        target: what it should answer.
    """

    input: Float[np.ndarray, "trial time input"]
    target: Float[np.ndarray, "trial time output"]


class Task(ABC):
    """A task with open-loop trials, scored by mean squared error over trials, time and outputs.

    Attributes:
        inputs, outputs: numbers of channels.
        criterion: a network is trained when its error on the frozen evaluation batch is at most this.
    """

    inputs: int
    outputs: int
    criterion: float

    @abstractmethod
    def trials(self, rng: np.random.Generator, number: int) -> Trials:
        """Random trials, float32."""

    @abstractmethod
    def probes(self, rng: np.random.Generator) -> Trials:
        """The trials on which every network of the task is recorded; `rng` belongs to the task alone."""

    @abstractmethod
    def still_inputs(self) -> dict[str, Float[np.ndarray, "input"]]:
        """Named constant inputs under which fixed points are sought."""

    def pulses(self) -> dict[str, Float[np.ndarray, "input"]]:
        """Named inputs of one step, whose effect on stable fixed points is mapped; none by default."""
        return {}
