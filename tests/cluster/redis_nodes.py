"""The cluster of several nodes, with a Redis server for what Ray's control service knows, as the chart has it."""

import secrets
from pathlib import Path

from local.places import secret_file
from local.supervision import Program
from tests.cluster.many_nodes import ManyNodes

INSTALLED = Path(__file__).parents[2] / ".tools" / "redis"
"""Where `make test-cluster` puts Debian's packages."""

_PORT_OFFSET = 15
"""A port of the stack's block that the stack itself leaves alone."""


class RedisNodes(ManyNodes):
    """Nodes whose head keeps nothing on its disk."""

    def programs(self) -> list[Program]:
        """Start Redis beside the others: it is there long before Ray asks."""
        binary = INSTALLED / "usr" / "bin" / "redis-server"
        assert binary.exists(), f"There is no {binary}; `make test-cluster` installs it."
        (libraries,) = (INSTALLED / "usr" / "lib").glob("*-linux-gnu")
        lines = (
            f"bind {self.settings.ports.host}",
            f"port {self._port}",
            f"requirepass {self._password}",
            f"dir {self.places.run}",
            'save ""',
        )
        configuration = self._private_file("redis.conf", "\n".join(lines) + "\n")
        redis = Program("redis", [str(binary), str(configuration)], {"LD_LIBRARY_PATH": str(libraries)})
        return [redis, *super().programs()]

    @property
    def _port(self) -> int:
        return self.settings.ports.tenant + _PORT_OFFSET

    @property
    def _password(self) -> str:
        return secret_file(self.places.data / "redis.password", secrets.token_urlsafe(24))

    def _head_options(self) -> list[str]:
        return [*super()._head_options(), f"--redis-password={self._password}"]

    def _environment(self) -> dict[str, str]:
        usual = {
            name: value for name, value in super()._environment().items() if not name.startswith("RAY_gcs_storage")
        }
        return usual | {"RAY_REDIS_ADDRESS": f"{self.settings.ports.host}:{self._port}"}
