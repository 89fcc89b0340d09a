"""Starts a head as `cluster.yaml` does, then keeps its control service; the environment is a file's, as on a head."""

import json
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    file, keeper, port, *options = sys.argv[1:]
    # Ray reads it when it is imported.
    os.environ |= json.loads(Path(file).read_text(encoding="utf-8"))
    from ray._private import services
    from ray.scripts.scripts import cli

    from local.ray_head import with_services

    # The one that `serve deploy` talks to.
    services.start_ray_process = with_services(services.start_ray_process, ("ServeHead",))
    cli(["start", *options], standalone_mode=False)
    os.execv(sys.executable, [sys.executable, keeper, port])  # noqa: S606 - no shell is wanted
