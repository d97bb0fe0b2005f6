"""Write what the results were made with: commit, environment, config, machine; and the digest of each table and figure."""

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import distributions
from pathlib import Path
from typing import Any


def write_provenance(files: Iterable[str], provenance: str, *, config: dict[str, Any], repository: str) -> str:
    """Write a JSON file; says which commit it is.

    Args:
        files: tables and figures, whose digests tell whether others, made elsewhere, are the same.
    """
    commit, changes = git(repository, "rev-parse", "HEAD"), git(repository, "status", "--porcelain")
    record = {
        "commit": commit,
        "dirty": None if changes is None else bool(changes),
        "lock": digest(Path(repository, "envs", "requirements.lock").read_bytes()),
        "config": digest(json.dumps(config, sort_keys=True).encode()),
        "python": platform.python_version(),
        "versions": {package.metadata["Name"]: package.version for package in sorted(distributions(), key=lambda d: d.metadata["Name"])},
        "platform": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "files": {path: digest(Path(path).read_bytes()) for path in sorted(files)},
    }
    Path(provenance).write_text(json.dumps(record, indent=2) + "\n")
    return f"commit {commit[:12] if commit else 'unknown'}{' with changes' if changes else ''}"


def git(repository: str, *words: str) -> str | None:
    """What git says, or None where there is no git or no repository."""
    try:
        return subprocess.run(["git", "-C", repository, *words], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def digest(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def processor() -> str:
    """Model of the CPU; Linux tells it in /proc/cpuinfo only."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        write_provenance,
        files=list(snakemake.input),
        provenance=snakemake.output.provenance,
        config=snakemake.params.config,
        repository=str(Path(snakemake.scriptdir).parent),
    )
