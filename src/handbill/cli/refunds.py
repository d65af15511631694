"""`handbill refunds`: money that goes back, asked for beside a running server, which sends it."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
import typer

from handbill.cli import options
from handbill.infra.database import Tx
from handbill.infra.settings import Settings
from handbill.kernel import ids
from handbill.kernel.errors import NotFound
from handbill.kernel.money import Money
from handbill.payments import facts, refund_store, refunding, store
from handbill.payments.refund import Refund, RefundStatus

app = typer.Typer(no_args_is_help=True, help="Refunds of payments.")

WAIT_SECONDS = 10.0
"""For the server's answer. Without a server the refund waits until one runs."""

PaymentId = Annotated[str, typer.Argument(metavar="PAYMENT", help="Id of the payment.")]


@app.command("create")
def create(
    payment_id: PaymentId,
    amount: Annotated[
        int | None, typer.Option("--amount", help="Minor units; all that is left if not given.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="For the merchant's own books.")
    ] = None,
    by_hand: Annotated[
        bool, typer.Option("--by-hand", help="Of a bank transfer: you have sent the money back.")
    ] = False,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """Give back a payment, all of it or a part. A running server sends it."""
    settings = options.load(data, database_url)
    merchant_id = options.read(settings, lambda tx: _owner(tx, payment_id))
    made = options.write(
        settings, lambda tx: _open(tx, payment_id, amount, reason, by_hand), merchant_id
    )
    _show(asyncio.run(_answered(settings, made)), as_json)


@app.command("list")
def list_all(
    payment_id: PaymentId,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """List the refunds of a payment, the oldest first."""
    settings = options.load(data, database_url)

    def find(tx: Tx) -> list[Refund]:
        _owner(tx, payment_id)
        return refund_store.of_payment(tx, _known(payment_id))

    found = options.read(settings, find)
    if as_json:
        typer.echo(msgspec.json.encode([_shown(one) for one in found]).decode())
        return
    for one in found:
        _show(one, as_json=False)


def _open(tx: Tx, payment_id: str, amount: int | None, reason: str | None, by_hand: bool) -> Refund:
    payment = store.get(tx, _known(payment_id))
    words = reason[: refunding.REASON_MAX] if reason else None
    return refunding.open_refund(tx, payment, amount, words, at_once=True, by_hand=by_hand)


def _owner(tx: Tx, payment_id: str) -> int:
    return store.get(tx, _known(payment_id)).merchant_id


def _known(payment_id: str) -> str:
    known = ids.parse_id(payment_id)
    if known is None:
        raise NotFound("There is no such payment.")
    return known


async def _answered(settings: Settings, made: Refund) -> Refund:
    """The refund once the server has sent it, or as it is when nobody does."""
    db = options.open_existing(settings)
    try:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + WAIT_SECONDS
        with db.subscription(facts.topic(made.payment_id)) as news:
            while True:
                now = await db.read(lambda tx: refund_store.get(tx, made.id))
                left = deadline - loop.time()
                if now.status is not RefundStatus.REQUESTED or left <= 0:
                    return now
                await news.wait(left)
    finally:
        db.close()


def _show(refund: Refund, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(_shown(refund)).decode())
        return
    amount = Money(refund.with_fee_minor, refund.currency).decimal()
    words = f"{refund.id}  {amount:f} {refund.currency}  {refund.status}"
    if refund.error_code:
        words += f"  ({refund.error_code}: {refund.error_description or ''})"
    typer.echo(words)
    if refund.status is RefundStatus.REQUESTED:
        typer.echo("No server has sent it yet; a running one will.", err=True)


def _shown(refund: Refund) -> dict[str, object]:
    return {
        "id": refund.id,
        "payment": refund.payment_id,
        "status": refund.status,
        "amount": refund.amount_minor,
        "amount_with_fee": refund.with_fee_minor,
        "currency": refund.currency,
        "reason": refund.reason,
        "error_code": refund.error_code,
        "error_description": refund.error_description or "",
    }
