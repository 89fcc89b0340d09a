"""Deploys the product's apps to the cluster of this machine; run by `Stack.deploy` in a process of its own.

Takes where the known file is and the provisioner's password on standard input, pickled: a secret belongs neither on a
command line nor in what a deployment is described by.
"""

import logging
import pickle
import sys

import ray
from ray import serve

from schemas.settings import Settings
from serve_apps.deployments import Deployments


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


def main() -> None:
    """Deploy what standard input describes."""
    known, provisioner_password = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent process
    _, settings = known()
    connect(settings)
    # HeadOnly: the one port of Serve is behind the edge of this machine.
    serve.start(
        http_options={"host": settings.ports.host, "port": settings.ports.serve, "location": "HeadOnly"},
        logging_config={"enable_access_log": False, "log_level": "WARNING"},
    )
    Deployments(known, lambda: provisioner_password, settings).deploy()
    ray.shutdown()


if __name__ == "__main__":
    main()
