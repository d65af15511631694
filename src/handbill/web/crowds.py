"""How often a network may ask for what needs no key: pages, notifications, calls without a key.

For a flood, not for people: a café, an office or a carrier's customers behind one address stay far
below it. This machine is not counted. Where a trusted proxy says whose address it is, that one
counts; otherwise the proxy's own.
"""

from __future__ import annotations

from starlette.types import Scope

from handbill.infra.networks import network_of
from handbill.infra.tallies import Tallies
from handbill.web.rates import Rates, Standing

NAME = "network"
"""Of the policy in the headers, and of the limit in the metrics."""


class Crowds:
    """`rates` None: networks are not limited."""

    def __init__(self, rates: Rates | None, tallies: Tallies) -> None:
        self._rates = rates
        self._tallies = tallies

    def take(self, scope: Scope) -> Standing | None:
        """Counts a request. None where nothing is counted."""
        client = scope.get("client")
        if self._rates is None or client is None:
            return None
        network = network_of(client[0])
        if network is None:
            return None
        standing = self._rates.take(network)
        if not standing.allowed:
            self._tallies.count("rate_limited", NAME)
        return standing

    def headers(self, standing: Standing) -> dict[str, str]:
        return {} if self._rates is None else self._rates.headers(standing)
