"""Which acquirers this installation speaks to, by name. `bootstrap` fills it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from handbill.infra.tallies import Tallies
from handbill.kernel.errors import ProviderRejected
from handbill.providers.contract import Provider
from handbill.providers.counted import Counted

Opener = Callable[[Mapping[str, str]], Provider]


class Registry:
    """What their calls come to is counted in `tallies`."""

    def __init__(self, openers: Mapping[str, Opener], tallies: Tallies | None = None) -> None:
        self._openers = dict(openers)
        self._tallies = tallies or Tallies()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._openers)

    def open(self, name: str, credentials: Mapping[str, str]) -> Provider:
        opener = self._openers.get(name)
        if opener is None:
            raise ProviderRejected(f"The acquirer {name} is not switched on here.")
        return Counted(opener(credentials), name, self._tallies)
