package runtimeapi_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/reliableq/reliableq/localaws/lambda/runtimeapi"
)

const (
	next      = "/2018-06-01/runtime/invocation/next"
	response  = "/2018-06-01/runtime/invocation/one/response"
	failure   = "/2018-06-01/runtime/invocation/one/error"
	initError = "/2018-06-01/runtime/init/error"
	register  = "/2020-01-01/extension/register"
)

// runtime is a client of the Runtime API that replaces a function's program.
type runtime struct {
	t      testing.TB
	server *runtimeapi.Server
	client *http.Client
}

func start(t testing.TB) (*runtime, *runtimeapi.Session) {
	t.Helper()
	s, err := runtimeapi.Listen(runtimeapi.About{Name: "f", Version: "$LATEST", Handler: "bootstrap"})
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &runtime{t, s, client}, s.Begin(nil)
}

// do sends a request and returns status, headers and body.
func (r *runtime) do(method, path, body string, headers ...string) (int, http.Header, string) {
	r.t.Helper()
	req, err := http.NewRequest(method, "http://"+r.server.Addr()+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(b)
}

// deliver makes the runtime request an invocation and delivers one.
func (r *runtime) deliver(s *runtimeapi.Session, inv runtimeapi.Invocation) (http.Header, string) {
	r.t.Helper()
	type got struct {
		status int
		header http.Header
		body   string
	}
	response := make(chan got, 1)
	go func() {
		status, header, body := r.do("GET", next, "")
		response <- got{status, header, body}
	}()
	<-s.Ready()
	if err := s.Deliver(inv); err != nil {
		r.t.Fatal(err)
	}
	g := <-response
	if g.status != 200 {
		r.t.Fatalf("next: %d %s", g.status, g.body)
	}
	return g.header, g.body
}

func (r *runtime) want(status int, kind, method, path, body string, headers ...string) {
	r.t.Helper()
	got, _, text := r.do(method, path, body, headers...)
	if got != status || !strings.Contains(text, kind) {
		r.t.Errorf("%s %s: %d %s, want %d %s", method, path, got, text, status, kind)
	}
}

func TestNextReturnsTheInvocation_C54(t *testing.T) {
	t.Parallel()
	r, s := start(t)
	header, body := r.deliver(s, runtimeapi.Invocation{
		RequestID: "one", DeadlineMS: 1767323045678, FunctionARN: "arn", Trace: "Root=1-0-0", ClientContext: `{"custom":{}}`, Payload: []byte(`{"n":1}`),
	})

	for name, want := range map[string]string{
		"Lambda-Runtime-Aws-Request-Id": "one", "Lambda-Runtime-Deadline-Ms": "1767323045678", "Lambda-Runtime-Invoked-Function-Arn": "arn",
		"Lambda-Runtime-Trace-Id": "Root=1-0-0", "Lambda-Runtime-Client-Context": `{"custom":{}}`, "Content-Type": "application/json",
	} {
		t.Run(name, func(t *testing.T) {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		})
	}
	if body != `{"n":1}` {
		t.Errorf("body %s", body)
	}
}

func TestAResponseIsAcceptedOnce_C55_C56(t *testing.T) {
	t.Parallel()
	r, s := start(t)
	one := runtimeapi.Invocation{RequestID: "one", Payload: []byte("{}")}
	r.deliver(s, one)
	r.want(202, `{"status":"OK"}`, "POST", response, "anything, not only JSON")
	if a := <-s.Responses(); string(a.Payload) != "anything, not only JSON" || a.Failed {
		t.Errorf("%+v", a)
	}
	r.want(403, "InvalidStateTransition", "POST", response, "again")
	r.want(403, "InvalidStateTransition", "POST", failure, "again")
	r.deliver(s, one)
	r.want(202, "OK", "POST", failure, `{"errorMessage":"m"}`)
	if a := <-s.Responses(); !a.Failed || string(a.Payload) != `{"errorMessage":"m"}` || a.ErrorType != "" {
		t.Errorf("%+v", a)
	}
}

func TestRequestsThatDoNotFitTheStateAreRefused_C58(t *testing.T) {
	t.Parallel()
	r, s := start(t)
	if err := s.Deliver(runtimeapi.Invocation{}); !errors.Is(err, runtimeapi.ErrNotIdle) {
		t.Errorf("Deliver before the runtime requests an invocation: %v", err)
	}
	for _, tt := range []struct {
		name, method, path string
		status             int
		kind               string
	}{
		{"response without an invocation", "POST", response, 400, "InvalidRequestID"},
		{"unknown path", "GET", "/2018-06-01/runtime/other", 404, "NotFound"},
		{"wrong method", "GET", response, 404, "NotFound"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			(&runtime{t, r.server, r.client}).want(tt.status, tt.kind, tt.method, tt.path, "")
		})
	}

	r.deliver(s, runtimeapi.Invocation{RequestID: "one"})
	r.want(403, "InvalidStateTransition", "GET", next, "")
	r.want(403, "InvalidStateTransition", "POST", initError, "{}")
	r.want(400, "InvalidRequestID", "POST", strings.Replace(response, "one", "two", 1), "")
	r.want(413, "RequestEntityTooLarge", "POST", response, strings.Repeat("x", runtimeapi.MaxResponse+1))
	if a := <-s.Responses(); !a.Failed || !strings.Contains(string(a.Payload), "Function.ResponseSizeTooLarge") {
		t.Errorf("C39: %+v", a)
	}
}

