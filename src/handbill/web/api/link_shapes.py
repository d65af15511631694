"""Links as the API shows and takes them: the specification's fields first, then ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from handbill.infra.database import Tx
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import iso
from handbill.kernel.languages import LanguageCode
from handbill.kernel.money import AMOUNT_MAX
from handbill.links import asked, model
from handbill.links.asked import Contact
from handbill.links.model import (
    DESCRIPTION_MAX,
    METHODS_MAX,
    PAYMENTS_MAX,
    PRODUCTS_MAX,
    TITLE_MAX,
    AmountType,
    CaptureMode,
    Label,
    LinkWithProducts,
)
from handbill.web.api import last_prints
from handbill.web.api.last_prints import LastPrint, LastPrints
from handbill.web.api.products import Product, show_product
from handbill.web.api.values import (
    Address,
    Currency,
    Id,
    IdIn,
    Metadata,
    Minor,
    Moment,
    MomentIn,
    PositiveMinor,
    ProductIn,
)
from handbill.web.cursors import Paged

Title = Annotated[str, Meta(max_length=TITLE_MAX)]
Text = Annotated[str, Meta(max_length=DESCRIPTION_MAX)]
Methods = Annotated[
    list[Literal["card", "sbp", "lightning", "transfer"]],
    Meta(max_length=METHODS_MAX, description="None: all that the merchant's accounts offer."),
]
Products = Annotated[list[ProductIn], Meta(max_length=PRODUCTS_MAX)]
PaymentsMax = Annotated[
    int, Meta(ge=1, le=PAYMENTS_MAX, description="1: one-time. null: no limit.")
]


class NewAmount(msgspec.Struct, frozen=True, kw_only=True):
    """`min` and `max` bound what a payer may type where `amount_type` is `dynamic`."""

    default: Minor
    currency: Currency
    min: PositiveMinor | None = None
    max: PositiveMinor | None = None


class AmountChange(msgspec.Struct, frozen=True, kw_only=True):
    """Absent members stay as they are."""

    default: Minor | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    min: PositiveMinor | UnsetType | None = UNSET
    max: PositiveMinor | UnsetType | None = UNSET


Suggestions = Annotated[
    list[Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]],
    Meta(
        max_length=asked.SUGGESTIONS_MAX,
        description="Amounts to choose from, in minor units; the payer may still type another."
        " Only for `dynamic` links.",
    ),
]
QuantityMax = Annotated[
    int,
    Meta(
        ge=1,
        le=asked.QUANTITY_MAX,
        description="The payer chooses how many of each product, up to this. Only for `fixed` links"
        " whose products sum to the amount.",
    ),
]
Tips = Annotated[
    list[Annotated[int, Meta(ge=1, le=asked.TIP_BASIS_POINTS_MAX)]],
    Meta(
        max_length=asked.TIPS_MAX,
        description="Tips to choose from, in basis points of the amount: 1000 is 10 %. The payer"
        " may choose none or type an amount.",
    ),
]


class FieldIn(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to ask the payer. The answer comes in `metadata` under `key`."""

    key: Annotated[str, Meta(min_length=1, max_length=asked.FIELD_KEY_MAX)]
    label: Annotated[
        str,
        Meta(min_length=1, max_length=asked.FIELD_LABEL_MAX, description="What the page says."),
    ]
    required: bool = False
    choices: (
        Annotated[
            list[Annotated[str, Meta(min_length=1, max_length=asked.FIELD_VALUE_MAX)]],
            Meta(max_length=asked.FIELD_CHOICES_MAX, description="Absent: the payer types."),
        ]
        | None
    ) = None


class ConsentIn(msgspec.Struct, frozen=True, kw_only=True):
    """A line beside Pay. `required`: with a box that the payer has to tick."""

    text: Annotated[str, Meta(min_length=1, max_length=asked.CONSENT_MAX)]
    required: bool = False


