"""A cluster of several raylets on this machine: `cluster.yaml`'s types of nodes, added and removed by Ray's autoscaler.

Postgres, ClickHouse and the edge are those of the embedded stack. Of Ray, everything is what a cluster has: the
environment of head and nodes (`deploy/cluster/*.env.example`), labels and resources, `deploy/serve.yaml` by Serve's own
API. Ray's provider for such clusters is private: it starts a raylet where others start a machine.
"""

import asyncio
import json
import shlex
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from cli.cluster_commands import Provider, described
from local import ray_cluster
from local.free_ports import free_block
from local.stack import Stack, StackError
from local.supervision import Program
from schemas.access_settings import AuthSettings
from schemas.ids import TenantId
from schemas.settings import ActorSettings, Settings
from serve_apps.deployments import DEDICATED_PREFIX
from serve_apps.described import described as with_version
from tests.stack_fixtures import environment_of

ROOT = Path(__file__).parents[2]
KEEPER = ROOT / "deploy" / "cluster" / "keep_gcs.py"
HOSTS = {"role": "hosts"}
POOL_NODES_MAX = 2
APPLICATIONS = ("attribution", "attribution-apart", "tenant", "overseer")
_HEAD_NODE = "f" * 51 + "00000"
_DRAIN_SECONDS = 2

Nodes = TypeVar("Nodes", bound="ManyNodes")


