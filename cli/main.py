"""The `unmogrow` command."""

import sys

import typer
from pydantic import ValidationError

from cli import (
    attribution_commands,
    audit_commands,
    campaign_commands,
    cluster_commands,
    demo_commands,
    fraud_commands,
    import_commands,
    ingest_commands,
    key_commands,
    learned_commands,
    link_commands,
    model_commands,
    money_commands,
    person_commands,
    platform_key_commands,
    policy_commands,
    recompute_commands,
    rejected_commands,
    report_commands,
    schema_commands,
    secret_commands,
    stack_commands,
    tenant_commands,
    user_commands,
)
from cli.context import fail
from schemas.settings import Settings

app = typer.Typer(
    help="UnMoGrowP: which marketing touch brought which install and which revenue.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
app.command(rich_help_panel="This machine")(stack_commands.up)
app.command(rich_help_panel="This machine")(stack_commands.down)
app.command(rich_help_panel="This machine")(stack_commands.status)
app.command(rich_help_panel="This machine")(stack_commands.doctor)
app.add_typer(secret_commands.app, name="secrets", rich_help_panel="This machine")
app.add_typer(cluster_commands.app, name="cluster", rich_help_panel="Many machines")
app.command(rich_help_panel="Events")(ingest_commands.ingest)
app.command("import", rich_help_panel="Events")(import_commands.import_file)
app.command(rich_help_panel="Events")(ingest_commands.tail)
app.add_typer(rejected_commands.app, name="rejected", rich_help_panel="Events")
app.command(rich_help_panel="Attribution")(attribution_commands.explain)
app.command(rich_help_panel="Attribution")(model_commands.models)
app.add_typer(learned_commands.app, name="model", rich_help_panel="Attribution")
app.command(rich_help_panel="Attribution")(learned_commands.retrain)
app.add_typer(fraud_commands.app, name="fraud", rich_help_panel="Attribution")
app.command(rich_help_panel="Attribution")(recompute_commands.recompute)
app.add_typer(person_commands.app, name="person", rich_help_panel="Attribution")
app.add_typer(policy_commands.app, name="policy", rich_help_panel="Attribution")
app.command(rich_help_panel="Attribution")(model_commands.journeys)
app.add_typer(report_commands.app, name="report", rich_help_panel="Attribution")
app.add_typer(money_commands.costs_app, name="costs", rich_help_panel="Attribution")
app.add_typer(money_commands.rates_app, name="rates", rich_help_panel="Attribution")
app.add_typer(demo_commands.app, name="demo", rich_help_panel="Events")
app.add_typer(campaign_commands.app, name="campaign", rich_help_panel="Tenants")
app.add_typer(link_commands.app, name="link", rich_help_panel="Tenants")
app.add_typer(schema_commands.app, name="schema", rich_help_panel="Tenants")
app.add_typer(tenant_commands.app, name="tenant", rich_help_panel="Tenants")
app.add_typer(platform_key_commands.app, name="platform-key", rich_help_panel="Tenants")
app.add_typer(user_commands.app, name="user", rich_help_panel="Tenants")
app.add_typer(key_commands.app, name="key", rich_help_panel="Tenants")
app.command(rich_help_panel="Tenants")(audit_commands.audit)


def run() -> None:
    """Run the command line; a setting that is wrong is told in a sentence."""
    try:
        app()
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        for fault in error.errors(include_input=False, include_url=False):
            fail(f"{_variable(fault['loc'])} {fault['msg'].removeprefix('Value error, ')}".strip())
        sys.exit(2)


def _variable(path: tuple[int | str, ...]) -> str:
    """Name the environment variable of a setting; nothing where several are at odds, and the message names them."""
    name = "__".join(map(str, path)).upper()
    return name if not name or name.endswith("_URL") else f"UNMOGROW_{name}"
