import java.util.Arrays;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.ApiResponse;
import org.openapitools.client.api.RefundsApi;
import org.openapitools.client.model.Payment;
import org.openapitools.client.model.Problem;
import org.openapitools.client.model.Refund;
import org.openapitools.client.model.RefundRequest;

/** Makes the refunds that scripts/clients.ts expects, with the client of OpenAPI Generator's `java`, library `native`. */
public final class Refunds {
  private static final ApiClient CLIENT = new ApiClient();
  private static final RefundsApi REFUNDS;
  private static final String NAME = System.getenv("CLIENT_NAME");

  static {
    CLIENT.updateBaseUri(System.getenv("GATEWAY_URL"));
    CLIENT.setRequestInterceptor(
        request -> request.header("Authorization", "Bearer " + System.getenv("GATEWAY_KEY")));
    REFUNDS = new RefundsApi(CLIENT);
  }

  public static void main(String[] args) throws Exception {
    RefundRequest full = request("full", 50_000);
    ApiResponse<Refund> first = refund("full", full);
    Refund made = first.getData();
    print("full", first.getStatusCode(), made.getStatus(), made.getKind(), made.getAmount(),
        made.getProvider().getCancelAmt(), made.getTaxFreeAmount());

    ApiResponse<Refund> partial = refund("partial", request("partial", 5_000_000_000L).amount(3_000_000_000L));
    Refund part = partial.getData();
    print("partial", partial.getStatusCode(), part.getStatus(), part.getKind(), part.getAmount(),
        part.getProvider().getCancelAmt(), part.getTaxFreeAmount());

    ApiResponse<Refund> again = refund("full", full);
    print("replayed", again.getStatusCode(), again.getHeaders().get("idempotent-replayed").get(0),
        again.getData().equals(made));

    Problem refused = problem("refused", request("mobile", 50_000)
        .payment(new Payment().method(Payment.MethodEnum.MOBILE).amount(50_000L)));
    print("refused", refused.getStatus(), refused.getCode(), refused.getRetry(), refused.getRule());

    Problem declined = problem("declined", request("declined", 50_000));
    print("declined", declined.getStatus(), declined.getCode(), declined.getRetry(),
        declined.getRefund().getStatus());

    ApiResponse<Refund> unknown = refund("unknown", request("reset", 50_000));
    print("unknown", unknown.getStatusCode(), unknown.getData().getStatus(), unknown.getData().getRetry(),
        unknown.getData().getProvider());

    ApiResponse<Refund> read = REFUNDS.getRefundWithHttpInfo(made.getId());
    print("read", read.getStatusCode(), read.getData().equals(made));
  }

  private static RefundRequest request(String what, long paid) {
    return new RefundRequest()
        .tid(what + "-" + NAME + "-" + paid)
        .reason("고객 변심")
        .payment(new Payment().method(Payment.MethodEnum.CARD_AUTH).amount(paid))
        .putMetadataItem("client", NAME);
  }

  private static ApiResponse<Refund> refund(String key, RefundRequest request) throws ApiException {
    return REFUNDS.createRefundWithHttpInfo(NAME + "-" + key, request);
  }

  private static Problem problem(String key, RefundRequest request) throws Exception {
    try {
      throw new AssertionError("refunded: " + refund(key, request).getData());
    } catch (ApiException refusal) {
      return CLIENT.getObjectMapper().readValue(refusal.getResponseBody(), Problem.class);
    }
  }

  private static void print(Object... words) {
    System.out.println(String.join(" ", Arrays.stream(words).map(String::valueOf).toList()));
  }
}
