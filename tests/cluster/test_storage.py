"""Results in an object store, an S3 of one's own: the numbers of a local run, and nothing made twice."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from cluster.house import House, is_result, until

PACKAGES = ("snakemake_storage_plugin_s3", "moto", "flask")
MISSING = [name for name in PACKAGES if importlib.util.find_spec(name) is None]

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(bool(MISSING), reason=f"{', '.join(MISSING)} not installed: envs/s3.txt, tests/cluster/requirements.txt"),
]

STATISTICS = "results/few/flip_flop/vanilla-tanh/adam/00000-00000/statistics.zarr.zip"
MOUSE = "results/mice/rehearsed.csv"


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an S3 that holds what it is given in memory."""
    said = tmp_path_factory.mktemp("server") / "said"
    with said.open("w") as file, subprocess.Popen([sys.executable, "-m", "moto.server", "-p", "0"], stderr=file) as process:
        until(lambda: re.search(r"http://\S+:\d+", said.read_text()), "the server")
        yield re.search(r"http://\S+:\d+", said.read_text()).group()
        process.kill()


@pytest.fixture
def client(server: str) -> Any:
    import boto3

    client = boto3.client("s3", endpoint_url=server, aws_access_key_id="key", aws_secret_access_key="secret", region_name="us-east-1")
    client.create_bucket(Bucket="bucket")
    return client


@pytest.mark.filterwarnings("default")  # of boto's own making
def test_results_in_s3_are_those_of_a_local_run_byte_for_byte(
    house: House, local: House, server: str, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [STATISTICS, MOUSE, "--cores", "2", "--default-storage-provider", "s3", "--default-storage-prefix", "s3://bucket/run"]
    words += ["--storage-s3-endpoint-url", server, "--storage-s3-region", "us-east-1"]
    monkeypatch.setenv("SNAKEMAKE_STORAGE_S3_ACCESS_KEY", "key")
    monkeypatch.setenv("SNAKEMAKE_STORAGE_S3_SECRET_KEY", "secret")
    house.run(*words)

    stored = [item["Key"].removeprefix("run/") for item in client.list_objects_v2(Bucket="bucket")["Contents"]]
    found = {key: client.get_object(Bucket="bucket", Key=f"run/{key}")["Body"].read() for key in stored if is_result(key)}
    assert found[MOUSE].startswith(b"session,")  # of a table that is no result, and stays where it is
    made = {path: content for path, content in local.results().items() if "/vanilla-tanh/" in path and "portraits" not in path}
    assert len(made) == 4  # networks, trajectories, fixed points, statistics
    assert {path: found[path] for path in made} == made
    assert not house.results()  # nothing of them stays here

    assert "Nothing to be done" in house.run(*words).stderr
    client.delete_object(Bucket="bucket", Key=f"run/{STATISTICS}")
    again = house.run("--dry-run", *words).stdout
    assert re.search(r"^describe +1$", again, re.MULTILINE)
    assert not re.search(r"^train +\d+$", again, re.MULTILINE)
