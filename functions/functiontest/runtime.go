// Package functiontest runs a function in tests as Lambda does: its process
// over the Runtime API, an event in, a response out.
package functiontest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// asFunction is the variable by which a test's binary knows that it is the
// function.
const asFunction = "FUNCTIONTEST_RUN"

// Trace is the trace header that every invocation has.
const Trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:1"

// Main is for TestMain of a function's package: it runs the tests, or, in the
// process that Invoke starts, the function.
func Main(m *testing.M, function func()) {
	if os.Getenv(asFunction) != "" {
		function()
		os.Exit(1) // lambda.Start does not return
	}
	os.Exit(m.Run())
}

// Outcome is what came of an invocation.
type Outcome struct {
	// Response is the body that the function answered, or of the error that it
	// posted; empty if the process ended before it did either.
	Response string
	// Failed tells whether the function posted an error.
	Failed bool
	// Log is what the process wrote.
	Log string
}

// runtimeAPI serves one invocation.
type runtimeAPI struct {
	event    string
	deadline time.Time
	served   atomic.Bool
	done     chan Outcome
}

// ServeHTTP speaks the part of the Runtime API that a function needs (LAM C54
// to C56).
func (a *runtimeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/invocation/next") && !a.served.Swap(true):
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "request-1")
		w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(a.deadline.UnixMilli()))
		w.Header().Set("Lambda-Runtime-Trace-Id", Trace)
		_, _ = io.WriteString(w, a.event)
	case strings.HasSuffix(path, "/response"), strings.HasSuffix(path, "/error"):
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		a.done <- Outcome{Response: strings.TrimSpace(string(body)), Failed: strings.HasSuffix(path, "/error")}
	default: // the next invocation never comes
		<-r.Context().Done()
	}
}

// Invoke runs the function in a process of its own with the given environment
// ("NAME=value"), and the event and timeout of one invocation.
func Invoke(t testing.TB, event string, timeout time.Duration, environment ...string) Outcome {
	t.Helper()
	api := &runtimeAPI{event: event, deadline: time.Now().Add(timeout), done: make(chan Outcome, 1)}
	server := httptest.NewServer(api)
	defer server.Close()

	ctx, cancel := context.WithTimeout(t.Context(), timeout+30*time.Second)
	defer cancel()
	var log bytes.Buffer
	process := exec.CommandContext(ctx, os.Args[0])
	process.Stdout, process.Stderr = &log, &log
	process.Env = append([]string{
		asFunction + "=1", "AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(server.URL, "http://"), "AWS_LAMBDA_FUNCTION_NAME=function",
		"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret", "AWS_SESSION_TOKEN=token",
	}, environment...)
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- process.Wait() }()
	var outcome Outcome
	select {
	case outcome = <-api.done:
		cancel()
		<-ended
	case <-ended:
	}
	server.CloseClientConnections()
	outcome.Log = log.String()
	return outcome
}
