"""The environment is one: what is installed, locked, and told to conda agree."""

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import yaml

ENVIRONMENTS = Path(__file__).parents[2] / "envs"
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", re.MULTILINE)


def locked() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for file in ("requirements.lock", "torch.txt", "neurogym.txt"):
        for name, pin in PINNED.findall((ENVIRONMENTS / file).read_text()):
            found.setdefault(name.lower(), set()).add(pin)
    return found


def test_what_is_installed_is_what_is_locked():
    for name, pins in locked().items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            continue  # locked for another platform
        assert installed.split("+")[0] in pins, name


def test_all_that_is_asked_for_is_locked_with_hashes():
    asked = re.findall(r"^([a-z][a-z0-9_.-]*)", (ENVIRONMENTS / "requirements.in").read_text(), re.MULTILINE)
    assert set(asked) <= set(locked())
    blocks = (ENVIRONMENTS / "requirements.lock").read_text().split("\n")
    assert any("--hash=sha256:" in line for line in blocks)


def test_conda_is_told_the_same_versions():
    told = yaml.safe_load((ENVIRONMENTS / "environment.yaml").read_text())["dependencies"]
    for line in told:
        if "==" in line:
            name, pin = (part.strip() for part in line.split("=="))
            assert pin in locked()[{"pytorch": "torch"}.get(name, name)], name
