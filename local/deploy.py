"""Deploys the product's apps to the cluster of this machine; run by `Stack.deploy` in a process of its own.

Takes where the known file is and the provisioner's password on standard input, pickled: a secret belongs neither on a
command line nor in what a deployment is described by.
"""

import logging
import pickle
import sys
import time

import ray
from ray.util import list_named_actors

from local.worker_setup import set_up
from schemas.settings import Settings

_SERVE_SECONDS = 60.0
_AGAIN_SECONDS = 0.1


def connect(settings: Settings) -> None:
    """Make this process, which was started with `driver_environment`, a driver of the cluster.

    Raises:
        ConnectionError: the cluster does not answer.
    """
    ray.init(
        address=f"{settings.ports.host}:{settings.ports.ray}",
        namespace=settings.ray_namespace,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )


def _wait_for_serve() -> None:
    """Wait until `local.serve_driver` has started Serve: whoever starts it is to stay.

    Raises:
        TimeoutError: it did not.
    """
    from ray.serve._private.constants import SERVE_CONTROLLER_NAME  # noqa: PLC0415 - see `main`

    until = time.monotonic() + _SERVE_SECONDS
    while not any(each["name"] == SERVE_CONTROLLER_NAME for each in list_named_actors(all_namespaces=True)):
        if time.monotonic() > until:
            raise TimeoutError("Serve did not start; see the log of Ray")
        time.sleep(_AGAIN_SECONDS)


def main() -> None:
    """Deploy what standard input describes."""
    set_up()
    # After that, as in a worker.
    from serve_apps.deployments import Deployments  # noqa: PLC0415

    known, provisioner_password = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent process
    _, settings = known()
    connect(settings)
    _wait_for_serve()
    Deployments(known, lambda: provisioner_password, settings).deploy()
    ray.shutdown()


if __name__ == "__main__":
    main()
