"""Settings about who gets in: tokens, passwords, and the mails that invite."""

from typing import Literal

from pydantic import Field, SecretStr

from schemas.settings_group import SettingsGroup


class AuthSettings(SettingsGroup):
    """Tokens and passwords."""

    issuer: str = Field("unmogrow", description="The `iss` of access tokens.")
    access_seconds: int = Field(900, description="15 minutes, as the contracts promise.")
    refresh_days: int = Field(30, description="An unused refresh token ends after this long.")
    session_days: int = Field(90, description="A session ends after this long, however often it was renewed.")
    argon2_memory_kib: int = Field(19 * 1024, description="OWASP's minimum with two passes: 29 ms on one core.")
    argon2_passes: int = Field(2, description="See argon2_memory_kib.")
    login_failures_max: int = Field(10, description="Failed logins of one account before it must wait.")
    login_window_seconds: int = Field(300, description="The window in which failed logins are counted.")
    address_failures_max: int = Field(50, description="The same of one IP address: an office shares one.")
    resets_per_hour: int = Field(3, description="Mails that anybody can have sent to one account: not a flood.")
    invitation_hours: float = Field(72.0, description="How long an invitation can be taken: over a weekend.")
    reset_hours: float = Field(1.0, description="How long a reset link works: it is as good as the password.")
    key_publish_seconds: int = Field(
        default=900, description="So long is the next token key published before it signs: caches have it by then."
    )
    audit_days: int = Field(400, description="How long entries of the audit log are kept: a year and a month.")


class MailSettings(SettingsGroup):
    """How invitations and reset links are sent."""

    host: str | None = Field(None, description="SMTP server. Unset: no mail; the owner who invites gets the link.")
    port: int = Field(587, description="Submission, as in RFC 6409.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="STARTTLS is required, not tried; `tls` from the start on port 465; `none` for loopback.",
    )
    username: str | None = Field(None, description="Unset: the server asks for none.")
    password: SecretStr | None = Field(None, description="See username.")
    sender: str = Field("unmogrow@localhost", description="The address that mails come from.")
    timeout_seconds: float = Field(10.0, description="A server that takes longer counts as away.")
