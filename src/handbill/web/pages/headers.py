"""Response headers of pages: nothing is loaded, framed or sent anywhere that is not named here.

No script and no style stands inside a page, so the policy needs no nonce and pages can be kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from handbill.kernel.languages import DEFAULT

PICTURE_POLICY = "default-src 'none'"
"""For a picture that is opened as a page of its own: an SVG can hold more than shapes."""
DRAWN_POLICY = f"{PICTURE_POLICY}; img-src data:"
"""For an SVG that holds a picture."""
SHOWN_ANYWHERE = {"cross-origin-resource-policy": "cross-origin"}
"""For pictures that stand in letters and on the merchant's own site."""
_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")
_POWERS = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"


def page_headers(
    form_action_hosts: Iterable[str] = (),
    *,
    language: str = DEFAULT,
    frame_origins: Iterable[str] = (),
    scripts: bool = False,
) -> dict[str, str]:
    """`form_action_hosts`: the origins to which a payer is redirected after pressing Pay (without
    them Chromium drops the redirect silently). `language`: what the page speaks. `frame_origins`:
    the sites that may show the page in a frame.

    Raises ValueError for anything but an origin: one stray `;` would open the policy.
    """
    framed_by = _origins(frame_origins)
    policy = {
        "default-src": "'none'",
        "img-src": "'self'",
        "style-src": "'self'",
        "form-action": " ".join(["'self'", *_origins(form_action_hosts)]),
        "frame-ancestors": " ".join(framed_by) or "'none'",
        "base-uri": "'none'",
    }
    if scripts:
        policy |= {"script-src": "'self'", "connect-src": "'self'"}
    headers = {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": _POWERS,
        "cache-control": "no-store",
        "content-language": language,
        "vary": "accept-language",
    }
    if not framed_by:  # for old browsers; it can name no site, so it is left out where one may
        headers["x-frame-options"] = "DENY"
    return headers


def _origins(given: Iterable[str]) -> list[str]:
    origins = sorted(set(given))
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"not an origin: {origin!r}")
    return origins
