"""Pages as text: what is escaped, what is said, and where the one-shot token stands."""

from __future__ import annotations

import gettext
import re
from html.parser import HTMLParser

import msgspec
import pytest

from handbill.kernel.money import Money
from handbill.links.model import Label
from handbill.web.pages.assets import Assets
from handbill.web.pages.end_words import ENDS
from handbill.web.pages.language import Language
from handbill.web.pages.render import Renderer, end_page, taken_page
from handbill.web.pages.views import AskedAmount, Line, Method, PayPage, Seller, StatusPage
from handbill.web.pages.words import BUTTONS, REASONS, STATUSES, reason

CARD, SBP = Method("card", "Bank card"), Method("sbp", "SBP", "From your bank's app")
RUB_1000 = Money(100_000, "RUB")
PAGE = PayPage("Coffee", Seller("Café"), "/pay/link/x", (CARD,), amount=RUB_1000)
STATUS = StatusPage("charged", "Coffee", RUB_1000, Seller("Café"), "ref-1")


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(Assets(), {"en": "English"})


def pay(renderer: Renderer, **changes: object) -> str:
    return renderer.pay(msgspec.structs.replace(PAGE, **changes)).with_token("tok-1").decode()


class Elements(HTMLParser):
    """Collects the elements of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


HOSTILE = (
    """"'><script>x</script><a href="https://e.example">y</a>"""
    " {{ 7*7 }} https://e.example %(x)s %s"
)


def test_text_of_merchants_never_becomes_markup_or_a_link(renderer: Renderer) -> None:
    html = pay(
        renderer,
        title=HOSTILE,
        description=HOSTILE,
        seller=Seller(HOSTILE, HOSTILE, HOSTILE, HOSTILE),
        lines=(Line(HOSTILE, HOSTILE, HOSTILE, RUB_1000),),
        methods=(Method(HOSTILE, HOSTILE, HOSTILE), CARD),
        warnings=(HOSTILE,),
        action=HOSTILE,
    )
    page = Elements(html)
    assert page.named("a") == []
    assert page.named("script") == []
    assert "49" not in html
    assert page.named("form")[0]["action"] == HOSTILE


def test_no_page_carries_a_style_or_a_script_of_its_own(renderer: Renderer) -> None:
    for html in (pay(renderer), renderer.status(STATUS).decode()):
        page = Elements(html)
        assert page.named("style") == []
        assert all("src" in script for script in page.named("script"))
        for _, attributes in page.found:
            assert not {"style", "onclick", "onload", "onerror"} & set(attributes)


def test_a_kept_page_differs_from_the_next_only_in_its_token(renderer: Renderer) -> None:
    cut = renderer.pay(PAGE)
    one, two = cut.with_token("one-token"), cut.with_token("another")
    assert one.replace(b"one-token", b"another") == two
    assert one.count(b"one-token") == 1
    assert Elements(one.decode()).named("input") == [
        {"type": "hidden", "name": "attempt", "value": "one-token"}
    ]


def test_one_method_is_one_button_with_the_amount_and_no_choice(renderer: Renderer) -> None:
    html = pay(renderer)
    assert Elements(html).named("fieldset") == []
    assert "Pay ₽1,000.00</button>" in html


def test_several_methods_are_a_group_of_buttons_with_a_name(renderer: Renderer) -> None:
    html = pay(renderer, methods=(CARD, SBP))
    assert "<legend>Pay ₽1,000.00 with</legend>" in html
    assert [one["value"] for one in Elements(html).named("button")] == ["card", "sbp"]


def test_the_fee_stands_in_the_total_before_pay(renderer: Renderer) -> None:
    html = pay(renderer, fee=Money(5_000, "RUB"), amount_with_fee=Money(105_000, "RUB"))
    assert "Pay ₽1,050.00</button>" in html
    assert html.index("₽50.00") < html.index("<button")


@pytest.mark.parametrize("label", Label)
def test_the_button_says_what_the_merchant_sells(renderer: Renderer, label: Label) -> None:
    assert f"{BUTTONS[label][0] % {'amount': '₽1,000.00'}}</button>" in pay(renderer, label=label)


