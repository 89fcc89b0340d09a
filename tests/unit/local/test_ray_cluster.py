"""How Ray's head is started."""

from pathlib import Path

import pytest

from local import ray_cluster
from local.places import Places, places_of
from schemas.listening_settings import PortSettings
from schemas.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose secrets go to a folder of the test's own."""
    return Settings(data_dir=tmp_path)


@pytest.fixture
def places(settings: Settings) -> Places:
    """The folders of those settings."""
    return places_of(settings)


def _ports(command: list[str]) -> list[int]:
    return [int(part.rpartition("=")[2]) for part in command if "port=" in part]


def test_ports_come_from_the_settings(settings: Settings, places: Places) -> None:
    """No two parts of Ray share a port, and every port lies in the block that the settings name."""
    ports = PortSettings(ray=21_005, dashboard=21_006, worker_first=21_100, worker_count=300)
    used = _ports(ray_cluster.command(settings.model_copy(update={"ports": ports}), places))
    assert len(used) == len(set(used))
    assert set(used) <= {21_005, 21_006, *range(21_100, 21_400)}


def test_head_is_on_loopback(settings: Settings, places: Places) -> None:
    """Ray listens where its node's address is, and takes jobs there alone."""
    command = ray_cluster.command(settings, places)
    assert {"--node-ip-address=127.0.0.1", "--dashboard-host=127.0.0.1"} <= set(command)


def test_head_and_driver_share_a_token(settings: Settings, places: Places) -> None:
    """Both find the same token, which only its owner can read, and both want it."""
    head, driver = ray_cluster.environment(settings, places), ray_cluster.driver_environment(places)
    assert head["RAY_AUTH_MODE"] == driver["RAY_AUTH_MODE"] == "token"
    assert head["RAY_AUTH_TOKEN_PATH"] == driver["RAY_AUTH_TOKEN_PATH"]
    token = Path(driver["RAY_AUTH_TOKEN_PATH"])
    assert token.stat().st_mode & 0o077 == 0
    assert len(token.read_text(encoding="ascii")) == 64


def test_files_of_haproxy_are_this_stacks(settings: Settings, places: Places) -> None:
    """Every file that two clusters on one machine would share by default lies in the stack's own folder."""
    environment = ray_cluster.environment(settings, places)
    files = [value for name, value in environment.items() if name.endswith(("_LOC", "_SOCKET_PATH", "_BASE", "_FILE"))]
    assert len(files) == 5
    assert all(Path(file).is_relative_to(places.run) for file in files)


def test_replicas_keep_to_their_ports(settings: Settings, places: Places) -> None:
    """Replicas take the ports of the settings, the last one included."""
    environment = ray_cluster.environment(settings, places)
    assert environment["RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT"] == "30000"
    assert environment["RAY_SERVE_DIRECT_INGRESS_MAX_HTTP_PORT"] == "30199"
