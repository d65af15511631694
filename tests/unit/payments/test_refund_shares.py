"""How much of the payer's fee goes back with each refund: exact in the end, whatever failed."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from handbill.payments.model import Payment, PaymentStatus, PaymentType, Standing
from handbill.payments.refund import Refund, RefundStatus, left_of, with_fee_of


def payment(amount: int, with_fee: int) -> Payment:
    plain: dict[str, object] = dict.fromkeys(Payment.__struct_fields__)
    told = {
        "type": PaymentType.LINK,
        "status": PaymentStatus.CHARGED,
        "amount_minor": amount,
        "amount_with_fee_minor": with_fee,
        "currency": "RUB",
    }
    return Payment(**{**plain, **told})  # type: ignore[arg-type] # only the amounts are looked at


def refund(amount: int, with_fee: int, status: RefundStatus = RefundStatus.SUCCEEDED) -> Refund:
    plain: dict[str, object] = dict.fromkeys(Refund.__struct_fields__)
    told = {
        "status": status,
        "standing": Standing.KEPT,
        "amount_minor": amount,
        "with_fee_minor": with_fee,
    }
    return Refund(**{**plain, **told})  # type: ignore[arg-type] # only the amounts are looked at


def test_a_half_takes_half_of_the_fee() -> None:
    assert with_fee_of(payment(1_000, 1_050), [], 500) == 525


def test_the_last_refund_takes_the_remainder() -> None:
    paid = payment(1_000, 1_001)
    first = refund(333, with_fee_of(paid, [], 333))
    second = refund(333, with_fee_of(paid, [first], 333))

    assert [first.with_fee_minor, second.with_fee_minor] == [333, 334]
    assert with_fee_of(paid, [first, second], 334) == 334


def test_what_failed_can_be_refunded_again() -> None:
    paid = payment(1_000, 1_050)
    failed = refund(1_000, 1_050, RefundStatus.FAILED)

    assert left_of(paid, [failed]) == 1_000
    assert with_fee_of(paid, [failed], 1_000) == 1_050


def test_a_surplus_charge_is_no_part_of_it() -> None:
    paid = payment(1_000, 1_050)
    surplus = msgspec.structs.replace(refund(1_050, 1_050), standing=Standing.SURPLUS)

    assert left_of(paid, [surplus]) == 1_000


@given(
    amount=st.integers(1, 10**12),
    fee=st.integers(0, 10**12),
    parts=st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=12),
)
def test_all_refunds_together_are_what_the_payer_paid(
    amount: int, fee: int, parts: list[tuple[float, bool]]
) -> None:
    paid, refunds = payment(amount, amount + fee), list[Refund]()
    for share, fails in parts:
        left = left_of(paid, refunds)
        part = max(1, round(left * share))
        if left == 0:
            break
        with_fee = with_fee_of(paid, refunds, part)
        assert with_fee >= part
        status = RefundStatus.FAILED if fails else RefundStatus.SUCCEEDED
        refunds.append(refund(part, with_fee, status))
        live = [r.with_fee_minor for r in refunds if r.is_live]
        assert sum(live) <= paid.amount_with_fee_minor
    if left := left_of(paid, refunds):
        refunds.append(refund(left, with_fee_of(paid, refunds, left)))
    assert left_of(paid, refunds) == 0
    given_back = sum(r.with_fee_minor for r in refunds if r.is_live)
    assert given_back == paid.amount_with_fee_minor
