"""cluster.yaml and what it starts, checked by Ray's own validators."""

import json
import os
import re
import shlex
import stat
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import ray.autoscaler
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config
from ray.serve._private.deploy_utils import get_app_code_version
from ray.serve.schema import ServeApplicationSchema, ServeDeploySchema

from cli.cluster_commands import Provider, described
from schemas.settings import Settings
from serve_apps.described import described as with_version

ROOT = Path(__file__).parents[3]
SCHEMA = Path(ray.autoscaler.__file__).parent / "ray-schema.json"


@pytest.mark.parametrize("provider", Provider)
def test_the_launcher_takes_it(provider: Provider) -> None:
    """For each provider, by Ray's schema and by the checks that `ray up` makes."""
    cluster = described(ROOT / "cluster.yaml", provider)
    jsonschema.validate(cluster, json.loads(SCHEMA.read_text(encoding="utf-8")))
    validate_config(prepare_config(cluster))


@pytest.mark.parametrize("provider", [Provider.AWS, Provider.GCP])
def test_each_part_has_nodes_to_run_on(provider: Provider) -> None:
    """The labels that cluster.env.example asks for are those of some type of node."""
    types = described(ROOT / "cluster.yaml", provider)["available_node_types"].values()
    labels = [each["labels"] for each in types]
    lines = (ROOT / "deploy" / "cluster" / "cluster.env.example").read_text(encoding="utf-8").splitlines()
    asked = [json.loads(shlex.split(line.partition("=")[2])[0]) for line in lines if "PLACEMENT__" in line]
    assert len(asked) == 5
    assert all(each in labels for each in asked)


def test_machines_of_google_have_nothing_of_amazon() -> None:
    """The patch takes away what only AWS knows."""
    for each in described(ROOT / "cluster.yaml", Provider.GCP)["available_node_types"].values():
        assert each["node_config"].keys() == {"machineType", "disks"}


@pytest.mark.parametrize("name", ["cluster.env", "head.env"])
def test_the_examples_name_settings_that_there_are(name: str) -> None:
    """A misspelt one would be ignored without a word."""
    known = {"UNMOGROW_" + field.upper() for field in Settings.model_fields}
    groups = {each for each in known if hasattr(Settings.model_fields[each[9:].lower()].annotation, "model_fields")}
    text = (ROOT / "deploy" / "cluster" / f"{name}.example").read_text(encoding="utf-8")
    for setting in re.findall(r"^(UNMOGROW_\w+)=", text, re.MULTILINE):
        group, _, field = setting.partition("__")
        if group in groups:
            fields = Settings.model_fields[group[9:].lower()].annotation.model_fields  # type: ignore[union-attr]
            assert field.lower() in fields, setting
        else:
            assert setting in known, setting


def test_only_the_head_keeps_its_secrets() -> None:
    """Other nodes delete them before anything runs there, and never read them."""
    cluster = described(ROOT / "cluster.yaml", Provider.AWS)
    assert cluster["worker_setup_commands"] == ["rm -f ~/head.env"]
    assert not any("head.env" in command for command in cluster["worker_start_ray_commands"])


@pytest.mark.parametrize("provider", Provider)
def test_ray_is_started_without_what_the_deployment_alone_needs(provider: Provider, tmp_path: Path) -> None:
    """Where head.env is read, the administrator's URL and the operator's key are gone before Ray starts."""
    cluster = described(ROOT / "cluster.yaml", provider)
    commands = [*cluster["head_start_ray_commands"], *cluster["worker_start_ray_commands"]]
    starts = [each for each in commands if "ray start" in each and "head.env" in each]
    (tmp_path / "cluster.env").touch()
    secrets = ("POSTGRES_ADMIN_URL", "UNMOGROW_OPERATOR_KEY", "UNMOGROW_PROVISIONER_PASSWORD")
    (tmp_path / "head.env").write_text("".join(f"{name}=x\n" for name in secrets), encoding="utf-8")
    assert starts
    for each in starts:
        environment = each.removeprefix("cd ~/unmogrow && ").partition("ulimit")[0] + "env"
        done = subprocess.run(
            ["/bin/bash", "-c", environment], env={"HOME": str(tmp_path)}, capture_output=True, text=True, check=True
        )
        assert {name for name in secrets if f"{name}=" in done.stdout} == {"UNMOGROW_PROVISIONER_PASSWORD"}


