"""A provider whose calls are counted, by what came of them. It changes nothing in them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping
from typing import TypeVar

from handbill.infra.tallies import Tallies
from handbill.kernel.errors import ProviderError
from handbill.kernel.money import Money
from handbill.providers.contract import (
    Acknowledgement,
    Capabilities,
    Charge,
    Notification,
    Outcome,
    Provider,
    RefundOutcome,
)

NAME = "provider_calls"

T = TypeVar("T")


class Counted:
    """For the contract and its promises see `Provider`."""

    def __init__(self, provider: Provider, name: str, tallies: Tallies) -> None:
        self._provider = provider
        self._name = name
        self._tallies = tallies

    @property
    def capabilities(self) -> Capabilities:
        return self._provider.capabilities

    @property
    def acknowledgement(self) -> Acknowledgement:
        return self._provider.acknowledgement

    def parse_notification(
        self, headers: Mapping[str, str], body: bytes, remote_address: str
    ) -> Notification:
        return self._provider.parse_notification(headers, body, remote_address)

    async def create(self, charge: Charge) -> Outcome:
        return await self._count("create", self._provider.create(charge))

    async def capture(self, reference: str, amount: Money, key: str) -> Outcome:
        return await self._count("capture", self._provider.capture(reference, amount, key))

    async def cancel(self, reference: str, key: str) -> Outcome:
        return await self._count("cancel", self._provider.cancel(reference, key))

    async def refund(self, reference: str, amount: Money, refund_id: str) -> RefundOutcome:
        return await self._count("refund", self._provider.refund(reference, amount, refund_id))

    async def fetch_refund(
        self, reference: str | None, refund_id: str, payment_reference: str
    ) -> RefundOutcome | None:
        asked = self._provider.fetch_refund(reference, refund_id, payment_reference)
        return await self._count("fetch_refund", asked)

    async def fetch(self, reference: str | None, attempt_id: str) -> Outcome | None:
        return await self._count("fetch", self._provider.fetch(reference, attempt_id))

    async def check(self) -> str | None:
        return await self._provider.check()

    async def _count(self, call: str, asked: Awaitable[T]) -> T:
        try:
            answer = await asked
        except ProviderError as error:
            self._tallies.count(NAME, self._name, call, error.code)
            raise
        outcome = "not_known_there" if answer is None else _in_snake_case(type(answer).__name__)
        self._tallies.count(NAME, self._name, call, outcome)
        return answer


def _in_snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
