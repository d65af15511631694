"""What a link asks of its payer besides the money and the method: values, and what is wrong with
them. Pure; what a payer may answer is judged in `payments.choice`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum

import msgspec

from handbill.kernel.errors import Faults

SUGGESTIONS_MAX = 6
QUANTITY_MAX = 999
TIPS_MAX = 4
TIP_BASIS_POINTS_MAX = 10_000
FIELD_KEY_MAX = 40
FIELD_LABEL_MAX = 100
FIELD_CHOICES_MAX = 50
FIELD_VALUE_MAX = 200
CONSENT_MAX = 500


class Contact(StrEnum):
    """How the payer can be reached: asked only where the merchant needs it."""

    EMAIL = "email"
    PHONE = "phone"


class Field(msgspec.Struct, frozen=True):
    """One thing that the merchant wants to know, by their own name. No choices: it is typed."""

    key: str
    label: str
    required: bool = False
    choices: tuple[str, ...] | None = None


class Consent(msgspec.Struct, frozen=True):
    """A line beside Pay; `required`: it has a box to tick."""

    text: str
    required: bool = False


class Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """`suggestions` are amounts in minor units, `tips` shares in basis points. `quantity_max`: so
    many of each product can be chosen; None: there is no choice."""

    suggestions: tuple[int, ...] = ()
    quantity_max: int | None = None
    field: Field | None = None
    tips: tuple[int, ...] = ()
    consent: Consent | None = None
    contact: Contact | None = None


def faults(asked: Asked, *, fixed: bool, low: int, high: int, keys: Collection[str]) -> Faults:
    """By the API's field names. `low` and `high` bound what a payer may type; `keys` are those of
    the link's own metadata."""
    found = _suggestion_faults(asked.suggestions, fixed, low, high)
    if asked.quantity_max is not None:
        if not fixed:
            found["quantity_max"] = ["is only for links whose amount_type is fixed"]
        elif not 1 <= asked.quantity_max <= QUANTITY_MAX:
            found["quantity_max"] = [f"must be from 1 to {QUANTITY_MAX}"]
    found |= _list_faults("tips", asked.tips, TIPS_MAX)
    for i, tip in enumerate(asked.tips[:TIPS_MAX]):
        if not 1 <= tip <= TIP_BASIS_POINTS_MAX:
            found[f"tips.{i}"] = [f"must be from 1 to {TIP_BASIS_POINTS_MAX} basis points"]
    if asked.field is not None:
        found |= _field_faults(asked.field, keys)
    if asked.consent is not None and not _is_text(asked.consent.text, CONSENT_MAX):
        found["consent.text"] = [f"must have 1 to {CONSENT_MAX} characters"]
    return {f"pay_config.{name}": words for name, words in found.items()}


def _suggestion_faults(suggestions: Sequence[int], fixed: bool, low: int, high: int) -> Faults:
    if suggestions and fixed:
        return {"suggestions": ["is only for links whose amount_type is dynamic"]}
    found = _list_faults("suggestions", suggestions, SUGGESTIONS_MAX)
    for i, minor in enumerate(suggestions[:SUGGESTIONS_MAX]):
        if not low <= minor <= high:
            found[f"suggestions.{i}"] = [f"must be from {low} to {high}, as the amount must"]
    return found


def _list_faults(name: str, values: Sequence[object], most: int) -> Faults:
    if len(values) > most:
        return {name: [f"must have at most {most} entries"]}
    return {name: ["must be different from each other"]} if len(set(values)) < len(values) else {}


def _field_faults(field: Field, keys: Collection[str]) -> Faults:
    found: Faults = {}
    if not _is_text(field.key, FIELD_KEY_MAX):
        found["field.key"] = [f"must have 1 to {FIELD_KEY_MAX} characters"]
    elif field.key in keys:
        found["field.key"] = ["is a key of the link's own metadata, too"]
    if not _is_text(field.label, FIELD_LABEL_MAX):
        found["field.label"] = [f"must have 1 to {FIELD_LABEL_MAX} characters"]
    if field.choices is None:
        return found
    if not field.choices:
        found["field.choices"] = ["must not be empty; leave it out where the payer types"]
    found |= _list_faults("field.choices", field.choices, FIELD_CHOICES_MAX)
    for i, choice in enumerate(field.choices[:FIELD_CHOICES_MAX]):
        if not _is_text(choice, FIELD_VALUE_MAX) or choice != choice.strip():
            found[f"field.choices.{i}"] = [
                f"must have 1 to {FIELD_VALUE_MAX} characters, and no space at its ends"
            ]
    return found


def _is_text(text: str, longest: int) -> bool:
    return bool(text.strip()) and len(text) <= longest
