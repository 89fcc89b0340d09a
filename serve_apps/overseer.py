"""Does what no request does: makes and deletes tenants, and starts the hosts and imports that were at work.

A deployment of one replica without a route, which nobody calls. When the product is deployed, hosts of other code or
other settings end and are started anew; a replica that was only started again finds its own, and disturbs nobody. A new
cluster has none of what the one before had, and whoever deployed is long gone: so Serve keeps this one there.
"""

from collections.abc import Callable

from actors.handles import TenantActors
from actors.recovery import renew_hosts
from jobs.import_supervisor import ImportJobs
from jobs.life_supervisor import LifeSupervisor
from schemas.backends import Backends
from schemas.settings import Settings
from telemetry.logs import configure_logs


class Overseer:
    """The deployment."""

    def __init__(self, known: Callable[[], tuple[Backends, Settings]], password: Callable[[], str]) -> None:
        configure_logs()
        self._backends, self._settings = known()
        # Serve runs the constructor on the replica's loop.
        self._lives = LifeSupervisor(self._backends, self._settings, password(), TenantActors)
        self._has_taken_up = False

    async def check_health(self) -> None:
        """Take up what was left undone; Serve asks before it calls the deployment ready, and again and again."""
        if not self._has_taken_up:
            await renew_hosts(self._backends, self._settings)
            await ImportJobs(self._backends, self._settings, TenantActors).renew()
            self._has_taken_up = True
