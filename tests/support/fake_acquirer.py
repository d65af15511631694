"""An acquirer in memory: it answers as it was told and remembers what it was asked.

What it knows of a payment is one outcome, which `fetch` gives; `create` and `cancel` set it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping

import msgspec

from handbill.kernel.errors import NotAuthentic, ProviderError, ProviderRejected
from handbill.kernel.money import Money
from handbill.providers.contract import (
    Acknowledgement,
    ActionRequired,
    Cancelled,
    Capabilities,
    Charge,
    Notification,
    Outcome,
    RefundOutcome,
)

Answer = Outcome | ProviderError


def reference_of(attempt_id: str) -> str:
    return f"ref-{attempt_id}"


class FakeAcquirer:
    capabilities = Capabilities(methods=frozenset({"card", "sbp"}))
    acknowledgement = Acknowledgement(b"OK")

    def __init__(self) -> None:
        self.creates: deque[Answer] = deque()
        """What the next creates are answered; a redirect when there is none."""
        self.charges: list[Charge] = []
        self.cancels: list[tuple[str, str]] = []
        self.known: dict[str, Answer] = {}

    async def create(self, charge: Charge) -> Outcome:
        self.charges.append(charge)
        await asyncio.sleep(0)  # others have their turn while the acquirer thinks
        reference = reference_of(charge.attempt_id)
        redirect = ActionRequired(reference, redirect_url=f"https://bank.example/{reference}")
        answer = self.creates.popleft() if self.creates else redirect
        if isinstance(answer, ProviderError):
            raise answer
        self.known[reference] = msgspec.structs.replace(answer, reference=reference)
        return await self._answer(reference)

    async def cancel(self, reference: str, key: str) -> Outcome:
        self.cancels.append((reference, key))
        await asyncio.sleep(0)
        if not isinstance(await self._answer(reference), ActionRequired | Cancelled):
            raise ProviderRejected("It cannot be cancelled now.")
        self.known[reference] = Cancelled(reference)
        return await self._answer(reference)

    async def fetch(self, reference: str | None, attempt_id: str) -> Outcome | None:
        reference = reference or reference_of(attempt_id)
        return await self._answer(reference) if reference in self.known else None

    async def _answer(self, reference: str) -> Outcome:
        answer = self.known[reference]
        if isinstance(answer, ProviderError):
            raise answer
        return answer

    def parse_notification(
        self, headers: Mapping[str, str], body: bytes, remote_address: str
    ) -> Notification:
        if headers.get("x-signature") != "good":
            raise NotAuthentic("This is from somebody else.")
        return msgspec.json.decode(body, type=Notification)

    async def check(self) -> str | None:
        return None

    async def capture(self, reference: str, amount: Money, key: str) -> Outcome:
        raise ProviderRejected("Everything is captured at once here.")

    async def refund(self, reference: str, amount: Money, refund_id: str) -> RefundOutcome:
        raise ProviderRejected("This acquirer gives nothing back.")

    async def fetch_refund(
        self, reference: str | None, refund_id: str, payment_reference: str
    ) -> RefundOutcome | None:
        return None
