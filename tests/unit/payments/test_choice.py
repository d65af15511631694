"""What a payer chooses, judged against the link: sums are the server's, answers the payer's."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.catalog.products import Product
from handbill.kernel.money import AMOUNT_MAX, Money
from handbill.links.asked import Consent, Contact, Field
from handbill.links.model import AmountType, Link, LinkWithProducts, PayConfig
from handbill.merchants.fees import Fee, FeeRule, derive
from handbill.payments import choice
from handbill.payments.choice import Choice, Judged, Trouble
from handbill.payments.model import Agreement, Answer, Customer, Payment

NOW = 1_772_359_200_000
ESPRESSO, BREAD = "019ca9b5-8d00-7000-8000-000000000001", "019ca9b5-8d00-7000-8000-000000000002"
OTHER = "019ca9b5-8d00-7000-8000-000000000003"


def product(product_id: str, header: str, price: int, qty: str = "1") -> Product:
    plain: dict[str, Any] = dict.fromkeys(Product.__struct_fields__)
    told = {"id": product_id, "header": header, "price_minor": price, "qty": qty}
    return Product(**{**plain, **told, "currency": "RUB"})


MENU = (product(ESPRESSO, "Espresso", 15_000), product(BREAD, "Bread", 40_000, "0.250"))


def link_of(
    *,
    amount: int | None = None,
    products: tuple[Product, ...] = MENU,
    own: bool = False,
    **asked: Any,
) -> LinkWithProducts:
    """A fixed link that sells `products`, or a dynamic one where it has none."""
    plain: dict[str, Any] = dict.fromkeys(Link.__struct_fields__)
    total = sum(one.amount.minor for one in products)
    link = Link(
        **{
            **plain,
            "amount_type": AmountType.FIXED if products else AmountType.DYNAMIC,
            "amount_minor": total if amount is None else amount,
            "currency": "RUB",
            "product_id": products[0].id if own else None,
            "pay_config": PayConfig(**asked),
        }
    )
    return LinkWithProducts(link, products)


def judge(full: LinkWithProducts, **said: Any) -> Judged:
    return choice.judge(full, full.link.amount, Choice(**said), NOW)


def test_a_plain_link_is_paid_as_it_is() -> None:
    chosen = judge(link_of(products=(), amount=500)).chosen
    assert chosen is not None
    assert (chosen.amount, chosen.tip_minor, chosen.lines) == (Money(500, "RUB"), 0, ())
    assert (chosen.answer, chosen.agreement, chosen.customer) == (None, None, Customer())


def test_products_that_make_up_the_amount_are_kept_as_lines() -> None:
    chosen = judge(link_of()).chosen
    assert chosen is not None
    assert [(one.title, one.units, one.amount_minor) for one in chosen.lines] == [
        ("Espresso", "1", 15_000),
        ("Bread", "0.25", 10_000),
    ]
    for full in (link_of(amount=20_000), link_of(products=MENU[:1], own=True)):
        alone = judge(full).chosen
        assert alone is not None
        assert alone.lines == ()


def test_quantities_multiply_the_lines_and_the_lines_are_the_amount() -> None:
    full = link_of(quantity_max=10)
    chosen = judge(full, quantities={ESPRESSO: " 3 ", BREAD: "2"}).chosen
    assert chosen is not None
    assert chosen.amount == Money(65_000, "RUB")
    assert [(one.quantity, one.units, one.amount_minor) for one in chosen.lines] == [
        (3, "3", 45_000),
        (2, "0.5", 20_000),
    ]
    assert judge(full).amount == Money(25_000, "RUB")  # one of each, where nothing is said
    assert judge(full, quantities={BREAD: "1"}).amount == Money(10_000, "RUB")
    assert judge(full, quantities={ESPRESSO: "\u0663"}).amount == Money(45_000, "RUB")
    own = judge(link_of(products=MENU[:1], own=True, quantity_max=5), quantities={ESPRESSO: "5"})
    assert own.amount == Money(75_000, "RUB")


@pytest.mark.parametrize(
    ("quantities", "troubles"),
    [
        ({ESPRESSO: "0", BREAD: ""}, {"quantity": Trouble.NOTHING}),
        ({ESPRESSO: "11"}, {f"quantity.{ESPRESSO}": Trouble.TOO_MANY}),
        ({ESPRESSO: "-1"}, {f"quantity.{ESPRESSO}": Trouble.UNREADABLE}),
        ({ESPRESSO: "1.5"}, {f"quantity.{ESPRESSO}": Trouble.UNREADABLE}),
        ({ESPRESSO: "9" * 7}, {f"quantity.{ESPRESSO}": Trouble.UNREADABLE}),
        ({OTHER: "1"}, {"quantity": Trouble.NOT_OFFERED}),
    ],
)
def test_quantities_that_cannot_be_had(
    quantities: dict[str, str], troubles: dict[str, Trouble]
) -> None:
    judged = judge(link_of(quantity_max=10), quantities=quantities)
    assert (judged.troubles, judged.chosen) == (troubles, None)


def test_where_the_products_no_longer_make_up_the_amount_there_are_no_quantities() -> None:
    full = link_of(amount=30_000, quantity_max=10)
    assert full.quantity_max is None
    assert judge(full).amount == Money(30_000, "RUB")
    assert judge(full, quantities={ESPRESSO: "2"}).troubles == {"quantity": Trouble.NOT_OFFERED}


def test_a_sum_beyond_what_can_be_paid_is_refused() -> None:
    full = link_of(products=(product(ESPRESSO, "Yacht", AMOUNT_MAX),), quantity_max=2)
    assert judge(full, quantities={ESPRESSO: "2"}).troubles == {"quantity": Trouble.TOO_MUCH}
    tipped = judge(link_of(products=(), amount=AMOUNT_MAX, tips=(1,)), tip="1")
    assert tipped.troubles == {"tip_amount": Trouble.TOO_MUCH}


@pytest.mark.parametrize(
    ("said", "tip"),
    [
        ({}, 0),
        ({"tip": "0"}, 0),
        ({"tip": "0", "tip_typed": "50"}, 0),  # typed before "no tip" was chosen
        ({"tip": "500"}, 50),
        ({"tip": "1000"}, 100),
        ({"tip": "own", "tip_typed": "1 234,50"}, 123_450),
        ({"tip_typed": "7"}, 700),
        ({"tip_minor": 7}, 7),
        ({"tip": "own", "tip_typed": "0"}, 0),
    ],
)
def test_a_tip_is_a_share_of_the_amount_or_what_the_payer_types(
    said: dict[str, Any], tip: int
) -> None:
    chosen = judge(link_of(products=(), amount=999, tips=(500, 1_000)), **said).chosen
    assert chosen is not None
    assert (chosen.tip_minor, chosen.amount.minor) == (tip, 999 + tip)


@pytest.mark.parametrize(
    ("said", "troubles"),
    [
        ({"tip": "700"}, {"tip": Trouble.NOT_OFFERED}),
        ({"tip": "lots"}, {"tip": Trouble.NOT_OFFERED}),
        ({"tip": "own"}, {"tip_amount": Trouble.MISSING}),
        ({"tip": "own", "tip_typed": "much"}, {"tip_amount": Trouble.UNREADABLE}),
        ({"tip": "own", "tip_typed": "-5"}, {"tip_amount": Trouble.UNREADABLE}),
    ],
)
def test_tips_that_cannot_be_taken(said: dict[str, Any], troubles: dict[str, Trouble]) -> None:
    judged = judge(link_of(products=(), amount=999, tips=(500,)), **said)
    assert (judged.troubles, judged.chosen) == (troubles, None)


def test_where_no_tip_is_asked_none_is_taken() -> None:
    for said in ({"tip": "500"}, {"tip_minor": 5}, {"tip": "own", "tip_typed": "5"}):
        assert judge(link_of(), **said).troubles == {"tip": Trouble.NOT_OFFERED}


TABLE = Field("table", "Table number", required=True)


@pytest.mark.parametrize(
    ("field", "typed", "outcome"),
    [
        (TABLE, "  7  a ", "7 a"),
        (TABLE, " ", Trouble.MISSING),
        (TABLE, "x" * 200, "x" * 200),
        (TABLE, "x" * 201, Trouble.TOO_LONG),
        (TABLE, "4111 1111 1111 1111", Trouble.CARD),
        (TABLE, "a\x00b", Trouble.UNREADABLE),
        (Field("k", "l"), "", None),
        (Field("k", "l", choices=("In", "Out")), "Out", "Out"),
        (Field("k", "l", choices=("In", "Out")), "", None),
        (Field("k", "l", choices=("In", "Out")), "out", Trouble.NOT_OFFERED),
        (None, "7", None),
    ],
)
def test_the_one_question_is_answered_within_its_bounds(
    field: Field | None, typed: str, outcome: object
) -> None:
    judged = judge(link_of(field=field), field=typed)
    if isinstance(outcome, Trouble):
        assert judged.troubles == {"field": outcome}
        return
    answer = Answer(field.key, field.label, str(outcome)) if field and outcome else None
    assert judged.chosen is not None
    assert judged.chosen.answer == answer


@pytest.mark.parametrize(
    ("contact", "typed", "known"),
    [
        (Contact.EMAIL, " Anna@Example.com ", "Anna@Example.com"),
        (Contact.EMAIL, "анна@пример.рф", Trouble.UNREADABLE),
        (Contact.EMAIL, "a.b+c@sub.example.co.uk", "a.b+c@sub.example.co.uk"),
        (Contact.EMAIL, "", Trouble.MISSING),
        (Contact.EMAIL, "anna@example", Trouble.UNREADABLE),
        (Contact.EMAIL, "anna example.com", Trouble.UNREADABLE),
        (Contact.EMAIL, "a@b@example.com", Trouble.UNREADABLE),
        (Contact.EMAIL, "anna@example.com,eve@example.com", Trouble.UNREADABLE),
        (Contact.EMAIL, "a\r\nBcc:eve@example.com", Trouble.UNREADABLE),
        (Contact.EMAIL, "x" * 250 + "@example.com", Trouble.UNREADABLE),
        (Contact.EMAIL, "4111111111111111@example.com", Trouble.CARD),
        (Contact.PHONE, "+7 (900) 123-45-67", "+79001234567"),
        (Contact.PHONE, "8 900 123 45 67", "89001234567"),
        (Contact.PHONE, "\u0660\u0661\u0662\u0663\u0664\u0665\u0666", "0123456"),
        (Contact.PHONE, "", Trouble.MISSING),
        (Contact.PHONE, "123456", Trouble.UNREADABLE),
        (Contact.PHONE, "1234567890123456", Trouble.UNREADABLE),
        (Contact.PHONE, "call me", Trouble.UNREADABLE),
        (Contact.PHONE, "4222222222222", Trouble.CARD),
        (Contact.PHONE, "+4222222222222", "+4222222222222"),
    ],
)
def test_an_address_or_number_is_judged_by_its_form(
    contact: Contact, typed: str, known: object
) -> None:
    judged = judge(link_of(contact=contact), **{contact.value: typed})
    if isinstance(known, Trouble):
        assert judged.troubles == {contact.value: known}
        return
    assert judged.chosen is not None
    assert getattr(judged.chosen.customer, contact.value) == known


def test_nobody_asked_for_is_kept() -> None:
    chosen = judge(link_of(), email="anna@example.com", phone="+79001234567").chosen
    assert chosen is not None
    assert chosen.customer == Customer()


def test_a_line_is_agreed_to_by_pay_and_a_box_by_ticking_it() -> None:
    line, box = Consent("No refunds after noon."), Consent("I am over 18.", required=True)
    for consent, agreed, kept in (
        (line, False, Agreement(line.text, NOW, ticked=False)),
        (box, True, Agreement(box.text, NOW, ticked=True)),
    ):
        chosen = judge(link_of(consent=consent), agreed=agreed).chosen
        assert chosen is not None
        assert chosen.agreement == kept
    assert judge(link_of(consent=box)).troubles == {"consent": Trouble.MISSING}


def test_another_text_of_consent_has_another_mark() -> None:
    marks = [choice.mark_of(PayConfig(consent=c)) for c in (None, Consent("A"), Consent("B"))]
    assert len(set(marks)) == 3


def test_all_that_is_wrong_is_said_at_once() -> None:
    full = link_of(
        quantity_max=3,
        tips=(500,),
        field=TABLE,
        consent=Consent("I agree", True),
        contact=Contact.EMAIL,
    )
    judged = judge(full, quantities={ESPRESSO: "4"}, tip="own")
    assert set(judged.troubles) == {f"quantity.{ESPRESSO}", "field", "consent", "email"}


def paid(**told: Any) -> Payment:
    plain: dict[str, Any] = dict.fromkeys(Payment.__struct_fields__)
    return Payment(**{**plain, "currency": "RUB", "lines": (), "tip_minor": 0, **told})


def test_a_form_that_comes_twice_says_the_same_and_another_choice_does_not() -> None:
    full = link_of(quantity_max=9, tips=(1_000,), field=TABLE)
    said = Choice({ESPRESSO: "2", BREAD: "0"}, tip="1000", field=" 7 ")
    chosen = choice.judge(full, None, said, NOW).chosen
    assert chosen is not None
    payment = paid(
        amount_minor=chosen.amount.minor,
        tip_minor=chosen.tip_minor,
        lines=chosen.lines,
        answer=chosen.answer,
    )
    assert choice.says_the_same(said, payment)
    assert choice.is_same(payment, chosen)
    for change in (
        {"quantities": {ESPRESSO: "2", BREAD: "1"}},
        {"quantities": {ESPRESSO: "x"}},
        {"tip": "0"},
        {"tip": "own", "tip_typed": "30.01"},
        {"field": "8"},
        {"field": ""},
    ):
        other = msgspec.structs.replace(said, **change)
        assert not choice.says_the_same(other, payment)
        judged = choice.judge(full, None, other, NOW).chosen
        assert judged is None or not choice.is_same(payment, judged)


@given(
    st.lists(st.tuples(st.integers(1, 10**7), st.integers(0, 999)), min_size=1, max_size=20),
    st.integers(0, 10_000),
    st.integers(0, 10_000),
    st.integers(0, 10**6),
)
def test_lines_tip_and_fee_are_what_is_charged(
    bought: list[tuple[int, int]], share: int, points: int, fixed: int
) -> None:
    menu = tuple(product(str(n), "Thing", price) for n, (price, _) in enumerate(bought))
    full = link_of(products=menu, quantity_max=999, tips=(share,) if share else ())
    quantities = {str(n): str(count) for n, (_, count) in enumerate(bought)}
    judged = judge(full, quantities=quantities, tip=str(share))
    lines = sum(price * count for price, count in bought)
    if not lines:
        assert judged.troubles == {"quantity": Trouble.NOTHING}
        return
    assert judged.chosen is not None
    chosen, rule = judged.chosen, FeeRule(payer=Fee(points, {"RUB": fixed}))
    charged = derive(rule, chosen.amount).with_fee
    fee = (chosen.amount.minor * points * 2 + 10_000) // 20_000 + fixed

    assert sum(line.amount_minor for line in chosen.lines) == lines
    assert chosen.tip_minor == (lines * share * 2 + 10_000) // 20_000
    assert charged == lines + chosen.tip_minor + fee
