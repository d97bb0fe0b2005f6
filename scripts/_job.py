"""The frame of every job: its threads, its log, which ends in one line of what it did, and errors that a user can act on."""

from __future__ import annotations

import contextlib
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _origin

from rnnpop.names import SchemaError
from rnnpop.store import DamagedStore
from rnnpop.variants import UnknownVariant

#: Errors that name a file or a key and say what to do; they end in one line, with the traceback in the log.
USERS_OWN = (DamagedStore, SchemaError, UnknownVariant, ConnectionError, FileNotFoundError, PermissionError)


def provenance(snakemake: Any) -> dict[str, Any]:
    """What a result records of its making: the names in its path, the seed, the code, and the config entries it was made from, and what all
    that it was made from records."""
    given = dict(snakemake.params.items())
    recorded = {name: given[name] for name in ("seed", "code") if name in given}
    entries = {name: value for name, value in given.items() if isinstance(value, dict)}
    names = dict(snakemake.wildcards.items())
    return {**names, **recorded, "config": entries, **_origin.origin(names, given, snakemake.input)}


def run(snakemake: Any, work: Callable[..., str], **arguments: object) -> None:
    """Do `work(**arguments)` with its output in the job's log, whose last line is the one that it returns, with where and how long; the run
    says it when the job has ended. Where the rule has a place for it (`metadata`), say beside tables what they come from."""
    if torch := sys.modules.get("torch"):  # only where the job has imported it
        torch.set_num_threads(snakemake.threads)
    place = "/".join(snakemake.wildcards)
    console, started = sys.stdout, time.monotonic()
    log = Path(snakemake.log[0])
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as stream, contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        try:
            said = work(**arguments)
            if "metadata" in snakemake.output.keys():  # noqa: SIM118 - names, where iteration gives paths
                tables = [path for path in snakemake.output if path.endswith(".csv")]
                _origin.write(snakemake.output.metadata, tables, provenance(snakemake))
        except Exception as error:
            with contextlib.suppress(OSError):  # the disk may be full
                traceback.print_exc()
                stream.close()
            text = str(error) if isinstance(error, USERS_OWN) else f"{type(error).__name__}: {error}; the traceback is in {log}"
            console.write("".join(f"{snakemake.rule:<11} {place}: {line}\n" for line in text.splitlines()))
            raise SystemExit(1) from None
        line = f"{snakemake.rule:<11} {place}: {said}, {time.monotonic() - started:.0f} s\n"
        stream.write(line)
