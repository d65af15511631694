"""Into the till and out of it: the key comes in the body of a form, and the browser keeps none."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.infra.networks import network_of
from handbill.kernel.errors import TooMany
from handbill.web.pages import asking
from handbill.web.rates import Rates
from handbill.web.till import words
from handbill.web.till.register import HOME, Register
from handbill.web.till.views import Frame, SignInPage

REFUSALS_A_SECOND = 1
REFUSALS_AT_ONCE = 20
RETRY_SECONDS = 60


class Entry:
    """Keys have too many bits to be guessed; whoever tries all the same is soon slowed down."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._refusals = Rates(register.clock, REFUSALS_A_SECOND, REFUSALS_AT_ONCE)

    def routes(self) -> list[Route]:
        open_to_all = self._register.open_to_all
        return [
            Route(f"{HOME}/session", open_to_all(self.sign_in), methods=["POST"]),
            Route(f"{HOME}/session/end", open_to_all(self.sign_out), methods=["POST"]),
        ]

    def page(self, request: Request, fault: str = "") -> Response:
        view = SignInPage(Frame(home=self._register.home), fault)
        return self._register.page(request, "sign_in", view, 403 if fault else 200)

    async def sign_in(self, request: Request) -> Response:
        register = self._register
        fields = await asking.form(request)
        identity = await register.sessions.identify(fields.get("key", ""))
        language = register.language(request)
        if identity is None:
            self._count(request)
            return self.page(request, language.gettext(words.REFUSED_KEY))
        response = register.go_to()
        register.sessions.open(response, identity, language.code if language.is_chosen else None)
        return response

    async def sign_out(self, _request: Request) -> Response:
        response = self._register.go_to()
        self._register.sessions.close(response)
        return response

    def _count(self, request: Request) -> None:
        host = request.client.host if request.client else ""
        if not self._refusals.take(network_of(host) or host).allowed:
            self._register.db.tallies.count("rate_limited", "till")
            raise TooMany("Too many keys that open no till.", retry_after_seconds=RETRY_SECONDS)
