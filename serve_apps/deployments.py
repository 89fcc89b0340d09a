"""What the product is to Ray Serve: the attribution pool, both planes, and the overseer.

Each is described by functions that are called where it runs, so that a replica gets what it needs and nothing else: on
one machine they carry values of whoever deploys, on a cluster they read the environment of their node.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ray import serve
from starlette.types import ASGIApp

from actors.attribution_pool import apart_application, pool_application
from actors.champion_calls import KEEPER_APP
from actors.model_keeper import keeper_application
from actors.pool_calls import APART_APP, POOL_APP
from jobs.learning_supervisor import learning_application
from schemas.backends import Backends
from schemas.learning_settings import LearningSettings
from schemas.settings import PoolSettings, Settings
from serve_apps.builder import global_plane, tenant_plane
from serve_apps.overseer import Overseer

GLOBAL_PREFIX = "/global"
"""Where Serve, which has one port, keeps the global plane; the edge puts it before the paths of port 9080."""

_OVERSEER_SECONDS = 120.0
"""Taking up what was left undone starts a process for each host of tenants."""

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
        return keeper_application(self.known, self.settings.serve.check_seconds, self.settings.placement.hosts)

    def tenant(self) -> serve.Application:
        """Describe the tenant plane."""
        known = self.known
        return self._plane("TenantPlane", lambda: tenant_plane(*known()))

    def global_(self) -> serve.Application:
        """Describe the global plane."""
        known = self.known
        return self._plane("GlobalPlane", lambda: global_plane(*known()))

    def overseer(self) -> serve.Application:
        """Describe who does what no request does, for ever and once."""
        described = serve.deployment(
            name="Overseer",
            num_replicas=1,
            ray_actor_options={"num_cpus": 0, "label_selector": self.settings.placement.overseer},
            health_check_period_s=self.settings.serve.check_seconds,
            health_check_timeout_s=_OVERSEER_SECONDS,
            logging_config={"log_level": "WARNING"},
        )
        return described(Overseer).bind(self.known, self.password)

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
            ]
        )

    @property
    def _pool_sizes(self) -> tuple[PoolSettings, LearningSettings, dict[str, str]]:
        return self.settings.pool, self.settings.learning, self.settings.placement.pool

    def learning(self) -> serve.Application:
        """Describe who trains models and exports what they learn from."""
        return learning_application(self.known, self.settings.serve.check_seconds, self.settings.placement.hosts)

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
