"""A cluster whose head can be lost with its machine: the other nodes are machines of their own, and Redis is another.

No autoscaler has started them: Ray's provider for such clusters has its nodes in the head's own process.
"""

import json
import shutil
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from local.supervision import Program
from tests.cluster.redis_nodes import RedisNodes

_ROLES = ("hosts", "hosts", "pool")
_CPUS = 4
_OF_THE_AUTOSCALER = {"RAY_OVERRIDE_NODE_ID_FOR_TESTING", "RAY_CLOUD_INSTANCE_ID", "RAY_FAKE_CLUSTER"}


class HeadLoss(RedisNodes):
    """Two nodes for hosts and one for the pool, each with a folder of its own."""

    def programs(self) -> list[Program]:
        """Start the nodes beside the head, which they wait for."""
        nodes = [
            Program(f"node{number}", self._node(number, role), stop_signal="KILL") for number, role in enumerate(_ROLES)
        ]
        return [*super().programs(), *nodes]

    def _node(self, number: int, role: str) -> list[str]:
        host = self.settings.ports.host
        raylet = {
            "gcs_address": f"{host}:{self.settings.ports.ray}",
            "node_ip_address": host,
            "num_cpus": _CPUS,
            "labels": {"role": role},
            "object_store_memory": self.settings.memory.object_store_bytes,
            "temp_dir": str(self.places.run / f"n{number}"),
            "min_worker_port": 0,
            "max_worker_port": 0,
        }
        described = json.dumps({"environment": self._environment(), "raylet": raylet})
        file = self._private_file(f"node{number}.json", described)
        return [sys.executable, str(Path(__file__).with_name("node.py")), str(file)]

    def _head_options(self) -> list[str]:
        return [each for each in super()._head_options() if not each.startswith("--autoscaling-config")]

    def _environment(self) -> dict[str, str]:
        return {name: value for name, value in super()._environment().items() if name not in _OF_THE_AUTOSCALER}

    def lose_head(self) -> int:
        """Kill all that the head's machine runs and delete its folder; give how many processes that was."""
        states = self.supervisor.states()
        others = {states[name]["pid"] for name in states if name != "ray"}
        lost = [
            each for each in self.supervisor.processes() if each.name() != "supervisord" and not _is_of(each, others)
        ]
        self.supervisor.stop_program("ray")
        for process in lost:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(lost)
        shutil.rmtree(self.places.ray)
        return len(lost)

    def start_head(self) -> None:
        """Start a head that knows nothing but where Redis is, at the address of the lost one."""
        self.places.ray.mkdir(mode=0o700)
        self.supervisor.start_program("ray")


def _is_of(process: psutil.Process, programs: set[int]) -> bool:
    return bool({process.pid, *(each.pid for each in process.parents())} & programs)
