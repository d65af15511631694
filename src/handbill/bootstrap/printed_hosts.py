"""Codes on paper that lead to an address which is not ours any more: said at every start, because
nobody else tells the operator."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

import structlog

from handbill.infra.database import Tx
from handbill.infra.settings import Settings
from handbill.kernel.addresses import plain_host
from handbill.links import prints
from handbill.links.prints import PrintedHost

log = structlog.get_logger()


def stranded(tx: Tx, settings: Settings) -> list[PrintedHost]:
    """Addresses on paper whose host is neither the present one nor a former one of the settings."""
    ours = {_host(settings.public_url), *settings.former_hosts}
    return [one for one in prints.hosts(tx) if _host(one.base_url) not in ours]


def log_all(hosts: Iterable[PrintedHost]) -> None:
    for one in hosts:
        log.warning("printed_elsewhere", address=one.base_url, codes=one.codes)


def _host(base_url: str) -> str:
    return plain_host(urlsplit(base_url).netloc)
