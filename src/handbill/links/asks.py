"""An ask: a payer at the end of a link pressed "Ask for a new link". The merchant finds it in the
inbox, and events tell of it.

No text of the payer and nothing about them is kept: which link, which end, which language, when.
"""

from __future__ import annotations

import msgspec

from handbill import events
from handbill.infra.database import Tx
from handbill.infra.paging import Page, Position
from handbill.infra.sweeps import Span, Swept, sweep
from handbill.kernel import ids
from handbill.kernel.clock import HOUR, SECOND, Instant, iso
from handbill.kernel.errors import Conflict, NotFound, TooMany
from handbill.links import ask_store, facts, model, store
from handbill.links.ask_store import Ask, Filter
from handbill.links.model import Link
from handbill.merchants.model import Tenant

ASKS_MAX = 3
"""Of one link in an hour."""


def ask(tx: Tx, link_id: str, lang: str) -> Ask:
    """A payer asks. Raises NotFound, Conflict where the link has not ended, TooMany."""
    link = store.find_for_page(tx, link_id)
    if link is None:
        raise NotFound("There is no such link.")
    # Locked, so that those who ask at the same moment are counted one after the other.
    link = store.lock(tx, link.id)
    state = model.end_of(link, tx.now)
    if state not in model.GONE:
        raise Conflict("The link has not ended.")
    _count(tx, link.id)
    new = Ask(
        id=ids.new_id(tx.now),
        merchant_id=link.merchant_id,
        test=link.test,
        link_id=link.id,
        state=state,
        lang=lang,
        created_at=tx.now,
        done_at=None,
    )
    ask_store.add(tx, new)
    _record(tx, link, new)
    return new


def get(tx: Tx, tenant: Tenant, ask_id: str) -> Ask:
    """Raises NotFound, also for somebody else's."""
    known = ask_store.find(tx, tenant, ask_id)
    if known is None:
        raise NotFound("There is no such request.")
    return known


def list_page(
    tx: Tx, tenant: Tenant, narrow: Filter, after: Position | None, limit: int
) -> Page[Ask]:
    return ask_store.list_page(tx, tenant, narrow, after, limit)


def list_of_link(
    tx: Tx, tenant: Tenant, link_id: str, after: Position | None, limit: int
) -> Page[Ask]:
    """Also of a link that was deleted: its page takes asks. Raises NotFound for somebody else's."""
    link = store.find_for_page(tx, link_id)
    if link is None or (link.merchant_id, link.test) != (tenant.merchant_id, tenant.test):
        raise NotFound("There is no such link.")
    return ask_store.list_page(tx, tenant, Filter(link=link.id), after, limit)


def set_done(tx: Tx, tenant: Tenant, ask_id: str, *, done: bool) -> Ask:
    """A repeat keeps the time of the first. Raises NotFound."""
    known = get(tx, tenant, ask_id)
    if done == (known.done_at is not None):
        return known
    changed = msgspec.structs.replace(known, done_at=tx.now if done else None)
    ask_store.save(tx, changed)
    return changed


def forget_old(tx: Tx, span: Span) -> Swept:
    return sweep(tx, span, "asks", "DELETE FROM asks WHERE TRUE")


def _count(tx: Tx, link_id: str) -> None:
    """Raises TooMany when the link has been asked about often enough."""
    newest = ask_store.newest(tx, link_id, tx.now - HOUR, ASKS_MAX)
    if len(newest) == ASKS_MAX:
        seconds = _seconds_until(newest[-1] + HOUR, tx.now)
        raise TooMany("The seller has been asked already.", retry_after_seconds=seconds)


def _seconds_until(at: Instant, now: Instant) -> int:
    return max(1, -((now - at) // SECOND))


def _record(tx: Tx, link: Link, new: Ask) -> None:
    asked = {"id": new.id, "state": new.state, "lang": new.lang, "created": iso(new.created_at)}
    attached = store.attached(tx, [link.id])[link.id]
    facts.record_link(tx, events.LINK_REQUESTED, link, attached, more={"request": asked})
