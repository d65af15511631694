"""Codes on paper: a PDF of a link, a product or their placements, and what it would be.

A print changes nothing but what is remembered of it: a repeat prints anew, with the price as it
then is. So an idempotency key means nothing here, and no PDF is kept for one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from handbill.kernel.errors import AddressNotPublic, CannotBeScanned, Unavailable
from handbill.links import products
from handbill.merchants.model import Scope
from handbill.qr.papers import TEMPLATES
from handbill.web.api.print_shapes import (
    PrintFacts,
    PrintOrder,
    Template,
    show_facts,
    show_template,
)
from handbill.web.calls import Call
from handbill.web.envelopes import Shown
from handbill.web.operations import FileAnswer, Operation
from handbill.web.prints import PrintedFile
from handbill.web.replies import Reply

Handler = Callable[[Call, PrintOrder], Awaitable[Reply]]

TAG = "Prints"
PDF = "application/pdf"


async def print_link(call: Call, body: PrintOrder) -> Reply:
    return _file(await call.deps.printer.print(call.tenant, body.for_link(call.id)))


async def check_link(call: Call, body: PrintOrder) -> Reply:
    return await _checked(call, body, call.id)


async def print_product(call: Call, body: PrintOrder) -> Reply:
    order = body.for_link(await _link_of_product(call))
    return _file(await call.deps.printer.print(call.tenant, order))


async def check_product(call: Call, body: PrintOrder) -> Reply:
    return await _checked(call, body, await _link_of_product(call))


async def list_templates(call: Call) -> list[Template]:
    return [show_template(one) for one in TEMPLATES.values()]


async def _link_of_product(call: Call) -> str:
    product = await call.deps.db.point(lambda tx: products.get(tx, call.tenant, call.id))
    return product.link_id


async def _checked(call: Call, body: PrintOrder, link_id: str) -> Reply:
    facts = await call.deps.printer.check(call.tenant, body.for_link(link_id))
    return call.reply(Shown(show_facts(facts), facts.warnings))


def _file(made: PrintedFile) -> Reply:
    facts = made.facts
    headers = {
        "content-type": PDF,
        "content-disposition": f'attachment; filename="{made.name}"',
        "print-pages": str(facts.pages),
        "print-codes": str(facts.codes),
        "print-code-mm": str(facts.code_mm),
        "print-distance-mm": str(facts.distance_mm),
        "print-left-out": str(len(facts.left_out)),
    }
    if facts.warnings:
        headers["print-warnings"] = ", ".join(one.code for one in facts.warnings)
    return Reply(200, made.pdf, headers)


_FILE = FileAnswer(
    content_type=PDF,
    headers={
        "content-disposition": "An attachment with a name after the title.",
        "print-pages": "Pages.",
        "print-codes": "Codes, copies included.",
        "print-code-mm": "Side of the smallest code, without its margin.",
        "print-distance-mm": "From how far it is made to be read, by a simulation.",
        "print-left-out": "How many texts are not on it: this server has no letters for them.",
        "print-warnings": "Codes of what you should know; a check says them in words.",
    },
)
_SHARED: dict[str, Any] = {
    "method": "POST",
    "tag": TAG,
    "scope": Scope.LINKS,
    "body": PrintOrder,
    "example": {"template": "table"},
    "is_repeatable": True,
}
_PRINT = (
    "A card for the link's own code, or one for each of its placements, at most 500. Every code is"
    " read from the pages before they are handed out. What was printed of a code last stands in"
    " `print` of its link, product or placement."
)
_CHECK = (
    "The same body, and nothing is remembered. `warnings` say what speaks against it: an address"
    " that no phone elsewhere can open, paper that says another price, a small code, texts and"
    " pictures that are not on it."
)


def _operations(noun: str, path: str, make: Handler, check: Handler) -> tuple[Operation, ...]:
    """A print, and the same tried only."""
    return (
        Operation(
            name=f"print{noun}",
            path=path,
            summary=f"Print codes of a {noun.lower()}",
            description=_PRINT,
            handler=make,
            file=_FILE,
            errors=(AddressNotPublic, CannotBeScanned, Unavailable),
            **_SHARED,
        ),
        Operation(
            name=f"check{noun}Print",
            path=f"{path}/check",
            summary=f"Check a print of a {noun.lower()}",
            description=_CHECK,
            handler=check,
            answer=PrintFacts,
            errors=(CannotBeScanned, Unavailable),
            **_SHARED,
        ),
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="listTemplates",
        method="GET",
        path="/api/v1/templates",
        tag=TAG,
        scope=Scope.LINKS,
        summary="List templates for prints",
        handler=list_templates,
        answer=Template,
        several=True,
    ),
    *_operations("Link", "/api/v1/links/{id}/print", print_link, check_link),
    *_operations("Product", "/api/v1/products/{id}/print", print_product, check_product),
)
