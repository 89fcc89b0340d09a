"""What the product is to Ray Serve: the attribution pool, both planes, and those of which there is one.

Each is described by functions that are called where it runs, so that a replica gets what it needs and nothing else: on
one machine they read a private file of the stack, on a cluster the environment of their node. What they carry along is
known to whoever has a handle: so that is nothing, but for the provisioner's password, and nobody calls its bearer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ray import serve
from starlette.types import ASGIApp

from actors.attribution_pool import apart_application, pool_application
from actors.champion_calls import KEEPER_APP, KEEPER_DEPLOYMENT
from actors.model_keeper import ModelKeeper
from actors.pool_calls import APART_APP, POOL_APP
from jobs.learning_supervisor import LearningSupervisor
from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.learning_settings import LearningSettings
from schemas.settings import PoolSettings, Settings
from serve_apps.builder import global_plane, tenant_plane
from serve_apps.overseer import Overseer

GLOBAL_PREFIX = "/global"
"""Where Serve, which has one port, keeps the global plane; the edge puts it before the paths of port 9080."""

DEDICATED_PREFIX = "/dedicated"
"""Where Serve keeps the planes of tenants that have replicas of their own, each under its host; so says the edge."""

_OVERSEER_SECONDS = 120.0
"""Taking up what was left undone starts a process for each host of tenants."""

_CHECK_TIMEOUT_SECONDS = 30.0
_REQUESTS_MAX = 5
_KEEPER_REQUESTS_MAX = 1_000
"""Every replica of the pool asks it once a second."""

Known = Callable[[], tuple[Backends, Settings]]


@dataclass(frozen=True, slots=True)
class Deployments:
    """All that is deployed: `known` says where the stores are, `password` is the provisioner's, for the overseer alone.

    `settings` are those that shape the deployments themselves.
    """

    known: Known
    password: Callable[[], str]
    settings: Settings

    def pool(self) -> serve.Application:
        """Describe the attribution pool, which is told nothing."""
        return pool_application(*self._pool_sizes)

    def apart(self) -> serve.Application:
        """Describe the replica in which calls are decided that may take the pool down."""
        return apart_application(*self._pool_sizes)

    def keeper(self) -> serve.Application:
        """Describe who keeps the learned models that the pool uses."""
        hosts = self.settings.placement.hosts
        return self._alone(KEEPER_DEPLOYMENT, ModelKeeper, self.known, labels=hosts, requests_max=_KEEPER_REQUESTS_MAX)

    def learning(self) -> serve.Application:
        """Describe who trains models and exports what they learn from."""
        return self._alone("LearningSupervisor", LearningSupervisor, self.known, labels=self.settings.placement.hosts)

    def tenant(self) -> serve.Application:
        """Describe the tenant plane."""
        known = self.known
        return self._plane("TenantPlane", lambda: tenant_plane(*known()))

    def dedicated(self, tenant_id: TenantId) -> serve.Application:
        """Describe a tenant plane that serves one tenant alone."""
        known = self.known
        return self._plane("TenantPlane", lambda: tenant_plane(*known(), tenant_id))

    def global_(self) -> serve.Application:
        """Describe the global plane."""
        known = self.known
        return self._plane("GlobalPlane", lambda: global_plane(*known()))

    def overseer(self) -> serve.Application:
        """Describe who does what no request does, for ever and once."""
        return self._alone(
            *("Overseer", Overseer, self.known, self.password),
            labels=self.settings.placement.overseer,
            check_timeout_seconds=_OVERSEER_SECONDS,
        )

    def deploy(self) -> None:
        """Deploy or update everything, and wait until all take calls."""
        serve.run_many(
            [
                serve.RunTarget(self.pool(), name=POOL_APP, route_prefix=None),
                serve.RunTarget(self.keeper(), name=KEEPER_APP, route_prefix=None),
                serve.RunTarget(self.apart(), name=APART_APP, route_prefix=None),
                serve.RunTarget(self.tenant(), name="tenant"),
                serve.RunTarget(self.global_(), name="global", route_prefix=GLOBAL_PREFIX),
                serve.RunTarget(self.learning(), name="learning", route_prefix=None),
                serve.RunTarget(self.overseer(), name="overseer", route_prefix=None),
                *(self.dedicated_target(*each) for each in self.settings.serve.dedicated.items()),
            ]
        )

    def dedicated_target(self, tenant_id: TenantId, host: str) -> serve.RunTarget:
        """Describe a tenant's own plane with its name and place."""
        return serve.RunTarget(
            self.dedicated(tenant_id), name=f"tenant-{tenant_id}", route_prefix=f"{DEDICATED_PREFIX}/{host}"
        )

    @property
    def _pool_sizes(self) -> tuple[PoolSettings, LearningSettings, dict[str, str]]:
        return self.settings.pool, self.settings.learning, self.settings.placement.pool

    def _alone(
        self,
        name: str,
        what: type,
        *told: Callable[[], Any],
        labels: dict[str, str],
        requests_max: int = _REQUESTS_MAX,
        check_timeout_seconds: float = _CHECK_TIMEOUT_SECONDS,
    ) -> serve.Application:
        """Describe what there is one replica of, on a node with these labels; it is told by calling these functions."""
        described = serve.deployment(
            name=name,
            num_replicas=1,
            max_ongoing_requests=requests_max,
            ray_actor_options={"num_cpus": 0, "label_selector": labels},
            logging_config={"log_level": "WARNING"},
            health_check_period_s=self.settings.serve.check_seconds,
            health_check_timeout_s=check_timeout_seconds,
        )
        return described(what).bind(*told)

    def _plane(self, name: str, build: Callable[[], ASGIApp]) -> serve.Application:
        own = self.settings.serve
        described = serve.deployment(
            name=name,
            max_ongoing_requests=own.requests_ongoing_max,
            autoscaling_config={
                "min_replicas": own.replicas_min,
                "max_replicas": own.replicas_max,
                "target_ongoing_requests": own.requests_ongoing_max // 4,
            },
            ray_actor_options={"num_cpus": own.replica_cpus, "label_selector": self.settings.placement.planes},
            logging_config={"enable_access_log": False, "log_level": "WARNING"},
            graceful_shutdown_timeout_s=5,
            health_check_period_s=own.check_seconds,
        )
        return described(serve.ingress(build)()).bind()
