"""A mail server on loopback, in this process: keeps what it takes, and answers as it is told to."""

from __future__ import annotations

import asyncio
import email
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import policy
from email.message import EmailMessage
from typing import Any

import msgspec
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "pay", "four words, no more"


class Taken(msgspec.Struct, frozen=True):
    """A letter as it came, with the addresses around it."""

    sender: str
    recipients: list[str]
    raw: bytes
    encrypted: bool

    @property
    def message(self) -> EmailMessage:
        parsed = email.message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    def part(self, subtype: str) -> str:
        body = self.message.get_body((subtype,))
        assert body is not None
        return str(body.get_content())


class Mailroom:
    """`rcpt` and `data` are answers that stand for its own, one for each letter, as long as there
    are some; None is its own."""

    def __init__(self) -> None:
        self.port = 0
        self.taken: list[Taken] = []
        self.rcpt: list[str | None] = []
        self.data: list[str | None] = []
        self.logins: list[tuple[bytes, bytes]] = []

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        said = self.rcpt.pop(0) if self.rcpt else None
        if said is None:
            envelope.rcpt_tos.append(address)
        return said or "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        said = self.data.pop(0) if self.data else None
        if said is None:
            raw, sender = envelope.original_content or b"", envelope.mail_from or ""
            encrypted = session.ssl is not None
            self.taken.append(Taken(sender, list(envelope.rcpt_tos), raw, encrypted))
        return said or "250 taken"

    def log_in(
        self, _server: Any, _session: Any, _envelope: Any, _how: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        known = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=known, handled=False)


class _Line(SMTP):
    """A connection; `ended` is set once it is closed."""

    ended: asyncio.Event

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if not hasattr(self, "ended"):  # STARTTLS makes the connection a second time
            self.ended = asyncio.Event()

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.ended.set()


@asynccontextmanager
async def open_mailroom(
    tls: ssl.SSLContext | None = None, *, implicit: bool = False, login: bool = False
) -> AsyncIterator[Mailroom]:
    """`tls`: it offers STARTTLS, or with `implicit` speaks nothing else. `login`: who does not log
    in gets no letter through."""
    room = Mailroom()

    lines: list[_Line] = []

    def protocol() -> SMTP:
        line = _Line(
            room,
            hostname="mail.example",
            tls_context=None if implicit else tls,
            authenticator=room.log_in if login else None,
            auth_required=login,
            auth_require_tls=tls is not None and not implicit,
        )
        lines.append(line)
        return line

    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls if implicit else None)
    room.port = server.sockets[0].getsockname()[1]
    try:
        yield room
    finally:
        server.close()
        await server.wait_closed()
        for line in lines:
            await line.ended.wait()
