"""Every public address in one place: what is printed today must open in ten years."""

from __future__ import annotations

from urllib.parse import urlsplit


class Addresses:
    """Builds addresses below the public address of this installation."""

    def __init__(self, public_url: str) -> None:
        self.base = public_url.rstrip("/")
        parts = urlsplit(self.base)
        self.scheme, self.host = parts.scheme, parts.netloc
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.path = parts.path

    def short(self, code: str, query: str = "") -> str:
        """What a QR code holds. The scheme stays in lower case: several phones do not open
        `HTTPS:`. The rest is in capitals, so that it fits the denser alphanumeric segment."""
        return f"{self.scheme}://{self.host.upper()}{self.path.upper()}/L/{code}{_after(query)}"

    def link_page(self, link_id: str, query: str = "") -> str:
        """`query`: of a personal address."""
        return f"{self.base}/pay/link/{link_id}{_after(query)}"

    def link_ask(self, link_id: str) -> str:
        """Where a payer asks for a new link in place of one that has ended."""
        return f"{self.base}/pay/link/{link_id}/ask"

    def link_qr(self, link_id: str, query: str = "") -> str:
        return f"{self.base}/pay/link/{link_id}/qr{_after(query)}"

    def link_card(self, link_id: str, query: str) -> str:
        """What a messenger shows of a link without a picture."""
        return f"{self.base}/pay/link/{link_id}/card.png?{query}"

    def placement_page(self, code: str, query: str = "") -> str:
        """The page of a link for those who scanned one of its codes. Below it, `/qr` is the
        code."""
        return f"{self.base}/pay/at/{code.lower()}{_after(query)}"

    def here(self, path: bytes, query: bytes) -> str:
        """What was asked for elsewhere, at this address. `path` as it stood in the request: with a
        slash in front, and nothing in it decoded."""
        return f"{self.base}{path.decode('latin-1')}{_after(query.decode('latin-1'))}"

    def product_page(self, product_id: str) -> str:
        return f"{self.base}/pay/product/{product_id}"

    def product_qr(self, product_id: str) -> str:
        return f"{self.base}/pay/product/{product_id}/qr"

    def payment_page(self, token: str) -> str:
        return f"{self.base}/pay/payment/{token}"

    def status_page(self, token: str) -> str:
        return f"{self.base}/pay/status/{token}"

    def accent(self, color: str) -> str:
        """The style sheet of a merchant's colour, `#rrggbb`."""
        return f"{self.base}/pay/accent/{color.removeprefix('#')}.css"

    def door(self, name: str) -> str:
        """Where people sign in: `till`, `dashboard`."""
        return f"{self.base}/{name}"

    def image(self, key: str) -> str:
        return f"{self.base}/{key}"

    def notification(self, provider: str, account_token: str) -> str:
        return f"{self.base}/notifications/{provider}/{account_token}"


def plain_host(host: str) -> str:
    """A host as two of them are compared: without a port that browsers do not say."""
    return host.lower().removesuffix(":80").removesuffix(":443")


def _after(query: str) -> str:
    return f"?{query}" if query else ""


def as_typed(addresses: Addresses, code: str) -> str:
    """What a QR code holds, as people type it: `pay.example.com/L/8M2K7QPX4D`. Browsers add the
    scheme."""
    return f"{_in_letters(addresses.host)}{addresses.path}/L/{code}"


def _in_letters(host: str) -> str:
    """`кафе.рф` for `xn--80akn5b.xn--p1ai`: whoever reads it on paper can type it."""
    try:
        return host.encode().decode("idna")
    except UnicodeError:
        return host
