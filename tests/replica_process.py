"""One more process that runs what a replica of the tenant plane runs, on a port of its own.

Serve shares requests out among its replicas as it likes: a test that must ask each of two has the second one so.
Standard input brings its backends and settings, and ends when it is to end.
"""

import asyncio
import os
import pickle
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from local import ray_cluster
from local.deploy import connect
from local.free_ports import free_port
from serve_apps.builder import tenant_plane
from tests.stack_fixtures import RunningStack, eventually


@asynccontextmanager
async def second_replica(running: RunningStack) -> AsyncIterator[str]:
    """Run one beside the stack's own; give its URL."""
    stack, port = running.stack, free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.replica_process",
        str(port),
        env=os.environ | ray_cluster.driver_environment(stack.places),
        stdin=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(pickle.dumps((stack.backends, stack.settings)))
    try:
        await eventually(lambda: _accepts(port), seconds=60)
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


async def _serve(port: int) -> None:
    backends, settings = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the test that started this process
    connect(settings)
    server = uvicorn.Server(uvicorn.Config(tenant_plane(backends, settings), port=port, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    await asyncio.to_thread(sys.stdin.buffer.read)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
