"""Tasks: what networks are trained on, and the trials on which all of them are looked at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from jaxtyping import Float, Int

from rnnpop.numerics.recurrences import Recording, Recurrence
from rnnpop.numerics.sessions import Clock, Course, Response
from rnnpop.variants import Count, NonNegative, Positive, Whole

#: Trials of the frozen batch that decides when a network is trained.
_EVALUATION_TRIALS = 256
#: Documents of that batch, where documents are read.
_EVALUATION_DOCUMENTS = 1000


@dataclass(frozen=True)
class Trials:
    """A batch of trials.

    Attributes:
        input: what the network is given; of a reading task the numbers of its words, one a step.
        target: what it should answer, as the task's loss takes it.
        condition: name of the still input under which each trial runs; empty where its input is not still.
        command: the number that each trial's input stands for (a frequency, an amount), in the task's own units; NaN without one.
    """

    input: Float[np.ndarray, "trial time input"] | Int[np.ndarray, "trial time 1"]
    target: Float[np.ndarray, "trial time output"]
    condition: tuple[str, ...] = ()
    command: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        number = len(self.input)
        object.__setattr__(self, "condition", self.condition or ("",) * number)
        object.__setattr__(self, "command", self.command or (np.nan,) * number)


class Task(ABC):
    """A task with open-loop trials.

    Attributes:
        loss: how outputs are scored against targets, see `kernels.Kernel`.
        frozen: names of parameters that stay as they begin.
        inputs, outputs: numbers of channels.
        criterion: a network is trained when its error on the frozen evaluation batch is at most this, and `solves` agrees: all
            networks are looked at when their errors match.
        dt: length of a step, s.
    """

    loss: ClassVar[Literal["squared", "log", "logistic"]] = "squared"

    frozen: tuple[str, ...] = ()
    inputs: int
    outputs: int
    criterion: float
    dt: float = 1.0

    def bound(self, corpus: xr.Dataset | None = None) -> Task:
        """The task with the corpus that it is about, where it is about one."""
        return self

    def first_embedding(self, rng: np.random.Generator) -> Float[np.ndarray, "word input"] | None:
        """First values of what turns words into inputs; None where inputs are no words."""
        return None

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


@dataclass(frozen=True)
class Documents:
    """Documents of words.

    Attributes:
        tokens: number of each word in the vocabulary, 0 behind the end.
        length: words of each document, at least 1.
        wanted: what is to be said after the last word: one-hot (loss `log`), or +1 and −1 (loss `logistic`).
        score: what the words so far sum to, of each quantity that the answer depends on; None where that is not known.
    """

    tokens: Int[np.ndarray, "document time"]
    length: Int[np.ndarray, "document"]
    wanted: Float[np.ndarray, "document output"]
    score: Float[np.ndarray, "document time quantity"] | None = None

    def trials(self) -> Trials:
        """The documents as trials whose one scored step is the last word; the mean score over steps and trials is that of a document."""
        number, steps = self.tokens.shape
        target = np.zeros((number, steps, self.wanted.shape[1]), dtype=np.float32)
        target[np.arange(number), self.length - 1] = steps * self.wanted
        return Trials(self.tokens[..., None].astype(np.int64), target)


@dataclass(frozen=True, kw_only=True)
class ReadingTask(Task):
    """A task of documents, whose words come one a step, and of which something is asked after the last one.

    A word enters as a row of the network's `embedding`.

    Attributes:
        dimensions: of a trained embedding; 0 for words that are one-hot.
        embedding_deviation: standard deviation of a trained embedding's first entries.
        criterion: cross-entropy (nats) on the evaluation documents at which a network counts as trained.
        probe_documents: documents in a probe batch, all of full length.
    """

    dimensions: Whole = 0
    embedding_deviation: Positive = 0.1
    criterion: Positive = 0.3
    probe_documents: Count = 64

    @property
    @abstractmethod
    def words(self) -> tuple[str, ...]:
        """The vocabulary."""

    @abstractmethod
    def frequencies(self) -> Float[np.ndarray, "word"]:
        """How often each word comes, as fractions that sum to 1."""

    @abstractmethod
    def values(self) -> Float[np.ndarray, "word quantity"]:
        """What each word alone adds to the quantities that the answer depends on; of a corpus, its coefficient in a bag of words; NaN
        for words too rare to tell."""

    def bag_of_words(self) -> float:
        """Share of right answers, on test documents, of a bag of words that was fitted to the same words; NaN where none was."""
        return np.nan

    def modifiers(self) -> dict[str, str]:
        """Words that change what following words add -> negator or intensifier; none by default."""
        return {}

    @abstractmethod
    def documents(
        self, rng: np.random.Generator, number: int, part: Literal["train", "validation", "test"] = "train", *, whole: bool = False
    ) -> Documents:
        """Random documents.

        Args:
            part: of a corpus; documents that are made up are new ones anyway.
            whole: of full length only.
        """

    @property
    def inputs(self) -> int:  # type: ignore[override]
        return self.dimensions or len(self.words)

    @property
    def frozen(self) -> tuple[str, ...]:  # type: ignore[override]
        return () if self.dimensions else ("embedding",)

    def first_embedding(self, rng: np.random.Generator) -> Float[np.ndarray, "word input"]:
        """First values of the embedding; the identity, which stays, where words are one-hot."""
        if not self.dimensions:
            return np.eye(len(self.words))
        return self.embedding_deviation * rng.standard_normal((len(self.words), self.dimensions))

    def trials(self, rng: np.random.Generator, number: int) -> Trials:
        return self.documents(rng, number).trials()

    def evaluation(self, rng: np.random.Generator) -> Trials:
        return self.documents(rng, _EVALUATION_DOCUMENTS, "validation").trials()

    def probes(self, rng: np.random.Generator, batch: int) -> Trials:
        return self.documents(rng, self.probe_documents, "test", whole=True).trials()

    def beyond(self, rng: np.random.Generator) -> Trials:
        """Documents that were not learnt from."""
        return self.documents(rng, _EVALUATION_DOCUMENTS, "test").trials()

    def still_inputs(self) -> dict[str, Float[np.ndarray, "word"]]:
        """Mixtures of words, whose embeddings are what is held still: none at all, and all as often as they come."""
        return {"silence": np.zeros(len(self.words)), "mean word": self.frequencies()}


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
