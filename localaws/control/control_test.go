package control

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/fault"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// token is the control token of testAPI.
const token = "the-token"

// testAPI is a control API with a clock and queues that the test sets.
type testAPI struct {
	*Handler
	t     *testing.T
	clock *clock.Clock
	reset []string
	err   error
}

func open(t *testing.T, mode clock.Mode) *testAPI {
	t.Helper()
	b := &testAPI{t: t, clock: clock.New(mode, start)}
	t.Cleanup(b.clock.Close)
	b.Handler = New(Options{
		Faults: fault.New(b.clock.Now, chance.Seeded(1)),
		Clock:  b.clock, Version: "1.2.3", Account: "000000000000", Region: "us-east-1",
		Services: []string{"sqs", "lambda", "logs"}, Token: token,
		Queues: func(account, region string) []Queue {
			if account != "000000000000" || region != "us-east-1" {
				return nil
			}
			return []Queue{
				{Name: "dlq", ARN: "arn:aws:sqs:us-east-1:000000000000:dlq", Visible: 1, Delayed: 1, InFlight: 1},
				{Name: "q", ARN: "arn:aws:sqs:us-east-1:000000000000:q", DeadLetterTarget: "arn:aws:sqs:us-east-1:000000000000:dlq", MaxReceiveCount: 3},
			}
		},
		Peek: peek,
		Reset: func(_ context.Context, service, account, region string) ([]string, error) {
			b.reset = append(b.reset, service+"/"+account+"/"+region)
			if service != "" {
				return []string{service}, b.err
			}
			return []string{"sqs", "lambda", "logs"}, b.err
		},
	})
	t.Cleanup(b.Close)
	return b
}

func peek(account, region, queue string) ([]Message, error) {
	if account != "000000000000" || region != "us-east-1" || queue != "dlq" && queue != "q" {
		return nil, fmt.Errorf("peek into %s of %s in %s: no such queue", queue, account, region)
	}
	if queue == "q" {
		return nil, nil
	}
	return []Message{
		{
			MessageID: "m-1", Body: `{"html":"<script>alert(1)</script>"}`, MD5OfBody: "0123", State: "visible",
			System:     map[string]string{"SentTimestamp": "1767323045000", "ApproximateReceiveCount": "8"},
			Attributes: map[string]Attribute{"ts": {DataType: "Number", StringValue: "7"}, "raw": {DataType: "Binary", BinaryValue: []byte{1, 2}}},
			Expires:    start.Add(time.Hour), ReceiveCount: 8,
		},
		{MessageID: "m-2", Body: "later", State: "delayed", Until: start.Add(time.Second)},
		{MessageID: "m-3", Body: "taken", State: "inFlight", Until: start.Add(time.Minute)},
	}, nil
}

// send sends a request with the token and returns status and body.
func (b *testAPI) send(method, target, body string, headers ...string) (int, string) {
	b.t.Helper()
	return b.sendWithout(method, target, body, append([]string{"Authorization", "Bearer " + token}, headers...)...)
}

