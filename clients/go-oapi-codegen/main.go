// Makes the refunds that scripts/clients.ts expects, with the client of oapi-codegen.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"reflect"

	"example.com/client/gateway"
)

var (
	name   = os.Getenv("CLIENT_NAME")
	ctx    = context.Background()
	client *gateway.ClientWithResponses
)

func main() {
	var err error
	client, err = gateway.NewClientWithResponses(os.Getenv("GATEWAY_URL"),
		gateway.WithRequestEditorFn(func(_ context.Context, request *http.Request) error {
			request.Header.Set("Authorization", "Bearer "+os.Getenv("GATEWAY_KEY"))
			return nil
		}))
	check(err)

	full := request("full", 50_000, gateway.PaymentMethodCardAuth)
	first := refund("full", full)
	showRefund("full", first)

	half := request("partial", 5_000_000_000, gateway.PaymentMethodCardAuth)
	amount := int64(3_000_000_000)
	half.Amount = &amount
	showRefund("partial", refund("partial", half))

	again := refund("full", full)
	fmt.Println("replayed", again.StatusCode(), again.HTTPResponse.Header.Get("Idempotent-Replayed"),
		reflect.DeepEqual(again.JSON201, first.JSON201))

	refused := refund("refused", request("mobile", 50_000, gateway.PaymentMethodMobile)).ApplicationproblemJSON422
	fmt.Println("refused", refused.Status, refused.Code, refused.Retry, *refused.Rule)

	declined := refund("declined", request("declined", 50_000, gateway.PaymentMethodCardAuth)).ApplicationproblemJSON422
	fmt.Println("declined", declined.Status, declined.Code, declined.Retry, declined.Refund.Status)

	unknown := refund("unknown", request("reset", 50_000, gateway.PaymentMethodCardAuth))
	fmt.Println("unknown", unknown.StatusCode(), unknown.JSON202.Status, unknown.JSON202.Retry, text(unknown.JSON202.Provider))

	read, err := client.GetRefundWithResponse(ctx, first.JSON201.Id)
	check(err)
	fmt.Println("read", read.StatusCode(), reflect.DeepEqual(read.JSON200, first.JSON201))
}

func request(what string, paid int64, method gateway.PaymentMethod) gateway.RefundRequest {
	return gateway.RefundRequest{
		Tid:      fmt.Sprintf("%s-%s-%d", what, name, paid),
		Reason:   "고객 변심",
		Payment:  gateway.Payment{Method: method, Amount: paid},
		Metadata: &map[string]string{"client": name},
	}
}

func refund(key string, body gateway.RefundRequest) *gateway.CreateRefundResponse {
	params := gateway.CreateRefundParams{IdempotencyKey: name + "-" + key}
	answer, err := client.CreateRefundWithResponse(ctx, &params, body)
	check(err)
	return answer
}

func showRefund(what string, answer *gateway.CreateRefundResponse) {
	made := answer.JSON201
	fmt.Println(what, answer.StatusCode(), made.Status, made.Kind, made.Amount, *made.Provider.CancelAmt, text(made.TaxFreeAmount))
}

func text[T any](value *T) string {
	if value == nil {
		return "null"
	}
	return fmt.Sprint(*value)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
