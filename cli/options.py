"""The options that commands share: which tenant, as whom, where."""

from typing import Annotated

import typer

TenantOption = Annotated[str, typer.Option("--tenant", "-t", help="Id of the tenant.")]
UrlOption = Annotated[str | None, typer.Option("--url", help="Where the tenant plane is. Default: this machine's.")]
WriteKeyOption = Annotated[
    str | None, typer.Option("--write-key", envvar="UNMOGROW_WRITE_KEY", help="Default: the one kept when made here.")
]
EmailOption = Annotated[str | None, typer.Option(help="Default: the owner kept when the tenant was made here.")]
PasswordOption = Annotated[str | None, typer.Option(envvar="UNMOGROW_PASSWORD", help="The user's password.")]