// sendWithout sends a request with only the given headers.
func (b *testAPI) sendWithout(method, target, body string, headers ...string) (int, string) {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// get sends a request, wants status 200, and decodes the response.
func get[T any](b *testAPI, method, target, body string) T {
	b.t.Helper()
	var out T
	status, text := b.send(method, target, body)
	if status != http.StatusOK {
		b.t.Fatalf("%s %s: %d %s", method, target, status, text)
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		b.t.Fatalf("%s %s: %v in %s", method, target, err, text)
	}
	return out
}

func TestHealthHasServicesAndClock(t *testing.T) {
	t.Parallel()
	b := open(t, clock.Skip)
	got := get[map[string]any](b, "GET", "/_reliableq/health", "")
	if got["status"] != "ok" || got["version"] != "1.2.3" || got["clock"] != "skip" || got["region"] != "us-east-1" {
		t.Errorf("health %v", got)
	}
}

func TestLocalStackHealthHasTheFormThatToolsExpect(t *testing.T) {
	t.Parallel()
	b := open(t, clock.Manual)
	status, text := b.send("GET", "/_localstack/health", "")
	if status != 200 || !strings.Contains(text, `"sqs": "available"`) || strings.Contains(text, "dynamodb") {
		t.Errorf("%d %s: want sqs available, with a space after the colon, and only the services of this server", status, text)
	}
}

func TestClockIsReadAdvancedHeldAndReleased(t *testing.T) {
	t.Parallel()
	b := open(t, clock.Manual)
	ran := false
	b.clock.Schedule(start.Add(time.Minute), clock.Transition, func() { ran = true })
	before := get[Clock](b, "GET", "/_reliableq/clock", "")
	if !before.Now.Equal(start) || before.Mode != "manual" || before.Transitions != 1 || !before.NextTransition.Equal(start.Add(time.Minute)) {
		t.Errorf("clock %+v", before)
	}
	after := get[Clock](b, "POST", "/_reliableq/clock/advance", `{"duration":"90s"}`)
	if !ran || !after.Now.Equal(start.Add(90*time.Second)) || after.Transitions != 0 || after.SkippedSeconds != 90 {
		t.Errorf("advanced to %+v, event ran %v", after, ran)
	}
	if held := get[Clock](b, "POST", "/_reliableq/clock/hold", ""); !held.Held || !b.clock.Held() {
		t.Errorf("hold returned %+v", held)
	}
	if free := get[Clock](b, "POST", "/_reliableq/clock/release", ""); free.Held || b.clock.Held() {
		t.Errorf("release returned %+v", free)
	}
}

func TestSettleWaitsAndReturnsClockAndQueues(t *testing.T) {
	t.Parallel()
	b := open(t, clock.Skip)
	b.clock.Begin()
	b.clock.Schedule(start.Add(6*time.Hour), clock.Transition, func() {})
	b.clock.End()
	got := get[Settled](b, "POST", "/_reliableq/clock/settle", "")
	if got.Clock.Transitions != 0 || got.Clock.Now.Before(start.Add(6*time.Hour)) {
		t.Errorf("settled at %+v with a move left or too early", got.Clock)
	}
	if len(got.Queues) != 2 || got.Queues[0].Name != "dlq" || got.Queues[0].Visible != 1 || got.Queues[1].DeadLetterTarget == "" {
		t.Errorf("queues %+v", got.Queues)
	}
}

func TestSettleTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, clock.Manual)
		b.clock.Schedule(start.Add(time.Minute), clock.Transition, func() {})
		began := time.Now()
		status, text := b.send("POST", "/_reliableq/clock/settle", `{"timeout":"5s"}`)
		if status != http.StatusGatewayTimeout || !strings.Contains(text, `"moves": 1`) || !strings.Contains(text, "timed out; 0 in progress, 1 scheduled, and the clock is manual: advance it") {
			t.Errorf("%d %s", status, text)
		}
		if d := time.Since(began); d != 5*time.Second {
			t.Errorf("timed out after %s, want 5s", d)
		}
		b.Close()
		b.clock.Close()
	})
}

func TestCloseEndsRequestsThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, clock.Manual)
		b.clock.Schedule(start.Add(time.Minute), clock.Transition, func() {})
		status := make(chan int, 1)
		go func() {
			code, _ := b.send("POST", "/_reliableq/clock/settle", "")
			status <- code
		}()
		synctest.Wait()
		b.Close()
		b.Close()
		if status := <-status; status != http.StatusServiceUnavailable {
			t.Errorf("status %d, want 503", status)
		}
		b.clock.Close()
	})
}

func TestBadRequestsAreRefusedByName(t *testing.T) {
	t.Parallel()
	b := open(t, clock.Manual)
	for _, tt := range []struct {
		method, target, body string
		status               int
		want                 string
	}{
		{"POST", "/_reliableq/clock/advance", "", 400, "duration is missing"},
		{"POST", "/_reliableq/clock/advance", `{"duration":"-1s"}`, 400, "negative"},
		{"POST", "/_reliableq/clock/advance", `{"duration":"soon"}`, 400, "not a duration"},
		{"POST", "/_reliableq/clock/advance", `{"duration":"1s","by":2}`, 400, `\"by\"`},
		{"POST", "/_reliableq/clock/advance", `{"duration":"1s"}{}`, 400, "more than one value"},
		{"POST", "/_reliableq/clock/advance", `{`, 400, "the JSON is incomplete"},
		{"POST", "/_reliableq/clock/advance", `[]`, 400, "want a JSON object, got a JSON array"},
		{"POST", "/_reliableq/clock/advance", `{"duration":5}`, 400, "duration must be a string, not a JSON number"},
		{"POST", "/_reliableq/clock/advance", `duration=5`, 400, "invalid JSON"},
		{"POST", "/_reliableq/clock/advance", `{"duration":"2000000h"}`, 400, "no further than the year 2200"},
		{"POST", "/_reliableq/clock/settle", `{"timeout":"x"}`, 400, "timeout"},
		{"POST", "/_reliableq/clock/settle?account=1", "", 400, "12 digits"},
		{"POST", "/_reliableq/reset?acount=000000000000", "", 400, "/_reliableq/reset does not take acount in its query"},
		{"GET", "/_reliableq/clock?now=1", "", 400, "/_reliableq/clock does not take now in its query"},
		{"POST", "/_reliableq/reset?service=s3", "", 400, "s3"},
		{"POST", "/_reliableq/reset?region=mars", "", 400, "us-east-1"},
		{"GET", "/_reliableq/queues?messages=maybe", "", 400, "maybe"},
		{"GET", "/_reliableq/queues?name=nope", "", 404, "nope"},
		{"GET", "/_reliableq/reset", "", 405, "takes POST, not GET"},
		{"DELETE", "/_reliableq/clock", "", 405, "takes GET"},
		{"GET", "/_reliableq/nothing", "", 404, "/_reliableq/nothing"},
	} {
		t.Run(tt.method+" "+tt.target+" "+tt.body, func(t *testing.T) {
			status, text := b.send(tt.method, tt.target, tt.body)
			var e Error
			if err := json.Unmarshal([]byte(text), &e); err != nil || status != tt.status || e.Code == "" || !strings.Contains(text, tt.want) {
				t.Errorf("%d %s, want %d and %q", status, text, tt.status, tt.want)
			}
		})
	}

	if len(b.reset) > 0 {
		t.Errorf("reset ran: %v", b.reset)
	}
}

