"""Which processes a stack consists of."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from local.stack import Stack
from schemas.settings import Settings


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, {"clickhouse", "edge", "postgres", "ray"}),
        ({"postgres_url": SecretStr("postgresql://admin:pw@db:5444/postgres")}, {"clickhouse", "edge", "ray"}),
        ({"clickhouse_url": SecretStr("https://user:pw@ch:8443")}, {"edge", "postgres", "ray"}),
    ],
)
def test_own_servers_replace_the_embedded_ones(tmp_path: Path, own: dict[str, SecretStr], expected: set[str]) -> None:
    """A server of one's own is used instead of the embedded one, and nothing else changes."""
    stack = Stack(Settings(data_dir=tmp_path).model_copy(update=own))
    assert {program.name for program in stack.programs()} == expected
    backends = stack.backends
    if "postgres_url" in own:
        assert (backends.postgres_host, backends.postgres_port) == ("db", 5444)
    if "clickhouse_url" in own:
        assert backends.clickhouse_url == "https://user:pw@ch:8443"
    assert "pw" not in repr(backends)
