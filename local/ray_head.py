"""Ray's own command, whose head takes jobs without the rest of the dashboard.

The dashboard is ten services in processes of their own. Jobs need two of them: one takes them, and one knows the node
on which they begin. The others (pages, metrics, listings) would cost a small machine 200 MB and seconds of its start.
Ray's command has no option for it, the program that it starts has.
"""

import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

from ray._private import ray_constants, services
from ray.scripts.scripts import main

_FOR_JOBS = ("JobHead", "NodeHead")


def with_services(start: Callable[..., Any], services_alone: Sequence[str]) -> Callable[..., Any]:
    """Start a process as before, but the dashboard with these services alone."""
    option = f"--modules-to-load={','.join(services_alone)}"

    def started(command: list[str], process_type: str, **options: Any) -> Any:
        is_dashboard = process_type == ray_constants.PROCESS_TYPE_DASHBOARD
        return start([*command, option] if is_dashboard else command, process_type, **options)

    return started


if __name__ == "__main__":
    services.start_ray_process = with_services(services.start_ray_process, _FOR_JOBS)
    with subprocess.Popen([sys.executable, "-m", "local.serve_driver"]):
        main()  # type: ignore[no-untyped-call] # Ray's own
