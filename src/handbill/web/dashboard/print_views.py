"""From a snapshot of a link and what was chosen to its print page. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import msgspec

from handbill.kernel.addresses import Addresses, as_typed
from handbill.kernel.clock import Instant
from handbill.kernel.errors import Faults
from handbill.kernel.languages import LanguageCode
from handbill.qr.layout import MM_PER_INCH
from handbill.qr.papers import TEMPLATES, Template
from handbill.web.cursors import write_cursor
from handbill.web.dashboard import lists, orders, words
from handbill.web.dashboard.orders import Options
from handbill.web.dashboard.snapshots import Snapshot
from handbill.web.dashboard.views import Frame, PrintedCode, PrintPage, TemplateChoice
from handbill.web.pages.language import Language
from handbill.web.pages.words import N_
from handbill.web.prints import CODES_MAX

THUMB_PIXELS, LARGE_PIXELS = 240, 900
"""The longer side of a preview, for screens with two dots a pixel."""
CODE_COLORS = (
    ("#000000", N_("Black")),
    ("#1b3a6b", N_("Blue")),
    ("#0b5b48", N_("Green")),
    ("#7a1f2b", N_("Red")),
    ("#5b2a6e", N_("Purple")),
)


class Around(msgspec.Struct, frozen=True):
    """Where the page is shown, and its list of codes begins (`cursor`). `distance` and `obstacle`
    are in words already."""

    frame: Frame
    addresses: Addresses
    language: Language
    languages: Mapping[LanguageCode, str]
    now: Instant
    cursor: str = ""
    distance: str = ""
    obstacle: str = ""


class Shown(msgspec.Struct, frozen=True):
    """What else there is to say: see `PrintPage`. `renamed`: a placement, the name that it was to
    get, and what is wrong with it."""

    notice: str = ""
    faults: Mapping[str, Sequence[str]] = {}
    names: str = ""
    renamed: tuple[str, str, str] = ("", "", "")


NOTHING = Shown()


def plain(snapshot: Snapshot) -> Options:
    """What is chosen where nobody has chosen yet: table stands for all that there is to print."""
    return Options(which="all" if snapshot.count else "link")


def page(snapshot: Snapshot, options: Options, around: Around, shown: Shown = NOTHING) -> PrintPage:
    link, language = snapshot.full.link, around.language
    base = f"{around.frame.home}/links/{link.id}"
    chosen = template_of(options)
    one = orders.of_preview(options, snapshot.first(orders.ticked(options)))
    drawn = _Choices(base, one, snapshot.version(one.ticked), around.cursor, language)
    own, codes = _codes(snapshot, options, shown, language)
    return PrintPage(
        frame=around.frame,
        link=lists.shown(snapshot.full, language, around.now),
        url=_page_of(snapshot, around.addresses),
        address=as_typed(around.addresses, link.code),
        base=around.addresses.base,
        options=options,
        templates=tuple(drawn.of(one, THUMB_PIXELS) for one in TEMPLATES.values()),
        preview=drawn.of(chosen, LARGE_PIXELS),
        own=own,
        codes=codes,
        codes_count=snapshot.count,
        cursor=around.cursor,
        more_url=_more(base, snapshot),
        languages=around.languages,
        colors=[(value, language.gettext(name)) for value, name in CODE_COLORS],
        labels=chosen.per_page,
        has_price=snapshot.price is not None,
        has_logo=snapshot.merchant.logo is not None,
        distance=around.distance,
        stale=_stale_said(snapshot.stale_count, language),
        obstacle=around.obstacle,
        notice=shown.notice,
        faults=shown.faults,
        names=shown.names,
    )


def template_of(options: Options) -> Template:
    """The one that is shown large: a name that is none is told as a fault of the print."""
    return TEMPLATES.get(options.template) or TEMPLATES[Options().template]


def ppi_of(template: Template, pixels: int) -> int:
    return round(pixels * MM_PER_INCH / max(template.paper))


def distance_said(millimetres: int, language: Language) -> str:
    """Empty where it is not known."""
    if not millimetres:
        return ""
    if millimetres < 1_000:
        text = language.gettext("Reads from up to %(num)d cm")
        return text % {"num": millimetres // 10}
    text = language.gettext("Reads from up to %(metres)s m")
    metres = f"{millimetres // 100 / 10:g}".replace(".", language.decimal_mark)
    return text % {"metres": metres}


def refused(found: Faults, options: Options, language: Language) -> Shown:
    """An order that was refused, told beside the fields of the form or above all of them."""
    faults: dict[str, list[str]] = {}
    notice = ""
    for name, told in found.items():
        field = name.partition(".")[0]
        text = words.PRINT_FAULTS.get(field)
        if text is None:
            notice = language.gettext(words.UNPRINTABLE) % {"reason": told[0]}
        else:
            known = {"labels": template_of(options).per_page, "most": CODES_MAX}
            faults[field] = [language.gettext(text) % known]
    return Shown(notice=notice, faults=faults)


class _Choices:
    """Templates as they are chosen from."""

    def __init__(
        self, base: str, options: Options, version: str, cursor: str, language: Language
    ) -> None:
        asked = f"{orders.query(options)}&{urlencode({'v': version, 'cursor': cursor})}"
        self._address = f"{base}/preview/{{}}/{{}}.png?{asked}"
        self._language = language
        self._mark = language.decimal_mark

    def of(self, template: Template, pixels: int) -> TemplateChoice:
        across, down = template.paper
        ppi = ppi_of(template, pixels)
        kind = "small" if pixels == THUMB_PIXELS else "large"
        return TemplateChoice(
            name=template.name,
            title=self._title(template),
            size=self._size(template),
            preview_url=self._address.format(template.name, kind),
            width=round(across / MM_PER_INCH * ppi),
            height=round(down / MM_PER_INCH * ppi),
            is_label=template.labels is not None,
        )

    def _title(self, template: Template) -> str:
        """Sheets of labels go by the numbers of their makers."""
        sheet = template.labels
        if sheet is None:
            return self._language.gettext(words.TEMPLATES[template.name])
        numbers = [one for one in (sheet.number, sheet.also) if one]
        return f"{sheet.maker} {', '.join(numbers)}"

    def _size(self, template: Template) -> str:
        """Of a card, and how many are on one piece of paper. A strip is as long as its words."""
        across, down = (f"{side:g}" for side in template.card)
        known = {"across": across.replace(".", self._mark), "down": down.replace(".", self._mark)}
        if not template.card[1]:
            return self._language.gettext("%(across)s mm wide") % known
        size = self._language.gettext("%(across)s by %(down)s mm") % known
        if template.per_page == 1:
            return size
        text = self._language.ngettext(
            "%(num)d on a sheet", "%(num)d on a sheet", template.per_page
        )
        return f"{size} · {text % {'num': template.per_page}}"


def _codes(
    snapshot: Snapshot, options: Options, shown: Shown, language: Language
) -> tuple[PrintedCode, tuple[PrintedCode, ...]]:
    """The link's own, and those of its placements."""

    def row(id_: str, name: str, code: str) -> PrintedCode:
        came, printed = snapshot.traffic[code], snapshot.printed.get(code)
        stale = snapshot.stale(code)
        renamed, typed, fault = shown.renamed
        return PrintedCode(
            id=id_,
            name=name,
            code=code,
            opens=came.opens,
            starts=came.starts,
            paid=came.paid,
            printed_at=printed.printed_at if printed else None,
            stale=str(language.money(stale)) if stale is not None else "",
            ticked=id_ in options.ticked,
            typed=typed if id_ == renamed else name,
            fault=fault if id_ == renamed else "",
        )

    own = row("", "", snapshot.full.link.code)
    return own, tuple(row(one.id, one.name, one.code) for one in snapshot.placements)


def _stale_said(count: int, language: Language) -> str:
    if not count:
        return ""
    text = language.ngettext(
        "The price has changed since %(num)d code was printed: its paper is stale. Print it anew.",
        "The price has changed since %(num)d codes were printed: their paper is stale. "
        "Print them anew.",
        count,
    )
    return text % {"num": count}


def _page_of(snapshot: Snapshot, addresses: Addresses) -> str:
    link = snapshot.full.link
    if link.product_id is not None:
        return addresses.product_page(link.product_id)
    return addresses.link_page(link.id)


def _more(base: str, snapshot: Snapshot) -> str:
    if snapshot.next is None:
        return ""
    return f"{base}?{urlencode({'cursor': write_cursor(snapshot.next)})}#codes"
