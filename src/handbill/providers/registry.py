"""Which acquirers this installation speaks to, by name. `bootstrap` fills it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from handbill.kernel.errors import ProviderRejected
from handbill.providers.contract import Provider

Opener = Callable[[Mapping[str, str]], Provider]


class Registry:
    def __init__(self, openers: Mapping[str, Opener]) -> None:
        self._openers = dict(openers)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._openers)

    def open(self, name: str, credentials: Mapping[str, str]) -> Provider:
        opener = self._openers.get(name)
        if opener is None:
            raise ProviderRejected(f"The acquirer {name} is not switched on here.")
        return opener(credentials)
