package localaws_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/localawstest"
)

// shortLimit is a time limit for which a test waits.
const shortLimit = 100 * time.Millisecond

func listening(t *testing.T, limits localaws.Limits) *localawstest.Server {
	t.Helper()
	return localawstest.NewWith(t, localaws.Options{Addr: "127.0.0.1:0", NoAuth: true, ClockMode: clock.Manual, Limits: limits})
}

// wire is a connection of a hostile client.
type wire struct {
	net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, srv *localawstest.Server) *wire {
	t.Helper()
	c, err := net.Dial("tcp", srv.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(30 * time.Second)) // a server that does not respond fails the test
	return &wire{c, bufio.NewReader(c)}
}

func (w *wire) send(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
}

// readResponse reads a response.
func (w *wire) readResponse(t *testing.T) (status int, body string) {
	t.Helper()
	a, err := http.ReadResponse(w.in, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, string(text)
}

// wantClosed fails the test unless the server closes the connection.
func (w *wire) wantClosed(t *testing.T) {
	t.Helper()
	if _, err := io.Copy(io.Discard, w.in); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the server did not close the connection")
	}
}

const (
	health  = "GET /_reliableq/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
	sqsCall = "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AmazonSQS.%s\r\nContent-Length: %d\r\n\r\n%s"
)

func TestSlowSendersAreDisconnected(t *testing.T) {
	t.Parallel()
	srv := listening(t, localaws.Limits{HeaderTime: shortLimit, ReadTime: 2 * shortLimit, IdleTime: shortLimit})
	for name, text := range map[string]string{
		"Nothing":            "",
		"HalfALine":          "POST / HT",
		"HalfAHeader":        "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Amaz",
		"HalfABody":          fmt.Sprintf(sqsCall, "ListQueues", 100, "{"),
		"NoBody":             fmt.Sprintf(sqsCall, "ListQueues", 100, ""),
		"ABodyThatIsNotRead": "POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n",
		"ABodyForControl":    "POST /_reliableq/clock/advance HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n",
		"HalfAChunk":         "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AmazonSQS.ListQueues\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
		"NoNextRequest":      health,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := dial(t, srv)
			w.send(t, text)
			w.wantClosed(t)
		})
	}
}

func TestLateBodyIsRefusedWith408(t *testing.T) {
	t.Parallel()
	srv := listening(t, localaws.Limits{ReadTime: shortLimit})
	w := dial(t, srv)
	w.send(t, fmt.Sprintf(sqsCall, "ListQueues", 100, "{"))
	if status, body := w.readResponse(t); status != 408 || !strings.Contains(body, "RequestTimeout") {
		t.Errorf("%d %s", status, body)
	}
	w.wantClosed(t)
}

// The limits apply to clients and not to operations.
func TestLongPollCanExceedTheReadTimeout(t *testing.T) {
	t.Parallel()
	srv := listening(t, localaws.Limits{HeaderTime: shortLimit, ReadTime: shortLimit, WriteTime: shortLimit, IdleTime: shortLimit})
	call := func(operation, body string) (*wire, func() (int, string)) {
		w := dial(t, srv)
		w.send(t, fmt.Sprintf(sqsCall, operation, len(body), body))
		return w, func() (int, string) { return w.readResponse(t) }
	}
	_, made := call("CreateQueue", `{"QueueName":"q"}`)
	if status, body := made(); status != 200 {
		t.Fatal(status, body)
	}
	queue := `"QueueUrl":"http://localhost/000000000000/q"`
	_, polled := call("ReceiveMessage", `{`+queue+`,"WaitTimeSeconds":20}`)
	for range 3 { // each takes the longest time that a request may take
		late, _ := call("ListQueues", "")
		late.send(t, "POST / HT")
		late.wantClosed(t)
	}
	_, sent := call("SendMessage", `{`+queue+`,"MessageBody":"at last"}`)
	if status, body := sent(); status != 200 {
		t.Fatal(status, body)
	}
	if status, body := polled(); status != 200 || !strings.Contains(body, "at last") {
		t.Errorf("the long poll returned %d %s", status, body)
	}
}

