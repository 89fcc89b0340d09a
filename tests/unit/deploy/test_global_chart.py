"""The chart of the platform: each test is a sentence about what Helm makes of it."""

import subprocess
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from ray.serve.schema import ServeDeploySchema

from telemetry.metrics import METRICS
from tests.unit.deploy.charts import CHARTS, ROOT, of_kind, pods, render

CHART = "unmogrow-global"
EVERYTHING = (
    "serviceMonitor.enabled=true",
    "schedules.retrain=0 3 * * 1",
    "postgres.mode=operator",
    "clickhouse.mode=operator",
    "ray.gcs.backend=rocksdb",
    "ingress.globalHost=operators.example.com",
)
LAKE_SECRET = (
    "extraEnv[0].name=AWS_SECRET_ACCESS_KEY",
    "extraEnv[0].valueFrom.secretKeyRef.name=lake",
    "extraEnv[0].valueFrom.secretKeyRef.key=secret",
)
CRDS = ROOT.parent / "shared" / "data" / "kuberay"
FOREIGN = ("monitoring.coreos.com", "postgresql.cnpg.io", "clickhouse.altinity.com")


def strict(schema: Any) -> Any:
    """Have a schema of Kubernetes refuse fields that it does not name, as the server does."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: strict(each) for name, each in schema.items()}
    if made.get("type") == "object" and "properties" in made and not made.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    if made.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
    return made


@pytest.mark.parametrize("values", [(), EVERYTHING], ids=["default", "everything"])
def test_kubernetes_takes_every_object(values: tuple[str, ...]) -> None:
    """No field that Kubernetes does not know, no value that it would refuse."""
    for each in render(CHART, *values):
        if each["kind"] != "RayService" and not each["apiVersion"].startswith(FOREIGN):
            kubernetes_validate.validate(each, "1.37", strict=True)


@pytest.mark.skipif(not CRDS.exists(), reason="KubeRay's own schemas are not beside the project")
@pytest.mark.parametrize("values", [(), EVERYTHING], ids=["default", "everything"])
def test_kuberay_takes_the_ray_service(values: tuple[str, ...]) -> None:
    """By the schema of its custom resource, unknown fields refused."""
    definition = yaml.safe_load((CRDS / "rayservices.yaml").read_text(encoding="utf-8"))
    schema = strict(next(each for each in definition["spec"]["versions"] if each["name"] == "v1")["schema"])
    schema["openAPIV3Schema"]["properties"]["metadata"] = {"type": "object"}
    (service,) = of_kind(render(CHART, *values), "RayService")
    jsonschema.validate(service, schema["openAPIV3Schema"])


def test_serve_gets_what_serve_deploy_gets() -> None:
    """The default values change nothing of deploy/serve.yaml, and Serve takes it."""
    (service,) = of_kind(render(CHART), "RayService")
    deployed = yaml.safe_load(service["spec"]["serveConfigV2"])
    assert deployed == yaml.safe_load((ROOT / "deploy" / "serve.yaml").read_text(encoding="utf-8"))
    ServeDeploySchema.model_validate(deployed)


def test_replicas_follow_the_values() -> None:
    """What is asked for is what Serve is told."""
    (service,) = of_kind(render(CHART, "serve.attribution.maxReplicas=40"), "RayService")
    deployed = yaml.safe_load(service["spec"]["serveConfigV2"])["applications"]
    (pool,) = (each for each in deployed if each["name"] == "attribution")
    assert pool["deployments"][0]["autoscaling_config"]["max_replicas"] == 40


def test_nobody_is_root_and_nothing_is_written_to() -> None:
    """Each container: no root, no capability, a root file system to read alone, its share of the machine named."""
    described = pods(render(CHART, *EVERYTHING))
    assert len(described) >= 8
    for pod in described:
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert {"cpu", "memory"} <= container["resources"]["limits"].keys()


def test_the_provisioners_password_is_on_the_head_alone() -> None:
    """Nodes that answer requests do not know it, nor any an administrator; those of the pool know no secret at all."""
    (service,) = of_kind(render(CHART, *LAKE_SECRET), "RayService")
    cluster = service["spec"]["rayClusterConfig"]
    head, *_ = cluster["headGroupSpec"]["template"]["spec"]["containers"]
    workers = [group["template"]["spec"]["containers"][0] for group in cluster["workerGroupSpecs"]]
    assert "UNMOGROW_PROVISIONER_PASSWORD" in {each["name"] for each in head["env"]}
    for container in workers:
        assert "UNMOGROW_PROVISIONER_PASSWORD" not in {each["name"] for each in container["env"]}
    (pool,) = (each for each in cluster["workerGroupSpecs"] if each["groupName"] == "pool")
    assert not [each for each in pool["template"]["spec"]["containers"][0]["env"] if "valueFrom" in each]
    workers.remove(pool["template"]["spec"]["containers"][0])
    for container in (head, *workers):
        (postgres,) = (each for each in container["env"] if each["name"] == "POSTGRES_URL")
        assert "@" not in postgres["value"]
        assert "AWS_SECRET_ACCESS_KEY" in {each["name"] for each in container["env"]}


def test_a_node_is_asked_for_its_metrics_once() -> None:
    """One monitor, of all of Ray's pods, and each of their ports for metrics once."""
    monitoring = [each for each in render(CHART, "serviceMonitor.enabled=true") if each["kind"].endswith("Monitor")]
    (monitor,) = monitoring
    (service,) = of_kind(render(CHART), "RayService")
    cluster = service["spec"]["rayClusterConfig"]
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        pod = group["template"]
        assert wanted <= pod["metadata"]["labels"].items()
        opened = [port["name"] for port in pod["spec"]["containers"][0]["ports"] if port["name"].endswith("metrics")]
        assert sorted(opened) == sorted(each["port"] for each in monitor["spec"]["podMetricsEndpoints"])


