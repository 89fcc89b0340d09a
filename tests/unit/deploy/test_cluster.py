"""cluster.yaml and what it starts, checked by Ray's own validators."""

import json
import re
import shlex
from pathlib import Path

import jsonschema
import pytest
import ray.autoscaler
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config
from ray.serve.schema import ServeDeploySchema

from cli.cluster_commands import Provider, described
from schemas.settings import Settings

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
