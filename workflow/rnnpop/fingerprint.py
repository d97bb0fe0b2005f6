"""A digest of the code that a stage can reach, so that an edit of the library re-runs what it reaches and nothing else."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_LIBRARY = Path(__file__).parent


def digest(script: str | Path, variants: Iterable[str | Path] = ()) -> str:
    """Twelve hex digits over a script, the given variant files, and every file of the library that these import in closure.

    Taken from the syntax trees without docstrings: comments, layout and docstrings do not count. Variants are loaded by
    name at run time, so no import leads to them: the rule names those that its wildcards select.
    """
    reached: set[Path] = set()
    waiting = [Path(script).resolve(), *(Path(v).resolve() for v in variants)]
    while waiting:
        file = waiting.pop()
        if file not in reached:
            reached.add(file)
            waiting += imports(file)
    digests = sorted((file.stem, tree_digest(file)) for file in reached)
    return hashlib.sha256(repr(digests).encode()).hexdigest()[:12]


@cache
def imports(file: Path) -> tuple[Path, ...]:
    """Files of the library that `file` imports by name."""
    found: list[Path] = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == _LIBRARY.name:
            modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names if alias.name.split(".")[0] == _LIBRARY.name]
        else:
            continue
        for module in modules:
            base = _LIBRARY.parent.joinpath(*module.split("."))
            found += [p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file()]
    return tuple(found)


@cache
def tree_digest(file: Path) -> str:
    """Digest of one file's syntax tree without docstrings, and of the C source beside it if there is one."""
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
                node.body = node.body[1:] or [ast.Pass()]
    beside = file.with_suffix(".c")
    compiled = beside.read_text() if beside.is_file() else ""
    return hashlib.sha256((ast.dump(tree) + compiled).encode()).hexdigest()


def folder_digest(folder: Path) -> str:
    """Twelve hex digits over the names and bytes of the files of a folder, of whatever language."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return hashlib.sha256(repr([(path.name, path.read_bytes()) for path in files]).encode()).hexdigest()[:12]
