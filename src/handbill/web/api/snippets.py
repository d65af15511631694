"""A link, ready to be pasted into a letter, a site or a chat."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from handbill.infra.database import Tx
from handbill.kernel.languages import LanguageCode
from handbill.links import offer as offers
from handbill.links import service
from handbill.links.offer import Offer
from handbill.merchants.model import Scope
from handbill.web.api import links
from handbill.web.calls import Call
from handbill.web.operations import Operation
from handbill.web.snippets import Snippets


class SnippetQuery(msgspec.Struct, frozen=True, kw_only=True):
    lang: (
        Annotated[LanguageCode, Meta(description="Otherwise the link's own, or English.")] | None
    ) = None


async def get_snippets(call: Call, query: SnippetQuery) -> Snippets:
    def read(tx: Tx) -> Offer:
        service.get(tx, call.tenant, call.id)
        return offers.read(tx, call.id)

    return call.deps.snippets(await call.deps.db.point(read), query.lang)


OPERATIONS = (
    Operation(
        name="getSnippets",
        method="GET",
        path="/api/v1/links/{id}/snippets",
        tag=links.TAG,
        scope=Scope.LINKS,
        summary="Read what shares a link",
        description="A letter, a button, Markdown and plain text, in the merchant's colour. They"
        " hold the link's address, its code as PNG, and the amount as it is now.",
        handler=get_snippets,
        query=SnippetQuery,
        answer=Snippets,
    ),
)
