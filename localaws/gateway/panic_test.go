package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// panicky makes SendMessage of the toy panic with a value.
func panicky(t *testing.T, with any, log io.Writer) *rig {
	t.Helper()
	return newRig(t, func(o *Options) {
		o.NoAuth = true
		o.Logger = slog.New(slog.NewTextHandler(log, nil))
		s := o.Dispatcher.Services["sqs"]
		op := s.Operations["SendMessage"]
		op.Do = func(context.Context, *awsapi.Call, any) (any, error) { panic(with) }
		s.Operations["SendMessage"] = op
		o.Extra = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(with) })
	})
}

func TestPanicFailsOnlyOneRequest(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	r := panicky(t, errors.New("index out of range"), &log)
	w := r.do("POST", "/", `{"QueueUrl":"q","MessageBody":"b"}`, http.Header{"X-Amz-Target": {"AmazonSQS.SendMessage"}})
	if w.Code != 500 || !strings.Contains(w.Body.String(), "InternalFailure") || strings.Contains(w.Body.String(), "index out of range") {
		t.Errorf("JSON: %d %s, want 500 InternalFailure without internal details", w.Code, w.Body)
	}
	if w.Header().Get("X-Amzn-Query-Error") != "InternalFailure;Receiver" || w.Header().Get("X-Amzn-Requestid") == "" {
		t.Errorf("JSON: headers %v", w.Header())
	}
	w = r.do("GET", "/?Action=SendMessage&QueueUrl=q&MessageBody=b", "", http.Header{"Authorization": {"none"}})
	if w.Code != 500 || !strings.Contains(w.Body.String(), "<Code>InternalFailure</Code>") {
		t.Errorf("Query: %d %s", w.Code, w.Body)
	}
	if w := r.do("GET", "/_reliableq/clock", "", nil); w.Code != 500 {
		t.Errorf("another path: %d %s", w.Code, w.Body)
	}
	if got := strings.Count(log.String(), "level=ERROR"); got != 3 {
		t.Errorf("%d lines in the log for 3 panics:\n%s", got, log.String())
	}
	if !strings.Contains(log.String(), "index out of range") || !strings.Contains(log.String(), "panic_test.go") {
		t.Errorf("the log lacks cause or place:\n%s", log.String())
	}
	if work := r.gateway.opts.Clock.State().Work; work != 0 {
		t.Errorf("%d pieces of work are in progress after the panics: a clock that skips would stop", work)
	}
	w = r.do("POST", "/", `{"QueueUrl":"q","ReceiptHandle":"h"}`, http.Header{"X-Amz-Target": {"AmazonSQS.DeleteMessage"}})
	if w.Code != 200 || r.deleted == nil {
		t.Errorf("the next request: %d %s", w.Code, w.Body)
	}
}

func TestHandlerCanAbortItsConnection(t *testing.T) {
	t.Parallel()
	r := panicky(t, http.ErrAbortHandler, io.Discard)
	defer func() {
		if got := recover(); got != http.ErrAbortHandler {
			t.Errorf("recovered %v, want http.ErrAbortHandler for the HTTP server", got)
		}
	}()
	r.do("GET", "/_reliableq/clock", "", nil)
	t.Error("the panic was not passed on")
}

// A panic after the response has begun must close the connection. Otherwise the client
// would accept a truncated response as complete.
func TestPanicDuringTheResponseClosesTheConnection(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.NoAuth = true })
	req := httptest.NewRequest("POST", "http://127.0.0.1/", strings.NewReader(`{"QueueUrl":"q","MessageBody":"b"}`))
	req.Header.Set("X-Amz-Target", "AmazonSQS.SendMessage")
	defer func() {
		if got := recover(); got != http.ErrAbortHandler {
			t.Errorf("recovered %v, want http.ErrAbortHandler", got)
		}
	}()
	r.gateway.ServeHTTP(brokenWriter{httptest.NewRecorder()}, req)
}

type brokenWriter struct{ http.ResponseWriter }

func (brokenWriter) Write([]byte) (int, error) { panic("truncated response") }

// slowBody is a body that reaches its time limit before its end.
type slowBody struct{ begin io.Reader }

func (s *slowBody) Read(b []byte) (int, error) {
	if n, err := s.begin.Read(b); err == nil {
		return n, nil
	}
	return 0, os.ErrDeadlineExceeded
}

func (*slowBody) Close() error { return nil }

func TestSlowBodyDoesNotHoldServiceTime(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.NoAuth = true })
	body := &slowBody{strings.NewReader(`{"QueueUrl":`)}
	req := httptest.NewRequest("POST", "http://127.0.0.1/", nil)
	req.Header.Set("X-Amz-Target", "AmazonSQS.SendMessage")
	req.ContentLength = 100
	req.Body = struct {
		io.Reader
		io.Closer
	}{readerFunc(func(b []byte) (int, error) {
		if work := r.gateway.opts.Clock.State().Work; work != 0 {
			t.Errorf("%d pieces of work are in progress while a body arrives", work)
		}
		return body.Read(b)
	}), body}
	w := httptest.NewRecorder()
	r.gateway.ServeHTTP(w, req)
	if w.Code != 408 || w.Header().Get("Connection") != "close" || !strings.Contains(w.Body.String(), "RequestTimeoutException") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// A client that cancels its request is not a failure of the server: it is logged at
// debug level. The same error without a cancelled request is a failure.
func TestCancelledRequestIsNotLoggedAsAFailure(t *testing.T) {
	t.Parallel()
	for name, canceled := range map[string]bool{"the caller went away": true, "the caller is there": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r := newRig(t, func(o *Options) {
				o.NoAuth = true
				o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				s := o.Dispatcher.Services["sqs"]
				op := s.Operations["SendMessage"]
				op.Do = func(context.Context, *awsapi.Call, any) (any, error) {
					if canceled {
						cancel()
					}
					return nil, context.Canceled
				}
				s.Operations["SendMessage"] = op
			})

			req := httptest.NewRequestWithContext(ctx, "POST", "/", strings.NewReader(`{"QueueUrl":"q","MessageBody":"b"}`))
			req.Header.Set("X-Amz-Target", "AmazonSQS.SendMessage")
			req.Host = "localhost"
			r.gateway.ServeHTTP(httptest.NewRecorder(), req)

			want := "level=ERROR msg=\"operation failed\""
			if canceled {
				want = "level=DEBUG msg=\"operation failed\""
			}
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log is %q, want %s", log.String(), want)
			}
		})
	}
}
