"""A server with S3's API as a process of its own, for the tests of the lake."""

import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pyarrow import fs

from local.free_ports import free_port

BUCKET = "the-lake"
REGION = "eu-central-1"
BACK_ENDS = ("folder", "s3")
START_SECONDS = 20


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """Serve an empty bucket, whose credentials are in the environment."""
    port = free_port()
    command = [str(Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "tests")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "tests")
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            endpoint = f"http://127.0.0.1:{port}"
            _wait_for(endpoint, process)
            maker = fs.S3FileSystem(endpoint_override=endpoint, region=REGION, allow_bucket_creation=True)
            maker.create_dir(BUCKET)
            yield endpoint
        finally:
            process.kill()
            process.wait()


def _wait_for(endpoint: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            httpx.get(endpoint, trust_env=False)
        except httpx.TransportError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        else:
            return


@pytest.fixture(scope="module", params=BACK_ENDS)
def lake_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give an empty lake of each kind."""
    if request.param == "folder":
        return str(tmp_path_factory.mktemp("lake") / "new" / "lake")
    endpoint = request.getfixturevalue("s3_endpoint")
    return f"s3://{BUCKET}/some/{secrets.token_hex(4)}?endpoint_override={endpoint}&region={REGION}"
