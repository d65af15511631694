"""What the templates of the dashboard are given: values only, nothing to look up or to decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from handbill.kernel.clock import Instant
from handbill.kernel.languages import LanguageCode
from handbill.kernel.money import Money
from handbill.web.dashboard.drafts import Draft
from handbill.web.dashboard.orders import Options
from handbill.web.pages.views import Seller

Section = Literal["", "new", "links"]
Faults = Mapping[str, Sequence[str]]
"""By the name of a field: what is wrong with it, in the words of the page."""


class Frame(msgspec.Struct, frozen=True):
    """Around every page. `home` is the address of the dashboard, `section` where the page stands.
    `seller` is None while nobody has signed in."""

    home: str
    seller: Seller | None = None
    section: Section = ""
    test: bool = False


class SignInPage(msgspec.Struct, frozen=True):
    frame: Frame
    fault: str = ""


class TroublePage(msgspec.Struct, frozen=True):
    """Something was not done."""

    frame: Frame
    title: str
    words: str


class Choice(msgspec.Struct, frozen=True):
    """A product whose permanent link can be printed."""

    id: str
    title: str
    price: str


class NewPage(msgspec.Struct, frozen=True):
    """The form of a new link. `ticket` makes a double press harmless; `is_first`: nothing was ever
    made here; `codes_max`: how many at once."""

    frame: Frame
    draft: Draft
    ticket: str
    currencies: tuple[str, ...]
    codes_max: int
    products: tuple[Choice, ...] = ()
    faults: Faults = {}
    is_first: bool = False


class ShownLink(msgspec.Struct, frozen=True):
    """A link as it is named. `title` may be empty; `amount` is None where the payer types it.
    `state` is `open` or the name of its end."""

    id: str
    title: str
    amount: Money | None
    state: str
    state_words: str
    made_at: Instant


class ListedLink(msgspec.Struct, frozen=True):
    """A row of the list. `codes`: how many it has beside its own."""

    link: ShownLink
    codes: int
    paid: int


class ListPage(msgspec.Struct, frozen=True):
    """The links, newest first; `of_products`: those that products own. `older` is what the address
    of the next page asks, where there is one."""

    frame: Frame
    links: tuple[ListedLink, ...]
    of_products: bool = False
    sought: str = ""
    older: str = ""
    is_first_page: bool = True


class TemplateChoice(msgspec.Struct, frozen=True):
    """A template with a picture of its first page, `width` by `height` pixels; a strip, whose
    `height` is 0, is as long as its words."""

    name: str
    title: str
    size: str
    preview_url: str
    width: int
    height: int
    is_label: bool = False


class PrintedCode(msgspec.Struct, frozen=True):
    """A code of the link: its own (`id` is then empty), or that of a placement. `stale` is the
    price on its paper, where another one is asked now; `fault` belongs to its new name."""

    id: str
    name: str
    code: str
    opens: int
    starts: int
    paid: int
    printed_at: Instant | None = None
    stale: str = ""
    ticked: bool = False
    typed: str = ""
    fault: str = ""


class PrintPage(msgspec.Struct, frozen=True):
    """A link and all there is to print of it. `url` is its page, `address` what people can type;
    `preview` is the chosen template, large. `distance`: from how far the code reads, empty where
    it is not known yet. `obstacle`: why phones cannot open this server's address. `notice` is
    about the print as a whole, `faults` are about its fields. `names`: of more placements, as they
    were typed. `cursor`: where the list of codes begins, empty at its beginning."""

    frame: Frame
    link: ShownLink
    url: str
    address: str
    options: Options
    templates: tuple[TemplateChoice, ...]
    preview: TemplateChoice
    own: PrintedCode
    codes: tuple[PrintedCode, ...]
    codes_count: int
    cursor: str
    more_url: str
    languages: Mapping[LanguageCode, str]
    colors: Sequence[tuple[str, str]]
    labels: int
    has_price: bool
    has_logo: bool
    distance: str = ""
    stale: str = ""
    obstacle: str = ""
    base: str = ""
    notice: str = ""
    faults: Faults = {}
    names: str = ""
