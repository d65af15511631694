"""Refunds of transactions: made and listed."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from handbill.infra.database import Tx
from handbill.infra.paging import Page
from handbill.kernel.clock import iso
from handbill.kernel.errors import NotRefundable
from handbill.merchants.model import Scope
from handbill.payments import refund, refund_store, refunding, service
from handbill.payments.model import Standing
from handbill.payments.refund import RefundStatus
from handbill.payments.refunding import REASON_MAX
from handbill.payments.refunds import Refunds
from handbill.web.api.transactions import ONE, TAG
from handbill.web.api.values import Id, Moment, PositiveMinor
from handbill.web.calls import Call
from handbill.web.cursors import Paged
from handbill.web.operations import Operation
from handbill.web.replies import Reply

Part = Annotated[
    PositiveMinor, Meta(description="Of the transaction's `amount`. Absent: all that is left.")
]
Reason = Annotated[str, Meta(max_length=REASON_MAX, description="For your own books.")]


class NewRefund(msgspec.Struct, frozen=True, kw_only=True):
    """What goes back. The payer gets the share of their fee with it."""

    amount: Part | None = None
    reason: Reason | None = None
    by_hand: Annotated[
        bool,
        Meta(
            description="For bank transfers alone, and required there: you have sent the money back"
            " from your bank, and this records it."
        ),
    ] = False


class RefundFilter(Paged, frozen=True, kw_only=True):
    """How much of the list."""


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """Money on its way back to a payer."""

    id: Id
    transaction: Id
    status: Annotated[
        RefundStatus,
        Meta(description="`requested`: the acquirer has not answered yet, and is asked again."),
    ]
    amount: Annotated[int, Meta(description="Of the transaction's `amount`, in minor units.")]
    amount_with_fee: Annotated[int, Meta(description="What the payer gets.")]
    currency: str
    reason: str | None
    surplus: Annotated[bool, Meta(description="Gives back what came for a paid transaction.")]
    error_code: str | None
    error_description: Annotated[str, Meta(description="Empty when there was no error.")]
    created: Moment
    updated: Moment
    test: bool


def show_refund(found: refund.Refund) -> Refund:
    return Refund(
        id=found.id,
        transaction=found.payment_id,
        status=found.status,
        amount=found.amount_minor,
        amount_with_fee=found.with_fee_minor,
        currency=found.currency,
        reason=found.reason,
        surplus=found.standing is Standing.SURPLUS,
        error_code=found.error_code,
        error_description=found.error_description or "",
        created=iso(found.created_at),
        updated=iso(found.updated_at),
        test=found.test,
    )


async def create_refund(call: Call, body: NewRefund) -> Reply:
    def begin(tx: Tx) -> str:
        payment = service.get(tx, call.tenant, call.id)
        opened = refunding.open_refund(tx, payment, body.amount, body.reason, by_hand=body.by_hand)
        return opened.id

    async def finish(refund_id: str) -> refund.Refund:
        return await Refunds(call.deps.acquirers).send(call.deps.db, refund_id)

    return await call.carry_out(begin, finish, show_refund)


async def list_refunds(call: Call, query: RefundFilter) -> Page[Refund]:
    def read(tx: Tx) -> Page[refund.Refund]:
        payment = service.get(tx, call.tenant, call.id)
        return refund_store.list_page(tx, payment.id, query.cursor, query.limit)

    page = await call.deps.db.read(read)
    return Page([show_refund(item) for item in page.items], page.next)


_REFUNDS = ONE + "/refunds"

OPERATIONS = (
    Operation(
        name="createRefund",
        method="POST",
        path=_REFUNDS,
        summary="Refund a transaction",
        description="All of it or a part, as often as something is left. An acquirer may take days:"
        " the refund is `pending` until it says so, and can still fail. A bank transfer you send"
        " back from your bank; `by_hand` records that you did.",
        handler=create_refund,
        body=NewRefund,
        answer=Refund,
        status=201,
        errors=(NotRefundable,),
        example={"amount": 500, "reason": "One cup was cold"},
        tag=TAG,
        scope=Scope.REFUNDS,
    ),
    Operation(
        name="listRefunds",
        method="GET",
        path=_REFUNDS,
        summary="List the refunds of a transaction",
        description="Newest first.",
        handler=list_refunds,
        query=RefundFilter,
        answer=Refund,
        paged=True,
        tag=TAG,
        scope=Scope.PAYMENTS,
    ),
)
