"""The form of a print: what was chosen, the order that it is, and the addresses of its previews.
Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast, get_args
from urllib.parse import urlencode

import msgspec

from handbill.kernel.errors import Invalid
from handbill.kernel.languages import LanguageCode
from handbill.qr.code import Level
from handbill.web.prints import Order

Which = Literal["link", "all", "some"]
TICK = "place-"
"""Before the id of a placement, in the names of fields."""
OTHER = "other"
"""For a colour that is not among those that are offered."""
LANG = "print_lang"
"""Of the paper: `lang` in an address is the language of the page."""
FILLED = "filled"
"""Sent with the form: a box that is not ticked says nothing by itself."""
DIGITS_MAX = 6


class Options(msgspec.Struct, frozen=True):
    """`which` codes, `ticked` among the placements. `lang` and `color` may be empty: those of the
    link and of the merchant."""

    template: str = "table"
    which: Which = "link"
    ticked: tuple[str, ...] = ()
    lang: str = ""
    price: bool = True
    logo: bool = True
    logo_in_code: bool = False
    color: str = ""
    level: Level = "M"
    copies: str = "1"
    start_at: str = "1"
    force: bool = False


def read(fields: Mapping[str, str], plain: Options) -> Options:
    """`plain`: what is chosen where nothing was. Never raises: the printer judges."""
    if FILLED not in fields:
        return msgspec.structs.replace(plain, template=fields.get("template", plain.template))
    which, level = fields.get("which"), fields.get("level")
    color = fields.get("color", "")
    return Options(
        template=fields.get("template", plain.template),
        which=cast("Which", which) if which in get_args(Which) else plain.which,
        ticked=tuple(name.removeprefix(TICK) for name in fields if name.startswith(TICK)),
        lang=fields.get(LANG, ""),
        price="price" in fields,
        logo="logo" in fields,
        logo_in_code="logo_in_code" in fields,
        color=fields.get("own_color", "") if color == OTHER else color,
        level=cast("Level", level) if level in get_args(Level) else plain.level,
        copies=fields.get("copies", "1").strip()[:DIGITS_MAX],
        start_at=fields.get("start_at", "1").strip()[:DIGITS_MAX],
        force="force" in fields,
    )


def order(options: Options, link_id: str, lang: LanguageCode | None) -> Order:
    """`lang`: `options.lang`, where it is spoken here. Raises Invalid."""
    chosen: dict[Which, Literal["all"] | tuple[str, ...] | None] = {
        "link": None,
        "all": "all",
        "some": options.ticked,
    }
    return Order(
        link_id=link_id,
        template=options.template,
        places=chosen[options.which],
        lang=lang,
        price=options.price,
        color=options.color or None,
        logo=options.logo,
        logo_in_code=options.logo_in_code,
        level=options.level,
        copies=_number(options, "copies"),
        start_at=_number(options, "start_at"),
        force=options.force,
    )


def ticked(options: Options) -> tuple[str, ...]:
    """Those that are to be printed, where not all of them are."""
    return options.ticked if options.which == "some" else ()


def of_preview(options: Options, first: str | None) -> Options:
    """For one card, on a sheet that was not begun: those that are alike have one address. `first`:
    the placement whose card it is."""
    one = (first,) if first is not None and options.which != "link" else ()
    which: Which = "some" if one else "link"
    return msgspec.structs.replace(
        options, which=which, ticked=one, copies="1", start_at="1", force=False
    )


def query(options: Options) -> str:
    """What `read` reads."""
    fields = {
        FILLED: "1",
        "which": options.which,
        LANG: options.lang,
        "color": options.color,
        "level": options.level,
        **{name: "on" for name in ("price", "logo", "logo_in_code") if getattr(options, name)},
        **{TICK + one: "on" for one in options.ticked},
    }
    return urlencode({name: value for name, value in fields.items() if value})


def _number(options: Options, name: Literal["copies", "start_at"]) -> int:
    """Raises Invalid. Nothing typed is 1."""
    digits: str = getattr(options, name) or "1"
    if not (digits.isascii() and digits.isdigit()):
        raise Invalid({name: ["must be a whole number"]})
    return int(digits)
