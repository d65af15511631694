"""The acquirers of this installation: one row each."""

from __future__ import annotations

from collections.abc import Mapping

from handbill.infra.outbound import Outbound
from handbill.infra.settings import Settings, is_loopback
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import Clock
from handbill.providers import sandbox, transfer
from handbill.providers.contract import Provider
from handbill.providers.registry import Opener

SANDBOX_PATH = "/sandbox"


def openers(
    settings: Settings, outbound: Outbound, clock: Clock, sandbox_url: str | None = None
) -> dict[str, Opener]:
    """Name -> how to open an account there. `sandbox_url`: where the sandbox acquirer is reached,
    if not below this server."""
    table: dict[str, Opener] = {transfer.NAME: transfer.open}
    if settings.sandbox:
        table["sandbox"] = _sandbox(settings, outbound, clock, sandbox_url)
    return table


def _sandbox(
    settings: Settings, outbound: Outbound, clock: Clock, sandbox_url: str | None
) -> Opener:
    # Its address is the installation's, not the account's: a changed port must not break it.
    located = {
        "base_url": sandbox_url or _own_address(settings) + SANDBOX_PATH,
        "page_url": sandbox_url or Addresses(settings.public_url).base + SANDBOX_PATH,
    }

    def open_account(credentials: Mapping[str, str]) -> Provider:
        return sandbox.open({**credentials, **located}, outbound, clock)

    return open_account


def _own_address(settings: Settings) -> str:
    """Where this process reaches itself, whatever proxies stand before it."""
    host = settings.host
    if host in ("0.0.0.0", "::", "") or is_loopback(host):
        host = "127.0.0.1" if host != "::1" else "[::1]"
    elif ":" in host:
        host = f"[{host}]"
    return f"http://{host}:{settings.port}"