class PayConfigIn(msgspec.Struct, frozen=True, kw_only=True):
    """How a link can be paid, and what it asks of the payer. May be empty. In a PATCH, absent
    members stay as they are, null clears one."""

    methods: Methods | UnsetType | None = UNSET
    label: Label | UnsetType | None = UNSET
    capture: (
        Annotated[
            CaptureMode,
            Meta(description="`manual`: the money is held until you capture it."),
        ]
        | UnsetType
        | None
    ) = UNSET
    lang: (
        Annotated[
            LanguageCode,
            Meta(description="What the page speaks. None: what the payer's browser asks for."),
        ]
        | UnsetType
        | None
    ) = UNSET
    suggestions: Suggestions | UnsetType | None = UNSET
    quantity_max: QuantityMax | UnsetType | None = UNSET
    field: FieldIn | UnsetType | None = UNSET
    tips: Tips | UnsetType | None = UNSET
    consent: ConsentIn | UnsetType | None = UNSET
    contact: (
        Annotated[Contact, Meta(description="What the payer has to leave.")] | UnsetType | None
    ) = UNSET


class NewLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link to be made."""

    amount: NewAmount
    amount_type: AmountType
    pay_config: PayConfigIn
    status: Annotated[
        Literal["active"], Meta(description="A link begins active; a PATCH can pause it.")
    ] = "active"
    products: Products = []
    image: Address | None = None
    title: Title | None = None
    description: Text | None = None
    max_payments: PaymentsMax | None = None
    expires_at: MomentIn | None = None
    notify_url: Address | None = None
    return_url: Address | None = None
    fail_url: Address | None = None
    closed_message: Text | None = None
    metadata: Metadata | None = None


class LinkChange(msgspec.Struct, frozen=True, kw_only=True):
    """Absent fields stay as they are; null clears a field that may be empty."""

    amount: AmountChange | UnsetType = UNSET
    amount_type: AmountType | UnsetType = UNSET
    pay_config: PayConfigIn | UnsetType = UNSET
    products: Products | UnsetType = UNSET
    status: Literal["active", "paused", "closed"] | UnsetType = UNSET
    image: Address | UnsetType | None = UNSET
    title: Title | UnsetType | None = UNSET
    description: Text | UnsetType | None = UNSET
    max_payments: PaymentsMax | UnsetType | None = UNSET
    expires_at: MomentIn | UnsetType | None = UNSET
    notify_url: Address | UnsetType | None = UNSET
    return_url: Address | UnsetType | None = UNSET
    fail_url: Address | UnsetType | None = UNSET
    closed_message: Text | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET


class LinkFilter(Paged, frozen=True, kw_only=True):
    status: Literal["active", "paused", "closed"] | None = None
    amount_type: AmountType | None = None
    product: (
        Annotated[IdIn, Meta(description="Links to which this product is attached.")] | None
    ) = None
    q: (
        Annotated[
            str,
            Meta(min_length=1, max_length=200, description="A part of title or description."),
        ]
        | None
    ) = None
    created_from: Annotated[MomentIn, Meta(description="At this time or later.")] | None = None
    created_to: Annotated[MomentIn, Meta(description="Before this time.")] | None = None
    owner: (
        Annotated[
            Literal["product"], Meta(description="`product`: products' own links, and only they.")
        ]
        | None
    ) = None


class Amount(msgspec.Struct, frozen=True, kw_only=True):
    """`min` and `max` are there where `amount_type` is `dynamic`."""

    default: Minor
    currency: Currency
    min: PositiveMinor | UnsetType | None = UNSET
    max: PositiveMinor | UnsetType | None = UNSET


class PayConfig(msgspec.Struct, frozen=True, kw_only=True):
    """As it was given."""

    methods: tuple[str, ...] | UnsetType = UNSET
    label: Label | UnsetType = UNSET
    capture: CaptureMode | UnsetType = UNSET
    lang: LanguageCode | UnsetType = UNSET
    suggestions: tuple[int, ...] | UnsetType = UNSET
    quantity_max: int | UnsetType = UNSET
    field: asked.Field | UnsetType = UNSET
    tips: tuple[int, ...] | UnsetType = UNSET
    consent: asked.Consent | UnsetType = UNSET
    contact: Contact | UnsetType = UNSET


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A payment link."""

    id: Id
    created: Moment
    partner_id: int
    amount: Amount
    amount_type: AmountType
    pay_config: PayConfig
    image: Address | None
    products: list[Product]
    url: Annotated[Address, Meta(description="The page that a payer opens.")]
    qr_url: Annotated[
        Address,
        Meta(
            description="The QR code as PNG; `.svg` and `.pdf` stand beside it. Takes `size`, or"
            " `mm` and `dpi`; and `level`, `color`, `logo=1`."
        ),
    ]
    status: Literal["active", "paused", "closed"]
    status_reason: Literal["limit_reached", "expired", "deleted"] | None
    title: str | None
    description: str | None
    max_payments: int | None
    payments_count: int
    expires_at: Moment | None
    notify_url: Address | None
    return_url: Address | None
    fail_url: Address | None
    closed_message: str | None
    metadata: dict[str, str]
    product: Annotated[Id, Meta(description="The product that owns this link.")] | None
    products_total: Annotated[int, Meta(description="Sum of price times quantity.")]
    test: bool
    updated: Moment
    printed: LastPrint | None = msgspec.field(name="print")


