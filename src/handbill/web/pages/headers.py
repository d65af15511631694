"""Response headers of pages: nothing is loaded, framed or sent anywhere that is not named here.

No script and no style stands inside a page, so the policy needs no nonce and pages can be kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")


def page_headers(
    form_action_hosts: Sequence[str] = (),
    *,
    image_hosts: Sequence[str] = (),
    scripts: bool = False,
    no_store: bool = True,
) -> dict[str, str]:
    """`form_action_hosts`: the origins to which a payer is redirected after pressing Pay (without
    them Chromium drops the redirect silently). `image_hosts`: where pictures lie, if elsewhere.

    Raises ValueError for anything but an origin: one stray `;` would open the policy.
    """
    policy = {
        "default-src": "'none'",
        "img-src": _sources(image_hosts),
        "style-src": "'self'",
        "form-action": _sources(form_action_hosts),
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    if scripts:
        policy |= {"script-src": "'self'", "connect-src": "'self'"}
    return {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "cache-control": "no-store" if no_store else "no-cache",
    }


def _sources(origins: Sequence[str]) -> str:
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"not an origin: {origin!r}")
    return " ".join(["'self'", *sorted(set(origins))])
