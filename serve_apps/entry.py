"""What `serve deploy` imports on a cluster (`deploy/serve.yaml`): each application, as the environment describes it.

The environment is that of the node where a part runs: so each node is told what its parts need, and no more. The
provisioner's password is in that of the overseer's node alone.
"""

from ray import serve

from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.settings import Settings
from serve_apps.deployments import Deployments
from storage.postgres.admin import backends_at


class SettingMissingError(Exception):
    """A cluster has no embedded servers and makes up no secrets: it must be told."""


def known() -> tuple[Backends, Settings]:
    """Read where the stores are, and the settings without anybody's credentials.

    Raises:
        SettingMissingError: POSTGRES_URL, CLICKHOUSE_URL or UNMOGROW_SECRET_KEY is not set.
    """
    settings = Settings()
    postgres, clickhouse, secrets = settings.postgres_url, settings.clickhouse_url, settings.root_secrets
    if postgres is None or clickhouse is None or secrets is None:
        given = {"POSTGRES_URL": postgres, "CLICKHOUSE_URL": clickhouse, "UNMOGROW_SECRET_KEY": secrets}
        missing = ", ".join(name for name, value in given.items() if value is None)
        raise SettingMissingError(f"Set {missing} on every node.")
    backends = backends_at(
        postgres.get_secret_value(),
        clickhouse.get_secret_value(),
        secrets,
        clickhouse_has_users=settings.clickhouse.has_users,
    )
    return backends, settings.without_credentials()


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


def dedicated(arguments: dict[str, str]) -> serve.Application:
    """Describe a tenant plane that serves one tenant alone: the one that the arguments name as `tenant`."""
    return _deployments().dedicated(TenantId(arguments["tenant"]))


def global_(_: dict[str, str]) -> serve.Application:
    """Describe the global plane."""
    return _deployments().global_()


def overseer(_: dict[str, str]) -> serve.Application:
    """Describe the overseer."""
    return _deployments().overseer()
