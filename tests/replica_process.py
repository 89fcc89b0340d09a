"""One more process that runs what a replica of a plane runs, on a port of its own.

Serve shares requests out among its replicas as it likes: a test that must ask each of two has the second one so. And a
stack without apps has so the global plane with those who make tenants, export and train. Standard input brings what it
has to know, and ends when the process is to end.
"""

import asyncio
import os
import pickle
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from actors.handles import TenantActors
from jobs.learning_supervisor import LearningSupervisor
from jobs.life_supervisor import LifeSupervisor
from local import ray_cluster
from local.deploy import connect
from local.free_ports import free_port
from local.stack import Stack
from schemas.settings import Settings
from serve_apps.builder import global_plane, tenant_plane
from tests.stack_fixtures import eventually


@asynccontextmanager
async def replica(plane: str, stack: Stack, settings: Settings) -> AsyncIterator[str]:
    """Run one of a plane, `tenant` or `global`, on a stack; give its URL."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.replica_process",
        plane,
        str(port),
        env=os.environ | ray_cluster.driver_environment(stack.places),
        stdin=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(pickle.dumps((stack.backends, settings, stack.provisioner_password)))
    try:
        await eventually(lambda: _accepts(port), seconds=100)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stdin.close()
        await process.wait()


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def _serve(plane: str, port: int) -> None:
    backends, settings, password = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the test that started this process
    connect(settings)
    # They live by the tasks that they start, as long as somebody has them.
    beside: list[object] = []
    if plane == "global":
        beside += [LearningSupervisor(lambda: (backends, settings))]
        beside += [LifeSupervisor(backends, settings, password, TenantActors)]
    app = {"tenant": tenant_plane, "global": global_plane}[plane](backends, settings)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    await asyncio.to_thread(sys.stdin.buffer.read)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2])))
