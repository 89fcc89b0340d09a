"""The options that commands share: which tenant, as whom, where; what a file's columns mean; how to print."""

from typing import Annotated

import orjson
import typer

TenantOption = Annotated[str, typer.Option("--tenant", "-t", help="Id of the tenant.")]
UrlOption = Annotated[str | None, typer.Option("--url", help="Where the tenant plane is. Default: this machine's.")]
PlatformUrlOption = Annotated[
    str | None, typer.Option("--url", help="Where the global plane is. Default: this machine's.")
]
PlatformKeyOption = Annotated[
    str | None, typer.Option("--platform-key", envvar="UNMOGROW_PLATFORM_KEY", help="Default: this machine's own.")
]
WriteKeyOption = Annotated[
    str | None, typer.Option("--write-key", envvar="UNMOGROW_WRITE_KEY", help="Default: the one kept when made here.")
]
EmailOption = Annotated[str | None, typer.Option(help="Default: the owner kept when the tenant was made here.")]
PasswordOption = Annotated[str | None, typer.Option(envvar="UNMOGROW_PASSWORD", help="The user's password.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
MappingOption = Annotated[
    list[str] | None, typer.Option("--mapping", help="column=field; column= leaves it out. May be repeated.")
]


def mapping_json(pairs: list[str] | None) -> str:
    """Write `--mapping` as the API takes it.

    Raises:
        typer.BadParameter: one is not column=field.
    """
    mapping = {}
    for pair in pairs or []:
        column, equals, field = pair.partition("=")
        if not (column and equals):
            raise typer.BadParameter(f"{pair!r} is not column=field", param_hint="--mapping")
        mapping[column] = field or None
    return orjson.dumps(mapping).decode()
