"""How a payer can be reached: what they type, as it is kept and told to the acquirer. Pure."""

from __future__ import annotations

import re

from handbill.kernel.mailboxes import is_mailbox
from handbill.links.asked import Contact
from handbill.payments.model import Customer

_PHONE = re.compile(r"\+?[0-9]{7,15}")
_PHONE_MARKS = str.maketrans("", "", "()-./\u2010\u2011\u2012\u2013")


def read(contact: Contact, typed: str) -> str | None:
    """None where it cannot be one. Whether somebody answers there, only trying can tell."""
    if contact is Contact.EMAIL:
        return typed.strip() if is_mailbox(typed.strip()) else None
    return _phone(typed)


def is_asked_for(contact: Contact | None, known: Customer) -> bool:
    """`known`: what the merchant has told already."""
    return contact is not None and getattr(known, contact.value) is None


def _phone(typed: str) -> str | None:
    """The digits, after a plus where one was typed (E.164 has at most 15)."""
    bare = "".join(str(int(c)) if c.isdecimal() else c for c in typed if not c.isspace())
    bare = bare.translate(_PHONE_MARKS)
    return bare if _PHONE.fullmatch(bare) else None