def test_alerts_ask_for_metrics_that_there_are() -> None:
    """Each alert is about a metric of the product, and stands in docs/metrics.md with what it asks; if wanted."""
    (rules,) = of_kind(render(CHART, "serviceMonitor.enabled=true"), "PrometheusRule")
    documented = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    for alert in rules["spec"]["groups"][0]["rules"]:
        assert any(f"ray_{metric.name}" in alert["expr"] for metric in METRICS)
        assert f"| `{alert['alert']}` | `{alert['expr']}` for " in documented
    without = render(CHART, "serviceMonitor.enabled=true", "serviceMonitor.alerts=false")
    assert not of_kind(without, "PrometheusRule")


def test_what_stays_and_what_comes_and_goes() -> None:
    """Hosts of tenants have as many nodes as they have; the pool and jobs scale, jobs down to none."""
    (service,) = of_kind(render(CHART), "RayService")
    groups = {each["groupName"]: each for each in service["spec"]["rayClusterConfig"]["workerGroupSpecs"]}
    assert groups["hosts"]["minReplicas"] == groups["hosts"]["maxReplicas"]
    assert groups["pool"]["minReplicas"] < groups["pool"]["maxReplicas"]
    assert groups["jobs"]["minReplicas"] == 0
    assert service["spec"]["rayClusterConfig"]["enableInTreeAutoscaling"] is True
    assert all(group["labels"] == {"unmogrow/role": name} for name, group in groups.items())


def test_one_node_of_a_group_may_be_emptied() -> None:
    """Budgets of Ray's pods say how many stay, as a number: of three at least, two."""
    budgets = of_kind(
        render(CHART, "ray.groups.ingest.minReplicas=3", "ray.groups.hosts.minReplicas=0"), "PodDisruptionBudget"
    )
    of_groups = {each["spec"]["selector"]["matchLabels"].get("unmogrow/role"): each["spec"] for each in budgets}
    assert of_groups["ingest"]["minAvailable"] == 2
    assert of_groups["hosts"]["minAvailable"] == 0
    assert not any("maxUnavailable" in of_groups[group] for group in ("ingest", "hosts"))


def test_ray_can_be_reached_by_its_own_nodes_and_the_edge() -> None:
    """Job API and control service: from Ray's pods and the operator's namespace; requests: from the edge."""
    policy = next(each for each in of_kind(render(CHART), "NetworkPolicy") if each["metadata"]["name"].endswith("-ray"))
    open_to = [
        (sorted(port["port"] for port in rule.get("ports", ())), [next(iter(each)) for each in rule["from"]])
        for rule in policy["spec"]["ingress"]
    ]
    assert open_to == [
        ([], ["podSelector"]),
        ([8000], ["podSelector"]),
        ([8000, 8265], ["namespaceSelector"]),
        ([8080, 9101], ["namespaceSelector"]),
    ]


def test_databases_come_before_code() -> None:
    """A job prepares them, before an installation and before an upgrade; with its own database, after the first."""
    for values, hook in [((), "pre-install,pre-upgrade"), (("postgres.mode=operator",), "post-install,pre-upgrade")]:
        (job,) = of_kind(render(CHART, *values), "Job")
        assert job["metadata"]["annotations"]["helm.sh/hook"] == hook
        assert job["spec"]["template"]["spec"]["containers"][0]["command"] == ["python", "-m", "serve_apps.prepare"]


def test_the_edge_is_the_one_of_this_machine() -> None:
    """The same file, byte for byte, but for the blank at its beginning."""
    (configuration,) = of_kind(render(CHART), "ConfigMap")
    own = (ROOT / "deploy" / "edge.cfg").read_text(encoding="utf-8")
    assert configuration["data"]["edge.cfg"].strip() == own.strip()


@pytest.mark.parametrize(
    "wrong",
    [
        "postgres.url=postgresql://postgres:secret@db/postgres",
        "ray.gcs.backend=etcd",
        "serve.tenant.minReplicas=0",
        "edge.trustedProxies={everybody}",
        "settings.PATH=/tmp",
        "replicaCount=3",
    ],
)
def test_a_wrong_value_is_refused(wrong: str) -> None:
    """By the values' schema, before anything reaches Kubernetes."""
    with pytest.raises(subprocess.CalledProcessError) as refused:
        render(CHART, wrong)
    assert "values don't meet the specifications" in refused.value.stderr


def test_helm_finds_nothing_to_complain_of() -> None:
    """Both charts, strictly."""
    charts = [str(CHARTS / name) for name in ("unmogrow-global", "unmogrow-tenant")]
    done = subprocess.run(
        [str(ROOT / ".tools/bin/helm"), "lint", "--strict", *charts], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
