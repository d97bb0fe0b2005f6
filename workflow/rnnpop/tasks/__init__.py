"""Tasks: what networks are trained on, and the trials on which all of them are looked at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from rnnpop.numerics.recurrences import Recording, Recurrence
from rnnpop.numerics.sessions import Clock, Course, Response
from rnnpop.variants import Count, NonNegative, Whole

#: Trials of the frozen batch that decides when a network is trained.
_EVALUATION_TRIALS = 256


@dataclass(frozen=True)
class Trials:
    """A batch of trials.

    Attributes:
        input: what the network is given.
        target: what it should answer.
        condition: name of the still input under which each trial runs; empty where its input is not still.
        command: the number that each trial's input stands for (a frequency, an amount), in the task's own units; NaN without one.
    """

    input: Float[np.ndarray, "trial time input"]
    target: Float[np.ndarray, "trial time output"]
    condition: tuple[str, ...] = ()
    command: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        number = len(self.input)
        object.__setattr__(self, "condition", self.condition or ("",) * number)
        object.__setattr__(self, "command", self.command or (np.nan,) * number)


class Task(ABC):
    """A task with open-loop trials, scored by mean squared error over trials, times and outputs.

    Attributes:
        inputs, outputs: numbers of channels.
        criterion: a network is trained when its error on the frozen evaluation batch is at most this, and `solves` agrees: all
            networks are looked at when their errors match.
        dt: length of a step, s.
    """

    inputs: int
    outputs: int
    criterion: float
    dt: float = 1.0

    @abstractmethod
    def trials(self, rng: np.random.Generator, number: int) -> Trials:
        """Random trials, float32."""

    @abstractmethod
    def probes(self, rng: np.random.Generator, batch: int) -> Trials:
        """Trials on which every network of the task is recorded; `rng` belongs to the task and the batch alone.

        Args:
            batch: 0 is the probe batch, on which networks are compared; 1 a second one like it, for noise floors.
        """

    @abstractmethod
    def beyond(self, rng: np.random.Generator) -> Trials:
        """Trials out of the range of training, of any length: what networks of equal error may still differ in."""

    @abstractmethod
    def still_inputs(self) -> dict[str, Float[np.ndarray, "input"]]:
        """Named constant inputs under which fixed points are sought, in an order that means something where there are several."""

    def evaluation(self, rng: np.random.Generator) -> Trials | Course:
        """The frozen batch, or sessions, that decide when a network is trained."""
        return self.trials(rng, _EVALUATION_TRIALS)

    def solves(self, answer: Callable[[], Float[np.ndarray, "trial time output"]], trials: Trials) -> bool:
        """Whether outputs of sufficient mean error solve the task in every condition.

        Args:
            answer: gives the outputs; to be called only where they are asked for.
        """
        return True

    def shown(self) -> Trials | None:
        """Trials for pictures, as long as the probes; None where the first probes do."""
        return None

    def commands(self) -> dict[str, float]:
        """The number that each still input stands for, in the task's own units; NaN without one."""
        return dict.fromkeys(self.still_inputs(), np.nan)

    def levels(self) -> Float[np.ndarray, "level"]:
        """Readouts of the first output at which the slowest point under each still input is sought; none unless one is to be held."""
        return np.empty(0)

    def pulses(self) -> dict[str, Float[np.ndarray, "input"]]:
        """Named inputs of one step, whose effect on stable fixed points is mapped; none by default."""
        return {}


class ClosedLoopTask(Task):
    """A task that answers back: what the network puts out ends a trial, brings reward, and so decides what it is given next.

    Environments (sessions) run side by side, each by its own clock, and the state of a network is never reset within one. `trials` and
    `probes` are open-loop: sessions as an ideal agent played them, on which all networks can be looked at under the same inputs.

    Attributes:
        sessions: sessions that every network plays after training, of `session_steps` steps.
    """

    sessions: int
    session_steps: int

    @abstractmethod
    def course(self, rng: np.random.Generator, environments: int, *, steps: int = 0, blocks: int = 0) -> Course:
        """What chance brings to sessions of at least `steps` steps, or of so many whole blocks, whatever the task takes for one."""

    @abstractmethod
    def begin(self, course: Course) -> Clock:
        """The clocks at the start of sessions."""

    @abstractmethod
    def observe(self, course: Course, clock: Clock) -> Float[np.ndarray, "environment input"]:
        """What the network is given now, float32; nothing is changed."""

    @abstractmethod
    def respond(self, course: Course, clock: Clock, outputs: Float[np.ndarray, "environment output"]) -> Response:
        """What the outputs of this step bring about; the clocks go on by one step."""


@dataclass(frozen=True)
class DrivenTask(ABC):
    """Nothing to be learnt: what drives a constructed circuit while it is watched, in one continuous run.

    Attributes:
        steps: of the run that is watched.
        noise: s of the private noise of each unit: an increment a · s · N(0, 1) a step, a the leak of the circuit. (With increments
            √(2a) s' · N(0, 1), as others write it, s = s' √(2 / a).)
        initial: standard deviation of the first state, each unit alone. That of an unconnected unit is s √(a / (2 − a)): with 1 a run
            begins far outside.
        burn_in: steps before those that are watched.
    """

    steps: Count = 5000
    noise: NonNegative = 0.2
    initial: NonNegative = 1.0
    burn_in: Whole = 0

    @abstractmethod
    def signal(self, rng: np.random.Generator, steps: int) -> Float[np.ndarray, "time"] | None:
        """What enters along the circuit's drive; None without a signal."""

    def first_state(self, rng: np.random.Generator, drive: Float[np.ndarray, "unit"]) -> Float[np.ndarray, "unit"]:
        """The state in which a run begins."""
        return self.initial * rng.standard_normal(len(drive))

    def record(self, circuit: Recurrence, rng: np.random.Generator) -> Recording:
        """One run of a circuit, as a recording of all its units (one trial)."""
        total = self.burn_in + self.steps
        direction = np.zeros(circuit.units) if circuit.input_weights is None else circuit.input_weights[:, 0]
        start = self.first_state(rng, direction)
        signal = self.signal(rng, total)
        inputs = np.zeros((total, 0)) if signal is None else signal[:, None]
        increments = circuit.leak * self.noise * rng.standard_normal((total, circuit.units))
        states = circuit.run(start, total, None if signal is None else inputs, increments)
        kept = slice(self.burn_in, None)
        return Recording(states[None, kept], inputs[None, kept], circuit.leak, circuit.activation, circuit.form)