func TestLongBodiesAreRefused(t *testing.T) {
	t.Parallel()
	b := open(t, clock.Manual)
	status, text := b.send("POST", "/_reliableq/clock/advance", `{"duration":"`+strings.Repeat("0", maxBody)+`1s"}`)
	if status != http.StatusBadRequest || !strings.Contains(text, "too large") {
		t.Errorf("%d %s", status, text)
	}
}

func TestQueuesHaveMessagesOnlyOnRequest(t *testing.T) {
	t.Parallel()
	b := open(t, clock.Manual)
	type response struct{ Queues []Queue }
	if got := get[response](b, "GET", "/_reliableq/queues", ""); len(got.Queues) != 2 || got.Queues[0].Messages != nil {
		t.Errorf("queues %+v", got)
	}
	got := get[response](b, "GET", "/_reliableq/queues?messages=1&name=dlq", "")
	if len(got.Queues) != 1 || len(got.Queues[0].Messages) != 3 || got.Queues[0].Messages[1].State != "delayed" {
		t.Errorf("queues %+v", got)
	}
	if m := got.Queues[0].Messages[0]; m.Attributes["raw"].BinaryValue[1] != 2 || m.ReceiveCount != 8 || !m.Until.IsZero() {
		t.Errorf("message %+v", m)
	}
	if got := get[response](b, "GET", "/_reliableq/queues?account=111111111111", ""); got.Queues == nil || len(got.Queues) != 0 {
		t.Errorf("another account's queues %+v, want an empty list", got)
	}
}

