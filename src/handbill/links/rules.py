"""What terms must keep that cannot be told from them alone: addresses, pictures, currencies."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from handbill.catalog import images
from handbill.catalog.products import Product
from handbill.infra.database import Tx
from handbill.infra.outbound import address_fault
from handbill.kernel.errors import Faults
from handbill.kernel.warnings import Warned
from handbill.links.model import URL_MAX, AmountType, LinkWithProducts, Terms
from handbill.merchants import accounts
from handbill.merchants import service as merchants
from handbill.merchants.model import Tenant

Network = IPv4Network | IPv6Network


def faults(tx: Tx, tenant: Tenant, terms: Terms, networks: Sequence[Network]) -> Faults:
    """`networks`: private ones that webhooks may reach."""
    found: Faults = {}
    if terms.image is not None and not images.find(tx, tenant.merchant_id, terms.image):
        found["image"] = ["must be the address of a picture that was uploaded here"]
    if terms.notify_url is not None:
        words = address_fault(terms.notify_url, test=tenant.test, networks=networks)
        if words:
            found["notify_url"] = [words]
    if terms.return_url is not None or terms.fail_url is not None:
        origins = merchants.get(tx, tenant.merchant_id).return_origins
        for name in ("return_url", "fail_url"):
            url = getattr(terms, name)
            if url is not None and (words := return_url_fault(url, tenant.test, origins)):
                found[name] = [words]
    return found


def product_faults(products: Sequence[Product], currency: str) -> Faults:
    return {
        f"products.{i}": [f"is priced in {product.currency}, the link is in {currency}"]
        for i, product in enumerate(products)
        if product.currency != currency
    }


def quantity_faults(terms: Terms, products: Sequence[Product]) -> Faults:
    """Where a payer chooses quantities, what is paid is the sum of the lines: so it must be the
    sum of one of each, too."""
    if terms.pay_config.quantity_max is None or terms.amount_type is not AmountType.FIXED:
        return {}
    total = sum(product.amount.minor for product in products)
    if products and total == terms.amount_minor:
        return {}
    words = f"needs products that sum to amount.default: {total} is not {terms.amount_minor}"
    return {"pay_config.quantity_max": [words if products else "needs products"]}


def return_url_fault(url: str, test: bool, origins: Sequence[str]) -> str | None:
    """Payers are sent only where the merchant said beforehand: no open redirect in live mode."""
    if len(url) > URL_MAX:
        return f"must be at most {URL_MAX} characters"
    if any(ord(c) <= 32 or ord(c) == 127 or c == "\\" for c in url):
        return "must not hold spaces, control characters or backslashes"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "must be a web address"
    if not parts.hostname or parts.username is not None or parts.password is not None:
        return "must be a web address with a host and without a user name"
    if parts.scheme == "http" and test and _is_loopback(parts):
        return None
    if parts.scheme != "https":
        return "must begin with https:// (http:// to this machine with a test key)"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    origin = f"https://{host}" + (f":{port}" if port and port != 443 else "")
    if not test and origin not in origins:
        return f"has an origin ({origin}) that is not on the merchant's list of return_origins"
    return None


def warnings(tx: Tx, tenant: Tenant, full: LinkWithProducts) -> list[Warned]:
    """What works, but perhaps not as the merchant thinks."""
    link = full.link
    found = account_warnings(tx, tenant, link.currency, link.pay_config.methods or ())
    if full.products and link.amount_type == "fixed" and not full.lines_add_up:
        found.append(
            Warned(
                "products_total_differs",
                f"The products sum to {full.products_total}, the link asks {link.amount_minor}:"
                " the page shows their names without prices.",
                ("products",),
            )
        )
    if link.pay_config.quantity_max is not None and full.quantity_max is None:
        words = "The products do not sum to the amount any more: the page offers no quantities."
        found.append(Warned("quantities_not_offered", words, ("pay_config.quantity_max",)))
    return found


def account_warnings(
    tx: Tx, tenant: Tenant, currency: str, named: Sequence[str] = ()
) -> list[Warned]:
    """For methods that nobody takes; for the lack of any, where none is named."""
    offered = accounts.offered(tx, tenant, currency)
    missing = tuple(method for method in named if method not in offered)
    if not missing and (named or offered):
        return []
    words = "No acquirer account offers this; the page does not show it."
    return [Warned("no_account", words, missing)]


def _is_loopback(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
