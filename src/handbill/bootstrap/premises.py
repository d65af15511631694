"""Where an installation stands: its key, and whether only this machine reaches it."""

from __future__ import annotations

from urllib.parse import urlsplit

from handbill.infra.crypto import Crypto, installation_key
from handbill.infra.settings import Settings, is_loopback


def open_crypto(settings: Settings) -> Crypto:
    """The key of the settings, or else of the folder, where it is made on the first start."""
    if settings.secret_key is not None:
        return Crypto(settings.secret_key.encode())
    settings.data.mkdir(parents=True, exist_ok=True)
    return Crypto(installation_key(settings.data))


def is_at_home(settings: Settings) -> bool:
    """Whether payers reach this installation on this machine only."""
    return is_loopback(urlsplit(settings.public_url).hostname or "")