func TestInitErrorsAreAccepted_C57(t *testing.T) {
	t.Parallel()
	r, s := start(t)
	r.want(202, "OK", "POST", initError, `{"errorMessage":"no database"}`, "Lambda-Runtime-Function-Error-Type", "Init.NoDatabase")
	if a := <-s.InitErrors(); a.ErrorType != "Init.NoDatabase" || string(a.Payload) != `{"errorMessage":"no database"}` {
		t.Errorf("%+v", a)
	}
}

func TestAnAbortedStreamReportsItsErrorInTrailers_C55(t *testing.T) {
	t.Parallel()
	r, s := start(t)
	r.deliver(s, runtimeapi.Invocation{RequestID: "one"})
	req, _ := http.NewRequest("POST", "http://"+r.server.Addr()+response, io.MultiReader(strings.NewReader("half")))
	req.Trailer = http.Header{
		"Lambda-Runtime-Function-Error-Type": {"Stream.Broken"},
		"Lambda-Runtime-Function-Error-Body": {base64.StdEncoding.EncodeToString([]byte(`{"errorMessage":"broke"}`))},
	}
	res, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if a := <-s.Responses(); !a.Failed || a.ErrorType != "Stream.Broken" || string(a.Payload) != `{"errorMessage":"broke"}` {
		t.Errorf("%+v %s", a, a.Payload)
	}
}

func TestAnExtensionWithoutEventsIsRegistered_C61(t *testing.T) {
	t.Parallel()
	r, s := start(t)
	if s.WantsSIGTERM() {
		t.Error("WantsSIGTERM before the extension is registered")
	}
	status, header, body := r.do("POST", register, `{"events":[]}`, "Lambda-Extension-Name", "GoLangEnableSIGTERM")
	if status != 200 || header.Get("Lambda-Extension-Identifier") == "" || !strings.Contains(body, `"functionName":"f"`) || !s.WantsSIGTERM() {
		t.Errorf("%d %v %s", status, header, body)
	}
	r.want(403, "Extension.InvalidEventType", "POST", register, `{"events":["INVOKE"]}`, "Lambda-Extension-Name", "x")
	r.want(400, "Extension.InvalidExtensionName", "POST", register, `{}`)
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		req, _ := http.NewRequestWithContext(ctx, "GET", "http://"+r.server.Addr()+"/2020-01-01/extension/event/next", nil)
		_, err := r.client.Do(req)
		ended <- err
	}()
	select {
	case err := <-ended:
		t.Errorf("event/next returned: %v", err)
	case <-s.Ready():
		t.Error("an extension's poll counts as a request for an invocation")
	default:
	}
	cancel()
	<-ended
}

func TestWebPagesAreRefused(t *testing.T) {
	t.Parallel()
	r, s := start(t)
	for header, value := range map[string]string{
		"Origin":         "https://evil.example",
		"Sec-Fetch-Site": "cross-site",
	} {
		t.Run(header, func(t *testing.T) {
			(&runtime{t, r.server, r.client}).want(403, "Forbidden", "GET", next, "", header, value)
		})
	}

	req, _ := http.NewRequest("GET", "http://"+r.server.Addr()+next, nil)
	req.Host = "evil.example"
	res, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 403 {
		t.Errorf("a name that resolves to loopback: %d", res.StatusCode)
	}
	select {
	case <-s.Ready():
		t.Error("a request of a web page counts as a request for an invocation")
	default:
	}
}

func TestASessionEndsWithItsProcess(t *testing.T) {
	t.Parallel()
	r, s := start(t)
	polled := make(chan int, 1)
	go func() {
		status, _, _ := r.do("GET", next, "")
		polled <- status
	}()
	<-s.Ready()
	second := r.server.Begin(nil)
	if status := <-polled; status != 403 {
		t.Errorf("the poll of the old session ends with %d, want 403", status)
	}
	r.deliver(second, runtimeapi.Invocation{RequestID: "one"})
	s.End()
	r.want(202, "OK", "POST", response, "still the second's")
}

func ExampleListen() {
	server, err := runtimeapi.Listen(runtimeapi.About{Name: "f", Version: "$LATEST"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	session := server.Begin(nil)
	go http.Get("http://" + server.Addr() + next) // like the function's process
	<-session.Ready()
	fmt.Println(session.Deliver(runtimeapi.Invocation{RequestID: "one", Payload: []byte("{}")}))
	// Output: <nil>
}
