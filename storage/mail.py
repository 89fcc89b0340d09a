"""Mail by SMTP."""

from email.message import EmailMessage
from email.utils import make_msgid

import aiosmtplib

from schemas.access_settings import MailSettings


class MailAwayError(Exception):
    """The mail server did not take the mail."""


class Mailer:
    """Sends plain text through one server."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    @property
    def is_on(self) -> bool:
        """Whether there is a server to send by."""
        return self._settings.host is not None

    async def send(self, recipient: str, subject: str, text: str) -> None:
        """Send one mail; a server that does not encrypt is refused, unless the settings say otherwise.

        Raises:
            MailAwayError: the server is away, or refused.
        """
        settings = self._settings
        message = EmailMessage()
        message["From"] = settings.sender
        message["To"] = recipient
        message["Subject"] = subject
        message["Message-ID"] = make_msgid(domain=settings.sender.rpartition("@")[2])
        message.set_content(text)
        try:
            await aiosmtplib.send(
                message,
                hostname=settings.host,
                port=settings.port,
                username=settings.username,
                password=settings.password.get_secret_value() if settings.password else None,
                use_tls=settings.security == "tls",
                start_tls=settings.security == "starttls",
                timeout=settings.timeout_seconds,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailAwayError(str(error)) from error
