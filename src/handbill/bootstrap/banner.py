"""What `handbill serve` says: once to a newcomer, and a line at every start."""

from __future__ import annotations

from collections.abc import Sequence

from handbill.bootstrap.first_start import INBOX_PATH, FirstStart
from handbill.bootstrap.house import House
from handbill.infra.settings import Settings
from handbill.links.prints import PrintedHost
from handbill.qr.code import make
from handbill.qr.formats import terminal

BODY = '{"amount": {"default": 1000, "currency": "RUB"}, "amount_type": "fixed", "pay_config": {}}'


def first(house: House, furnished: FirstStart) -> str:
    """Everything that a first paid link needs. The keys are in it and are not shown again."""
    addresses, keys = house.addresses, furnished.merchant.api_keys
    page = addresses.link_page(furnished.link_id)
    lines = [
        "",
        "Handbill is new here. This is shown once: keep the keys.",
        "",
        f"  merchant {furnished.merchant.id:<8}{furnished.merchant.name}",
        f"  test key        {keys['test']}",
        f"  live key        {keys['live']}",
        f"  webhook secret  {furnished.merchant.webhook_secret}",
        "",
        "Make links and print their codes, without code:",
        "",
        f"  {addresses.door('dashboard')}#{furnished.dashboard_key}",
        "",
        "Make a link with code:",
        "",
        f"  curl -X POST {addresses.base}/api/v1/links \\",
        '    -H "Content-Type: application/json" \\',
        f'    -H "x-api-key: {keys["test"]}" \\',
        f"    -d '{BODY}'",
        "",
        f"{'Pay the sample link' if house.settings.sandbox else 'The sample link'}:  {page}",
        "",
        terminal(make(addresses.short(furnished.link_code))),
    ]
    if house.has_inbox:
        lines += [f"Its webhooks arrive:  {addresses.base}{INBOX_PATH}", ""]
    if not house.settings.sandbox:
        lines += ["It cannot be paid yet: the sandbox acquirer is off. Start with --sandbox.", ""]
    return "\n".join(lines)


def ready(settings: Settings, *, has_inbox: bool) -> str:
    notes = []
    if settings.sandbox:
        notes.append("sandbox acquirer on")
    if has_inbox:
        notes.append(f"inbox at {INBOX_PATH}")
    if settings.webhook_networks:
        networks = ", ".join(map(str, settings.webhook_networks))
        notes.append(f"webhooks may reach {networks}")
    remark = f" ({'; '.join(notes)})" if notes else ""
    return f"Handbill serves {settings.public_url}, reference at /docs{remark}. End with Ctrl-C."


def stranded(hosts: Sequence[PrintedHost]) -> str:
    """Of addresses on paper that are not ours: see `printed_hosts`."""
    lines = [
        "Warning: codes are on paper under an address that is neither this server's nor in"
        " HANDBILL_FORMER_HOSTS:",
        "",
        *(f"  {one.base_url}: {one.codes} codes" for one in hosts),
        "",
        "Whoever scans them comes here only if that name still leads here and HANDBILL_FORMER_HOSTS"
        " names it.",
        "Codes that are printed anew leave this list.",
    ]
    return "\n".join(lines)
