"""What `serve deploy` imports on a cluster (`deploy/serve.yaml`): each application, as the environment describes it.

The environment is that of the node where a part runs: so each node is told what its parts need, and no more. The
provisioner's password is in that of the overseer's node alone.
"""

from base64 import b64decode

from ray import serve

from schemas.backends import Backends
from schemas.settings import Settings
from serve_apps.deployments import Deployments
from storage.postgres.admin import server_address


class SettingMissingError(Exception):
    """A cluster has no embedded servers and makes up no secrets: it must be told."""


def known() -> tuple[Backends, Settings]:
    """Read where the stores are, and the settings without anybody's credentials.

    Raises:
        SettingMissingError: POSTGRES_URL, CLICKHOUSE_URL or UNMOGROW_SECRET_KEY is not set.
    """
    settings = Settings()
    given = {
        "POSTGRES_URL": settings.postgres_url,
        "CLICKHOUSE_URL": settings.clickhouse_url,
        "UNMOGROW_SECRET_KEY": settings.secret_key,
    }
    values = {name: value.get_secret_value() for name, value in given.items() if value is not None}
    if missing := ", ".join(given.keys() - values.keys()):
        raise SettingMissingError(f"Set {missing} on every node.")
    host, port, tls, authorities = server_address(values["POSTGRES_URL"])
    previous = settings.secret_key_previous
    backends = Backends(
        host,
        port,
        tls,
        values["CLICKHOUSE_URL"],
        b64decode(values["UNMOGROW_SECRET_KEY"]),
        authorities,
        b64decode(previous.get_secret_value()) if previous else None,
        settings.clickhouse.has_users,
    )
    return backends, settings.model_copy(update=dict.fromkeys(_TOLD))


_TOLD = ("postgres_url", "clickhouse_url", "secret_key", "secret_key_previous", "provisioner_password", "operator_key")
"""What the settings hold of secrets: what a part needs of them is in its backends."""


def password() -> str:
    """Read the provisioner's password.

    Raises:
        SettingMissingError: UNMOGROW_PROVISIONER_PASSWORD is not set.
    """
    given = Settings().provisioner_password
    if given is None:
        raise SettingMissingError("Set UNMOGROW_PROVISIONER_PASSWORD on the overseer's node.")
    return given.get_secret_value()


def _deployments() -> Deployments:
    return Deployments(known, password, Settings())


def pool(_: dict[str, str]) -> serve.Application:
    """Describe the attribution pool."""
    return _deployments().pool()


def apart(_: dict[str, str]) -> serve.Application:
    """Describe the replica of the pool in which calls are decided that may take it down."""
    return _deployments().apart()


def keeper(_: dict[str, str]) -> serve.Application:
    """Describe who keeps learned models."""
    return _deployments().keeper()


def learning(_: dict[str, str]) -> serve.Application:
    """Describe who trains models and exports what they learn from."""
    return _deployments().learning()


def tenant(_: dict[str, str]) -> serve.Application:
    """Describe the tenant plane."""
    return _deployments().tenant()


def global_(_: dict[str, str]) -> serve.Application:
    """Describe the global plane."""
    return _deployments().global_()


def overseer(_: dict[str, str]) -> serve.Application:
    """Describe the overseer."""
    return _deployments().overseer()
