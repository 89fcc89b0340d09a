"""The chart of one tenant's environment: each test is a sentence about what Helm makes of it."""

import ast
import subprocess
from urllib.parse import urlsplit

import kubernetes_validate
import pytest
import yaml
from ray.serve.schema import ServeDeploySchema

from tests.unit.deploy.charts import of_kind, pods, render

CHART = "unmogrow-tenant"
HOSTS = "UNMOGROW_EDGE_DEDICATED_HOSTS"


def test_kubernetes_takes_every_object() -> None:
    """No field that Kubernetes does not know, no value that it would refuse."""
    for each in render(CHART):
        kubernetes_validate.validate(each, "1.37", strict=True)


def test_the_namespace_has_a_bound() -> None:
    """On processors, memory and pods; and none where none is asked for."""
    (quota,) = of_kind(render(CHART), "ResourceQuota")
    assert quota["spec"]["hard"]["limits.memory"] == "16Gi"
    assert not of_kind(render(CHART, "quota.enabled=false"), "ResourceQuota")


def test_its_host_leads_to_the_platforms_edge() -> None:
    """The ingress names a service of its own namespace, which stands for the edge in another."""
    objects = render(CHART, "tenant.host=games.example.com")
    (ingress,), (service,) = of_kind(objects, "Ingress"), of_kind(objects, "Service")
    rule = ingress["spec"]["rules"][0]
    assert rule["host"] == "games.example.com"
    assert rule["http"]["paths"][0]["backend"]["service"]["name"] == service["metadata"]["name"]
    assert service["spec"]["externalName"] == "unmogrow-edge.unmogrow.svc.cluster.local"


def test_a_dedicated_tenant_says_what_the_platform_must_be_told() -> None:
    """Told so, the platform gives it an application of its own and leads its host there; a shared one says nothing."""
    assert len(of_kind(render(CHART), "ConfigMap")) == 1
    objects = render(CHART, "isolation=dedicated", "dedicated.maxReplicas=7", "tenant.host=games.example.com")
    (told,) = (each["data"]["values.yaml"] for each in of_kind(objects, "ConfigMap") if "values.yaml" in each["data"])
    own = yaml.safe_load(told)["dedicated"]["t123"]
    platform = render("unmogrow-global", *(f"dedicated.t123.{name}={value}" for name, value in own.items()))
    (service,) = of_kind(platform, "RayService")
    deployed = yaml.safe_load(service["spec"]["serveConfigV2"])
    ServeDeploySchema.model_validate(deployed)
    shared, apart = (
        next(each for each in deployed["applications"] if each["name"] == name) for name in ("tenant", "tenant-t123")
    )
    assert apart["import_path"] == "serve_apps.entry:dedicated"
    assert apart["args"] == {"tenant": "t123"}
    assert apart["route_prefix"] == "/dedicated/games.example.com"
    (scaled,), (usual,) = apart["deployments"], shared["deployments"]
    assert (scaled["autoscaling_config"]["min_replicas"], scaled["autoscaling_config"]["max_replicas"]) == (1, 7)
    assert usual["autoscaling_config"]["max_replicas"] == 16
    hosts = [each["value"] for pod in pods(platform) for each in pod["containers"][0]["env"] if each["name"] == HOSTS]
    assert [each.split() for each in hosts] == [["games.example.com"]]


def test_who_makes_the_tenant_may_write_one_secret() -> None:
    """The job's account may make secrets, change the one that it made, read none, and do nothing else."""
    (role,) = of_kind(render(CHART), "Role")
    assert [(rule["resources"], rule["verbs"], rule.get("resourceNames")) for rule in role["rules"]] == [
        (["secrets"], ["create"], None),
        (["secrets"], ["patch"], ["t123-access"]),
    ]


def test_another_revision_is_another_job() -> None:
    """A job cannot be changed once it is there."""
    (job,) = of_kind(render(CHART), "Job")
    assert job["metadata"]["name"] == "t123-provision-1"


def test_the_platform_is_found_under_the_name_that_its_installation_gives_it() -> None:
    """With the release and the namespace of docs/kubernetes.md, and the ports that the edge's service has."""
    platform = render("unmogrow-global", release="unmogrow", namespace="unmogrow")
    (edge,) = (each for each in of_kind(platform, "Service") if each["metadata"]["name"].endswith("-edge"))
    name = f"{edge['metadata']['name']}.unmogrow.svc"
    objects = render(CHART)
    (pod,), (service,) = pods(objects), of_kind(objects, "Service")
    (url,) = (each["value"] for each in pod["containers"][0]["env"] if each["name"] == "PLATFORM_URL")
    assert urlsplit(url).hostname == name
    assert urlsplit(url).port in {each["port"] for each in edge["spec"]["ports"]}
    assert service["spec"]["externalName"] == f"{name}.cluster.local"


@pytest.mark.parametrize("chart", [CHART, "unmogrow-global"])
def test_every_pod_of_the_platforms_image_can_pull_it(chart: str) -> None:
    """From a registry that wants to know who asks."""
    retrain = ("schedules.retrain=0 3 * * 1",) if chart != CHART else ()
    for pod in pods(render(chart, "imagePullSecrets={registry}", *retrain)):
        assert pod["imagePullSecrets"] == [{"name": "registry"}]


def test_nobody_is_root() -> None:
    """Nor may write to the root file system."""
    (pod,) = pods(render(CHART))
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"]


def test_the_script_arrives_whole() -> None:
    """What the job runs is Python."""
    (configuration,) = of_kind(render(CHART), "ConfigMap")
    assert ast.get_docstring(ast.parse(configuration["data"]["provision.py"]))


@pytest.mark.parametrize(
    "wrong", ["tenant.id=Bad_Name", "tenant.host=nodots", "tenant.ownerEmail=nobody", "isolation=alone"]
)
def test_a_wrong_value_is_refused(wrong: str) -> None:
    """By the values' schema, before anything reaches Kubernetes."""
    with pytest.raises(subprocess.CalledProcessError) as refused:
        render(CHART, wrong)
    assert "values don't meet the specifications" in refused.value.stderr
