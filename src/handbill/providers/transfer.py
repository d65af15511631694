"""Bank transfers to the merchant's own account, without an acquirer and without any network.

It makes the code that the payer's bank reads, and the reference that tells one payer from another.
Nobody tells whether money came: a person looks at the account and confirms it. Nothing is kept
here, so what was not created is told apart from what was by its reference alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from handbill.kernel import ids
from handbill.kernel.errors import Invalid, NotAuthentic, ProviderRejected
from handbill.kernel.money import Money
from handbill.providers import epc, requisites
from handbill.providers.contract import (
    Acknowledgement,
    ActionRequired,
    Cancelled,
    Capabilities,
    Charge,
    Notification,
    Outcome,
    Provider,
    RefundOutcome,
)

NAME = "transfer"
METHOD = "transfer"
CURRENCY = "currency"
"""The member of the credentials beside the requisites."""


def open(credentials: Mapping[str, str]) -> Provider:
    """Credentials: `currency`, and the requisites of an account in it. Raises ProviderRejected."""
    fields = {name: text for name, text in credentials.items() if name != CURRENCY}
    currency = credentials.get(CURRENCY, "")
    try:
        return Transfer(currency, requisites.parse(currency, fields))
    except Invalid as error:
        raise ProviderRejected(error.detail) from error


def reference_of(attempt_id: str) -> str:
    """What the payer writes into the purpose: ten letters and digits, none of which is mistaken
    for another."""
    return ids.short_code_of(attempt_id)


class Transfer:
    """One account at a bank."""

    acknowledgement = Acknowledgement()

    def __init__(self, currency: str, to: requisites.Requisites) -> None:
        self._to = to
        self.capabilities = Capabilities(
            methods=frozenset({METHOD}),
            currencies=frozenset({currency}),
            amount_max={METHOD: epc.AMOUNT_MAX} if currency == "EUR" else {},
            refunds=False,
            tells=False,
        )

    async def create(self, charge: Charge) -> Outcome:
        reference = reference_of(charge.attempt_id)
        # The reference first: what is too long is cut at its end.
        words = f"{reference} {charge.description}"
        try:
            payload = requisites.payload(self._to, charge.amount, words)
        except ValueError as error:
            raise ProviderRejected(f"No transfer can be asked for: {error}.") from error
        return ActionRequired(reference, qr_payload=payload, expires_at=charge.expires_at)

    async def capture(self, reference: str, amount: Money, key: str) -> Outcome:
        raise ProviderRejected("A bank transfer is not held: there is nothing to capture.")

    async def cancel(self, reference: str, key: str) -> Outcome:
        """Nobody can stop a transfer that was sent: it is late money then."""
        return Cancelled(reference)

    async def refund(self, reference: str, amount: Money, refund_id: str) -> RefundOutcome:
        raise ProviderRejected("Send the money back by a transfer of your own, then record it.")

    async def fetch_refund(
        self, reference: str | None, refund_id: str, payment_reference: str
    ) -> RefundOutcome | None:
        return None

    async def fetch(self, reference: str | None, attempt_id: str) -> Outcome | None:
        if reference != reference_of(attempt_id):
            return None
        return ActionRequired(reference)

    async def check(self) -> str | None:
        return None

    def parse_notification(
        self, headers: Mapping[str, str], body: bytes, remote_address: str
    ) -> Notification:
        raise NotAuthentic("Nobody notifies of bank transfers.")
