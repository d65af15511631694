"""`handbill links snippet`: a link, ready to be pasted into a letter, a site or a chat."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
import typer

from handbill.cli import options
from handbill.infra.database import Tx
from handbill.kernel import languages
from handbill.kernel.addresses import Addresses
from handbill.kernel.errors import Invalid
from handbill.links import offer as offers
from handbill.links import service
from handbill.links.offer import Offer
from handbill.web.pages.assets import Assets
from handbill.web.pages.render import Renderer
from handbill.web.pages.snippets import SnippetMaker


class Kind(StrEnum):
    EMAIL = "email"
    BUTTON = "button"
    MARKDOWN = "markdown"
    TEXT = "text"


class Asked(msgspec.Struct, frozen=True):
    """The command's argument and options."""

    link: Annotated[str, typer.Argument(metavar="LINK", help="Id of the link.")]
    kind: Annotated[Kind, typer.Option(help="What to print.")] = Kind.EMAIL
    lang: Annotated[
        str | None, typer.Option(help="Language of the words, if not the link's own.")
    ] = None
    public_url: Annotated[
        str | None, typer.Option(help="Public address of the server, if not in the settings.")
    ] = None
    data: options.Data = None
    database_url: options.DatabaseUrl = None
    as_json: options.AsJson = False


@options.taking(Asked)
def snippet(asked: Asked) -> None:
    """Print what shares a link: a letter, a button, Markdown or plain text."""
    settings = options.load(asked.data, asked.database_url, asked.public_url)
    lang = None if asked.lang is None else languages.known(asked.lang)
    if asked.lang is not None and lang is None:
        raise Invalid({"--lang": ["must be one of: " + ", ".join(languages.NAMES)]})
    addresses = Addresses(settings.public_url)
    maker = SnippetMaker(addresses, Renderer(Assets(path=addresses.path)))

    def read(tx: Tx) -> Offer:
        return offers.read(tx, service.get_of_anybody(tx, asked.link).id)

    made = maker.make(options.read(settings, read), lang)
    text = msgspec.json.encode(made).decode() if asked.as_json else getattr(made, asked.kind)
    typer.echo(text.rstrip("\n"))