class ManyNodes(Stack):
    """The stack, with a cluster for its Ray; `failpoints` is where every node looks for armed ones.

    `version` is what of `deploy/serve.yaml` is deployed.
    """

    failpoints: Path
    version = "first"
    dedicated: Mapping[TenantId, str] = {}
    """Tenants that have replicas of their own, and their hosts."""

    def programs(self) -> list[Program]:
        """Have Ray's head started as on a cluster."""
        head = [sys.executable, str(Path(__file__).with_name("head.py")), str(self._write_environment())]
        command = [*head, str(KEEPER), str(self.settings.ports.ray), *self._head_options()]
        return [
            Program("ray", command, stop_signal="KILL") if each.name == "ray" else each for each in super().programs()
        ]

    def _head_options(self) -> list[str]:
        alone = {"start", "--block", "--no-monitor"}
        own = ray_cluster.command(self.settings, self.places)
        options = [each for each in own[own.index("start") :] if each not in alone and "num-cpus" not in each]
        scaling = self.places.run / "autoscaling.json"
        scaling.write_text(json.dumps(self._scaling()), encoding="utf-8")
        return [*options, "--num-cpus=0", "--labels=role=head", f"--autoscaling-config={scaling}"]

    def _scaling(self) -> dict[str, Any]:
        cluster = described(ROOT / "cluster.yaml", Provider.AWS)
        types = {
            name: {
                **each,
                "node_config": {},
                "resources": each["resources"] | {"object_store_memory": self.settings.memory.object_store_bytes},
            }
            for name, each in cluster["available_node_types"].items()
        }
        # Replicas of the planes run beside the hosts: so one node's loss is that of both.
        del types["ingest"]
        types["pool"]["max_workers"] = POOL_NODES_MAX
        # What Ray's provider calls a head.
        types["ray.head.default"] = types.pop("head")
        return {
            **{name: [] for name in cluster if name.endswith("_commands")},
            "file_mounts": {},
            "cluster_synced_files": [],
            "file_mounts_sync_continuously": False,
            "cluster_name": cluster["cluster_name"],
            "max_workers": cluster["max_workers"],
            "upscaling_speed": 100,
            "idle_timeout_minutes": 0.03,
            "provider": {
                "type": "external",
                "module": "ray.autoscaler._private.fake_multi_node.node_provider.FakeMultiNodeProvider",
                "gcs_address": f"{self.settings.ports.host}:{self.settings.ports.ray}",
                "head_node_id": _HEAD_NODE,
                "use_node_id_as_ip": True,
                "launch_multiple": True,
                "disable_node_updaters": True,
                "disable_launch_config_check": True,
            },
            "auth": {},
            "head_node_type": "ray.head.default",
            "available_node_types": types,
        }

    def _write_environment(self) -> Path:
        return self._private_file("head.json", json.dumps(self._environment()))

    def _private_file(self, name: str, text: str) -> Path:
        """Write a file that only its owner can read: secrets belong on no command line."""
        file = self.places.run / name
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")
        return file

    def _environment(self) -> dict[str, str]:
        examples = [ROOT / "deploy" / "cluster" / f"{name}.env.example" for name in ("cluster", "head")]
        given = dict(pair for example in examples for pair in _variables(example.read_text(encoding="utf-8")))
        backends, ports, token = self.backends, self.settings.ports, ray_cluster.driver_environment(self.places)
        return (
            given
            | ray_cluster.environment(self.settings, self.places)
            | environment_of(self.settings)
            | {
                "POSTGRES_URL": f"postgresql://{ports.host}:{ports.postgres}/postgres?sslmode=disable",
                "CLICKHOUSE_URL": self.clickhouse_url,
                "LAKE_URL": self.settings.lake_address,
                "UNMOGROW_SECRET_KEY": b64encode(backends.secret_key).decode(),
                "UNMOGROW_PROVISIONER_PASSWORD": self.provisioner_password,
                "UNMOGROW_CLICKHOUSE__HAS_USERS": "false",
                "UNMOGROW_DATA_DIR": str(self.settings.data_dir),
                "UNMOGROW_IMPORTS__FOLDER": str(self.settings.imports_folder),
                "UNMOGROW_TENANTS__EXPORTS_FOLDER": str(self.settings.exports_folder),
                "UNMOGROW_PLACEMENT__PLANES": json.dumps(HOSTS),
                "UNMOGROW_ACTOR__HOSTS": str(self.settings.actor.hosts),
                # A replica fills a node: one more of them needs one more of these.
                "UNMOGROW_POOL__REPLICA_CPUS": "4",
                "UNMOGROW_FAILPOINTS": str(self.failpoints),
                "RAY_AUTH_TOKEN": Path(token["RAY_AUTH_TOKEN_PATH"]).read_text(encoding="ascii").strip(),
                "RAY_gcs_storage_path": str(self._storage()),
                "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": str(_DRAIN_SECONDS),
                # What waits for the pool is told at once, and the autoscaler looks every second.
                "RAY_SERVE_HANDLE_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "0.5",
                "RAY_SERVE_REPLICA_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "0.5",
                "AUTOSCALER_UPDATE_INTERVAL_S": "1",
                "RAY_FAKE_CLUSTER": "1",
                "RAY_enable_autoscaler_v2": "1",
                "RAY_CLOUD_INSTANCE_ID": _HEAD_NODE,
                "RAY_OVERRIDE_NODE_ID_FOR_TESTING": _HEAD_NODE,
            }
        )

    def _storage(self) -> Path:
        folder = self.places.data / "gcs"
        folder.mkdir(exist_ok=True)
        return folder

    async def deploy(self, say: Callable[[str], None]) -> None:
        """Deploy `deploy/serve.yaml` as `serve deploy` does."""
        await self.roll_out()
        await self._until("what is deployed", self.is_deployed, say)

    async def up_and_deployed(self) -> None:
        """Start everything and deploy."""
        await self.up(lambda _: None)
        await self.prepare(lambda _: None)

    async def is_deployed(self) -> bool:
        """Say whether every application is as it was described last, and the tenant plane answers."""
        try:
            answer = await self._ask_serve("GET", None)
        except httpx.TransportError:
            return False
        if answer.status_code != HTTPStatus.OK:
            return False
        applications = answer.json()["applications"].values()
        return len(applications) == len(APPLICATIONS) + len(self.dedicated) and all(
            each["status"] == "RUNNING" for each in applications
        )

    async def roll_out(self) -> None:
        """Give Serve the description of the version.

        Raises:
            StackError: it was not taken.
        """
        configuration = with_version((ROOT / "deploy" / "serve.yaml").read_text(encoding="utf-8"), self.version)
        described = [each for each in configuration["applications"] if each["name"] in APPLICATIONS]
        (plane,) = (each for each in described if each["name"] == "tenant")
        described += [_dedicated(plane, *each) for each in self.dedicated.items()]
        for each in described:
            for deployment in each["deployments"]:
                _hasten(deployment)
        http = {"host": self.settings.ports.host, "port": self.settings.ports.serve}
        wanted = {**configuration, "proxy_location": "HeadOnly", "http_options": http, "applications": described}
        answer = await self._ask_serve("PUT", wanted)
        if answer.status_code != HTTPStatus.OK:
            raise StackError(answer.text)

    async def _ask_serve(self, method: str, body: dict[str, Any] | None) -> httpx.Response:
        url = f"{self.settings.jobs_address}/api/serve/applications/"
        token = (self.places.data / "ray.token").read_text(encoding="ascii").strip()
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            return await client.request(method, url, json=body, headers={"Authorization": f"Bearer {token}"})

    def raylets(self) -> list[psutil.Process]:
        """List the raylets of all nodes."""
        return [each for each in self.supervisor.processes() if each.name() == "raylet"]

    def node_bytes(self) -> list[int]:
        """Measure what each node takes without any work: the memory of its raylet and of Ray's agents beside it."""
        return [sum(each.memory_full_info().pss for each in (raylet, *_agents(raylet))) for raylet in self.raylets()]

    def end_at_once(self) -> None:
        """End everything, without a word to anybody: nothing here is worth keeping."""
        for process in self.supervisor.processes():
            if process.name() in {"raylet", "gcs_server"} or "ray" in process.name():
                process.kill()


