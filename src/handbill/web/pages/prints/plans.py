"""What an order asks for, read in one snapshot: the link, the codes, what was printed of them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.errors import Faults, Invalid
from handbill.kernel.money import Money
from handbill.links import model, placement_store, prints, service
from handbill.links.model import LinkWithProducts
from handbill.links.placement_store import Placement
from handbill.links.prints import Print
from handbill.merchants import service as merchants
from handbill.merchants.model import Merchant, Tenant
from handbill.qr.papers import TEMPLATES
from handbill.qr.style import BLACK, CodeStyle, validated
from handbill.web.prints import CODES_MAX, Order

_TOO_MANY = f"at most {CODES_MAX} codes are printed at once"


class Coded(msgspec.Struct, frozen=True):
    """A code that is to be printed. `id` is that of its placement, or of the link; `place` is the
    placement's name. `printed`: what was printed of it last."""

    id: str
    code: str
    place: str
    printed: Print | None


class Plan(msgspec.Struct, frozen=True):
    """`price` is what a payer pays, None where they type it; `end` why nobody can."""

    full: LinkWithProducts
    merchant: Merchant
    coded: tuple[Coded, ...]
    price: Money | None
    end: str | None

    @property
    def picture(self) -> str | None:
        """The key of what it shows: the link's own, or that of the first product with one."""
        keys = [self.full.link.image, *(product.image for product in self.full.products)]
        return next((key for key in keys if key is not None), None)

    @property
    def stale(self) -> list[str]:
        """Which codes hang somewhere with another price."""
        return [
            one.id
            for one in self.coded
            if one.printed is not None and prints.is_stale(one.printed, self.price)
        ]


def read(tx: Tx, tenant: Tenant, order: Order) -> Plan:
    """Raises NotFound for a link that is not the tenant's, Invalid with all faults of the order."""
    full = service.get(tx, tenant, order.link_id)
    link, merchant = full.link, merchants.get(tx, tenant.merchant_id)
    placements, found = _placements(tx, order)
    found = {**faults(order), **found}
    codes = len(placements) if order.places is not None else 1
    if not found and codes * order.copies > CODES_MAX:
        found = {"copies" if order.copies > 1 else "placements": [f"are too many: {_TOO_MANY}"]}
    if found:
        raise Invalid(found)
    named = [(one.id, one.code, one.name) for one in placements] or [(link.id, link.code, "")]
    printed = prints.of_codes(tx, [code for _, code, _ in named])
    return Plan(
        full=full,
        merchant=merchant,
        coded=tuple(Coded(id_, code, name, printed.get(code)) for id_, code, name in named),
        price=prints.price_of(link, merchant),
        end=model.end_of(link, tx.now),
    )


def faults(order: Order) -> Faults:
    """What is wrong with an order whatever the link, by the API's field names."""
    found: Faults = {}
    template = TEMPLATES.get(order.template)
    if template is None:
        found["template"] = ["must be one of: " + ", ".join(TEMPLATES)]
    if not 1 <= order.copies <= CODES_MAX:
        found["copies"] = [f"must be from 1 to {CODES_MAX}"]
    labels = 1 if template is None else template.per_page
    if order.start_at != 1 and labels == 1:
        found["start_at"] = ["is only for sheets of labels"]
    elif not 1 <= order.start_at <= labels:
        found["start_at"] = [f"must be from 1 to {labels}: a sheet has no more labels"]
    try:
        style_of(order)
    except Invalid as error:
        found.update(error.faults)
    return found


def note(tx: Tx, plan: Plan, order: Order, base_url: str, *, with_price: bool) -> None:
    """That it is printed now. `with_price`: whether the price is on the paper."""
    price = plan.price if with_price else None
    made = [
        Print(
            code=one.code,
            link_id=plan.full.link.id,
            base_url=base_url,
            template=order.template,
            amount_minor=None if price is None else price.minor,
            currency=None if price is None else price.currency,
            printed_at=tx.now,
        )
        for one in plan.coded
    ]
    prints.note(tx, made)


def style_of(order: Order) -> CodeStyle:
    """Without its logo. Raises Invalid on `color` and `level`. A merchant's own colour never
    reaches the code: it may be too light to be read."""
    return validated(CodeStyle(level=order.level, color=order.color or BLACK))


def _placements(tx: Tx, order: Order) -> tuple[Sequence[Placement], Faults]:
    """None for the link's own code."""
    if order.places is None:
        return (), {}
    if order.places == "all":
        page = placement_store.list_page(tx, order.link_id, None, CODES_MAX + 1)
        none = {"placements": ["has none: the link has no placements"]}
        return page.items, {} if page.items else none
    wanted = list(dict.fromkeys(ids.parse_id(text) or text for text in order.places))
    if not wanted:
        return (), {"placements": ["must name a placement, or be absent for the link's own code"]}
    if len(wanted) > CODES_MAX:
        return (), {"placements": [f"are too many: {_TOO_MANY}"]}
    known = {one.id: one for one in placement_store.find_many(tx, order.link_id, wanted)}
    missing = {
        f"placements.{i}": ["is no placement of this link"]
        for i, text in enumerate(order.places)
        if (ids.parse_id(text) or text) not in known
    }
    return [known[one] for one in wanted if one in known], missing
