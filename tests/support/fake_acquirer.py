"""An acquirer in memory: it answers as it was told and remembers what it was asked.

What it knows of a payment is one outcome, which `fetch` gives; `create` and `cancel` set it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping

import msgspec

from handbill.kernel.errors import (
    NotAuthentic,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
)
from handbill.kernel.money import Money
from handbill.providers.contract import (
    Acknowledgement,
    ActionRequired,
    Authorized,
    Cancelled,
    Capabilities,
    Charge,
    Charged,
    Notification,
    Outcome,
    RefundOutcome,
    RefundSucceeded,
)

Answer = Outcome | ProviderError


def reference_of(attempt_id: str) -> str:
    return f"ref-{attempt_id}"


def refund_reference_of(key: str) -> str:
    return f"refund-{key}"


class FakeAcquirer:
    capabilities = Capabilities(methods=frozenset({"card", "sbp"}), two_stage=True)
    acknowledgement = Acknowledgement(b"OK")

    def __init__(self) -> None:
        self.creates: deque[Answer] = deque()
        """What the next creates are answered; a redirect when there is none."""
        self.charges: list[Charge] = []
        self.cancels: list[tuple[str, str]] = []
        self.known: dict[str, Answer] = {}
        self.next_captures: deque[Answer] = deque()
        """What the next captures are answered; the money is taken when there is none."""
        self.captures: list[tuple[Money, str]] = []
        self.next_refunds: deque[RefundOutcome | ProviderError] = deque()
        """What the next refunds are answered; they succeed when there is none."""
        self.asked_refunds: list[tuple[str, Money, str]] = []
        self.refunds: dict[str, RefundOutcome] = {}
        """By our key: a repeat makes no second one."""

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
        if not isinstance(await self._answer(reference), ActionRequired | Authorized | Cancelled):
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
        self.captures.append((amount, key))
        await asyncio.sleep(0)
        answer = self.next_captures.popleft() if self.next_captures else Charged(reference, amount)
        if isinstance(answer, ProviderError):
            raise answer
        if not isinstance(self.known[reference], Authorized | Charged):
            raise ProviderRejected("Nothing is held.")
        self.known[reference] = answer
        return answer

    async def refund(self, reference: str, amount: Money, refund_id: str) -> RefundOutcome:
        self.asked_refunds.append((reference, amount, refund_id))
        await asyncio.sleep(0)
        if refund_id not in self.refunds:
            name = refund_reference_of(refund_id)
            done = RefundSucceeded(name, amount)
            answer = self.next_refunds.popleft() if self.next_refunds else done
            if isinstance(answer, ProviderRejected | ProviderUnavailable):
                raise answer
            if isinstance(answer, ProviderError):  # done, and the answer is lost on the way
                self.refunds[refund_id] = done
                raise answer
            self.refunds[refund_id] = msgspec.structs.replace(answer, reference=name)
        return self.refunds[refund_id]

    async def fetch_refund(
        self, reference: str | None, refund_id: str, payment_reference: str
    ) -> RefundOutcome | None:
        return self.refunds.get(refund_id)
