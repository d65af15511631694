"""`handbill trigger`: plays a scenario of the sandbox acquirer from Pay to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import msgspec
import typer

from handbill.bootstrap import rehearsal
from handbill.bootstrap.rehearsal import Plan
from handbill.cli import options
from handbill.infra.database import Database
from handbill.infra.settings import Settings
from handbill.kernel.errors import Invalid

ADVANCE_SECONDS_MAX = 366 * 24 * 3_600
WAIT_SECONDS = 90
"""Longer than it takes until Handbill has asked an acquirer twice by itself."""
WAIT_SECONDS_MAX = 3_600


class Asked(msgspec.Struct, frozen=True):
    """The command's argument and options."""

    scenario: Annotated[
        str | None, typer.Argument(metavar="SCENARIO", help="Its name, as --list shows.")
    ] = None
    list_all: Annotated[bool, typer.Option("--list", help="Show what can be played.")] = False
    link: Annotated[
        str | None, typer.Option(metavar="ID", help="Test link to pay; one is made if none.")
    ] = None
    amount: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="In minor units.", show_default="10000")
    ] = None
    method: Annotated[
        str | None, typer.Option(metavar="card|sbp", help="By default what the scenario is for.")
    ] = None
    advance: Annotated[
        int,
        typer.Option(
            min=0,
            max=ADVANCE_SECONDS_MAX,
            metavar="SECONDS",
            help="Move the acquirer's clock, once it has begun.",
        ),
    ] = 0
    wait: Annotated[
        int,
        typer.Option(min=1, max=WAIT_SECONDS_MAX, metavar="SECONDS", help="How long to watch."),
    ] = WAIT_SECONDS
    url: Annotated[
        str | None, typer.Option(help="Address of the server, if not the public one.")
    ] = None
    data: options.Data = None
    database_url: options.DatabaseUrl = None


@options.taking(Asked)
def trigger(asked: Asked) -> None:
    """Play a scenario of the sandbox acquirer; exit code 0 if it ended as it should.

    Without a scenario, --advance moves the acquirer's clock alone.
    """
    if asked.list_all:
        for one in rehearsal.listed():
            typer.echo(f"{one.name:<28}{one.hint}")
        return
    settings = options.load(asked.data, asked.database_url)
    url = (asked.url or settings.public_url).rstrip("/")
    if asked.scenario is None:
        asyncio.run(_advance(settings, asked, url))
        _show("clock", f"advanced by {asked.advance} seconds")
        return
    plan = Plan(
        scenario=rehearsal.find(asked.scenario),
        url=url,
        link_id=asked.link,
        amount_minor=asked.amount,
        method=asked.method,
        advance_seconds=asked.advance,
        wait_seconds=asked.wait,
    )
    _show("scenario", f"{plan.scenario.name}: {plan.scenario.hint}")
    asyncio.run(_play(settings, plan))
    typer.echo("It ended as it should.")


async def _play(settings: Settings, plan: Plan) -> None:
    with _opened(settings) as db:
        await rehearsal.play(settings, db, plan, _show)


async def _advance(settings: Settings, asked: Asked, url: str) -> None:
    if asked.advance == 0:
        raise Invalid({"SCENARIO": ["is missing; handbill trigger --list shows them"]})
    with _opened(settings) as db:
        await rehearsal.advance(settings, db, url, asked.link, asked.advance)


@contextmanager
def _opened(settings: Settings) -> Iterator[Database]:
    db = options.open_existing(settings)
    try:
        yield db
    finally:
        db.close()


def _show(who: str, what: str) -> None:
    typer.echo(f"{who:<10}{what}")
