"""Starts Serve as soon as Ray's head is up, and stays its driver while the head lives: a process beside the head.

All that Serve runs belongs to the job of the driver that started it. Once that is gone, Ray ends each worker of the job
as soon as it is idle: every task then starts two processes, of which one is ended unused, and takes 4 s instead of 1.
"""

import logging
import os
import select
import socket

import ray

from local.worker_setup import set_up

_AGAIN_SECONDS = 0.1


def main() -> None:
    """Do what the environment asks for; see `ray_cluster.environment`."""
    set_up()
    # After that, as in a worker.
    from ray import serve  # noqa: PLC0415

    host, control, node_manager, port, namespace = os.environ["UNMOGROW_SERVE_DRIVER"].split()
    head = os.pidfd_open(os.getppid())
    while not (_accepts(host, control) and _accepts(host, node_manager) and _is_joined(f"{host}:{control}", namespace)):
        if _has_ended(head, _AGAIN_SECONDS):
            return
    serve.start(
        # HeadOnly: the one port of Serve is behind the edge of this machine.
        http_options={"host": host, "port": int(port), "location": "HeadOnly"},
        logging_config={"enable_access_log": False, "log_level": "WARNING"},
    )
    _has_ended(head, None)
    # Nobody is left to say goodbye to.
    os._exit(0)


def _accepts(host: str, port: str) -> bool:
    with socket.socket() as probe:
        return not probe.connect_ex((host, int(port)))


def _is_joined(address: str, namespace: str) -> bool:
    try:
        ray.init(address=address, namespace=namespace, log_to_driver=False, logging_level=logging.ERROR)
    except ConnectionError:
        return False
    return True


def _has_ended(process: int, seconds: float | None) -> bool:
    return bool(select.select([process], [], [], seconds)[0])


if __name__ == "__main__":
    main()
