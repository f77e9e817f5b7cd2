"""Makes the refunds that scripts/clients.ts expects, with the client of OpenAPI Generator's `python`."""

import os

import openapi_client
from openapi_client import ApiException, Payment, Problem, RefundRequest

NAME = os.environ["CLIENT_NAME"]
refunds = openapi_client.RefundsApi(
    openapi_client.ApiClient(
        openapi_client.Configuration(host=os.environ["GATEWAY_URL"], access_token=os.environ["GATEWAY_KEY"])
    )
)


def request(what: str, paid: int, method: str = "card_auth", **more) -> RefundRequest:
    return RefundRequest(
        tid=f"{what}-{NAME}-{paid}",
        reason="고객 변심",
        payment=Payment(method=method, amount=paid),
        metadata={"client": NAME},
        **more,
    )


def refund(key: str, body: RefundRequest):
    return refunds.create_refund_with_http_info(f"{NAME}-{key}", body)


def problem(key: str, body: RefundRequest) -> Problem:
    try:
        made = refund(key, body)
    except ApiException as refusal:
        return refusal.data
    raise AssertionError(f"refunded: {made.data}")


def show(*words) -> None:
    print(*(str(word).lower() if isinstance(word, bool) else "null" if word is None else word for word in words))


full = request("full", 50_000)
first = refund("full", full)
made = first.data
show("full", first.status_code, made.status, made.kind, made.amount, made.provider.cancel_amt, made.tax_free_amount)

partial = refund("partial", request("partial", 5_000_000_000, amount=3_000_000_000))
part = partial.data
show(
    "partial", partial.status_code, part.status, part.kind, part.amount, part.provider.cancel_amt, part.tax_free_amount
)

again = refund("full", full)
show("replayed", again.status_code, again.headers["idempotent-replayed"], again.data == made)

refused = problem("refused", request("mobile", 50_000, method="mobile"))
show("refused", refused.status, refused.code, refused.retry, refused.rule)

declined = problem("declined", request("declined", 50_000))
show("declined", declined.status, declined.code, declined.retry, declined.refund.status)

unknown = refund("unknown", request("reset", 50_000))
show("unknown", unknown.status_code, unknown.data.status, unknown.data.retry, unknown.data.provider)

read = refunds.get_refund_with_http_info(made.id)
show("read", read.status_code, read.data == made)
