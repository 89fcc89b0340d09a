"""Starts Ray's control service (GCS) again when it dies; for the head, after `ray start`, which does not.

Without it replicas and hosts go on serving, but nothing starts and nobody is found by name, and after a minute each
node gives itself up. With `RAY_gcs_storage=rocksdb` the next one knows what the last one knew, and nobody has to be
started anew: docs/scaling.md says what was seen.
"""

import subprocess
import sys
import time

import psutil

_LOOK_SECONDS = 0.2


def keep(port: int) -> None:
    """Start the control service of a port with the very command and environment of the one that runs, for ever."""
    found = _running(port)
    command, environment, folder = found.cmdline(), found.environ(), found.cwd()
    while True:
        while _lives(found):
            time.sleep(_LOOK_SECONDS)
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        found = psutil.Process(process.pid)


def _running(port: int) -> psutil.Process:
    option = f"--gcs_server_port={port}"
    return next(each for each in psutil.process_iter(["cmdline"]) if option in (each.info["cmdline"] or ()))


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


if __name__ == "__main__":
    keep(int(sys.argv[1]))
