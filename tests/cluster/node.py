"""Starts a raylet that outlives the head, and stays; what it is, and its environment, are a file's, as on a machine."""

import json
import os
import signal
import sys
from pathlib import Path

if __name__ == "__main__":
    described = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    # Ray reads it when it is imported.
    os.environ |= described["environment"]
    from ray._private.parameter import RayParams

    from bench.raylet import join

    join(RayParams(**described["raylet"]))
    signal.pause()