def test_what_the_head_keeps_is_for_nobody_else(tmp_path: Path) -> None:
    """0700: the folder of Ray's control service and the one around it, also if it was there, whatever the umask."""
    (command,) = (
        each for each in described(ROOT / "cluster.yaml", Provider.AWS)["head_start_ray_commands"] if "--head" in each
    )
    makes = command.partition("ulimit -n 65536 &&")[2].partition("&& .venv/bin/ray")[0]
    around, folder = tmp_path / "unmogrow", tmp_path / "unmogrow" / "gcs"
    around.mkdir(mode=0o755)
    given = {"UNMOGROW_DATA_DIR": str(around), "RAY_gcs_storage_path": str(folder)}
    subprocess.run(["/bin/bash", "-c", f"umask 000 && {makes}"], env=os.environ | given, check=True)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (around, folder)] == [0o700, 0o700]


def example(name: str) -> dict[str, str]:
    """Read an example of an environment."""
    text = (ROOT / "deploy" / "cluster" / f"{name}.env.example").read_text(encoding="utf-8")
    pairs = (line.partition("=") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: " ".join(shlex.split(value)) for name, _, value in pairs}


def serve_deployments() -> dict[str, dict[str, Any]]:
    """Read what Serve is told of each deployment."""
    applications = yaml.safe_load((ROOT / "deploy" / "serve.yaml").read_text(encoding="utf-8"))["applications"]
    return {each["name"]: each for application in applications for each in application["deployments"]}


def test_more_load_needs_more_nodes() -> None:
    """The most replicas of the pool and of the tenant plane do not fit on the fewest nodes: else none is ever added."""
    types, given = described(ROOT / "cluster.yaml", Provider.AWS)["available_node_types"], example("cluster")
    for type_, deployment, group in (("pool", "AttributionPool", "POOL"), ("ingest", "TenantPlane", "SERVE")):
        cpus = serve_deployments()[deployment]["autoscaling_config"]["max_replicas"] * float(
            given[f"UNMOGROW_{group}__REPLICA_CPUS"]
        )
        assert types[type_]["min_workers"] * types[type_]["resources"]["CPU"] < cpus
        assert cpus <= types[type_]["max_workers"] * types[type_]["resources"]["CPU"]


def test_hosts_fit_on_one_node_fewer() -> None:
    """When a node is lost, all hosts of tenants have room on those that are left."""
    hosts, given = described(ROOT / "cluster.yaml", Provider.AWS)["available_node_types"]["hosts"], example("cluster")
    needed = int(given["UNMOGROW_ACTOR__HOSTS"]) * float(given["UNMOGROW_ACTOR__CPUS"])
    assert needed <= (hosts["min_workers"] - 1) * hosts["resources"]["CPU"]


def test_a_new_replica_comes_before_the_old_one_goes() -> None:
    """Of whoever answers; of whoever works alone there is never a second one."""
    surging = {name for name, each in serve_deployments().items() if each.get("max_surge_percent")}
    assert surging == {"TenantPlane", "GlobalPlane", "AttributionPool", "ModelKeeper"}


def test_serve_sees_another_version() -> None:
    """Each application's description differs between two versions of the code, and in nothing else."""
    text = (ROOT / "deploy" / "serve.yaml").read_text(encoding="utf-8")
    one, two = (with_version(text, each)["applications"] for each in ("one", "two"))
    assert len(one) == 7
    for before, after in zip(one, two, strict=True):
        assert before | {"args": None} == after | {"args": None}
        versions = {get_app_code_version(ServeApplicationSchema.model_validate(each)) for each in (before, after)}
        assert len(versions) == 2


def test_serve_takes_what_is_deployed() -> None:
    """By its own schema; every application is one that the entry describes."""
    deployed = ServeDeploySchema.model_validate(
        yaml.safe_load((ROOT / "deploy" / "serve.yaml").read_text(encoding="utf-8"))
    )
    entry = (ROOT / "serve_apps" / "entry.py").read_text(encoding="utf-8")
    for application in deployed.applications:
        module, _, function = str(application.import_path).partition(":")
        assert module == "serve_apps.entry"
        assert f"def {function}(" in entry
