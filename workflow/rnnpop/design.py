"""config -> studies, populations, shards, blocks, tiles. Standard library only: the rules import it at every start."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

#: Width of a network's number in names: sorts up to a hundred thousand networks a population.
_DIGITS = 5


class NameParts(NamedTuple):
    """What the name of a network is made of; the number as it is written there."""

    task: str
    cell: str
    learner: str
    number: str


@dataclass(frozen=True)
class Population:
    """Networks that share study, task, cell and learner, and differ by seed.

    Attributes:
        cell: name of the cell with its axis values, as it stands in paths (`gru-tanh-64`).
        learner: the same for the learner (`adam`).
        group: name of the learner without its axis values; networks are compared within a group (trained, untrained, ...).
        factors: the design factors and this population's level of each, for summary tables.
    """

    study: str
    task: str
    cell: str
    learner: str
    group: str
    networks: int
    cell_entry: dict[str, Any]
    learner_entry: dict[str, Any]
    factors: dict[str, Any]


@dataclass(frozen=True)
class Shard:
    """Consecutive networks of one population, trained side by side in one job: `first` to `last`, both included."""

    population: Population
    first: int
    last: int

    @property
    def name(self) -> str:
        return f"{self.first:0{_DIGITS}d}-{self.last:0{_DIGITS}d}"

    @property
    def wildcards(self) -> dict[str, str]:
        p = self.population
        return {"study": p.study, "task": p.task, "cell": p.cell, "learner": p.learner, "shard": self.name}

    def __len__(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True)
class Study:
    """A paragraph of config.yaml, resolved.

    Raises:
        KeyError: where the paragraph names something that config.yaml does not hold (`validation` says it kindly first).
    """

    name: str
    config: Mapping[str, Any]

    @property
    def entry(self) -> Mapping[str, Any]:
        return self.config["studies"][self.name]

    @property
    def tasks(self) -> list[str]:
        """Those that are not left out by a `false`."""
        tasks = self.entry["tasks"]
        return [task for task in tasks if not isinstance(tasks, Mapping) or tasks[task] is not False]

    def of_task(self, task: str) -> Mapping[str, Any]:
        """What the paragraph says of one task beside what it says of all; nothing where its tasks are a plain list."""
        own = self.entry["tasks"][task] if isinstance(self.entry["tasks"], Mapping) else None
        return own if isinstance(own, Mapping) else {}

    @property
    def factors(self) -> list[str]:
        """Names of the design factors that its populations differ by within a group."""
        axes = self.entry.get("axes", {})
        return ["architecture", *axes.get("cells", {}), *axes.get("learners", {})]

    @property
    def tried(self) -> list[str]:
        """Keys of the learner that a search for recipes varies; none where nothing is to be chosen."""
        return list(self.entry["axes"]["learners"]) if self.entry.get("choose") else []

    @property
    def groups(self) -> list[str]:
        """Its learners; the first is the study's own, the others are controls."""
        return list(self.entry["learners"])

    def named(self, kind: str, task: str | None = None) -> dict[str, dict[str, Any]]:
        """Entries of `measures`, `statistics`, `claims` or `figures` that the study names for all its tasks, and those for one of them."""
        names = [*self.entry.get(kind, []), *(self.of_task(task).get(kind, []) if task else [])]
        return {name: self.config[kind][name] for name in dict.fromkeys(names)}

    def settings(self, stage: str, task: str) -> dict[str, Any]:
        """Settings of a stage: those of config.yaml, and over them those of the study's task."""
        return self.config[stage] | self.of_task(task).get(stage, {})

    @cached_property
    def populations(self) -> list[Population]:
        return [
            Population(
                self.name,
                task,
                cell,
                learner,
                learner_factors["learner"],
                self.entry["seeds"] if learner_factors["learner"] == self.groups[0] else self.entry.get("controls", self.entry["seeds"]),
                cell_entry,
                _placed(learner_entry | self.entry.get("recipes", {}).get(learner_factors["learner"], {}).get(cell, {}), task, cell),
                cell_factors | learner_factors,
            )
            for task in self.tasks
            for learner, learner_entry, learner_factors in self._variants("learners", "learner", task)
            for cell, cell_entry, cell_factors in self._variants("cells", "architecture", task)
        ]

    def _variants(self, room: str, factor: str, task: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
        """Every combination of levels of every entry: label, entry, levels. Axes of learners are those of the study's own one."""
        for name in self.entry[room]:
            axes = {} if room == "learners" and name != self.groups[0] else self.entry.get("axes", {}).get(room, {})
            entry = self.config[room][name] | self.of_task(task).get(room, {}).get(name, {})
            for levels in itertools.product(*axes.values()):
                values = dict(zip(axes, levels, strict=True))
                label = "-".join([name, *(str(level) for level in levels)])
                yield label, entry | values, {factor: name} | values

    def shards(self, task: str, group: str | None = None) -> list[Shard]:
        """Shards of a task (and of one group), smallest seeds first and populations in turn: raising `seeds` appends, and
        moves nothing."""
        size = self.config["shard"]
        found = [
            Shard(population, first, min(first + size, population.networks) - 1)
            for population in self.populations
            if population.task == task and group in (None, population.group)
            for first in range(0, population.networks, size)
        ]
        return sorted(found, key=lambda shard: shard.first)  # stable: populations keep their order

    def blocks(self, task: str, group: str) -> dict[str, list[Shard]]:
        """Consecutive shards, at most `tile` networks together, by name. Blocks cross populations: two of them meet in a tile."""
        blocks: list[list[Shard]] = [[]]
        for shard in self.shards(task, group):
            if blocks[-1] and sum(map(len, blocks[-1])) + len(shard) > self.config["tile"]:
                blocks.append([])
            blocks[-1].append(shard)
        return {f"{number:04d}": block for number, block in enumerate(blocks)}

    def tiles(self, task: str, group: str) -> list[tuple[str, str]]:
        """Unordered pairs of blocks, each with itself included: together they hold every pair of networks."""
        return list(itertools.combinations_with_replacement(self.blocks(task, group), 2))

    def population(self, wildcards: Mapping[str, str]) -> Population:
        """The population that the wildcards of a path name; the first of them where the path is of several learners."""
        named = [key for key in ("task", "cell", "learner") if key in wildcards]
        return next(p for p in self.populations if all(getattr(p, key) == wildcards[key] for key in named))


def _placed(entry: dict[str, Any], task: str, cell: str) -> dict[str, Any]:
    """A learner's entry, with its own task and cell in the path of its teacher."""
    path = entry.get("teacher")
    return entry | {"teacher": path.replace("{task}", task).replace("{cell}", cell)} if isinstance(path, str) else entry


def studies(config: Mapping[str, Any]) -> dict[str, Study]:
    """Every study of a config, by name."""
    return {name: Study(name, config) for name in config["studies"]}


def indexes(shard: str) -> range:
    """Numbers of the networks in a shard, from its name."""
    first, last = (int(part) for part in shard.split("-"))
    return range(first, last + 1)


def network_name(task: str, cell: str, learner: str, index: int) -> str:
    """The name of a network: what its seed hashes, what figures and tables call it."""
    return f"{task}/{cell}/{learner}/{index:0{_DIGITS}d}"


def name_parts(name: object) -> NameParts:
    """The parts of a name that `network_name` made."""
    return NameParts(*str(name).split("/"))
