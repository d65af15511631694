"""The API: every operation that is served, its OpenAPI document and its reference page."""

from __future__ import annotations

from starlette.routing import Route

from handbill.kernel.addresses import Addresses
from handbill.web import openapi, reference
from handbill.web.api import (
    balances,
    channels,
    decisions,
    deliveries,
    endpoints,
    events,
    links,
    merchant,
    personal_addresses,
    pictures,
    placements,
    prints,
    products,
    provider_accounts,
    refunds,
    requests,
    snippets,
    statements,
    transactions,
    webhook,
)
from handbill.web.deps import Deps
from handbill.web.openapi import Tag
from handbill.web.operations import Operation
from handbill.web.paths import build
from handbill.web.schemas import Schema

OPERATIONS: tuple[Operation, ...] = (
    *links.OPERATIONS,
    *placements.OPERATIONS,
    *personal_addresses.OPERATIONS,
    *snippets.OPERATIONS,
    *requests.OPERATIONS,
    *products.OPERATIONS,
    *prints.OPERATIONS,
    *pictures.OPERATIONS,
    *transactions.OPERATIONS,
    *refunds.OPERATIONS,
    *decisions.OPERATIONS,
    *balances.OPERATIONS,
    *statements.OPERATIONS,
    *merchant.OPERATIONS,
    *provider_accounts.OPERATIONS,
    *events.OPERATIONS,
    *endpoints.OPERATIONS,
    *deliveries.OPERATIONS,
    *channels.OPERATIONS,
)

TAGS = (
    Tag(links.TAG, "A page that a payer opens, by its address or its QR code."),
    Tag(placements.TAG, "One link, many codes: a window, a table, a flyer, each counted."),
    Tag(products.TAG, "Things with a price. Each has a permanent link and a code of its own."),
    Tag(prints.TAG, "Codes on paper: cards, labels, posters, each read before it is handed out."),
    Tag(pictures.TAG, "Pictures for links and products."),
    Tag(transactions.TAG, "What was paid, or tried to be."),
    Tag(balances.TAG, "Double entry: what came in, what it cost, where the money lies."),
    Tag(merchant.TAG, "Who sells, and where its webhooks go."),
    Tag(provider_accounts.TAG, "Where the money goes: bank accounts for transfers, acquirers."),
    Tag(endpoints.TAG, "More addresses for webhooks, each with its events, format and secret."),
    Tag(channels.TAG, "Where a merchant hears of things by e-mail or messenger."),
    Tag(events.TAG, "What happened: the same rows make webhooks."),
)


def routes(deps: Deps) -> list[Route]:
    """Document and reference page first: they need no key."""
    pages = reference.routes(lambda: describe(deps.addresses), OPERATIONS, deps.rates)
    return [*pages, *build(OPERATIONS, deps)]


def describe(addresses: Addresses) -> Schema:
    """The OpenAPI document, as `/openapi.json` answers it."""
    return openapi.describe(OPERATIONS, webhook.MESSAGES, TAGS, addresses)
