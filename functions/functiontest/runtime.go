// Package functiontest runs a function in tests as Lambda does: as a process that
// gets an event and returns a response over the Runtime API.
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

// asFunction is the environment variable that makes a test binary run the function.
const asFunction = "FUNCTIONTEST_RUN"

// Trace is the trace header of every invocation.
const Trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:1"

// Main is called by TestMain of a function's package. It runs the tests or, in the
// process that Invoke starts, the function. It does not return.
func Main(m *testing.M, function func()) {
	if os.Getenv(asFunction) != "" {
		function()
		os.Exit(1) // lambda.Start does not return
	}
	os.Exit(m.Run())
}

// Outcome is the result of an invocation.
type Outcome struct {
	// Response is the body of the function's response or error; empty if the
	// process exited before it sent either.
	Response string
	// Failed reports whether the function sent an error.
	Failed bool
	// Log is what the process wrote to standard output and standard error.
	Log string
}

// runtimeAPI serves one invocation.
type runtimeAPI struct {
	event    string
	deadline time.Time
	served   atomic.Bool
	done     chan Outcome
}

// ServeHTTP implements the part of the Runtime API that a function needs (LAM C54
// to C56).
func (a *runtimeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/invocation/next") && !a.served.Swap(true):
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "request-1")
		w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(a.deadline.UnixMilli()))
		w.Header().Set("Lambda-Runtime-Trace-Id", Trace)
		_, _ = io.WriteString(w, a.event) // fails if the function has ended, which the test sees
	case strings.HasSuffix(path, "/response"), strings.HasSuffix(path, "/error"):
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		a.done <- Outcome{Response: strings.TrimSpace(string(body)), Failed: strings.HasSuffix(path, "/error")}
	default: // there is no second invocation
		<-r.Context().Done()
	}
}

// Invoke runs the function in a new process with the given environment
// ("NAME=value"), for one invocation with the given event and timeout.
func Invoke(t testing.TB, event string, timeout time.Duration, environment ...string) Outcome {
	t.Helper()
	api := &runtimeAPI{
		event:    event,
		deadline: time.Now().Add(timeout),
		done:     make(chan Outcome, 1),
	}

	server := httptest.NewServer(api)
	defer server.Close()

	ctx, cancel := context.WithTimeout(t.Context(), timeout+30*time.Second)
	defer cancel()
	var log bytes.Buffer
	process := exec.CommandContext(ctx, os.Args[0])
	process.Stdout = &log
	process.Stderr = &log
	process.Env = append([]string{
		asFunction + "=1", "AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(server.URL, "http://"), "AWS_LAMBDA_FUNCTION_NAME=function",
		"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret", "AWS_SESSION_TOKEN=token",
	}, environment...)
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}

	// The function may exit before it responds, or respond and wait for the next
	// invocation.
	ended := make(chan error, 1)
	go func() { ended <- process.Wait() }()
	var outcome Outcome
	select {
	case outcome = <-api.done:
		cancel()
		<-ended
	case <-ended:
	}

	// The request for the next invocation would keep the server open.
	server.CloseClientConnections()
	outcome.Log = log.String()
	return outcome
}
