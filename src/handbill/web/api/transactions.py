"""Payments, which this API calls transactions: made, read, listed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from handbill.infra.paging import Page
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import iso
from handbill.kernel.errors import DuplicateTxid
from handbill.kernel.languages import LanguageCode
from handbill.kernel.money import Money
from handbill.links.model import DESCRIPTION_MAX
from handbill.merchants.model import Scope
from handbill.payments import confirming, facts, ordering, service, store
from handbill.payments.model import Customer, Payment, PaymentStatus, PaymentType
from handbill.payments.ordering import TXID_MAX, Ordered, PaymentOrder
from handbill.web.api.values import (
    Address,
    Currency,
    Id,
    IdIn,
    Metadata,
    Moment,
    MomentIn,
    PositiveMinor,
)
from handbill.web.calls import Call
from handbill.web.cursors import Paged
from handbill.web.envelopes import Shown
from handbill.web.operations import Operation
from handbill.web.replies import Reply

TAG = "Transactions"

Txid = Annotated[
    str, Meta(min_length=1, max_length=TXID_MAX, description="Your own name of the payment.")
]
Language = Annotated[
    LanguageCode,
    Meta(description="What the payer's pages speak. None: what the payer's browser asks for."),
]


class CustomerIn(msgspec.Struct, frozen=True, kw_only=True):
    """What you know of the payer. For the acquirer; kept apart, and for a limited time."""

    email: Annotated[str, Meta(max_length=254)] | None = None
    phone: Annotated[str, Meta(max_length=40)] | None = None
    name: Annotated[str, Meta(max_length=200)] | None = None


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """A one-off payment. Without a `txid` it gets one."""

    type: Literal["payment"]
    amount: PositiveMinor
    currency: Currency
    txid: Txid | None = None
    returnUrl: Address | None = None
    failUrl: Address | None = None
    notifyUrl: Address | None = None
    description: Annotated[str, Meta(max_length=DESCRIPTION_MAX)] | None = None
    customer: CustomerIn | None = None
    lang: Language | None = None
    metadata: Metadata | None = None


class NewTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """A one-off payment to be made."""

    params: Params


class TransactionFilter(Paged, frozen=True, kw_only=True):
    status: PaymentStatus | None = None
    link: IdIn | None = None
    product: IdIn | None = None
    placement: IdIn | None = None
    txid: Txid | None = None
    waiting: (
        Annotated[
            Literal["transfer"],
            Meta(description="Bank transfers that nobody has confirmed yet."),
        ]
        | None
    ) = None
    reference: (
        Annotated[
            str,
            Meta(
                max_length=40,
                description="What the payer wrote into the purpose of a bank transfer; found"
                " however it was typed.",
            ),
        ]
        | None
    ) = None
    created_from: Annotated[MomentIn, Meta(description="At this time or later.")] | None = None
    created_to: Annotated[MomentIn, Meta(description="Before this time.")] | None = None


class BoughtLine(msgspec.Struct, frozen=True, kw_only=True):
    """A product as it was bought."""

    product: Id
    title: str
    qty: Annotated[str, Meta(description="The portion: the product's own quantity.")]
    quantity: Annotated[int, Meta(description="How many of them.")]
    amount: Annotated[int, Meta(description="Of the whole line, in minor units.")]


class GivenConsent(msgspec.Struct, frozen=True, kw_only=True):
    """What stood beside Pay when the payer pressed it."""

    text: str
    agreed: Moment
    ticked: Annotated[bool, Meta(description="The payer ticked a box; otherwise it was a line.")]


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """A payment. The three amounts do not change after the charge."""

    id: Id
    txid: str
    type: PaymentType
    status: PaymentStatus
    amount: Annotated[int, Meta(description="What the merchant asked, in minor units.")]
    amount_with_fee: Annotated[int, Meta(description="What the payer pays.")]
    amount_dest: Annotated[int, Meta(description="What the merchant gets; 0 until the charge.")]
    currency: str
    link: Id | None
    product: Id | None
    placement: Annotated[
        Id | None, Meta(description="The placement of the link whose code led the payer there.")
    ]
    method: str | None
    provider: str | None
    refunded_amount: int
    error_code: str | None
    error_description: Annotated[str, Meta(description="Empty when there was no error.")]
    surplus: Annotated[bool, Meta(description="Money came a second time.")]
    late: Annotated[bool, Meta(description="Money came after the payment had ended.")]
    payment_url: Annotated[Address, Meta(description="Where the payer pays and sees the state.")]
    created: Moment
    charged_at: Moment | None
    metadata: dict[str, str]
    tip_amount: Annotated[int, Meta(description="The payer's tip; `amount` holds it.")]
    lines: Annotated[
        list[BoughtLine], Meta(description="What was bought, where the products say what is paid.")
    ]
    consent: GivenConsent | None
    test: bool


def show_transaction(payment: Payment, addresses: Addresses) -> Transaction:
    agreed = facts.consent(payment.agreement)
    return Transaction(
        id=payment.id,
        txid=payment.txid,
        type=payment.type,
        status=payment.status,
        amount=payment.amount_minor,
        amount_with_fee=payment.amount_with_fee_minor,
        amount_dest=payment.amount_dest_minor,
        currency=payment.currency,
        link=payment.link_id,
        product=payment.product_id,
        placement=payment.placement_id,
        method=payment.method,
        provider=payment.provider,
        refunded_amount=payment.refunded_minor,
        error_code=payment.error_code,
        error_description=payment.error_description or "",
        surplus=payment.surplus,
        late=payment.late,
        payment_url=addresses.status_page(payment.token),
        created=iso(payment.created_at),
        charged_at=None if payment.charged_at is None else iso(payment.charged_at),
        metadata=payment.metadata,
        tip_amount=payment.tip_minor,
        lines=[BoughtLine(**facts.line(line)) for line in payment.lines],
        consent=None if agreed is None else GivenConsent(**agreed),
        test=payment.test,
    )


async def create_transaction(call: Call, body: NewTransaction) -> Reply:
    order = _order(body.params)
    networks = call.deps.settings.webhook_networks

    def show(ordered: Ordered) -> Shown:
        shown = show_transaction(ordered.payment, call.deps.addresses)
        return Shown(shown, ordered.warnings, None if ordered.is_new else 200)

    return await call.write(
        lambda tx: ordering.order(tx, call.deps.crypto, call.tenant, order, networks), show
    )


async def get_transaction(call: Call) -> Transaction:
    found = await call.deps.db.point(lambda tx: service.get(tx, call.tenant, call.id))
    return show_transaction(found, call.deps.addresses)


async def list_transactions(call: Call, query: TransactionFilter) -> Page[Transaction]:
    narrow = store.Filter(**{name: getattr(query, name) for name in store.Filter.__struct_fields__})
    if query.reference is not None:
        narrow = msgspec.structs.replace(narrow, reference=confirming.as_kept(query.reference))
    page = await call.deps.db.read(
        lambda tx: service.list_page(tx, call.tenant, narrow, query.cursor, query.limit)
    )
    return Page([show_transaction(item, call.deps.addresses) for item in page.items], page.next)


def _order(params: Params) -> PaymentOrder:
    customer = params.customer or CustomerIn()
    return PaymentOrder(
        amount=Money(params.amount, params.currency),
        txid=params.txid,
        description=params.description,
        return_url=params.returnUrl,
        fail_url=params.failUrl,
        notify_url=params.notifyUrl,
        customer=Customer(email=customer.email, phone=customer.phone, name=customer.name),
        lang=params.lang,
        metadata=params.metadata or {},
    )


_PATH = "/api/v1/transactions"
ONE = _PATH + "/{id}"
_SHARED: dict[str, Any] = {"tag": TAG, "scope": Scope.PAYMENTS}

OPERATIONS = (
    Operation(
        name="createTransaction",
        method="POST",
        path=_PATH,
        summary="Make a one-off payment",
        description="Send the payer to `payment_url`. The same `txid` with the same body answers"
        " the payment that is there already (200), with another body 409 `duplicate_txid`.",
        handler=create_transaction,
        body=NewTransaction,
        answer=Transaction,
        status=201,
        status_known=200,
        errors=(DuplicateTxid,),
        example={
            "params": {
                "type": "payment",
                "amount": 1000,
                "currency": "RUB",
                "txid": "order-1001",
                "description": "Order 1001",
            }
        },
        **_SHARED,
    ),
    Operation(
        name="listTransactions",
        method="GET",
        path=_PATH,
        summary="List transactions",
        description="Newest first.",
        handler=list_transactions,
        query=TransactionFilter,
        answer=Transaction,
        paged=True,
        **_SHARED,
    ),
    Operation(
        name="getTransaction",
        method="GET",
        path=ONE,
        summary="Read a transaction",
        handler=get_transaction,
        answer=Transaction,
        **_SHARED,
    ),
)
