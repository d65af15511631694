"""What a merchant decides about a transaction beside refunds: cancel, capture, money in review."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from handbill.infra.database import Tx
from handbill.kernel.errors import Conflict, Invalid, NotRefundable
from handbill.merchants.model import Scope
from handbill.payments import capturing, confirming, judging, refunding, service
from handbill.payments.confirming import Credit
from handbill.payments.decisions import Decisions
from handbill.payments.judging import Decision
from handbill.payments.model import Payment
from handbill.payments.refunds import Refunds
from handbill.web.api.refunds import Part
from handbill.web.api.transactions import ONE, TAG, Transaction, show_transaction
from handbill.web.api.values import PositiveMinor
from handbill.web.calls import Call
from handbill.web.operations import Operation
from handbill.web.replies import Reply


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken of a held amount; the rest is released."""

    amount: Part | None = None


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of money that waits for a person."""

    decision: Decision
    by_hand: Annotated[
        bool,
        Meta(
            description="With `refund` of a bank transfer: you have sent the money back yourself."
            " Required then, refused otherwise."
        ),
    ] = False


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """What has come on your account."""

    amount: (
        Annotated[
            PositiveMinor,
            Meta(description="Minor units. Absent: exactly `amount_with_fee`."),
        ]
        | None
    ) = None
    reference: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=64,
                description="What the purpose holds, however it was typed. A payer who began twice"
                " was given two. Absent: the transfer that waits, or was confirmed.",
            ),
        ]
        | None
    ) = None
    bank_entry: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=confirming.BANK_ENTRY_MAX,
                description="What your bank calls this credit in its statement. The same again is a"
                " repeat; another is other money, also with the same reference and sum.",
            ),
        ]
        | None
    ) = None


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """`amount` is for refunds."""

    type: Literal["refund", "cancel"]
    amount: Part | None = None


class TransactionDeed(msgspec.Struct, frozen=True, kw_only=True):
    """The published form of refund and cancel."""

    params: Deed


async def cancel_transaction(call: Call) -> Reply:
    return await call.carry_out(
        lambda tx: service.get(tx, call.tenant, call.id).id,
        lambda payment_id: Decisions(call.deps.acquirers).cancel(
            call.deps.db, call.tenant, payment_id
        ),
        lambda payment: show_transaction(payment, call.deps.addresses),
    )


async def capture_transaction(call: Call, body: Capture) -> Reply:
    def begin(tx: Tx) -> str:
        payment = service.get(tx, call.tenant, call.id)
        capturing.begin(tx, payment, body.amount)
        return payment.id

    return await call.carry_out(
        begin,
        lambda payment_id: Decisions(call.deps.acquirers).capture(
            call.deps.db, call.tenant, payment_id
        ),
        lambda payment: show_transaction(payment, call.deps.addresses),
    )


async def change_transaction(call: Call, body: TransactionDeed) -> Reply:
    deed = body.params
    if deed.type == "cancel":
        if deed.amount is not None:
            raise Invalid({"params.amount": ["is for refunds; a transaction is cancelled whole"]})
        return await cancel_transaction(call)
    return await _refund(call, deed.amount)


async def confirm_transaction(call: Call, body: Confirmation) -> Reply:
    def confirm(tx: Tx) -> Payment:
        payment = service.get(tx, call.tenant, call.id)
        credit = Credit(body.amount, body.reference, body.bank_entry)
        return confirming.confirm(tx, payment, credit, call.identity.key_id)

    return await call.write(confirm, lambda payment: show_transaction(payment, call.deps.addresses))


async def review_transaction(call: Call, body: Judgement) -> Reply:
    if body.by_hand and body.decision is not Decision.REFUND:
        raise Invalid({"by_hand": ["is for refund"]})
    return await call.write(
        lambda tx: judging.judge(tx, call.tenant, call.id, body.decision, by_hand=body.by_hand),
        lambda payment: show_transaction(payment, call.deps.addresses),
    )


async def _refund(call: Call, amount: int | None) -> Reply:
    def begin(tx: Tx) -> str:
        payment = service.get(tx, call.tenant, call.id)
        try:
            return refunding.open_refund(tx, payment, amount, None).id
        except Invalid as error:
            faults = {f"params.{name}": words for name, words in error.faults.items()}
            raise Invalid(faults) from error

    async def finish(refund_id: str) -> Payment:
        await Refunds(call.deps.acquirers).send(call.deps.db, refund_id)
        return await call.deps.db.point(lambda tx: service.get(tx, call.tenant, call.id))

    return await call.carry_out(
        begin, finish, lambda payment: show_transaction(payment, call.deps.addresses)
    )


OPERATIONS = (
    Operation(
        name="changeTransaction",
        method="PUT",
        path=ONE,
        summary="Refund or cancel, in the published form",
        description="The same as the operations of their own, which tell more.",
        handler=change_transaction,
        body=TransactionDeed,
        answer=Transaction,
        errors=(NotRefundable, Conflict),
        example={"params": {"type": "refund", "amount": 500}},
        tag=TAG,
        scope=Scope.REFUNDS,
    ),
    Operation(
        name="cancelTransaction",
        method="POST",
        path=ONE + "/cancel",
        summary="Cancel a transaction",
        description="Ends it at the acquirer first and releases what is held. 409 where it is paid"
        " (refund it instead) or is being decided at this moment.",
        handler=cancel_transaction,
        answer=Transaction,
        errors=(Conflict,),
        tag=TAG,
        scope=Scope.PAYMENTS,
    ),
    Operation(
        name="captureTransaction",
        method="POST",
        path=ONE + "/capture",
        summary="Capture a held transaction",
        description="For links whose `pay_config.capture` is `manual`: takes all that is held, or a"
        " part, and the rest is released. What the acquirer does not answer at once stays"
        " `processing` and is asked for again.",
        handler=capture_transaction,
        body=Capture,
        answer=Transaction,
        errors=(Conflict,),
        example={"amount": 500},
        tag=TAG,
        scope=Scope.PAYMENTS,
    ),
    Operation(
        name="confirmTransaction",
        method="POST",
        path=ONE + "/confirm",
        summary="Confirm a bank transfer",
        description="You have seen the money on your account. What fits charges the transaction;"
        " another amount waits for your decision (`review`). Also after its time or after it was"
        " cancelled: then it is late. A repeat changes nothing; say `bank_entry` where money may"
        " come twice. 409 where no transfer was announced (`no_transfer`), or another amount was"
        " confirmed before (`already_confirmed`).",
        handler=confirm_transaction,
        body=Confirmation,
        answer=Transaction,
        errors=(Conflict,),
        example={},
        tag=TAG,
        scope=Scope.PAYMENTS,
    ),
    Operation(
        name="reviewTransaction",
        method="POST",
        path=ONE + "/review",
        summary="Decide about money in review",
        description="After the event `payment.review`: `accept` makes what came the transaction's,"
        " `refund` sends it back. A bank transfer you send back from your bank first; `refund` with"
        " `by_hand` then records it.",
        handler=review_transaction,
        body=Judgement,
        answer=Transaction,
        errors=(NotRefundable, Conflict),
        example={"decision": "refund"},
        tag=TAG,
        scope=Scope.REFUNDS,
    ),
)
