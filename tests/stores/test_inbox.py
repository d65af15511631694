"""Notifications: kept once, answered at once, believed never."""

from __future__ import annotations

import msgspec
import pytest

from handbill import inbox
from handbill.infra import jobs
from handbill.kernel.clock import DAY, MINUTE, SECOND
from handbill.kernel.errors import NotAuthentic, NotFound, OutcomeUnknown
from handbill.kernel.money import Money
from handbill.merchants import accounts
from handbill.merchants.model import Account
from handbill.payments.model import AttemptStatus, PaymentStatus
from handbill.payments.start import Started
from handbill.providers.contract import Cancelled, Charged, Declined, Notification
from tests.support.fake_acquirer import reference_of
from tests.support.shop import Shop

pytestmark = pytest.mark.anyio

GOOD = {"x-signature": "good", "content-type": "application/json", "cookie": "secret"}


async def kept(shop: Shop) -> int:
    count: int = await shop.db.read(lambda tx: tx.value("SELECT COUNT(*) FROM notifications"))
    return count


async def take(shop: Shop, account: Account, reference: str, event_id: str = "1") -> bytes:
    body = msgspec.json.encode(Notification(event_id, reference))
    taken = await shop.inbox.take(shop.db, "fake", account.token, GOOD, body, "192.0.2.1")
    return taken.body


async def own_account(shop: Shop) -> Account:
    return await shop.db.read(lambda tx: accounts.offered(tx, shop.tenant, "RUB")["card"])


async def unanswered(shop: Shop) -> Started:
    """A payment whose create got lost on its way back: we know no reference yet."""
    shop.acquirer.creates.append(OutcomeUnknown("no answer"))
    return await shop.pay(await shop.link())


async def test_it_is_stored_and_answered_before_anybody_is_asked(shop: Shop) -> None:
    account = await own_account(shop)

    assert await take(shop, account, "ref-1") == b"OK"

    assert await kept(shop) == 1
    headers = await shop.db.read(lambda tx: tx.value("SELECT headers_json FROM notifications"))
    assert msgspec.json.decode(headers) == {"content-type": "application/json"}
    assert await shop.db.read(jobs.next_due) == shop.clock.now()


async def test_a_repeat_is_kept_once_and_answered_each_time(shop: Shop) -> None:
    account = await own_account(shop)

    for _ in range(3):
        assert await take(shop, account, "ref-1") == b"OK"
    await take(shop, account, "ref-1", event_id="2")

    assert await kept(shop) == 2


async def test_event_ids_of_two_accounts_do_not_meet(shop: Shop, neighbour: Shop) -> None:
    await take(shop, await own_account(shop), "ref-1")
    await take(neighbour, await own_account(neighbour), "ref-1")

    assert await kept(shop) == 2


async def test_a_body_that_is_no_text_is_stored_all_the_same(shop: Shop) -> None:
    account = await own_account(shop)
    hint, body = Notification("1", "ref-1"), b"\x00\xff not text"

    await shop.write(lambda tx: inbox.receive(tx, account, hint, GOOD, body))

    stored = await shop.db.read(lambda tx: tx.value("SELECT body FROM notifications"))
    assert stored == "\ufffd\ufffd not text"


async def test_what_is_not_from_the_acquirer_is_not_stored(shop: Shop) -> None:
    account = await own_account(shop)
    with pytest.raises(NotAuthentic):
        await shop.inbox.take(shop.db, "fake", account.token, {}, b"{}", "192.0.2.1")
    for provider, token in (("fake", "guessed"), ("another", account.token)):
        with pytest.raises(NotFound):
            await shop.inbox.take(shop.db, provider, token, GOOD, b"{}", "192.0.2.1")

    assert await kept(shop) == 0


async def test_a_hint_is_not_believed(shop: Shop) -> None:
    """The acquirer knows nothing of a charge, whatever the notification meant."""
    started = await shop.pay(await shop.link())

    await take(shop, await own_account(shop), reference_of(started.attempt.id))
    await shop.work()

    assert (await shop.payment(started)).status is PaymentStatus.PENDING


async def test_unknown_references_are_looked_for_a_while_and_then_left(shop: Shop) -> None:
    account = await own_account(shop)
    await take(shop, account, "ref-of-nobody")

    for _ in range(inbox.EARLY_TRIES_MAX):
        assert await shop.db.read(jobs.next_due) is not None
        await shop.wait(2 * MINUTE)

    assert await shop.db.read(jobs.next_due) is None


async def test_a_charge_that_overtakes_the_answer_to_create_is_taken(shop: Shop) -> None:
    started = await unanswered(shop)
    shop.says(started, Charged("", started.attempt.amount, started.attempt.id))

    await take(shop, await own_account(shop), reference_of(started.attempt.id))
    await shop.work()

    assert (await shop.payment(started)).status is PaymentStatus.CHARGED
    assert (await shop.attempt(started)).reference == reference_of(started.attempt.id)


async def test_a_decline_that_overtakes_the_answer_waits_for_it(shop: Shop) -> None:
    """Nothing in it says which attempt it is about."""
    started = await unanswered(shop)
    shop.says(started, Declined("", "card_declined"))
    await take(shop, await own_account(shop), reference_of(started.attempt.id))
    await shop.work()
    assert (await shop.attempt(started)).status is AttemptStatus.CREATED

    await shop.wait(30 * SECOND)  # the attempt's own job finds out

    assert (await shop.attempt(started)).status is AttemptStatus.DECLINED


async def test_money_of_one_account_is_not_taken_for_an_attempt_of_another(
    shop: Shop, neighbour: Shop
) -> None:
    """A shop names another's attempt: its own acquirer says so, and yet it is not believed."""
    victim = await neighbour.pay(await neighbour.link())
    forged = Charged("ref-forged", Money(1_000, "RUB"), victim.attempt.id)
    shop.acquirer.known["ref-forged"] = forged

    await take(shop, await own_account(shop), "ref-forged")
    await shop.work()

    assert (await neighbour.payment(victim)).status is PaymentStatus.PENDING
    assert await shop.db.read(jobs.next_due) is not None  # the victim's own, nothing else
    for nonsense in ("", "not a uuid", "0" * 36):
        shop.acquirer.known["ref-forged"] = Charged("ref-forged", Money(1, "RUB"), nonsense)
        await take(shop, await own_account(shop), "ref-forged", event_id=nonsense)
        await shop.work()
    assert (await neighbour.payment(victim)).status is PaymentStatus.PENDING


async def test_an_acquirer_that_never_answers_is_given_up_after_days(shop: Shop) -> None:
    started = await shop.pay(await shop.link())
    await shop.hears(started, Cancelled(""))
    shop.says(started, OutcomeUnknown("down"))
    await take(shop, await own_account(shop), reference_of(started.attempt.id))

    await shop.wait(DAY)
    assert await shop.db.read(jobs.next_due) is not None
    for _ in range(inbox.TRIES_MAX):
        await shop.wait(30 * MINUTE)

    assert await shop.db.read(jobs.next_due) is None
