"""Takes a notice to its channel: by the mail server, or by a workshop in which apprise posts it."""

from __future__ import annotations

import asyncio
from html import escape

from handbill.infra.crypto import Crypto
from handbill.infra.mail import Letter, LetterDelayed, LetterRefused, Mail
from handbill.infra.workshop import JobFailed, JobStopped, JobTimedOut, Workshop
from handbill.kernel.errors import Unavailable
from handbill.notices import service
from handbill.notices.model import Channel, Kind, Message
from handbill.notices.wording import Language

POSTING = "handbill.notices.posting"
"""The module that the workshop loads."""
POST_SECONDS = 25
POSTING_MAX = 2
WAITING_MAX = 4
"""For a turn. Whoever waits longest is done well within the lease of a job."""
LETTERS_MAX = 8
"""At once: a mail server that hangs must not hold the worker that payments need."""


class Courier:
    """`mail` is None where no mail server is set. `telegram_url`: where Telegram's Bot API is."""

    def __init__(
        self, workshop: Workshop, crypto: Crypto, mail: Mail | None, telegram_url: str
    ) -> None:
        self._workshop = workshop
        self._crypto = crypto
        self._mail = mail
        self._telegram_url = telegram_url
        self._letters = asyncio.Semaphore(LETTERS_MAX)

    @property
    def has_mail(self) -> bool:
        return self._mail is not None

    async def send(
        self, channel: Channel, message: Message, key: str, language: Language
    ) -> str | None:
        """None: it was taken; else why not, in words for the merchant. Within half a minute.

        `key` names the message: one that is sent again has the same. Raises Unavailable where too
        many are on their way: it was not tried.
        """
        if channel.kind is Kind.EMAIL:
            return await self._mail_it(channel, message, key, language)
        to = service.recipient(self._crypto, channel)
        try:
            said = await self._workshop.run(
                f"{POSTING}:post", to.service, self._telegram_url, message.text, *to.parts
            )
        except JobTimedOut:
            return "The service did not answer in time."
        except (JobFailed, JobStopped):
            return "The service could not be asked."
        return str(said) or None

    async def _mail_it(
        self, channel: Channel, message: Message, key: str, language: Language
    ) -> str | None:
        if self._mail is None:
            return "This installation sends no e-mail: its operator has not set a mail server."
        if self._letters.locked():
            raise Unavailable("Too many letters are on their way. Try again in a moment.")
        letter = Letter(
            key=key,
            to=channel.target,
            subject=message.subject,
            text=message.text + "\n",
            html=_html(message, language),
        )
        async with self._letters:
            try:
                await self._mail.send(letter)
            except (LetterDelayed, LetterRefused) as error:
                return str(error)
        return None


def _html(message: Message, language: Language) -> str:
    first, *lines = (escape(line) for line in message.text.split("\n"))
    body = "".join(f"<p>{line}</p>" for line in (f"<strong>{first}</strong>", *lines))
    return (
        f'<!doctype html><html lang="{language.code}" dir="{language.direction}">'
        f'<meta charset="utf-8"><title>{first}</title><body>{body}</body></html>'
    )
