"""Pages as text: templates, the plotting library's own JavaScript, and data packed small."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from bokeh.resources import Resources
from jinja2 import Environment, FileSystemLoader, StrictUndefined

_TEMPLATES = Path(__file__).parent / "template"

#: Parts of the program, in the order in which they stand in the page.
_PROGRAM = ("state.js", "charts.js", "population.js", "table.js", "card.js", "claims.js", "main.js")


def study_page(population: Mapping[str, Any], cards: Iterable[Mapping[str, Any]]) -> str:
    """The page of a study, which opens from a file: it asks the network for nothing.

    Args:
        population: what `pages.population.population` says.
        cards: panels of the networks of each shard, by name: packed one after another, unpacked when one of them is first asked for.
    """
    chunks: dict[str, int] = {}
    texts: list[str] = []
    for chunk in cards:
        chunks |= dict.fromkeys(chunk, len(texts))
        texts.append(packed(chunk))
    library = Resources(mode="inline", components=["bokeh", "bokeh-api"])
    return (
        _environment()
        .get_template("study.html")
        .render(
            study=population["study"],
            title=population["title"],
            style=_file("style.css"),
            population=packed({**population, "chunks": [[chunks.get(name) for name in task["networks"]] for task in population["tasks"]]}),
            cards=texts,
            library="\n".join(library.js_raw),
            program="\n".join(_file(part) for part in _PROGRAM),
        )
    )


def index_page(studies: Sequence[Mapping[str, Any]]) -> str:
    """The page that leads to those of all studies.

    Args:
        studies: of each its `name`, `title`, `tasks`, `networks`, `ok`, `verdicts` (counts) and `claims` (rows as they are printed).
    """
    return _environment().get_template("index.html").render(studies=studies, style=_file("style.css"))


def packed(data: object) -> str:
    """JSON, compressed, in letters that mean nothing to HTML; the same for the same data, without a clock time."""
    return base64.b64encode(gzip.compress(json.dumps(data, separators=(",", ":"), allow_nan=False).encode(), mtime=0)).decode()


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)


def _file(name: str) -> str:
    return (_TEMPLATES / name).read_text()
