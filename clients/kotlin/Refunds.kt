import org.openapitools.client.apis.RefundsApi
import org.openapitools.client.infrastructure.ApiClient
import org.openapitools.client.infrastructure.ApiResponse
import org.openapitools.client.infrastructure.ClientError
import org.openapitools.client.infrastructure.ClientException
import org.openapitools.client.infrastructure.Serializer
import org.openapitools.client.infrastructure.Success
import org.openapitools.client.models.Payment
import org.openapitools.client.models.Problem
import org.openapitools.client.models.Refund
import org.openapitools.client.models.RefundRequest

// Makes the refunds that scripts/clients.ts expects, with the client of OpenAPI Generator's `kotlin`, `jvm-okhttp4`.

private val name: String = System.getenv("CLIENT_NAME")
private val refunds = RefundsApi(basePath = System.getenv("GATEWAY_URL"))

fun main() {
    ApiClient.accessToken = System.getenv("GATEWAY_KEY")

    val full = request("full", 50_000)
    val first = refund("full", full)
    val made = data(first)
    show("full", first.statusCode, made.status, made.kind, made.amount, made.provider?.cancelAmt, made.taxFreeAmount)

    val partial = refund("partial", request("partial", 5_000_000_000).copy(amount = 3_000_000_000))
    val part = data(partial)
    show("partial", partial.statusCode, part.status, part.kind, part.amount, part.provider?.cancelAmt, part.taxFreeAmount)

    val again = refund("full", full)
    show("replayed", again.statusCode, again.headers["idempotent-replayed"]?.first(), data(again) == made)

    val refused = problem("refused", request("mobile", 50_000).copy(payment = Payment(Payment.Method.mobile, 50_000)))
    show("refused", refused.status, refused.code, refused.retry, refused.rule)

    val declined = problem("declined", request("declined", 50_000))
    show("declined", declined.status, declined.code, declined.retry, declined.refund?.status)

    val unknown = refund("unknown", request("reset", 50_000))
    show("unknown", unknown.statusCode, data(unknown).status, data(unknown).retry, data(unknown).provider)

    val read = refunds.getRefundWithHttpInfo(made.id)
    show("read", read.statusCode, data(read) == made)
}

private fun request(what: String, paid: Long) = RefundRequest(
    tid = "$what-$name-$paid",
    reason = "고객 변심",
    payment = Payment(method = Payment.Method.card_auth, amount = paid),
    metadata = mapOf("client" to name),
)

private fun refund(key: String, request: RefundRequest) = refunds.createRefundWithHttpInfo("$name-$key", request)

private fun data(answer: ApiResponse<Refund?>): Refund = (answer as Success<Refund?>).data!!

private fun problem(key: String, request: RefundRequest): Problem = try {
    refunds.createRefund("$name-$key", request)
    error("refunded")
} catch (refusal: ClientException) {
    val body = (refusal.response as ClientError<*>).body as String
    Serializer.moshi.adapter(Problem::class.java).fromJson(body)!!
}

private fun show(vararg words: Any?) = println(words.joinToString(" "))
