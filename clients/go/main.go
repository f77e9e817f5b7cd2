// Makes the refunds that scripts/clients.ts expects, with the client of OpenAPI Generator's `go`.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"

	gateway "example.com/client"
)

var (
	name   = os.Getenv("CLIENT_NAME")
	ctx    = context.WithValue(context.Background(), gateway.ContextAccessToken, os.Getenv("GATEWAY_KEY"))
	client *gateway.APIClient
)

func main() {
	configuration := gateway.NewConfiguration()
	configuration.Servers = gateway.ServerConfigurations{{URL: os.Getenv("GATEWAY_URL")}}
	client = gateway.NewAPIClient(configuration)

	full := request("full", 50_000, "card_auth")
	made, first := refund("full", full)
	showRefund("full", made, first)

	half := request("partial", 5_000_000_000, "card_auth")
	half.SetAmount(3_000_000_000)
	partial, answer := refund("partial", half)
	showRefund("partial", partial, answer)

	again, replayed := refund("full", full)
	fmt.Println("replayed", replayed.StatusCode, replayed.Header.Get("Idempotent-Replayed"), reflect.DeepEqual(again, made))

	refused := problem("refused", request("mobile", 50_000, "mobile"))
	fmt.Println("refused", refused.GetStatus(), refused.GetCode(), refused.GetRetry(), refused.GetRule())

	declined := problem("declined", request("declined", 50_000, "card_auth"))
	fmt.Println("declined", declined.GetStatus(), declined.GetCode(), declined.GetRetry(), declined.Refund.GetStatus())

	unknown, accepted := refund("unknown", request("reset", 50_000, "card_auth"))
	fmt.Println("unknown", accepted.StatusCode, unknown.GetStatus(), unknown.GetRetry(), text(unknown.Provider.Get()))

	read, found, err := client.RefundsAPI.GetRefund(ctx, made.GetId()).Execute()
	check(err)
	fmt.Println("read", found.StatusCode, reflect.DeepEqual(read, made))
}

func request(what string, paid int64, method string) *gateway.RefundRequest {
	tid := fmt.Sprintf("%s-%s-%d", what, name, paid)
	body := gateway.NewRefundRequest(tid, "고객 변심", *gateway.NewPayment(method, paid))
	body.SetMetadata(map[string]string{"client": name})
	return body
}

func send(key string, body *gateway.RefundRequest) (*gateway.Refund, *http.Response, error) {
	return client.RefundsAPI.CreateRefund(ctx).IdempotencyKey(name + "-" + key).RefundRequest(*body).Execute()
}

func refund(key string, body *gateway.RefundRequest) (*gateway.Refund, *http.Response) {
	made, answer, err := send(key, body)
	check(err)
	return made, answer
}

func problem(key string, body *gateway.RefundRequest) gateway.Problem {
	_, _, err := send(key, body)
	var refusal *gateway.GenericOpenAPIError
	if !errors.As(err, &refusal) {
		panic(fmt.Sprintf("not refused: %v", err))
	}
	return refusal.Model().(gateway.Problem)
}

func showRefund(what string, made *gateway.Refund, answer *http.Response) {
	fmt.Println(what, answer.StatusCode, made.GetStatus(), made.GetKind(), made.GetAmount(),
		made.Provider.Get().GetCancelAmt(), text(made.TaxFreeAmount.Get()))
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