// A client that sends requests and does not read the responses blocks neither its
// connection slot nor service time for long: with a limit of one connection, the next
// client is served.
func TestClientThatDoesNotReadIsDisconnected(t *testing.T) {
	t.Parallel()
	srv := listening(t, localaws.Limits{Connections: 1, WriteTime: shortLimit})
	c := client{srv.URL(), &http.Client{Transport: srv.Transport()}}
	if err := c.do("CreateQueue", map[string]any{"QueueName": "q"}, nil); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		in := map[string]any{"QueueUrl": c.queue("q"), "MessageBody": strings.Repeat("x", 1<<20-10)}
		if err := c.do("SendMessage", in, nil); err != nil {
			t.Fatal(err)
		}
	}
	slow := dial(t, srv)
	slow.send(t, strings.Repeat("GET /_reliableq/queues?messages=1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+srv.ControlToken()+"\r\n\r\n", 4))
	next := dial(t, srv)
	next.send(t, health)
	if status, _ := next.readResponse(t); status != 200 {
		t.Errorf("the next client: %d", status)
	}
}

// begin begins a request and returns when the server reads its body: the connection is
// not idle.
func (w *wire) begin(t *testing.T) {
	t.Helper()
	w.send(t, "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AmazonSQS.ListQueues\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
	if status, _ := w.readResponse(t); status != http.StatusContinue {
		t.Fatalf("status %d, want 100", status)
	}
}

func TestConnectionsBeyondTheLimitWait(t *testing.T) {
	t.Parallel()
	srv := listening(t, localaws.Limits{Connections: 2})
	var inside [2]*wire
	for i := range inside {
		inside[i] = dial(t, srv)
		inside[i].begin(t)
	}

	third := dial(t, srv)
	third.send(t, health)
	third.SetReadDeadline(time.Now().Add(shortLimit))
	if _, err := third.in.Peek(1); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the third of two connections was served: %v", err)
	}

	third.SetReadDeadline(time.Now().Add(30 * time.Second))
	third.in.Reset(third)
	inside[0].Close()
	if status, _ := third.readResponse(t); status != 200 {
		t.Errorf("after one has disconnected: %d", status)
	}
}

func TestIdleConnectionsMakeRoomAtTheLimit(t *testing.T) {
	t.Parallel()
	const limit = 3
	srv := listening(t, localaws.Limits{Connections: limit})
	for i := range 5 * limit { // none of them disconnects
		w := dial(t, srv)
		w.send(t, health)
		if status, _ := w.readResponse(t); status != 200 {
			t.Fatalf("client %d: status %d", i+1, status)
		}
	}
}

func TestServerAtItsConnectionLimitShutsDown(t *testing.T) {
	t.Parallel()
	srv := listening(t, localaws.Limits{Connections: 1})
	w := dial(t, srv)
	w.send(t, health)
	w.readResponse(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

// Input that is not an AWS request is refused as a client error, and the server
// continues to serve: responses to raw bytes, and whether the connection stays open.
func TestRawBytesAreRefusedAsClientErrors(t *testing.T) {
	t.Parallel()
	srv := listening(t, localaws.Limits{HeaderTime: 5 * shortLimit})
	long := strings.Repeat("x", 200<<10)
	for name, tt := range map[string]struct {
		text string
		want []int
	}{
		"HTTP10":          {"GET /_reliableq/health HTTP/1.0\r\nHost: localhost\r\n\r\n", []int{200}},
		"HTTP10NoHost":    {"GET /_reliableq/health HTTP/1.0\r\n\r\n", []int{403}},
		"HTTP2":           {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{403}},
		"NoHTTP":          {"hello\r\n\r\n", []int{400}},
		"TLS":             {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", []int{400}},
		"LongHeader":      {"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + long + "\r\n\r\n", []int{431}},
		"ManyHeaders":     {"GET / HTTP/1.1\r\nHost: localhost\r\n" + strings.Repeat("A: b\r\n", 20_000) + "\r\n", []int{431}},
		"LongAddress":     {"GET /" + long + " HTTP/1.1\r\nHost: localhost\r\n\r\n", []int{431}},
		"BadEscape":       {"GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", []int{400}},
		"Climbing":        {"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", []int{404}},
		"ClimbingEscaped": {"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", []int{404}},
		"ClimbingInside":  {"GET /_reliableq/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", []int{301, 307, 404}},
		"NULs":            {"GET /%00%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", []int{404}},
		"Absolute":        {"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n", []int{403}},
		"Star":            {"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", []int{200, 404}},
		"Connect":         {"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", []int{403}},
		"TwoHosts":        {"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", []int{400}},
		"TwoLengths":      {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", []int{400}},
		"NegativeLength":  {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", []int{400}},
		"HugeLength":      {fmt.Sprintf("POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AmazonSQS.ListQueues\r\nContent-Length: %d\r\n\r\n", int64(1)<<62), []int{413}},
		"BadChunk":        {"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AmazonSQS.ListQueues\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", []int{400}},
		"GarbageAfter":    {health + "garbage\r\n\r\n", []int{200, 400}},
		"Smuggled":        {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", []int{400, 404}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := dial(t, srv)
			go io.WriteString(w, tt.text) // may fail: the server need not read it all
			a, err := http.ReadResponse(w.in, nil)
			if err != nil {
				t.Fatal(err)
			}
			if a.StatusCode != tt.want[0] && (name == "GarbageAfter" || !contains(tt.want, a.StatusCode)) {
				t.Errorf("%s, want %v", a.Status, tt.want)
			}
			if name == "GarbageAfter" {
				io.Copy(io.Discard, a.Body)
				if status, _ := w.readResponse(t); status != tt.want[1] {
					t.Errorf("response to the garbage: %d, want %d", status, tt.want[1])
				}
				w.wantClosed(t)
			}
		})
	}
}

func contains(all []int, n int) bool {
	for _, v := range all {
		if v == n {
			return true
		}
	}
	return false
}

// Bodies of the maximum size, with as many parts as possible, are processed or refused
// in time proportional to their length. Quadratic time would be minutes here.
func TestHugeCountsTakeLinearTime(t *testing.T) {
	t.Parallel()
	srv := listening(t, localaws.Limits{})
	c := client{srv.URL(), &http.Client{Transport: srv.Transport()}}
	if err := c.do("CreateQueue", map[string]any{"QueueName": "q"}, nil); err != nil {
		t.Fatal(err)
	}
	const size = 7 << 20
	repeat := func(format string) string {
		var b bytes.Buffer
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	queue := `"QueueUrl":"http://localhost/000000000000/q"`
	json := func(target, body string) *http.Request { return post(t, "application/x-amz-json-1.0", target, body) }
	form := func(body string) *http.Request { return post(t, "application/x-www-form-urlencoded", "", body) }
	for name, r := range map[string]*http.Request{
		"Entries":       json("AmazonSQS.SendMessageBatch", `{`+queue+`,"Entries":[`+repeat(`{"Id":"%d","MessageBody":"b"},`)+`{}]}`),
		"Attributes":    json("AmazonSQS.SendMessage", `{`+queue+`,"MessageBody":"b","MessageAttributes":{`+repeat(`"a%d":{"DataType":"String","StringValue":"v"},`)+`"z":{}}}`),
		"OneKey":        json("AmazonSQS.SendMessage", `{`+queue+`,"MessageBody":"b"`+strings.Repeat(`,"MessageBody":"b"`, size/18)+`}`),
		"Nested":        json("AmazonSQS.SendMessage", strings.Repeat(`{"a":`, size/5)),
		"Brackets":      json("AmazonSQS.SendMessage", strings.Repeat(`[`, size)),
		"Escapes":       json("AmazonSQS.SendMessage", `{`+queue+`,"MessageBody":"`+strings.Repeat(`\u0041`, size/6)+`"}`),
		"Names":         json("AmazonSQS.ReceiveMessage", `{`+queue+`,"MessageAttributeNames":[`+repeat(`"a%d.*",`)+`"z"]}`),
		"QueueTags":     json("AmazonSQS.TagQueue", `{`+queue+`,"Tags":{`+repeat(`"k%d":"v",`)+`"z":""}}`),
		"LogEvents":     json("Logs_20140328.PutLogEvents", `{"logGroupName":"g","logStreamName":"s","logEvents":[`+repeat(`{"timestamp":%d,"message":"m"},`)+`{}]}`),
		"Pattern":       json("Logs_20140328.TestMetricFilter", `{"filterPattern":"`+strings.Repeat("(", 1000)+`","logEventMessages":[`+repeat(`"%d",`)+`""]}`),
		"FormEntries":   form("Action=SendMessageBatch&Version=2012-11-05&QueueUrl=http://localhost/000000000000/q" + repeat("&SendMessageBatchRequestEntry.%d.Id=a")),
		"FormDots":      form("Action=SendMessage&Version=2012-11-05&" + strings.Repeat("a.1.", size/4) + "=b"),
		"FormHugeIndex": form("Action=ReceiveMessage&Version=2012-11-05&QueueUrl=http://localhost/000000000000/q&AttributeName.2000000000=All"),
		"FormMetrics":   form("Action=PutMetricAlarm&Version=2010-08-01&AlarmName=a" + repeat("&Dimensions.member.%d.Name=n")),
		"Policy":        form("Action=CreateRole&Version=2010-05-08&RoleName=r&AssumeRolePolicyDocument=" + strings.Repeat("%7B%22a%22%3A", size/12)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			a, err := c.http.Do(r.WithContext(ctx))
			if err != nil {
				t.Fatal(err)
			}
			defer a.Body.Close()
			if text, err := io.ReadAll(a.Body); err != nil || a.StatusCode >= 500 || len(text) > 64<<10 {
				t.Errorf("%s, %v, %d bytes: %.300s", a.Status, err, len(text), text)
			}
		})
	}
}

func post(t *testing.T, contentType, target, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest("POST", "http://localhost/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	if target != "" {
		r.Header.Set("X-Amz-Target", target)
	}
	return r
}
