"""What the catalogue of Snakemake workflows asks of one with standardised usage, and that its entry plans just what ours does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]


def test_the_readme_says_what_it_is():
    text = (REPOSITORY / "README.md").read_text().lower()
    assert "snakemake" in text
    assert "workflow" in text


def test_the_files_that_are_asked_for_stand_where_they_are_looked_for():
    assert (REPOSITORY / "workflow/Snakefile").is_file()
    assert list((REPOSITORY / "workflow/rules").glob("*.smk"))
    assert (REPOSITORY / "LICENSE").is_file()
    usage = yaml.safe_load((REPOSITORY / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage.keys() == {"mandatory-flags", "software-stack-deployment", "report"}
    assert usage["mandatory-flags"].keys() == {"desc", "flags"}
    deployment = usage["software-stack-deployment"]
    assert deployment.keys() == {"conda", "apptainer", "apptainer+conda"}
    assert all(isinstance(said, bool) for said in [usage["report"], *deployment.values()])


def test_instructions_of_configuration_name_what_is_there():
    """Every link leads to a file, and every paragraph of config.yaml that is named is one."""
    text = (REPOSITORY / "config/README.md").read_text()
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert links
    for link in links:
        assert (REPOSITORY / "config" / link).exists(), link
    schema = yaml.safe_load((REPOSITORY / "workflow/schema.yaml").read_text())
    for paragraph in re.findall(r"`(\w+):`", text):
        assert paragraph in schema["properties"], paragraph
    for file in re.findall(r"`(\w+\.yaml)`", text):
        assert list(REPOSITORY.glob(f"{file}")) or list((REPOSITORY / "configs").glob(file)), file


@pytest.fixture(scope="module")
def planned(untouched):
    """Jobs by rule that a default run of the repository plans, and how to ask for those of another Snakefile."""

    def plan(*words: str, folder: Path = untouched.folder) -> dict[str, int]:
        command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "rules", "--cores", "1", *words]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        lines = [line.split() for line in (done.stdout + done.stderr).splitlines()]
        return {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdigit() and line[0] not in TARGETS}

    return plan("--configfile", "tests/rehearsal.yaml"), plan


#: What the default targets are called, from wherever the workflow is started.
TARGETS = ("all", "everything", "mine", "total")


def test_the_entry_of_the_catalogue_plans_what_the_repository_plans(planned):
    own, plan = planned
    assert own["train"] > 0
    assert plan("--snakefile", "workflow/Snakefile", "--configfile", "tests/rehearsal.yaml") == own


def test_another_workflow_may_use_it_as_a_module(planned, untouched, tmp_path):
    own, plan = planned
    (tmp_path / "tests").symlink_to(untouched.folder / "tests")  # the rehearsal's own tables
    (tmp_path / "Snakefile").write_text(f"""
configfile: "{untouched.folder}/config.yaml"

module rnnpop:
    snakefile: "{untouched.folder}/workflow/Snakefile"
    config: config

use rule * from rnnpop

rule mine:
    default_target: True
    input: rules.everything.input
""")
    assert plan("--configfile", "tests/rehearsal.yaml", folder=tmp_path) == own
