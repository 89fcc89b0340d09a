"""`python -m bench.raylet HOST PORT BYTES FILE`: a raylet beside the head that listens there.

Its object store has so many bytes, and the file is there once the cluster knows it. Ray's own command adds nodes to
heads of other machines only: it takes a loopback address for this machine's outer one.
"""

import signal
import sys
import time
from pathlib import Path

from ray._private.node import Node
from ray._private.parameter import RayParams

_CPUS = 1
"""All that is placed counts as a fraction of one, and a raylet starts a worker ahead for each, at seconds of a core."""

_AGAIN_SECONDS = 1.0


def join(parameters: RayParams) -> None:
    """Start a raylet as soon as its head is up; it lives as long as this process."""
    while True:
        try:
            Node(parameters, head=False, spawn_reaper=False)
        except (ConnectionError, RuntimeError):
            time.sleep(_AGAIN_SECONDS)
        else:
            return


def main() -> None:
    """Join the head, and stay until this process is ended."""
    host, port, store_bytes, joined = sys.argv[1:]
    join(
        RayParams(
            gcs_address=f"{host}:{port}",
            node_ip_address=host,
            num_cpus=_CPUS,
            object_store_memory=int(store_bytes),
            # Any that are free: the usual ones are the head's.
            min_worker_port=0,
            max_worker_port=0,
        )
    )
    Path(joined).touch()
    signal.pause()


if __name__ == "__main__":
    main()