def _agents(raylet: psutil.Process) -> list[psutil.Process]:
    return [each for each in raylet.children() if "Agent" in " ".join(each.cmdline())]


def _variables(example: str) -> list[tuple[str, str]]:
    lines = [line for line in example.splitlines() if line and not line.startswith("#")]
    return [(name, " ".join(shlex.split(value))) for name, _, value in (line.partition("=") for line in lines)]


@contextmanager
def deployed(kind: type[Nodes], folder: Path, **own: Any) -> Iterator[Nodes]:
    """Start a cluster that keeps all in a folder, with a host for each of the two nodes, deploy, and end it at last."""
    auth, actor = AuthSettings(argon2_memory_kib=64, argon2_passes=1), ActorSettings(hosts=2)
    stack = kind(Settings(data_dir=folder / "data", ports=free_block(), auth=auth, actor=actor, **own))
    stack.failpoints = folder / "failpoints"
    stack.failpoints.mkdir()
    try:
        asyncio.run(stack.up_and_deployed())
        yield stack
    finally:
        stack.end_at_once()
        stack.destroy()


def _dedicated(plane: dict[str, Any], tenant_id: TenantId, host: str) -> dict[str, Any]:
    """Describe a tenant's own plane, as the chart does."""
    (deployment,) = plane["deployments"]
    scaling = {**deployment["autoscaling_config"], "min_replicas": 1, "max_replicas": 1}
    return {
        **plane,
        "name": f"tenant-{tenant_id}",
        "route_prefix": f"{DEDICATED_PREFIX}/{host}",
        "import_path": "serve_apps.entry:dedicated",
        "args": {**plane["args"], "tenant": tenant_id},
        "deployments": [{**deployment, "autoscaling_config": scaling}],
    }


def _hasten(deployment: dict[str, Any]) -> None:
    """Have the pool scale within seconds, and old replicas leave as soon as they are idle."""
    if deployment["name"] == "AttributionPool":
        deployment["autoscaling_config"] |= {
            "max_replicas": POOL_NODES_MAX,
            "look_back_period_s": 2,
            "upscale_delay_s": 1,
            "downscale_delay_s": 1,
        }
