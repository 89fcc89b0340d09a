"""The mails that bring links: plain text, of which the link is the only one."""

from dataclasses import dataclass

from storage.postgres.users import UserRecord


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to be sent."""

    recipient: str
    subject: str
    text: str


def letter(user: UserRecord, tenant_name: str, url: str) -> Letter:
    """Write to a user who is to choose a password, for the first time or anew."""
    name = " ".join(tenant_name.split())
    if user.state == "invited":
        return Letter(
            user.email,
            f"You are invited to {name}",
            f"You are invited to {name} as {user.role}.\n\nChoose a password here:\n{url}\n\n"
            "The link works once. If you did not expect it, ignore it.\n",
        )
    return Letter(
        user.email,
        f"Another password for {name}",
        f"Somebody asked for another password for your account at {name}.\n\nChoose it here:\n{url}\n\n"
        "The link works once. If it was not you, ignore it: your password stays as it is.\n",
    )