@pytest.mark.parametrize(
    ("least", "most", "said"),
    [
        (100, 500, "From ₽1.00 to ₽5.00."),
        (100, None, "At least ₽1.00."),
        (None, 500, "At most ₽5.00."),
        (None, None, "In RUB, as much as you like."),
    ],
)
def test_bounds_are_said_before_the_mistake(
    renderer: Renderer, least: int | None, most: int | None, said: str
) -> None:
    asked = AskedAmount(
        "RUB",
        minimum=Money(least, "RUB") if least else None,
        maximum=Money(most, "RUB") if most else None,
    )
    assert said in pay(renderer, amount=None, asked=asked)


def test_lines_without_prices_that_add_up_show_none(renderer: Renderer) -> None:
    html = pay(renderer, lines=(Line("A", amount=Money(111, "RUB")), Line("B")))
    assert "1.11" not in html


@pytest.mark.parametrize("test", [True, False])
def test_the_test_banner_stands_on_test_pages_and_on_no_other(
    renderer: Renderer, test: bool
) -> None:
    pages = (
        pay(renderer, test=test),
        renderer.status(msgspec.structs.replace(STATUS, test=test)).decode(),
        renderer.end(end_page("expired", test=test)).decode(),
    )
    assert {("Test: no money moves" in html) for html in pages} == {test}


def test_a_page_without_amount_or_method_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="amount"):
        PayPage("Coffee", Seller("Café"), "/", (CARD,))
    with pytest.raises(ValueError, match="not_open_yet"):
        PayPage("Coffee", Seller("Café"), "/", (), amount=RUB_1000)


def test_every_end_has_words_of_its_own(renderer: Renderer) -> None:
    pages = [renderer.end(end_page(state)) for state in ENDS]
    assert len(set(pages)) == len(ENDS)
    assert len({end.title for end in ENDS.values()}) == len(ENDS)
    with pytest.raises(KeyError):
        end_page("no_such_end")


def test_an_end_that_follows_from_paying_says_whether_money_moved(renderer: Renderer) -> None:
    silent = {state for state, end in ENDS.items() if not end.money}
    assert silent == {"paid_by_you", "begun_by_you", "asked", "not_found", "unavailable"}
    for end in ENDS.values():
        assert end.next_step or end.title == "Somebody is paying right now"  # which counts down


def test_an_end_names_whom_to_ask(renderer: Renderer) -> None:
    for state in ENDS:
        view = end_page(state, seller=Seller("Café", support_contact="+49 30 <123>"))
        assert "You can reach Café here: +49 30 &lt;123&gt;" in renderer.end(view).decode()


def test_a_merchants_closing_words_take_the_place_of_ours(renderer: Renderer) -> None:
    html = renderer.end(end_page("closed", words="Back in <spring>")).decode()
    assert "Back in &lt;spring&gt;" in html
    assert ENDS["closed"].words not in html


def test_a_taken_place_says_when_it_is_free(renderer: Renderer) -> None:
    assert b"your turn in 0:47" in renderer.end(taken_page(47))
    assert taken_page(47).refresh_seconds == 15
    assert taken_page(0).refresh_seconds == 1


def test_a_thief_is_not_told_what_is_known_of_the_card() -> None:
    assert {reason(code) for code in ("lost_card", "stolen_card", "restricted_card", "odd")} == {
        REASONS["card_declined"]
    }


def test_every_state_of_a_payment_has_a_title() -> None:
    assert len({words.title for words in STATUSES.values()}) == len(STATUSES)


class Shouting(gettext.NullTranslations):
    """A language of capitals: whatever it leaves small was not given to translators."""

    def gettext(self, message: str) -> str:
        return re.sub(r"(%\(\w+\)s)|([^%]+)", lambda m: m[1] or m[2].upper(), message)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return self.gettext(singular if number == 1 else plural)


def test_no_word_of_a_page_escapes_the_translators(renderer: Renderer) -> None:
    shouting = Language("en", translations=Shouting())
    quiet = PayPage("X", Seller("X"), "/", (Method("card", "X"),), amount=Money(5, "JPY"))
    texts = (
        renderer.pay(quiet, shouting).with_token("x").decode(),
        renderer.pay(msgspec.structs.replace(quiet, fee=Money(1, "JPY")), shouting)
        .with_token("x")
        .decode(),
        renderer.end(end_page("expired", shouting), shouting).decode(),
        renderer.status(
            msgspec.structs.replace(STATUS, title="X", seller=Seller("X"), reference="X"), shouting
        ).decode(),
    )
    for html in texts:
        words = re.sub(r"<[^>]*>", " ", html.replace("Handbill", ""))
        assert re.findall(r"[a-z]{2,}", words.replace("&#39;", "'")) == []
