"""Pattern generation: a sine wave whose frequency a constant input commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from jaxtyping import Float

from rnnpop.tasks import Task, Trials
from rnnpop.variants import Count, Positive, Probability


@final
@dataclass(frozen=True)
class Sine(Task):
    """y*_t = sin(2π f t dt) for t = 0, 1, ...; the one input is the constant u = (f − lowest)/(highest − lowest) + `offset`.

    Sussillo & Barak 2013; Maheswaranathan et al. 2019, figure 2, whose frequencies, steps and coding of the input could not be read:
    all are ours. Ideal solution: under each input one fixed point, inside an attracting cycle of frequency f.

    A network is trained when the error meets the criterion and R² is at least `least_r2` for *every* frequency: the error of an
    output of 0 is only the variance, 1/2, and the highest frequencies fail first.

    Attributes:
        lowest, highest: frequencies, Hz.
        frequencies: number of them in training, evaluation included.
        spacing: of the frequencies.
        dt: length of a step, s.
        steps: steps of a trial.
        offset: input of the lowest frequency.
        criterion: mean squared error at which networks are compared.
        least_r2: R² that each frequency must reach.
        analysed: frequencies at which fixed points are sought and networks recorded, over the same range; those of the second probe
            batch lie in between.
    """

    lowest: Positive = 1.0
    highest: Positive = 10.0
    frequencies: Count = 50
    spacing: Literal["linear", "log"] = "linear"
    dt: Positive = 0.01
    steps: Count = 200
    offset: float = 0.25
    criterion: Positive = 0.01
    least_r2: Probability = 0.9
    analysed: Count = 21

    inputs = 1
    outputs = 1

    def trials(self, rng: np.random.Generator, number: int) -> Trials:
        grid = self._grid(self.frequencies)
        # every frequency in turn, in random order: each batch holds all of them as often as it can
        rounds = [rng.permutation(len(grid)) for _ in range(-(-number // len(grid)))]
        return self._waves(grid[np.concatenate(rounds)[:number]])

    def evaluation(self, rng: np.random.Generator) -> Trials:
        return self._waves(self._grid(self.frequencies))

    def solves(self, answer: Callable[[], Float[np.ndarray, "trial time output"]], trials: Trials) -> bool:
        spread = ((trials.target - trials.target.mean(axis=1, keepdims=True)) ** 2).sum(axis=(1, 2))
        missed = ((answer() - trials.target) ** 2).sum(axis=(1, 2))
        return bool((1 - missed / spread >= self.least_r2).all())

    def probes(self, rng: np.random.Generator, batch: int) -> Trials:
        grid = self._grid(2 * self.analysed - 1)
        return self._waves(grid[batch::2], named=batch == 0)

    def shown(self) -> Trials:
        return self._waves(self._grid(self.analysed)[:: max(1, (self.analysed - 1) // 10)], named=True)

    def beyond(self, rng: np.random.Generator) -> Trials:
        """As many frequencies below the range, down to half the lowest, as above it, up to five quarters of the highest."""
        below, above = (np.linspace(*ends, 11) for ends in ((self.lowest / 2, self.lowest), (self.highest, 1.25 * self.highest)))
        return self._waves(np.concatenate([below[:-1], above[1:]]))

    def still_inputs(self) -> dict[str, Float[np.ndarray, "input"]]:
        return {name: np.array([self._code(f)]) for name, f in self.commands().items()}

    def commands(self) -> dict[str, float]:
        return {_name(f): float(f) for f in self._grid(self.analysed)}

    def _grid(self, number: int) -> Float[np.ndarray, "frequency"]:
        spaced = np.geomspace if self.spacing == "log" else np.linspace
        return spaced(self.lowest, self.highest, number)

    def _code(self, frequency: float) -> float:
        return (frequency - self.lowest) / (self.highest - self.lowest) + self.offset

    def _waves(self, frequencies: Float[np.ndarray, "trial"], named: bool = False) -> Trials:
        phase = 2 * np.pi * self.dt * np.outer(frequencies, np.arange(self.steps))
        inputs = np.repeat(np.array([self._code(f) for f in frequencies]), self.steps).reshape(len(frequencies), self.steps, 1)
        names = tuple(_name(f) if named else "" for f in frequencies)
        target = np.sin(phase)[..., None]
        return Trials(inputs.astype(np.float32), target.astype(np.float32), names, tuple(map(float, frequencies)))


def _name(frequency: float) -> str:
    return f"{frequency:.4g} Hz"
