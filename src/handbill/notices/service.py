"""What can be done with a notice channel: added, changed, switched off and on, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from handbill import events
from handbill.infra import jobs
from handbill.infra.crypto import Crypto
from handbill.infra.database import Tx
from handbill.kernel import states
from handbill.kernel.clock import iso
from handbill.kernel.errors import Conflict, Faults, Invalid, NotFound
from handbill.kernel.ids import new_id, parse_id
from handbill.kernel.languages import DEFAULT, LanguageCode
from handbill.kernel.mailboxes import is_mailbox
from handbill.merchants.model import Tenant
from handbill.notices import model, recipients, store
from handbill.notices.model import (
    CHANNELS_MAX,
    EVERY,
    STATES,
    Channel,
    ChannelStatus,
    DisabledReason,
    Kind,
)
from handbill.notices.recipients import Recipient
from handbill.notices.relay import TELL


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a merchant says of a channel. `email` is for the kind of that name, `token` and `chat`
    are for Telegram, `address` for the other services."""

    kind: Kind
    email: str | None = None
    token: str | None = None
    chat: str | None = None
    address: str | None = None
    events: tuple[str, ...] = (EVERY,)
    lang: LanguageCode = DEFAULT


_OF_KIND: Mapping[Kind, tuple[str, ...]] = {
    Kind.EMAIL: ("email",),
    Kind.TELEGRAM: ("token", "chat"),
    Kind.ADDRESS: ("address",),
}


def create(tx: Tx, crypto: Crypto, tenant: Tenant, terms: Terms, *, has_mail: bool) -> Channel:
    """Raises Invalid; Conflict where there are enough, and for e-mail that nobody sends."""
    _check(terms)
    if terms.kind is Kind.EMAIL and not has_mail:
        raise Conflict("This installation sends no e-mail: its operator has not set a mail server.")
    if store.count(tx, tenant) >= CHANNELS_MAX:
        raise Conflict(f"There are {CHANNELS_MAX} notice channels already: delete one first.")
    target, sealed = _place(crypto, terms)
    channel = Channel(
        id=new_id(tx.now),
        merchant_id=tenant.merchant_id,
        test=tenant.test,
        kind=terms.kind,
        target=target,
        sealed=sealed,
        events=terms.events,
        lang=terms.lang,
        status=ChannelStatus.ENABLED,
        status_reason=None,
        failing_since=None,
        failures=0,
        last_error=None,
        last_sent_at=None,
        minute_at=tx.now,
        minute_count=0,
        after_sequence=events.head(tx, tenant.merchant_id),
        created_at=tx.now,
        updated_at=tx.now,
    )
    store.add(tx, channel)
    return channel


def get(tx: Tx, tenant: Tenant, channel_id: str) -> Channel:
    """Raises NotFound, also for somebody else's and for one of the other mode."""
    known = parse_id(channel_id)
    channel = store.find(tx, tenant, known) if known else None
    if channel is None:
        raise NotFound("There is no such notice channel.")
    return channel


def change(
    tx: Tx, crypto: Crypto, tenant: Tenant, channel_id: str, changes: Mapping[str, Any]
) -> Channel:
    """`changes` are fields of Terms but its kind, and `status`. Switched on again, a channel is as
    healthy as a new one, and tells what happens from then on."""
    before = get(tx, tenant, channel_id)
    said = {name: value for name, value in changes.items() if name != "status"}
    terms = msgspec.structs.replace(_terms(crypto, before), **said)
    _check(terms)
    changed = msgspec.structs.replace(
        before, events=terms.events, lang=terms.lang, updated_at=tx.now
    )
    if not said.keys().isdisjoint(_OF_KIND[before.kind]):
        target, sealed = _place(crypto, terms)
        changed = msgspec.structs.replace(changed, target=target, sealed=sealed)
        changed = revived(tx, changed)
    changed = _switched(tx, changed, changes.get("status", before.status))
    store.save(tx, changed)
    return changed


def revived(tx: Tx, channel: Channel) -> Channel:
    """As healthy as a new one, and what waits for it is tried at once. It is not stored yet."""
    if channel.failures:
        jobs.hasten(tx, f"{TELL}:{channel.id}", max(model.SCHEDULE))
    return msgspec.structs.replace(channel, failing_since=None, failures=0, last_error=None)


def delete(tx: Tx, tenant: Tenant, channel_id: str) -> Channel:
    """Nothing of it stays."""
    channel = get(tx, tenant, channel_id)
    store.delete(tx, channel.id)
    return channel


