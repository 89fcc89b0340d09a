"""Invitations and resets by mail, through a real SMTP server."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import httpx
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from schemas.access_settings import MailSettings
from storage.mail import MailAwayError, Mailer
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack
from tests.tenant_api import TenantApi

pytestmark = pytest.mark.anyio


class Letterbox:
    """Takes mails."""

    def __init__(self) -> None:
        self.mails: asyncio.Queue[tuple[list[str], EmailMessage]] = asyncio.Queue()

    async def handle_DATA(  # noqa: N802 - the library calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail."""
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        await self.mails.put((envelope.rcpt_tos, mail))
        return "250 OK"

    async def link(self, recipient: str) -> str:
        """Wait for the next mail, which is for somebody, and give the link in it."""
        recipients, mail = await asyncio.wait_for(self.mails.get(), 5)
        assert recipients == [recipient]
        (link,) = (line for line in str(mail.get_content()).splitlines() if line.startswith("http"))
        return link


@pytest.fixture
async def letterbox(running: RunningStack) -> AsyncIterator[Letterbox]:
    """Run a mail server where the stack looks for one."""
    box, loop = Letterbox(), asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(box, loop=loop, hostname="mail.test"), "127.0.0.1", running.stack.settings.mail.port
    )
    yield box
    server.close()


async def test_links_by_mail(api: TenantApi, tenant: ProvisionedTenant, letterbox: Letterbox) -> None:
    """An invitation is mailed and not answered; who forgets the password gets another link, and nobody else does."""
    email = f"{secrets.token_hex(4)}@example.com"
    made = await api.post("/api/v1/users", {"email": email, "role": "viewer"})
    assert made["invitation_url"] is None
    link = await letterbox.link(email)
    assert link.startswith(f"http://{tenant.host}:")
    token = link.partition("token=")[2]
    await api.post("/api/v1/auth/accept", {"token": token, "password": "under the old bridge"})
    for forgetful in ("nobody@example.com", email):
        await api.post("/api/v1/auth/forgot", {"email": forgetful})
    token = (await letterbox.link(email)).partition("token=")[2]
    assert letterbox.mails.empty()
    await api.post("/api/v1/auth/accept", {"token": token, "password": "over the new bridge"})
    listed = await api.get("/api/v1/audit", action="password.reset")
    assert [entry["actor"]["label"] for entry in listed["data"]] == [email]


async def test_a_flood_of_resets(http: httpx.AsyncClient, tenant: ProvisionedTenant) -> None:
    """Three resets an hour are taken for one account, and the fourth is a 429, whether it exists or not."""
    for email in (tenant.owner_email, "nobody@example.com"):
        answers = [await http.post("/api/v1/auth/forgot", json={"email": email}) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [202, 202, 202, 429]


async def test_a_server_without_tls(running: RunningStack, letterbox: Letterbox) -> None:
    """A server that offers no STARTTLS gets no mail unless the settings allow it, nor does one that is away."""
    port = running.stack.settings.mail.port
    while not letterbox.mails.empty():
        letterbox.mails.get_nowait()
    for settings in (MailSettings(host="127.0.0.1", port=port), MailSettings(host="127.0.0.1", port=1)):
        with pytest.raises(MailAwayError):
            await Mailer(settings).send("a@example.com", "subject", "text")
    assert letterbox.mails.empty()
