"""`handbill notices`: where merchants hear of things. Works beside a running server."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer

from handbill.bootstrap import premises
from handbill.bootstrap.mailing import open_mail
from handbill.bootstrap.notifying import Notifying
from handbill.cli import options
from handbill.infra.database import Database, Tx
from handbill.infra.settings import Settings
from handbill.kernel import ids, languages
from handbill.kernel.clock import SystemClock, iso
from handbill.kernel.errors import Conflict, Invalid, NotFound
from handbill.merchants import service as merchants
from handbill.merchants.model import Tenant
from handbill.notices import model, service, store
from handbill.notices.model import Channel, Kind
from handbill.notices.service import Terms
from handbill.notices.telling import Trial

app = typer.Typer(no_args_is_help=True, help="Where merchants hear of payments.")

Merchant = Annotated[int, typer.Argument(metavar="MERCHANT", help="Number of the merchant.")]
ChannelId = Annotated[str, typer.Argument(metavar="CHANNEL", help="Id of the channel, as listed.")]


class _New(msgspec.Struct):
    merchant: Merchant
    email: Annotated[str | None, typer.Option("--email", help="To this e-mail address.")] = None
    telegram: Annotated[
        str | None,
        typer.Option("--telegram", help="To this chat; the bot's token is asked for."),
    ] = None
    address: Annotated[
        bool, typer.Option("--address", help="To another service; its address is asked for.")
    ] = False
    events: Annotated[
        list[str] | None,
        typer.Option("--event", help="Of this type; repeat for several, all if not given."),
    ] = None
    lang: Annotated[str, typer.Option("--lang", help="Language of the notices.")] = "en"
    test: Annotated[bool, typer.Option("--test", help="Of test money.")] = False
    data: options.Data = None
    database_url: options.DatabaseUrl = None
    as_json: options.AsJson = False


@app.command("add")
@options.taking(_New)
def add(new: _New) -> None:
    """Add a notice channel. What is secret of it is read from the standard input."""
    settings = options.load(new.data, new.database_url)
    premises.require(settings)
    terms, crypto = _asked(new), premises.existing_crypto(settings)
    has_mail = settings.smtp_url is not None

    def create(tx: Tx) -> Channel:
        premises.check_key(tx, crypto)
        merchants.get(tx, new.merchant)
        tenant = Tenant(new.merchant, new.test)
        return service.create(tx, crypto, tenant, terms, has_mail=has_mail)

    made = options.write(settings, create, merchant=new.merchant)
    _tell([made], new.as_json)


@app.command("list")
def list_all(
    merchant_id: Merchant,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """List the notice channels of a merchant, of both modes."""

    def find(tx: Tx) -> list[Channel]:
        merchants.get(tx, merchant_id)
        both = (Tenant(merchant_id, test) for test in (False, True))
        pages = (store.list_page(tx, one, None, model.CHANNELS_MAX) for one in both)
        return [channel for page in pages for channel in page.items]

    _tell(options.read(options.load(data, database_url), find), as_json)


@app.command("test")
def try_out(
    channel_id: ChannelId,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
) -> None:
    """Send a test to a channel, and say what came of it."""
    settings = options.load(data, database_url)
    trial = options.beside(settings, lambda db: _try_out(settings, db, channel_id))
    if trial.error is not None:
        raise Conflict(trial.error)
    typer.echo("Sent.")


@app.command("remove")
def remove(
    channel_id: ChannelId,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
) -> None:
    """Delete a channel. Nothing of it stays."""
    settings = options.load(data, database_url)
    options.write(settings, lambda tx: store.delete(tx, _find(tx, channel_id).id))
    typer.echo(f"Notice channel {channel_id} is gone.")


def _asked(new: _New) -> Terms:
    if [new.email is not None, new.telegram is not None, new.address].count(True) != 1:
        raise Invalid({"--email": ["say one of --email, --telegram and --address"]})
    lang = languages.known(new.lang)
    if lang is None:
        raise Invalid({"--lang": ["must be one of: " + ", ".join(languages.NAMES)]})
    events = tuple(dict.fromkeys(new.events or [model.EVERY]))
    if new.email is not None:
        return Terms(kind=Kind.EMAIL, email=new.email, events=events, lang=lang)
    if new.telegram is not None:
        token = _secret("Token of the bot")
        return Terms(kind=Kind.TELEGRAM, token=token, chat=new.telegram, events=events, lang=lang)
    return Terms(kind=Kind.ADDRESS, address=_secret("Address"), events=events, lang=lang)


def _secret(what: str) -> str:
    """Not an argument: every user of the machine sees those."""
    if sys.stdin.isatty():
        return str(typer.prompt(what, hide_input=True))
    return sys.stdin.readline().strip()


async def _try_out(settings: Settings, db: Database, channel_id: str) -> Trial:
    channel = await db.read(lambda tx: _find(tx, channel_id))
    crypto, mail = premises.existing_crypto(settings), open_mail(settings, SystemClock())
    notices = Notifying(settings, crypto, mail)
    try:
        return await notices.teller.try_out(db, channel.tenant, channel.id)
    finally:
        await notices.close()


def _find(tx: Tx, channel_id: str) -> Channel:
    known = ids.parse_id(channel_id)
    channel = store.find_any(tx, known) if known else None
    if channel is None:
        raise NotFound("There is no such notice channel.")
    return channel


def _tell(channels: Sequence[Channel], as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode([_shown(one) for one in channels]).decode())
        return
    for one in channels:
        mode = "test" if one.test else "live"
        words = f"{one.id}  {mode}  {one.kind}  {one.target}  {','.join(one.events)}  {one.status}"
        typer.echo(f"{words}  ({one.last_error})" if one.last_error else words)


def _shown(channel: Channel) -> dict[str, object]:
    sent_at = channel.last_sent_at
    return {
        **service.snapshot(channel),
        "target": channel.target,
        "last_sent_at": None if sent_at is None else iso(sent_at),
    }
