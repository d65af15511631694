"""Products: what can stand on links. Each has a permanent link of its own, with its QR code."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from handbill.catalog import products as rules
from handbill.catalog import store
from handbill.catalog.products import ProductTerms
from handbill.infra.database import Tx
from handbill.infra.paging import Page
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import iso
from handbill.links import products
from handbill.merchants.model import Scope
from handbill.web.api import last_prints
from handbill.web.api.last_prints import LastPrint, LastPrints
from handbill.web.api.pictures import key_in
from handbill.web.api.values import Address, Currency, Id, Moment, PositiveMinor, Quantity
from handbill.web.calls import Call
from handbill.web.cursors import Paged
from handbill.web.operations import Operation
from handbill.web.replies import Reply

TAG = "Products"

Header = Annotated[
    str, Meta(min_length=1, max_length=rules.HEADER_MAX, description="Shown on the payment page.")
]
Text = Annotated[str, Meta(max_length=rules.TEXT_MAX)]


class NewProduct(msgspec.Struct, frozen=True, kw_only=True):
    """A product to be made. `price` times `qty` must come out in whole minor units."""

    header: Header
    price: PositiveMinor
    text: Text | None = None
    currency: Currency = "RUB"
    qty: Quantity = "1"
    image: Address | None = None


class ProductChange(msgspec.Struct, frozen=True, kw_only=True):
    """Absent fields stay as they are; null clears a field that may be empty."""

    header: Header | UnsetType = UNSET
    price: PositiveMinor | UnsetType = UNSET
    text: Text | UnsetType | None = UNSET
    currency: Currency | UnsetType = UNSET
    qty: Quantity | UnsetType = UNSET
    image: Address | UnsetType | None = UNSET


class ProductFilter(Paged, frozen=True, kw_only=True):
    q: (
        Annotated[str, Meta(min_length=1, max_length=200, description="A part of the header.")]
        | None
    ) = None


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product. `link` is its own permanent link; `url` and `qr_url` are its page and code."""

    id: Id
    created: Moment
    partner_id: int
    header: str
    text: str | None
    price: PositiveMinor
    currency: Currency
    qty: str
    image: Address | None
    link: Id
    url: Address
    qr_url: Address
    test: bool
    updated: Moment
    printed: LastPrint | None = msgspec.field(name="print")


class DeletedProduct(msgspec.Struct, frozen=True):
    """Its link is closed, and it stands on no other link any more."""

    id: Id
    deleted: bool = True


def show_product(product: rules.Product, addresses: Addresses, printed: LastPrints) -> Product:
    return Product(
        id=product.id,
        created=iso(product.created_at),
        partner_id=product.merchant_id,
        header=product.header,
        text=product.text,
        price=product.price_minor,
        currency=product.currency,
        qty=product.qty,
        image=None if product.image is None else addresses.image(product.image),
        link=product.link_id,
        url=addresses.product_page(product.id),
        qr_url=addresses.product_qr(product.id),
        test=product.test,
        updated=iso(product.updated_at),
        printed=printed.get(product.link_id),
    )


async def create_product(call: Call, body: NewProduct) -> Reply:
    terms = ProductTerms(
        header=body.header,
        price_minor=body.price,
        currency=body.currency,
        qty=body.qty,
        text=body.text,
        image=key_in(body.image, call.deps.addresses),
    )
    return await call.write(
        lambda tx: products.create(tx, call.tenant, terms),
        lambda made: show_product(made, call.deps.addresses, {}),
    )


async def get_product(call: Call) -> Product:
    found, printed = await call.deps.db.point(
        lambda tx: _with_print(tx, products.get(tx, call.tenant, call.id))
    )
    return show_product(found, call.deps.addresses, printed)


async def list_products(call: Call, query: ProductFilter) -> Page[Product]:
    def read(tx: Tx) -> tuple[Page[rules.Product], LastPrints]:
        page = store.list_page(tx, call.tenant, query.cursor, query.limit, query.q)
        return page, last_prints.read(tx, products=page.items)

    page, printed = await call.deps.db.read(read)
    addresses = call.deps.addresses
    return Page([show_product(item, addresses, printed) for item in page.items], page.next)


async def change_product(call: Call, body: ProductChange) -> Reply:
    changes: dict[str, Any] = {
        "price_minor" if name == "price" else name: value
        for name, value in msgspec.structs.asdict(body).items()
        if value is not UNSET
    }
    if "image" in changes:
        changes["image"] = key_in(changes["image"], call.deps.addresses)
    return await call.write(
        lambda tx: _with_print(tx, products.change(tx, call.tenant, call.id, changes)),
        lambda changed: show_product(changed[0], call.deps.addresses, changed[1]),
    )


async def delete_product(call: Call) -> Reply:
    return await call.write(
        lambda tx: products.delete(tx, call.tenant, call.id), lambda gone: DeletedProduct(gone.id)
    )


def _with_print(tx: Tx, product: rules.Product) -> tuple[rules.Product, LastPrints]:
    return product, last_prints.read(tx, products=[product])


_PATH = "/api/v1/products"
_ONE = _PATH + "/{id}"
_SHARED: dict[str, Any] = {"tag": TAG, "scope": Scope.LINKS}

OPERATIONS = (
    Operation(
        name="createProduct",
        method="POST",
        path=_PATH,
        summary="Make a product",
        description="The product gets a permanent link of its own, fixed at `price` times `qty`,"
        " whose QR code can be printed and used indefinitely.",
        handler=create_product,
        body=NewProduct,
        answer=Product,
        status=201,
        example={
            "header": "Coffee",
            "text": "Espresso 200ml",
            "price": 350,
            "currency": "RUB",
            "qty": "1",
        },
        **_SHARED,
    ),
    Operation(
        name="listProducts",
        method="GET",
        path=_PATH,
        summary="List products",
        description="Newest first.",
        handler=list_products,
        query=ProductFilter,
        answer=Product,
        paged=True,
        **_SHARED,
    ),
    Operation(
        name="getProduct",
        method="GET",
        path=_ONE,
        summary="Read a product",
        handler=get_product,
        answer=Product,
        **_SHARED,
    ),
    Operation(
        name="changeProduct",
        method="PATCH",
        path=_ONE,
        summary="Change a product",
        description="Its link follows, and so does every page that shows it. Payments that were"
        " started keep their amount.",
        handler=change_product,
        body=ProductChange,
        answer=Product,
        example={"price": 380},
        **_SHARED,
    ),
    Operation(
        name="deleteProduct",
        method="DELETE",
        path=_ONE,
        summary="Delete a product",
        description="Closes its link and detaches it from others.",
        handler=delete_product,
        answer=DeletedProduct,
        **_SHARED,
    ),
)
