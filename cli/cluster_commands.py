"""`unmogrow cluster`: a cluster of virtual machines or of your own, by Ray's cluster launcher."""

import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from cli.context import console, fail
from ingest.merge_patch import merge_patch

app = typer.Typer(help="Start, end and look at a cluster of machines (docs/cluster.md).", no_args_is_help=True)

_ROOT = Path(__file__).parents[1]
_NEEDED = ("cluster.env", "head.env", "frontend/dist/index.html")
_WRITTEN = Path(".local")


class Provider(StrEnum):
    """Whose machines they are."""

    AWS = "aws"
    GCP = "gcp"
    ON_PREMISES = "on_premises"


ProviderOption = Annotated[Provider, typer.Option(help="Whose machines: what is another there is in deploy/cluster/.")]
ConfigOption = Annotated[Path, typer.Option("--config", help="The description of the cluster.", exists=True)]


def described(config: Path, provider: Provider) -> dict[str, Any]:
    """Read the description of a cluster as it is for a provider: `cluster.yaml` is for AWS, a patch makes others of it.

    The patch is a merge patch (RFC 7396): null takes something away.
    """
    base: dict[str, Any] = yaml.safe_load(config.read_text(encoding="utf-8"))
    patch_file = _ROOT / "deploy" / "cluster" / f"{provider}.yaml"
    if not patch_file.exists():
        return base
    patched: dict[str, Any] = merge_patch(base, yaml.safe_load(patch_file.read_text(encoding="utf-8")))
    return patched


@app.command()
def up(
    provider: ProviderOption = Provider.AWS,
    config: ConfigOption = Path("cluster.yaml"),
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before machines are started.")] = False,
) -> None:
    """Start the cluster, or bring it up to date with this folder: databases, code, ports.

    Needs cluster.env and head.env beside cluster.yaml (deploy/cluster/ has examples), the built site (`make site`) and
    the provider's own package (boto3, or google-api-python-client) and credentials. Machines cost money until `down`.

    Example: unmogrow cluster up --provider gcp
    """
    missing = [name for name in _NEEDED if not (config.parent / name).exists()]
    if missing:
        raise fail(f"Missing beside {config}: {', '.join(missing)}. See docs/cluster.md.")
    _launch("up", config, provider, *(["--yes"] if yes else []))


@app.command()
def down(
    provider: ProviderOption = Provider.AWS,
    config: ConfigOption = Path("cluster.yaml"),
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """End every machine of the cluster. Data stays: it is in your Postgres and ClickHouse.

    Example: unmogrow cluster down
    """
    _launch("down", config, provider, *(["--yes"] if yes else []))


@app.command()
def status(provider: ProviderOption = Provider.AWS, config: ConfigOption = Path("cluster.yaml")) -> None:
    """Say which nodes there are, what waits for one, and what is deployed.

    Example: unmogrow cluster status
    """
    _launch("exec", config, provider, "~/unmogrow/.venv/bin/ray status && ~/unmogrow/.venv/bin/serve status")


def _launch(command: str, config: Path, provider: Provider, *arguments: str) -> None:
    written = config.parent / _WRITTEN / f"cluster-{provider}.yaml"
    written.parent.mkdir(exist_ok=True)
    written.write_text(yaml.safe_dump(described(config, provider), sort_keys=False), encoding="utf-8")
    ray = str(Path(sys.executable).with_name("ray"))
    console.print(f"[dim]ray {command} {written}[/]")
    # The launcher's paths, those of files to copy among them, count from the folder of the description.
    done = subprocess.run([ray, command, str(written.resolve()), *arguments], cwd=config.resolve().parent, check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)