class DeletedLink(msgspec.Struct, frozen=True):
    """Its page says closed; payments and their history stay."""

    id: Id
    deleted: bool = True


class Seen(msgspec.Struct, frozen=True):
    """A link with what was printed last of it and of its products."""

    full: LinkWithProducts
    printed: LastPrints


def seen(tx: Tx, found: Sequence[LinkWithProducts], *, is_new: bool = False) -> list[Seen]:
    """`is_new`: nothing can have been printed of the links themselves."""
    links = [] if is_new else [one.link for one in found]
    printed = last_prints.read(tx, links, [product for one in found for product in one.products])
    return [Seen(one, printed) for one in found]


def show_link(seen: Seen, addresses: Addresses) -> Link:
    full, link, printed = seen.full, seen.full.link, seen.printed
    amount = Amount(default=link.amount_minor, currency=link.currency)
    if link.amount_type is AmountType.DYNAMIC:
        amount = msgspec.structs.replace(amount, min=link.min_minor, max=link.max_minor)
    return Link(
        id=link.id,
        created=iso(link.created_at),
        partner_id=link.merchant_id,
        amount=amount,
        amount_type=link.amount_type,
        pay_config=_show_pay_config(link.pay_config),
        image=None if link.image is None else addresses.image(link.image),
        products=[show_product(product, addresses, printed) for product in full.products],
        url=addresses.link_page(link.id),
        qr_url=addresses.link_qr(link.id),
        status=link.status.value,
        status_reason=None if link.status_reason is None else link.status_reason.value,
        title=link.title,
        description=link.description,
        max_payments=link.max_payments,
        payments_count=link.payments_count,
        expires_at=None if link.expires_at is None else iso(link.expires_at),
        notify_url=link.notify_url,
        return_url=link.return_url,
        fail_url=link.fail_url,
        closed_message=link.closed_message,
        metadata=link.metadata,
        product=link.product_id,
        products_total=full.products_total,
        test=link.test,
        updated=iso(link.updated_at),
        printed=printed.get(link.id),
    )


def _show_pay_config(config: model.PayConfig) -> PayConfig:
    """As it was given: what the merchant left out is left out."""
    given = {name: getattr(config, name) for name in ("methods", "label", "capture", "lang")}
    said = {name: getattr(config, name) for name in asked.Asked.__struct_fields__}
    return PayConfig(**given, **{name: value for name, value in said.items() if value})
