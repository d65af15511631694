"""What merchants paste: whole HTML whatever the title is, without a script, and readable."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handbill.kernel.addresses import Addresses
from handbill.kernel.colors import contrast
from handbill.kernel.languages import NAMES, LanguageCode
from handbill.links.model import AmountType, Label, Link, LinkStatus, LinkWithProducts, PayConfig
from handbill.links.offer import Offer
from handbill.merchants.fees import Amounts
from handbill.merchants.model import Merchant
from handbill.web.pages.assets import Assets
from handbill.web.pages.render import Renderer
from handbill.web.pages.snippets import SnippetMaker

LINK = "019ca8d7-2d00-7d36-9e8c-c23afd234f10"
URL = f"https://pay.example/pay/link/{LINK}"
TAGS = {"table", "tr", "td", "a", "img", "strong"}
ATTRIBUTES = {
    *("role", "lang", "dir", "width", "height", "border", "cellpadding", "cellspacing", "style"),
    *("align", "bgcolor", "href", "src", "alt"),
}
HOSTILE = ("<script>", "'\"><img src=x onerror=1>", "</td>{{ 1 }}", "](http://x)", "\\")
MAKER = SnippetMaker(Addresses("https://pay.example"), Renderer(Assets()))


class Parsed(HTMLParser):
    """Elements in order, each closed again; text as it is shown."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def one(self, tag: str) -> dict[str, str]:
        (attributes,) = [attributes for name, attributes in self.found if name == tag]
        return attributes


def offer(title: str = "Two coffees", name: str = "Corner Café", **changes: Any) -> Offer:
    link: dict[str, Any] = dict.fromkeys(Link.__struct_fields__)
    link |= {"id": LINK, "code": "7KX2M4QF9T", "currency": "RUB", "title": title, "test": False}
    link |= {"pay_config": PayConfig(), "status": LinkStatus.ACTIVE, "amount_minor": 1_000}
    merchant: dict[str, Any] = dict.fromkeys(Merchant.__struct_fields__)
    color = changes.pop("color", None)
    amounts = changes.pop("amounts", Amounts(1_000, 1_050, 1_000))
    link |= {"amount_type": AmountType.FIXED if amounts else AmountType.DYNAMIC, **changes}
    full = LinkWithProducts(Link(**link))
    seller = Merchant(**{**merchant, "name": name, "color": color})
    return Offer(full=full, merchant=seller, methods=(), amounts=amounts, end=None)


def test_the_letter_has_the_address_the_amount_and_the_code() -> None:
    letter = Parsed(MAKER.make(offer(), None).email)

    assert letter.one("a")["href"] == URL
    assert letter.one("img")["src"] == f"{URL}/qr?size=320"
    assert letter.one("img")["alt"] == "QR code for paying: Two coffees"
    for words in ("Corner Café", "Two coffees", "₽10.50", "Pay ₽10.50", URL):
        assert words in letter.text


def test_the_button_says_what_it_does() -> None:
    button = Parsed(MAKER.make(offer(), None).button)

    assert [tag for tag, _ in button.found] == ["a"]
    assert button.one("a")["href"] == URL
    assert button.text.strip() == "Pay ₽10.50"
    donation = offer(amounts=None, pay_config=PayConfig(label=Label.DONATE, lang="de"))
    assert MAKER.make(donation, None).text.splitlines()[2:] == ["Spenden", URL]


def test_a_language_that_was_asked_for_stands_in_the_addresses() -> None:
    own = MAKER.make(offer(pay_config=PayConfig(lang="ar")), None)
    assert (own.lang, Parsed(own.button).one("a")["dir"]) == ("ar", "rtl")
    assert Parsed(own.button).one("a")["href"] == URL
    asked = MAKER.make(offer(), "ja")
    assert Parsed(asked.button).one("a")["href"] == f"{URL}?lang=ja"


def test_markdown_and_text_are_one_line_and_a_few() -> None:
    made = MAKER.make(offer("A *new*\n[menu](http://evil.example)"), None)

    escaped = r"Pay ₽10\.50 · A \*new\* \[menu\]\(http\:\/\/evil\.example\) · Corner Café"
    assert made.markdown == f"[{escaped}]({URL})"
    assert made.text.splitlines() == [
        *("A *new* [menu](http://evil.example)", "Corner Café", "Pay ₽10.50", URL)
    ]


def test_test_money_is_named() -> None:
    made = MAKER.make(offer(test=True), None)

    assert "Test: no money moves" in Parsed(made.email).text
    assert made.text.startswith("Test: no money moves\n")


@settings(deadline=None, max_examples=60)
@given(
    st.text(max_size=200)
    | st.sampled_from([" \n", "<script>", "'\"><img src=x onerror=1>", "</td>{{ 1 }}"]),
    st.text(min_size=1, max_size=50),
    st.sampled_from(list(NAMES)),
)
def test_hostile_text_stays_text(title: str, name: str, lang: LanguageCode) -> None:
    made = MAKER.make(offer(title, name), lang)
    plain = MAKER.make(offer("x", "y"), lang)

    for html, model in ((made.email, plain.email), (made.button, plain.button)):
        found, wanted = Parsed(html), Parsed(model)
        assert [tag for tag, _ in found.found] == [tag for tag, _ in wanted.found]
        assert {tag for tag, _ in found.found} <= TAGS
        for _, attributes in found.found:
            assert attributes.keys() <= ATTRIBUTES
            assert attributes.get("href", URL).startswith(URL)
    assert made.markdown.count("\n") == 0
    shown = " ".join(title.split()) or "Payment"
    if lang == "en":
        assert shown.replace("\0", "\ufffd") in Parsed(made.email).text.replace("\0", "\ufffd")


@pytest.mark.parametrize("color", [None, "#ffffff", "#000000", "#ffd43b", "#0b5b48", "#7f7f7f"])
def test_the_buttons_can_be_read(color: str | None) -> None:
    made = MAKER.make(offer(color=color), None)
    for html in (made.button, made.email):
        style = Parsed(html).one("a")["style"]
        ink = re.search(r"(?<![-a-z])color:(#[0-9a-f]{6})", style)
        ground = re.search(r"background-color:(#[0-9a-f]{6})(?=[^>]*><a |[^>]*color:)", html)
        assert ink is not None
        assert ground is not None
        assert contrast(ink[1], ground[1]) >= 4.5


def test_nothing_of_it_is_a_secret() -> None:
    made = MAKER.make(offer(), None)
    assert msgspec.to_builtins(made).keys() == {"lang", "email", "button", "markdown", "text"}
