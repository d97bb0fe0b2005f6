"""Any supervised task of the package neurogym, by its name."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any, final

import numpy as np
from jaxtyping import Float

from rnnpop.tasks import Task, Trials
from rnnpop.variants import Count, Positive, UnknownVariant

#: Trials that are drawn, always the same ones, to see how long they are and what their periods look like.
_LOOKED_AT = 1000
#: Trials that must be the same twice.
_COMPARED = 50


@final
@dataclass(frozen=True)
class Neurogym(Task):
    """Observations and right answers of an environment of neurogym (Molano-Mazón et al. 2022), trial by trial, each from rest.

    Answers that are choices are scored by cross-entropy: the target is one-hot, times T / (steps of the trial), so that the error is the
    mean over trials of the mean over a trial's own steps; what stands behind its end is 0, and not scored. Answers that are numbers are
    scored by squares, and the last moment of a trial is held to step T. Trials longer than T are drawn again.

    Fixed points are sought without input, and under the mean observation of every period of fixation or delay.

    Attributes:
        environment: its name there.
        settings: what it is made with: dt (ms), timing, and its own.
        steps: T; the longest of a thousand trials if it is left out.
        criterion: error at which a network counts as trained; chance differs from one environment to the other.
        probe_trials: trials in a probe batch.

    Raises:
        UnknownVariant: without the package; for an environment that is not there, gives no right answers, or does not repeat itself from
            its seed; for settings that it does not take, or a trial this short.
    """

    environment: str = "PerceptualDecisionMaking-v0"
    settings: dict[str, Any] = field(default_factory=dict)
    steps: Count | None = None
    criterion: Positive = 0.02
    probe_trials: Count = 64

    @property
    def loss(self) -> str:  # type: ignore[override]
        return "log" if self._chooses else "squared"

    @property
    def inputs(self) -> int:  # type: ignore[override]
        return int(np.prod(self._example.observation_space.shape))

    @property
    def outputs(self) -> int:  # type: ignore[override]
        space = self._example.action_space
        return int(space.n if self._chooses else np.prod(space.shape))

    @property
    def dt(self) -> float:  # type: ignore[override]
        return self._example.dt / 1000

    def trials(self, rng: np.random.Generator, number: int) -> Trials:
        fitting = (drawn for drawn in self._drawn(int(rng.integers(2**32))) if len(drawn.ob) <= self._longest)
        inputs = np.zeros((number, self._longest, self.inputs), dtype=np.float32)
        targets = np.zeros((number, self._longest, self.outputs), dtype=np.float32)
        for trial, drawn in enumerate(islice(fitting, number)):
            steps = len(drawn.ob)
            inputs[trial, :steps] = drawn.ob.reshape(steps, -1)
            if self._chooses:
                targets[trial, np.arange(steps), drawn.gt] = self._longest / steps
            else:
                targets[trial, :steps] = drawn.gt
                inputs[trial, steps:], targets[trial, steps:] = inputs[trial, steps - 1], targets[trial, steps - 1]
        return Trials(inputs, targets)

    def probes(self, rng: np.random.Generator, batch: int) -> Trials:
        return self.trials(rng, self.probe_trials)

    def beyond(self, rng: np.random.Generator) -> Trials:
        """New trials of the same law: what lies beyond is not known of an environment."""
        return self.trials(rng, self.probe_trials)

    def still_inputs(self) -> dict[str, Float[np.ndarray, "input"]]:
        return {"none": np.zeros(self.inputs)} | self._look[1]

    @property
    def _chooses(self) -> bool:
        return hasattr(self._example.action_space, "n")

    @cached_property
    def _example(self) -> Any:
        """The environment at a trial, once it is known to be one that can be taught."""
        once, again = (list(islice(map(_told, self._drawn(0)), _COMPARED)) for _ in range(2))
        example = next(self._drawn(0))
        if not all(right is not None and all(map(example.action_space.contains, right)) for _, right in once):
            raise UnknownVariant(f"environment: {self.environment} gives no right answers that are actions, so there is nothing to teach")
        if not all(map(np.array_equal, (seen for seen, _ in once), (seen for seen, _ in again))):
            raise UnknownVariant(f"environment: trials of {self.environment} do not follow from a seed, so nothing could be repeated")
        return example

    def _drawn(self, seed: int) -> Iterator[Any]:
        """The environment at each of its trials, made anew: some remember the last ones, and copies would share its generator."""
        try:
            import neurogym
        except ModuleNotFoundError:
            raise UnknownVariant("task kind 'neurogym' needs the package neurogym, which envs/neurogym.txt pins") from None
        if self.environment not in (known := neurogym.all_envs()):
            raise UnknownVariant(f"environment: {self.environment!r} is not one of neurogym; allowed: {', '.join(known)}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # each environment warns of its own metadata
            try:
                environment = neurogym.make(self.environment, **self.settings).unwrapped
            except (TypeError, KeyError) as error:
                raise UnknownVariant(f"settings: {self.environment} cannot be made with {self.settings}: {error}") from None
        environment.seed(seed)
        while True:
            environment.new_trial()
            yield environment

    @cached_property
    def _longest(self) -> int:
        shortest, longest = self._look[0]
        if self.steps is not None and self.steps < shortest:
            raise UnknownVariant(f"steps: trials of {self.environment} have at least {shortest}, got {self.steps}")
        return self.steps or longest

    @cached_property
    def _look(self) -> tuple[tuple[int, int], dict[str, Float[np.ndarray, "input"]]]:
        """The shortest and the longest trial; the mean observation of each period of fixation or delay."""
        inputs, lengths = self.inputs, []
        seen: dict[str, list[np.ndarray]] = {}
        for drawn in islice(self._drawn(0), _LOOKED_AT):
            lengths.append(len(drawn.ob))
            for period, first in drawn.start_ind.items():
                if "fixation" in period or "delay" in period:
                    seen.setdefault(period, []).append(drawn.ob[first : drawn.end_ind[period]].reshape(-1, inputs).astype(np.float64))
        means = {period: np.concatenate(steps) for period, steps in seen.items()}
        return (min(lengths), max(lengths)), {period: steps.mean(axis=0) for period, steps in means.items() if len(steps)}


def _told(environment: Any) -> tuple[Any, Any]:
    """Observations and right answers of a trial; None where an environment has none."""
    return getattr(environment, "ob", None), getattr(environment, "gt", None)
