"""Letters: put together, and handed to the operator's mail server.

What a server answers may quote the address of a person, so no error here repeats it; its number
says enough. Sent by jobs, never while somebody waits for a page.
"""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib
import msgspec

from handbill.infra.settings import is_loopback
from handbill.kernel.clock import Clock
from handbill.kernel.mailboxes import is_mailbox

SECONDS_MAX = 30
"""For all of it: connecting, TLS, logging in, the letter."""
SUBJECT_MAX = 150
NAME_MAX = 60
_PERMANENT = 500


class LetterDelayed(Exception):
    """Not sent, as far as we know: the server is away, busy, or set up wrongly. Worth a repeat."""


class LetterRefused(Exception):
    """The server will never take this letter: there is no such address, or it will have none."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """`key` names it: a letter that is sent again has the same Message-ID. Both texts say the same;
    `html` is a whole document. `from_name` stands before our address, as the one who writes."""

    key: str
    to: str
    subject: str
    text: str
    html: str
    from_name: str = ""


class MailServer(msgspec.Struct, frozen=True, kw_only=True):
    """`starttls`: the connection begins in the clear and must be encrypted before anything is said.
    `tls`: it is encrypted from the beginning."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    starttls: bool = True
    tls: bool = False

    @classmethod
    def of(cls, url: str) -> MailServer:
        """An address that the settings have let in. On this machine, `smtp://` is not encrypted."""
        parts = urlsplit(url)
        tls, host = parts.scheme == "smtps", parts.hostname or ""
        return cls(
            host=host,
            port=parts.port or (465 if tls else 587),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            starttls=not tls and not is_loopback(host),
            tls=tls,
        )


class Mail:
    """The way out for letters. `sender` is our own address."""

    def __init__(
        self,
        server: MailServer,
        sender: str,
        clock: Clock,
        *,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        """`tls_context`: in place of the system's, which knows the usual authorities."""
        self._server = server
        self._sender = sender
        self._clock = clock
        self._tls_context = tls_context

    async def send(self, letter: Letter) -> None:
        """Raises LetterDelayed or LetterRefused. A letter whose answer was lost counts as delayed,
        so that it may come twice, but not never."""
        message = compose(letter, self._sender, self._clock)
        server = self._server
        try:
            async with asyncio.timeout(SECONDS_MAX):
                await aiosmtplib.send(
                    message,
                    sender=self._sender,
                    recipients=[letter.to],
                    hostname=server.host,
                    port=server.port,
                    username=server.username,
                    password=server.password,
                    use_tls=server.tls,
                    start_tls=server.starttls,
                    tls_context=self._tls_context or ssl.create_default_context(),
                    local_hostname=_host(self._sender),
                    timeout=SECONDS_MAX,
                )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _judged(error) from None  # what it quotes goes no further


def compose(letter: Letter, sender: str, clock: Clock) -> EmailMessage:
    """As it goes out. Texts of merchants become one line in the head, whatever they hold.

    Raises ValueError for what is no address.
    """
    if not is_mailbox(letter.to):
        raise ValueError("not an address for a letter")
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = Address(_line(letter.from_name, NAME_MAX), addr_spec=sender)
    message["To"] = Address(addr_spec=letter.to)
    message["Subject"] = _line(letter.subject, SUBJECT_MAX)
    message["Date"] = datetime.fromtimestamp(clock.now() / 1_000, UTC)
    message["Message-ID"] = f"<{letter.key}@{_host(sender)}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answers
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def _line(text: str, most: int) -> str:
    words = "".join(c if c.isprintable() else " " for c in text).split()
    return " ".join(words)[:most].rstrip()


def _host(address: str) -> str:
    return address.rpartition("@")[2]


def _judged(error: Exception) -> LetterDelayed | LetterRefused:
    """A refusal of the address or of the letter's content is for good; what the server says against
    ourselves (log in, sender) is the operator's to repair, and worth waiting for."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        code = max((one.code for one in error.recipients), default=0)
        return _answered(code)
    if isinstance(error, (aiosmtplib.SMTPDataError, aiosmtplib.SMTPRecipientRefused)):
        return _answered(error.code)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return LetterDelayed(f"The mail server does not take letters from us: {error.code}.")
    return LetterDelayed(f"The mail server cannot be used: {type(error).__name__}.")


def _answered(code: int) -> LetterDelayed | LetterRefused:
    if code >= _PERMANENT:
        return LetterRefused(f"The mail server refused the letter: {code}.")
    return LetterDelayed(f"The mail server put the letter off: {code}.")
