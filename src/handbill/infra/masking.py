"""Takes out of a text what must not be in a log: keys, secrets, card numbers, addresses of people.

A net under the rope: nobody logs a secret on purpose, but an error of a library may hold one.
"""

from __future__ import annotations

import re

from handbill.kernel.cards import without_cards

_MAILBOX = r"[0-9A-Za-z.!#$%&*+?^_{|}~-]"
_HIDDEN = re.compile(
    r"(?P<key>hb_(?:test|live)_)[0-9A-Za-z_]+"
    r"|(?P<secret>whsec_)[0-9A-Za-z+/=_-]+"
    r"|(?P<bot>\b[0-9]{5,15}:)[0-9A-Za-z_-]{30,64}"  # of Telegram
    r"|(?P<bearer>\b[Bb]earer[ \t]+)[^\s\"',;]+"
    r"|(?P<password>://[^/\s:@\"']*:)[^/\s@\"']+(?=@)"
    # Of a personal address; and what somebody put there without encrypting it.
    r"|(?P<query>[?&](?:email|sig)=)[^&\s\"']+"
    # Knowing these addresses is the permission to open them.
    r"|(?P<token>/(?:pay/(?:status|payment)|notifications/[^/\s\"'?]+)/)[^/\s\"'?]+"
    # No second look at a long run of letters: each is looked at from its beginning alone.
    rf"|(?P<email>)(?<!{_MAILBOX}){_MAILBOX}{{1,64}}@[0-9A-Za-z-]{{1,63}}(?:\.[0-9A-Za-z-]{{1,63}})+"
)


def mask(text: str) -> str:
    """The text, with `***` for what is secret in it."""
    return without_cards(_HIDDEN.sub(_beginning, text), "***")


def _beginning(found: re.Match[str]) -> str:
    """What kind of secret it is may be read."""
    return (found[found.lastgroup] if found.lastgroup else "") + "***"
