"""(room, kind) -> the one final class of that file; and the fields of that class, read without importing it."""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any

#: Field types of variants. The texts in them are what an error message says was expected.
Count = Annotated[int, "a whole number of at least 1"]
Whole = Annotated[int, "a whole number of at least 0"]
Positive = Annotated[float, "a number above 0"]
NonNegative = Annotated[float, "a number of at least 0"]
Probability = Annotated[float, "a number from 0 to 1"]

#: Rooms whose files are variants.
ROOMS = ("tasks", "cells", "learners", "measures", "statistics", "claims", "figures")

#: Keys of entries that are no fields of their variants: what a job reads for them, and the networks that a claim is about.
_BESIDE = ("kind", "reads", "among")

_CHECKS = {
    "Count": (lambda v: _is_whole(v) and v >= 1, "a whole number of at least 1"),
    "Whole": (lambda v: _is_whole(v) and v >= 0, "a whole number of at least 0"),
    "Positive": (lambda v: _is_number(v) and v > 0, "a number above 0"),
    "NonNegative": (lambda v: _is_number(v) and v >= 0, "a number of at least 0"),
    "Probability": (lambda v: _is_number(v) and 0 <= v <= 1, "a number from 0 to 1"),
    "int": (lambda v: _is_whole(v), "a whole number"),
    "float": (lambda v: _is_number(v), "a number"),
    "str": (lambda v: isinstance(v, str), "a text"),
    "bool": (lambda v: isinstance(v, bool), "true or false"),
}


class UnknownVariant(ValueError):
    """A kind that no file of its room is named after, or fields that its class does not have."""


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value and abs(value) != float("inf")


def path(room: str, kind: str) -> Path:
    """The file of a variant."""
    return Path(__file__).parent / room / f"{kind}.py"


def kinds(room: str) -> list[str]:
    """Every kind of a room: its file names."""
    return sorted(p.stem for p in (Path(__file__).parent / room).glob("*.py") if p.stem != "__init__")


def load(room: str, entry: Mapping[str, Any]) -> Any:
    """The variant that a config entry describes: class of the file `kind`, built from the entry's other keys.

    Raises:
        UnknownVariant: naming what is wrong and what is allowed.
    """
    problems = check(room, entry)
    if problems:
        raise UnknownVariant("; ".join(f"{key or room}: {problem}" for key, problem in problems))
    module = importlib.import_module(f"rnnpop.{room}.{entry['kind']}")
    variant = next(
        c for c in vars(module).values() if inspect.isclass(c) and c.__module__ == module.__name__ and getattr(c, "__final__", False)
    )
    return variant(**{key: tuple(v) if isinstance(v, list) else v for key, v in entry.items() if key not in _BESIDE})


def _variant(room: str, kind: str) -> ast.ClassDef:
    """The one final class of a file, as its syntax tree."""
    finals = [
        node
        for node in _tree(room, kind).body
        if isinstance(node, ast.ClassDef) and any("final" in ast.unparse(decorator) for decorator in node.decorator_list)
    ]
    if len(finals) != 1:
        raise UnknownVariant(f"{room}/{kind}.py holds {len(finals)} final classes, expected exactly one")
    return finals[0]


@cache
def base(room: str, kind: str) -> str:
    """Name of the class that a variant is derived from."""
    return ast.unparse(_variant(room, kind).bases[0])


@cache
def fields(room: str, kind: str) -> dict[str, tuple[str, bool]]:
    """Fields of a variant, in order: name -> (annotation as written, whether it must be given). Read from the syntax tree,
    so that the workflow can check a config without importing torch."""
    shared = {node.name: node for node in _tree(room, "__init__").body if isinstance(node, ast.ClassDef) and node.decorator_list}
    variant = _variant(room, kind)
    # a base class of the room that is a dataclass brings fields of its own, before the variant's
    bodies = [*(shared[name].body for name in map(ast.unparse, variant.bases) if name in shared), variant.body]
    return {
        item.target.id: (ast.unparse(item.annotation), item.value is None)
        for item in itertools.chain(*bodies)
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name) and "ClassVar" not in ast.unparse(item.annotation)
    }


def _tree(room: str, kind: str) -> ast.Module:
    return ast.parse(path(room, kind).read_text())


def check(room: str, entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with a config entry: (key, what was expected) pairs, none if it is sound."""
    kind = entry.get("kind")
    if kind not in kinds(room):
        return [("kind", f"{kind!r} is not a kind of {room}; allowed: {', '.join(kinds(room))}")]
    known = fields(room, kind)
    problems = []
    for key, value in entry.items():
        if key in _BESIDE and (key != "among" or room == "claims"):
            continue
        if key not in known:
            problems.append((key, f"not a key of {room} kind '{kind}'; allowed: {', '.join(known) or 'none'}"))
        elif wrong := mismatch(known[key][0], value):
            problems.append((key, wrong))
    problems += [(key, f"missing; {room} kind '{kind}' needs it") for key, (_, needed) in known.items() if needed and key not in entry]
    return problems


def mismatch(annotation: str, value: object) -> str | None:
    """Why `value` is not of the annotated type, in one phrase; None if it is. Unknown annotations accept anything."""
    options = [option.strip() for option in _split(annotation, "|")]
    if len(options) > 1:
        reasons = [mismatch(option, value) for option in options]
        return None if None in reasons else " or ".join(dict.fromkeys(r.split(", got")[0] for r in reasons if r)) + f", got {value!r}"
    if annotation == "None":
        return None if value is None else f"null, got {value!r}"
    if annotation.startswith("Literal["):
        allowed = ast.literal_eval(f"({annotation[8:-1]},)")
        return None if value in allowed and not isinstance(value, bool) else f"one of {', '.join(map(str, allowed))}, got {value!r}"
    if annotation.startswith("tuple["):
        if not isinstance(value, (list, tuple)):
            return f"a list, got {value!r}"
        items = _split(annotation[6:-1], ",")
        inner = items[0].strip()
        return next((f"each item {wrong}" for wrong in (mismatch(inner, item) for item in value) if wrong), None)
    if annotation in _CHECKS:
        accepts, expected = _CHECKS[annotation]
        return None if accepts(value) else f"{expected}, got {value!r}"
    return None


def _split(text: str, separator: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for position, letter in enumerate(text):
        depth += (letter == "[") - (letter == "]")
        if letter == separator and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]
