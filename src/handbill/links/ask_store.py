"""Table `asks`."""

from __future__ import annotations

from typing import Any

import msgspec

from handbill.infra.database import Tx
from handbill.infra.paging import Page, Position, cut
from handbill.kernel.clock import Instant
from handbill.merchants.model import Tenant


class Ask(msgspec.Struct, frozen=True):
    """`state` is the end that the payer met; `lang` the language of the page that they read;
    `done_at` when the merchant ticked it off."""

    id: str
    merchant_id: int
    test: bool
    link_id: str
    state: str
    lang: str
    created_at: Instant
    done_at: Instant | None


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is narrowed to."""

    link: str | None = None
    done: bool | None = None


_ASK = "SELECT id, merchant_id, test, link_id, state, lang, created_at, done_at FROM asks"
_MINE = "merchant_id = :merchant_id AND test = :test"


def add(tx: Tx, ask: Ask) -> None:
    tx.run(
        "INSERT INTO asks (id, merchant_id, test, link_id, state, lang, created_at)"
        " VALUES (:id, :merchant_id, :test, :link_id, :state, :lang, :created_at)",
        id=ask.id,
        merchant_id=ask.merchant_id,
        test=ask.test,
        link_id=ask.link_id,
        state=ask.state,
        lang=ask.lang,
        created_at=ask.created_at,
    )


def save(tx: Tx, ask: Ask) -> None:
    tx.run("UPDATE asks SET done_at = :done_at WHERE id = :id", id=ask.id, done_at=ask.done_at)


def find(tx: Tx, tenant: Tenant, ask_id: str) -> Ask | None:
    return tx.find(
        Ask,
        f"{_ASK} WHERE id = :id AND {_MINE}",
        id=ask_id,
        merchant_id=tenant.merchant_id,
        test=tenant.test,
    )


def list_page(
    tx: Tx, tenant: Tenant, narrow: Filter, after: Position | None, limit: int
) -> Page[Ask]:
    """Newest first."""
    where, more = [_MINE], dict[str, Any]()
    if narrow.link is not None:
        where.append("link_id = :link_id")
        more["link_id"] = narrow.link
    if narrow.done is not None:
        where.append(f"done_at IS {'NOT ' if narrow.done else ''}NULL")
    if after is not None:
        where.append("(created_at, id) < (:after_at, :after_id)")
        more.update(after_at=after.created_at, after_id=after.id)
    found = tx.all(
        Ask,
        f"{_ASK} WHERE {' AND '.join(where)} ORDER BY created_at DESC, id DESC LIMIT :limit",
        merchant_id=tenant.merchant_id,
        test=tenant.test,
        limit=limit + 1,
        **more,
    )
    return cut(found, limit)


class _At(msgspec.Struct, frozen=True):
    created_at: Instant


def newest(tx: Tx, link_id: str, since: Instant, limit: int) -> list[Instant]:
    """When a link was asked about after `since`, the newest first."""
    rows = tx.all(
        _At,
        "SELECT created_at FROM asks WHERE link_id = :link_id AND created_at > :since"
        " ORDER BY created_at DESC LIMIT :limit",
        link_id=link_id,
        since=since,
        limit=limit,
    )
    return [row.created_at for row in rows]
