"""`unmogrow secrets`: the root secret, from which database passwords derive and under which secrets are sealed."""

import typer

from cli.context import console, fail, run_api
from local.stack import Stack, StackError
from schemas.settings import Settings

app = typer.Typer(help="Rotate the root secret.", no_args_is_help=True)


@app.command()
def rotate() -> None:
    """Take a new root secret: set every database password anew, seal every secret anew, restart what runs.

    No data is touched, and nobody is logged out. Requests that need a new connection in between get 503 for some
    seconds. Broken off, it is finished by running it again. If UNMOGROW_SECRET_KEY holds your root secret, put the new
    one there and the old one in UNMOGROW_SECRET_KEY_PREVIOUS first.

    Example: unmogrow secrets rotate
    """
    stack = Stack(Settings())
    try:
        with console.status("Rotating") as status:
            tenants, secrets = run_api(stack.rotate_secret(status.update))
    except (StackError, ValueError) as error:
        raise fail(str(error)) from error
    console.print(f"Rotated: passwords of {tenants} tenants, {secrets} sealed secrets.")
