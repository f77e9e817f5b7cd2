// Makes the refunds that scripts/clients.ts expects, with the client of ogen.
package main

import (
	"context"
	"fmt"
	"os"
	"reflect"

	"example.com/client/gateway"
)

type key struct{}

func (key) ApiKey(context.Context, gateway.OperationName) (gateway.ApiKey, error) {
	return gateway.ApiKey{Token: os.Getenv("GATEWAY_KEY")}, nil
}

var (
	name   = os.Getenv("CLIENT_NAME")
	ctx    = context.Background()
	client *gateway.Client
)

func main() {
	var err error
	client, err = gateway.NewClient(os.Getenv("GATEWAY_URL"), key{})
	check(err)

	full := request("full", 50_000, gateway.PaymentMethodCardAuth)
	first := refund("full", full).(*gateway.RefundHeaders)
	showRefund("full", first)

	half := request("partial", 5_000_000_000, gateway.PaymentMethodCardAuth)
	half.Amount = gateway.NewOptInt64(3_000_000_000)
	showRefund("partial", refund("partial", half).(*gateway.RefundHeaders))

	again := refund("full", full).(*gateway.RefundHeaders)
	fmt.Println("replayed", 201, again.IdempotentReplayed.Value, reflect.DeepEqual(again.Response, first.Response))

	refused := refund("refused", request("mobile", 50_000, gateway.PaymentMethodMobile)).(*gateway.CreateRefundUnprocessableEntity).Response
	fmt.Println("refused", refused.Status, refused.Code, refused.Retry, refused.Rule.Value)

	declined := refund("declined", request("declined", 50_000, gateway.PaymentMethodCardAuth)).(*gateway.CreateRefundUnprocessableEntity).Response
	fmt.Println("declined", declined.Status, declined.Code, declined.Retry, declined.Refund.Value.Status)

	unknown := refund("unknown", request("reset", 50_000, gateway.PaymentMethodCardAuth)).(*gateway.UnsettledRefundHeaders).Response
	fmt.Println("unknown", 202, unknown.Status, unknown.Retry, text(unknown.Provider.Get()))

	read, err := client.GetRefund(ctx, gateway.GetRefundParams{ID: first.Response.ID})
	check(err)
	fmt.Println("read", 200, reflect.DeepEqual(read.(*gateway.GetRefundOKHeaders).Response, first.Response))
}

func request(what string, paid int64, method gateway.PaymentMethod) *gateway.RefundRequest {
	return &gateway.RefundRequest{
		Tid:      fmt.Sprintf("%s-%s-%d", what, name, paid),
		Reason:   "고객 변심",
		Payment:  gateway.Payment{Method: method, Amount: paid},
		Metadata: gateway.NewOptRefundRequestMetadata(gateway.RefundRequestMetadata{"client": name}),
	}
}

// A type for each status.
func refund(key string, body *gateway.RefundRequest) gateway.CreateRefundRes {
	answer, err := client.CreateRefund(ctx, body, gateway.CreateRefundParams{IdempotencyKey: name + "-" + key})
	check(err)
	return answer
}

func showRefund(what string, answer *gateway.RefundHeaders) {
	made := answer.Response
	fmt.Println(what, 201, made.Status, made.Kind, made.Amount, made.Provider.Value.CancelAmt.Value, text(made.TaxFreeAmount.Get()))
}

func text[T any](value T, isThere bool) string {
	if !isThere {
		return "null"
	}
	return fmt.Sprint(value)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
