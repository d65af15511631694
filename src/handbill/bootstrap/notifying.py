"""What sends notices, put together for a server or for a command beside it."""

from __future__ import annotations

from handbill.infra.crypto import Crypto
from handbill.infra.database import Database
from handbill.infra.mail import Mail
from handbill.infra.settings import Settings
from handbill.infra.workshop import Workshop
from handbill.notices import courier, relay
from handbill.notices.courier import Courier
from handbill.notices.telling import Teller
from handbill.web.pages.language import speak


class Notifying:
    """`teller` does it; apprise runs in a process that starts when there is something to post."""

    def __init__(self, settings: Settings, crypto: Crypto, mail: Mail | None) -> None:
        self._posting = Workshop(
            courier.POSTING,
            workers_max=courier.POSTING_MAX,
            waiting_max=courier.WAITING_MAX,
            timeout_seconds=courier.POST_SECONDS,
        )
        url = settings.telegram_api_url.rstrip("/")
        self.teller = Teller(Courier(self._posting, crypto, mail, url), speak)

    async def run(self, db: Database) -> None:
        """Sees what is to be told, until it is cancelled."""
        await relay.relay(db)

    async def close(self) -> None:
        await self._posting.close()