def disable(tx: Tx, channel: Channel) -> Channel:
    """For its failures: the merchant is told, at the other channels."""
    states.advance(STATES, channel.status, ChannelStatus.DISABLED)
    disabled = msgspec.structs.replace(
        channel,
        status=ChannelStatus.DISABLED,
        status_reason=DisabledReason.FAILING,
        updated_at=tx.now,
    )
    store.save(tx, disabled)
    events.record(
        tx,
        events.CHANNEL_DISABLED,
        merchant_id=disabled.merchant_id,
        test=disabled.test,
        object_id=disabled.id,
        data=snapshot(disabled),
    )
    return disabled


def recipient(crypto: Crypto, channel: Channel) -> Recipient:
    """Where it goes, with what is secret."""
    if channel.kind is Kind.TELEGRAM:
        return recipients.telegram(_unsealed(crypto, channel), channel.target)
    found = recipients.at_address(_unsealed(crypto, channel))
    if found is None:
        raise ValueError("a stored address is none of those that are taken")
    return found


def snapshot(channel: Channel) -> dict[str, Any]:
    """The channel as events tell of it, without its secrets. Neither mailbox nor chat, which may be
    a person's: an event stays."""
    since = channel.failing_since
    return {
        "id": channel.id,
        "created": iso(channel.created_at),
        "kind": channel.kind,
        "address": channel.target if channel.kind is Kind.ADDRESS else None,
        "events": channel.events,
        "lang": channel.lang,
        "status": channel.status,
        "status_reason": channel.status_reason,
        "failing_since": None if since is None else iso(since),
        "last_error": channel.last_error,
        "test": channel.test,
        "updated": iso(channel.updated_at),
    }


def _switched(tx: Tx, channel: Channel, to: ChannelStatus) -> Channel:
    if not states.advance(STATES, channel.status, to):
        return channel
    if to is ChannelStatus.DISABLED:
        reason = DisabledReason.BY_MERCHANT
        return msgspec.structs.replace(channel, status=to, status_reason=reason)
    return msgspec.structs.replace(
        revived(tx, channel),
        status=to,
        status_reason=None,
        after_sequence=events.head(tx, channel.merchant_id),
    )


def _terms(crypto: Crypto, channel: Channel) -> Terms:
    """As they were said."""
    known = Terms(kind=channel.kind, events=channel.events, lang=channel.lang)
    if channel.kind is Kind.EMAIL:
        return msgspec.structs.replace(known, email=channel.target)
    secret = _unsealed(crypto, channel)
    if channel.kind is Kind.TELEGRAM:
        return msgspec.structs.replace(known, token=secret, chat=channel.target)
    return msgspec.structs.replace(known, address=secret)


def _place(crypto: Crypto, terms: Terms) -> tuple[str, str | None]:
    """What of a channel may be shown, and what is sealed."""
    if terms.kind is Kind.EMAIL:
        return terms.email or "", None
    if terms.kind is Kind.TELEGRAM:
        return terms.chat or "", crypto.seal(terms.token)
    return recipients.shown(terms.address or ""), crypto.seal(terms.address)


def _unsealed(crypto: Crypto, channel: Channel) -> str:
    return str(crypto.unseal(channel.sealed or ""))


def _check(terms: Terms) -> None:
    found = _place_faults(terms)
    mine = _OF_KIND[terms.kind]
    for name in ("email", "token", "chat", "address"):
        if name not in mine and getattr(terms, name) is not None:
            found[name] = [f"is not for channels of the kind {terms.kind}"]
    if not terms.events:
        found["events"] = [f'must have at least one type; "{EVERY}" is all']
    for i, name in enumerate(terms.events):
        if name != EVERY and name not in model.EVENTS:
            found[f"events.{i}"] = ["must be one of: " + ", ".join((EVERY, *model.EVENTS))]
    if found:
        raise Invalid(found)


def _place_faults(terms: Terms) -> Faults:
    if terms.kind is Kind.TELEGRAM:
        return recipients.telegram_faults(terms.token, terms.chat)
    if terms.kind is Kind.EMAIL:
        fits = terms.email is not None and is_mailbox(terms.email)
        return {} if fits else {"email": ["must be an e-mail address"]}
    if terms.address is None or recipients.at_address(terms.address) is None:
        return {
            "address": ["must be one of these, without anything behind it: " + recipients.forms()]
        }
    return {}
