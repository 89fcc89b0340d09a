"""What runs is known by a digest that tells nothing."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from schemas.backends import Backends
from schemas.running_digest import running_digest
from schemas.settings import Settings

_BACKENDS = Backends("db", 5432, "disable", "http://reader:first@ch:8123", b"root" * 8)
_SETTINGS = Settings(postgres_url=SecretStr("postgresql://admin:first@db/postgres"))
_CHANGED_PASSWORD = SecretStr("postgresql://admin:second@db/postgres")


def test_is_the_same_for_the_same() -> None:
    """Made anew from the same settings, as by the next start."""
    again = Settings(postgres_url=SecretStr("postgresql://admin:first@db/postgres"))
    assert running_digest(_BACKENDS, _SETTINGS, "code") == running_digest(replace(_BACKENDS), again, "code")


@pytest.mark.parametrize(
    ("backends", "settings", "code"),
    [
        (replace(_BACKENDS, clickhouse_url="http://reader:second@ch:8123"), _SETTINGS, "code"),
        (replace(_BACKENDS, secret_key=b"tree" * 8), _SETTINGS, "code"),
        (replace(_BACKENDS, clickhouse_has_users=True), _SETTINGS, "code"),
        (_BACKENDS, _SETTINGS.model_copy(update={"postgres_url": _CHANGED_PASSWORD}), "code"),
        (_BACKENDS, _SETTINGS.model_copy(update={"ray_namespace": "another"}), "code"),
        (_BACKENDS, _SETTINGS, "newer code"),
    ],
    ids=["ClickHouse's password", "root secret", "users", "Postgres's password", "plain setting", "code"],
)
def test_is_another_with_any_change(backends: Backends, settings: Settings, code: str) -> None:
    """Also of what no print of the settings shows."""
    assert running_digest(backends, settings, code) != running_digest(_BACKENDS, _SETTINGS, "code")
