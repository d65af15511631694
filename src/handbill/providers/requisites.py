"""Where a bank transfer goes, and the text that a payer's bank reads from a code.

Two forms: roubles by ST00012, euros by EPC069-12. Pure. What a merchant or a payer wrote can never
add a line to either.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from handbill.kernel.errors import Faults, Invalid
from handbill.kernel.money import Money
from handbill.providers import epc, st00012

Requisites = st00012.Requisites | epc.Requisites

KINDS: Mapping[str, type[st00012.Requisites] | type[epc.Requisites]] = {
    "RUB": st00012.Requisites,
    "EUR": epc.Requisites,
}
"""By the currency that can be sent there."""


def parse(currency: str, fields: Mapping[str, str]) -> Requisites:
    """Raises Invalid with all that is wrong, by field."""
    kind = KINDS.get(currency)
    if kind is None:
        raise Invalid({"currency": ["must be one of: " + ", ".join(KINDS)]})
    known = {field.name: field.required for field in msgspec.structs.fields(kind)}
    plain = {name: " ".join(text.split()) for name, text in fields.items()}
    found: Faults = {name: ["is not known for " + currency] for name in plain if name not in known}
    missing = {name for name, required in known.items() if required and not plain.get(name)}
    found |= {name: ["is required"] for name in known if name in missing}
    if found:
        raise Invalid(found)
    requisites = kind(**plain).tidied()
    if found := requisites.faults():
        raise Invalid(found)
    return requisites


def fields(to: Requisites) -> dict[str, str]:
    """What `parse` takes; fields of nothing are left out."""
    return {name: text for name, text in msgspec.structs.asdict(to).items() if text}


def payload(to: Requisites, amount: Money, words: str) -> str:
    """What the code holds. `words` stand in the purpose and are cut to what fits. Raises ValueError
    for an amount that the form cannot say."""
    if isinstance(to, st00012.Requisites):
        return st00012.payload(to, amount, words)
    return epc.payload(to, amount, words)


def shown(text: str) -> Mapping[str, str]:
    """What a payload says, by the names of the requisites; with `amount` in major units and
    `purpose`. Only for texts that `payload` made."""
    return st00012.shown(text) if text.startswith(st00012.HEAD) else epc.shown(text)
