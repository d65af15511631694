"""The form of a new link: what was typed into it, and from there to what is made. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, cast, get_args

import msgspec

from handbill.kernel.errors import Faults
from handbill.kernel.money import AMOUNT_MAX, Money, currencies, parse_typed
from handbill.links import placement_names
from handbill.links.model import TITLE_MAX, AmountType, Terms
from handbill.links.placement_names import AT_ONCE_MAX, NAME_MAX, Row
from handbill.web.dashboard import words
from handbill.web.pages import showing
from handbill.web.pages.language import Language

By = Literal["amount", "payer", "product"]
CODES = "codes"
"""The field with the names of the places."""
SHOWN_MAX = 8
"""Faults of a list that are told at once: who has more of them sees from these what is wrong."""
AMOUNT_LENGTH_MAX = 40


class Draft(msgspec.Struct, frozen=True):
    """The fields as they were filled in. `by` says where the amount comes from; `codes` has a name
    or a range in each line, and no empty lines."""

    by: By = "amount"
    amount: str = ""
    currency: str = ""
    title: str = ""
    product: str = ""
    codes: str = ""


def read(fields: Mapping[str, str], currency: str) -> Draft:
    """Never raises: what no page of ours sends is left out. `currency` stands in for none."""
    by, sent = fields.get("by"), fields.get("currency", "")
    return Draft(
        by=cast("By", by) if by in get_args(By) else "amount",
        amount=fields.get("amount", "").strip()[:AMOUNT_LENGTH_MAX],
        currency=sent if sent in currencies() else currency,
        title=fields.get("title", "").strip(),
        product=fields.get("product", ""),
        codes="\n".join(line for line in fields.get(CODES, "").splitlines() if line.strip()),
    )


def offered(first: str) -> tuple[str, ...]:
    """Every currency that can be paid in."""
    return first, *sorted(currencies() - {first})


def rows(codes: str) -> list[Row]:
    """None where nothing was typed: then the link has its own code alone."""
    return placement_names.typed(codes.splitlines(), CODES) if codes else []


def with_names(draft: Draft, rows: Sequence[Row]) -> Draft:
    """With what a file said in the field, so that it can be put right there."""
    return msgspec.structs.replace(draft, codes="\n".join(row.name for row in rows if row.name))


def terms(draft: Draft) -> Terms:
    """Of a draft without faults."""
    title = draft.title or None
    if draft.by == "payer":
        return Terms(AmountType.DYNAMIC, 0, draft.currency, title=title)
    minor = parse_typed(draft.amount, draft.currency) or 0
    return Terms(AmountType.FIXED, minor, draft.currency, title=title)


def fingerprint(draft: Draft, rows: Sequence[Row]) -> str:
    """The same for forms that ask the same."""
    return msgspec.json.encode([draft, [row.name for row in rows]]).decode()


def faults(draft: Draft, rows: Sequence[Row], language: Language) -> dict[str, list[str]]:
    """By field, in words for the page; empty where it can be made."""
    found: dict[str, list[str]] = {}
    if draft.by == "amount" and (fault := _amount_fault(draft, language)):
        found["amount"] = [fault]
    if draft.by == "product" and not draft.product:
        found["product"] = [language.gettext(words.NO_PRODUCT)]
    if len(draft.title) > TITLE_MAX:
        found["title"] = [language.gettext(words.LONG_TITLE) % {"most": TITLE_MAX}]
    if said := codes_said(placement_names.faults(rows), rows, language):
        found[CODES] = said
    return found


def codes_said(found: Faults, rows: Sequence[Row], language: Language) -> list[str]:
    """What is wrong with the names, a sentence for each fault."""
    names = {row.at: row.name for row in rows}
    pairs = [(at, fault) for at, faults in found.items() for fault in faults]
    said = [_said(fault, names.get(at, ""), language) for at, fault in pairs[:SHOWN_MAX]]
    if more := len(pairs) - len(said):
        text = language.ngettext("And %(num)d more.", "And %(num)d more.", more)
        said.append(text % {"num": more})
    return said


def meant(fault: str) -> str:
    """The sentence of the page for what a rule says of a line."""
    return next((text for part, text in words.CODES.items() if part in fault), words.WRONG_CODE)


def _said(fault: str, name: str, language: Language) -> str:
    """The name says which line it is: lines of a field and rows of a file are counted apart."""
    known = {"most": AT_ONCE_MAX, "longest": NAME_MAX, "name": name[:NAME_MAX]}
    return language.gettext(meant(fault)) % known


def _amount_fault(draft: Draft, language: Language) -> str:
    minor = parse_typed(draft.amount, draft.currency) if draft.amount else 0
    if minor is None:
        return showing.unreadable_amount(draft.currency, language)
    if minor < 1:
        return language.gettext(words.NO_AMOUNT)
    if minor > AMOUNT_MAX:
        most = language.money(Money(AMOUNT_MAX, draft.currency))
        return language.gettext(words.TOO_MUCH) % {"most": most}
    return ""