func TestResponsesAreNotHTML(t *testing.T) {
	t.Parallel()
	b := open(t, clock.Manual)
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/_reliableq/queues?messages=1", nil)
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	if strings.Contains(w.Body.String(), "<script>") {
		t.Error("a message's HTML is in the response unescaped")
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
	} {
		t.Run(name, func(t *testing.T) {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

func TestResetRemovesOneServiceOrAll(t *testing.T) {
	t.Parallel()
	b := open(t, clock.Manual)
	one := get[map[string][]string](b, "POST", "/_reliableq/reset?service=sqs&account=111111111111&region=eu-west-1", "")
	all := get[map[string][]string](b, "POST", "/_reliableq/reset", "")
	if len(one["reset"]) != 1 || len(all["reset"]) != 3 {
		t.Errorf("responses %v and %v", one, all)
	}
	if len(b.reset) != 2 || b.reset[0] != "sqs/111111111111/eu-west-1" || b.reset[1] != "//" {
		t.Errorf("reset of %q", b.reset)
	}
	b.err = errors.New("disk full")
	if status, text := b.send("POST", "/_reliableq/reset", ""); status != 500 || !strings.Contains(text, "disk full") {
		t.Errorf("%d %s: want the error in the response", status, text)
	}
}

func TestLocalStackMessagesAreVisibleOnesUnlessRequested(t *testing.T) {
	t.Parallel()
	b := open(t, clock.Manual)
	const target = "/_aws/sqs/messages?QueueUrl=http://127.0.0.1:4566/000000000000/dlq"
	type response struct {
		ReceiveMessageResponse struct {
			ReceiveMessageResult map[string]json.RawMessage
		}
	}
	for query, want := range map[string]int{"": 1, "&ShowDelayed=true": 2, "&ShowInvisible=True": 2, "&ShowInvisible=1&ShowDelayed=1": 3} {
		t.Run("query "+query, func(t *testing.T) {
			status, text := b.send("GET", target+query, "", "Accept", "application/json")
			var got response
			if err := json.Unmarshal([]byte(text), &got); err != nil || status != 200 {
				t.Fatalf("%d %s: %v", status, text, err)
			}
			var all []receivedMessage
			one := got.ReceiveMessageResponse.ReceiveMessageResult["Message"]
			if json.Unmarshal(one, &all) != nil && json.Unmarshal(one, new(receivedMessage)) == nil {
				all = make([]receivedMessage, 1)
			}
			if len(all) != want {
				t.Errorf("%q shows %d messages, want %d", query, len(all), want)
			}
		})
	}
	_, text := b.send("GET", target+"&ShowInvisible=true&ShowDelayed=true", "")
	for mark, want := range map[string]int{"IsVisible": 3, "IsDelayed": 3} {
		t.Run(mark, func(t *testing.T) {
			if got := strings.Count(text, "<Name>"+mark+"</Name>"); got != want {
				t.Errorf("%s occurs %d times in %s", mark, got, text)
			}
		})
	}
	_, text = b.send("GET", "/_aws/sqs/messages/us-east-1/000000000000/q", "", "Accept", "application/json")
	if !strings.Contains(text, `"ReceiveMessageResult": null`) {
		t.Errorf("an empty queue: %s", text)
	}
	_, text = b.send("GET", "/_aws/sqs/messages/us-east-1/000000000000/dlq", "")
	var x receiveMessageResponse
	if err := xml.Unmarshal([]byte(text), &x); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if len(x.Messages) != 1 || x.Messages[0].Attribute[0].Name != "ApproximateReceiveCount" || x.Messages[0].ReceiptHandle != "SQS/BACKDOOR/ACCESS" ||
		x.Messages[0].MessageAttribute[0].Value.BinaryValue != "AQI=" {
		t.Errorf("XML %+v in %s", x.Messages, text)
	}
}

func TestLocalStackErrorsHaveItsForm(t *testing.T) {
	t.Parallel()
	b := open(t, clock.Manual)
	const missing, invalid = "AWS.SimpleQueueService.NonExistentQueue", "InvalidAddress"
	for _, tt := range []struct {
		target, code string
		status       int
		text         string
	}{
		{"/_aws/sqs/messages", missing, 400, "QueueUrl is missing"},
		{"/_aws/sqs/messages?QueueUrl=http://h/000000000000/nope", missing, 400, "no such queue"},
		{"/_aws/sqs/messages/eu-west-1/000000000000/dlq", missing, 400, "no such queue"},
		{"/_aws/sqs/messages/mars/000000000000/dlq", invalid, 404, "mars"},
		{"/_aws/sqs/messages?QueueUrl=http://h/only", invalid, 404, "does not end with an account and a name"},
		{"/_aws/sqs/messages?QueueUrl=http://h/000000000000/q&ShowDelayed=x", invalid, 404, "ShowDelayed"},
		{"/_aws/sqs/messages?Action=SendMessage", "InvalidRequest", 400, "only accepts ReceiveMessage"},
	} {
		t.Run(tt.target, func(t *testing.T) {
			status, text := b.send("GET", tt.target, "", "Accept", "application/json")
			var got struct {
				ErrorResponse struct {
					Error struct{ Code, Message string }
				}
			}
			if err := json.Unmarshal([]byte(text), &got); err != nil || status != tt.status || got.ErrorResponse.Error.Code != tt.code ||
				!strings.Contains(got.ErrorResponse.Error.Message, tt.text) {
				t.Errorf("in JSON: %d %s", status, text)
			}
			if status, text := b.send("GET", tt.target, ""); status != tt.status || !strings.Contains(text, "<Code>"+tt.code+"</Code>") {
				t.Errorf("in XML: %d %s", status, text)
			}
		})
	}
}

func TestQueueURLsOfAllForms(t *testing.T) {
	t.Parallel()
	b := open(t, clock.Manual)
	for text, want := range map[string]scope{
		"http://127.0.0.1:4566/000000000000/q":                                  {"000000000000", "us-east-1"},
		"http://sqs.eu-west-1.localhost.localstack.cloud:4566/111111111111/q":   {"111111111111", "eu-west-1"},
		"http://eu-west-1.queue.localhost.localstack.cloud:4566/111111111111/q": {"111111111111", "eu-west-1"},
		"http://localhost:4566/queue/eu-central-1/111111111111/q":               {"111111111111", "eu-central-1"},
		"https://sqs.us-west-2.amazonaws.com/222222222222/q":                    {"222222222222", "us-west-2"},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			at, name, err := b.parseQueueURL(text)
			if err != nil || at != want || name != "q" {
				t.Errorf("%+v %q %v, want %+v", at, name, err, want)
			}
		})
	}
}

func FuzzQueueOf(f *testing.F) {
	f.Add("http://127.0.0.1:4566/000000000000/q")
	f.Add("queue/us-east-1/000000000000/q")
	h := New(Options{Account: "000000000000", Region: "us-east-1"})
	f.Fuzz(func(t *testing.T, text string) {
		at, name, err := h.parseQueueURL(text)
		if err == nil && (name == "" || !accountID.MatchString(at.account) || !regionName.MatchString(at.region)) {
			t.Errorf("%q: %+v %q", text, at, name)
		}
	})
}
