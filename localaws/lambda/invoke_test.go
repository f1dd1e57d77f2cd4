package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var hostArch = runtime.GOARCH

func TestResponseIsReturnedByteForByte_C36(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f")
	out := b.invokeTail(t, "f", `{"hello":1}`)
	if out.StatusCode != 200 || string(out.Payload) != `{"hello":1}` || out.FunctionError != "" || out.ExecutedVersion != "$LATEST" {
		t.Fatalf("%+v %s", out, out.Payload)
	}
}

func TestEmptyPayloadBecomesAnEmptyObject_C37(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f")
	if out := b.invokeTail(t, "f", ""); string(out.Payload) != "{}" {
		t.Errorf("got %s", out.Payload)
	}
}

// LAM C39 for the last row; each error is Unhandled (LAM C41).
func TestFunctionErrors_C42(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f", func(in *CreateFunctionInput) { in.Timeout = ptr(60) })
	id := b.call.RequestID
	exit := func(how string) string {
		return `{"errorMessage":"RequestId: ` + id + ` Error: Runtime exited ` + how + `","errorType":"Runtime.ExitError"}`
	}

	for _, tc := range []struct{ name, event, want string }{
		{"ReturnedError", `{"Do":"error","Text":"no stock"}`, `{"errorMessage":"no stock","errorType":"errorString"}`},
		{"Exit", `{"Do":"exit","N":1}`, exit("with error: exit status 1")},
		{"OrderlyExit", `{"Do":"exit"}`, exit("without providing a reason")},
		{"OutOfMemory", `{"Do":"memory","N":200}`, exit("with error: signal: killed")},
		{
			"TooLarge", `{"Do":"large","N":7000000}`,
			`{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out := b.invokeTail(t, "f", tc.event)
			if out.StatusCode != 200 || out.FunctionError != "Unhandled" || string(out.Payload) != tc.want {
				t.Errorf("%s: %d %s %s, want %s", tc.name, out.StatusCode, out.FunctionError, out.Payload, tc.want)
			}
			if again := b.invokeTail(t, "f", `{"still":"here"}`); string(again.Payload) != `{"still":"here"}` {
				t.Errorf("after %s: %s", tc.name, again.Payload)
			}
		})
	}
}

// LAM C60: the line in the log.
func TestPanicIsReportedAndTheProcessReplaced_C42(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f", func(in *CreateFunctionInput) { in.Timeout = ptr(60) })
	got := decode(t, b.invokeUntilIdle(t, "f", `{"Do":"panic","Text":"boom"}`).Payload)
	if got["errorMessage"] != "boom" || got["errorType"] != "string" || got["stackTrace"] == nil {
		t.Errorf("%v", got)
	}

	if again := b.invokeUntilIdle(t, "f", `{}`); again.FunctionError != "" {
		t.Errorf("after the panic: %s", again.Payload)
	}

	if log := strings.Join(b.backends.log(), "\n"); !strings.Contains(log, "Unknown application error occurred\nRuntime.Unknown") {
		t.Errorf("log lacks the line of C60:\n%s", log)
	}
}

// LAM C43: two decimals. LAM C65: /tmp remains. LAM C70: the REPORT line.
func TestTimeoutResetsTheEnvironment_C67(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f", func(in *CreateFunctionInput) { in.Timeout = ptr(2) })
	b.invokeWithinTimeout(t, "f", `{"Do":"touch","Text":"mark"}`)
	pid := string(b.invokeWithinTimeout(t, "f", `{"Do":"process"}`).Payload)
	out, err := b.tryInvoke(t, &InvokeInput{
		FunctionName: "f",
		Payload:      []byte(`{"Do":"hang"}`),
		LogType:      "Tail",
	})
	if err != nil {
		t.Fatal(err)
	}

	want := `{"errorMessage":"RequestId: ` + b.call.RequestID + ` Error: Task timed out after 2.00 seconds","errorType":"Sandbox.Timedout"}`
	if string(out.Payload) != want || out.FunctionError != "Unhandled" {
		t.Errorf("%s, want %s", out.Payload, want)
	}

	tail, _ := base64.StdEncoding.DecodeString(out.LogResult)
	if !strings.Contains(string(tail), "Duration: 2000.00 ms\t") || !strings.HasSuffix(string(tail), "\tStatus: timeout\n") {
		t.Errorf("C70: REPORT line without the timeout: %s", tail)
	}

	if got := b.invokeWithinTimeout(t, "f", `{"Do":"touch","Text":"mark"}`); string(got.Payload) != "true" {
		t.Errorf("temporary files were deleted: %s", got.Payload)
	}

	if again := string(b.invokeWithinTimeout(t, "f", `{"Do":"process"}`).Payload); again == pid {
		t.Errorf("process %s is still alive", pid)
	}

	b.backends.mu.Lock()
	defer b.backends.mu.Unlock()
	for _, s := range b.backends.streams {
		if s != b.backends.streams[0] {
			t.Errorf("a second log stream %s in addition to %s", s, b.backends.streams[0])
		}
	}
}

func TestIdleEnvironmentIsReused_C66(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f")
	first := b.invokeUntilIdle(t, "f", `{"Do":"process"}`)
	second := b.invokeUntilIdle(t, "f", `{"Do":"process"}`)
	if string(first.Payload) != string(second.Payload) {
		t.Errorf("processes %s and %s", first.Payload, second.Payload)
	}
}

func TestInvocationHeadersOfTheRuntimeAPI_C54(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f", func(in *CreateFunctionInput) { in.Timeout = ptr(30) })
	b.call.Trace = "Root=1-00000000-000000000000000000000000;Parent=53995c3f42cd8ad8;Sampled=1"
	client := base64.StdEncoding.EncodeToString([]byte(`{"custom":{"shop":"7"}}`))
	out, err := b.tryInvoke(t, &InvokeInput{
		FunctionName:  "f:$LATEST",
		Payload:       []byte(`{"Do":"context"}`),
		ClientContext: client,
	})
	if err != nil {
		t.Fatal(err)
	}

	got := decode(t, out.Payload)
	if got["id"] != b.call.RequestID || got["arn"] != "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST" {
		t.Errorf("id %v, arn %v", got["id"], got["arn"])
	}

	trace := regexp.MustCompile(`^Root=1-00000000-000000000000000000000000;Parent=[0-9a-f]{16};Sampled=1;Lineage=[0-9a-f]{8}:1$`)
	if s, _ := got["trace"].(string); !trace.MatchString(s) {
		t.Errorf("trace %v", got["trace"])
	}

	if left, _ := got["left"].(float64); left < 20 || left > 30 {
		t.Errorf("%v s left of 30", left)
	}

	if diff := cmp.Diff(map[string]any{"shop": "7"}, got["custom"]); diff != "" {
		t.Error(diff)
	}
}

// LAM C63: variables that must be absent.
func TestEnvironmentVariablesOfTheProcess_C62(t *testing.T) {
	t.Setenv("LOCALAWS_LEAK", "host secret")
	b := start(t, func(o *Options) { o.Path = "/opt/tools:/usr/bin:relative" })
	b.create(t, "f", func(in *CreateFunctionInput) { in.Environment = &Environment{map[string]string{"TABLE": "orders"}} })
	var list []string
	if err := json.Unmarshal(b.invokeTail(t, "f", `{"Do":"env"}`).Payload, &list); err != nil {
		t.Fatal(err)
	}

	got := map[string]string{}
	for _, v := range list {
		name, value, _ := strings.Cut(v, "=")
		got[name] = value
	}

	for name, want := range map[string]string{
		"AWS_ACCESS_KEY_ID":               "ASIATEST",
		"AWS_SECRET_ACCESS_KEY":           "secret",
		"AWS_SESSION_TOKEN":               "token",
		"AWS_REGION":                      "us-east-1",
		"AWS_DEFAULT_REGION":              "us-east-1",
		"AWS_LAMBDA_FUNCTION_NAME":        "f",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/f",
		"LANG":                            "en_US.UTF-8",
		"TZ":                              ":UTC",
		"_HANDLER":                        "bootstrap",
		"TABLE":                           "orders",
		"AWS_ENDPOINT_URL":                "http://localhost:4566",
		"AWS_EC2_METADATA_DISABLED":       "true",
		"PATH":                            "/usr/local/bin:/usr/bin:/bin:/opt/bin:/opt/tools",
		"AWS_SHARED_CREDENTIALS_FILE":     "/dev/null",
	} {
		t.Run(name, func(t *testing.T) {
			if got[name] != want {
				t.Errorf("%s is %q, want %q", name, got[name], want)
			}
		})
	}

	for _, name := range []string{"LOCALAWS_LEAK", "HOME", "AWS_EXECUTION_ENV", "AWS_PROFILE", "AWS_LAMBDA_LOG_FORMAT"} {
		t.Run(name, func(t *testing.T) {
			if v, has := got[name]; has {
				t.Errorf("%s=%s is set, want it absent (C63)", name, v)
			}
		})
	}

	stream := regexp.MustCompile(`^2026/01/02/\[\$LATEST\][0-9a-f]{32}$`)
	if !stream.MatchString(got["AWS_LAMBDA_LOG_STREAM_NAME"]) {
		t.Errorf("stream %q (C74)", got["AWS_LAMBDA_LOG_STREAM_NAME"])
	}
}

func TestInvalidPayloadsAreRefused_C38_C39_C40(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f")
	for _, tc := range []struct {
		name, kind, code, message string
		payload                   []byte
		status                    int
	}{
		{"NotJSON", "", "InvalidRequestContentException", "Could not parse request body into json: Could not parse payload into json: ", []byte("{x"), 400},
		{
			"LargeSync", "", "RequestEntityTooLargeException", "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
			make([]byte, 6291457), 413,
		},
		{
			"LargeAsync", "Event", "RequestEntityTooLargeException",
			"1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)", make([]byte, 1048577), 413,
		},
		{"Kind", "Sometimes", "ValidationException", "Value 'Sometimes' at 'invocationType' failed to satisfy constraint", nil, 400},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := b.tryInvoke(t, &InvokeInput{
				FunctionName:   "f",
				Payload:        tc.payload,
				InvocationType: tc.kind,
			})
			wantError(t, err, tc.code, tc.status, tc.message)
		})
	}
}

func TestDryRunDoesNotRunTheFunction_C37(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f")
	out, err := b.tryInvoke(t, &InvokeInput{FunctionName: "f", InvocationType: "DryRun"})
	if err != nil || out.StatusCode != 204 || out.Payload != nil {
		t.Errorf("%+v %v", out, err)
	}

	if log := b.backends.log(); len(log) > 0 {
		t.Errorf("something ran: %q", log)
	}

	_, err = b.tryInvoke(t, &InvokeInput{FunctionName: "gone", InvocationType: "DryRun"})
	wantError(t, err, "ResourceNotFoundException", 404, "Function not found: arn:aws:lambda:us-east-1:000000000000:function:gone:$LATEST")
}

// figures matches what differs between runs in a log.
var figures = regexp.MustCompile(`(Duration: )[0-9.]+( ms)|(Max Memory Used: )[0-9]+|(runtime:)[0-9a-f]{64}`)

func steady(log []string) string {
	return figures.ReplaceAllString(strings.Join(log, "\n"), "${1}${3}${4}#${2}")
}

func TestLogLinesOfAnInvocation_C69(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f")
	b.invokeTail(t, "f", `{"Do":"print","Text":"one\ntwo\nunfinished"}`)
	b.invokeTail(t, "f", `{"Do":"print","Text":"again\n"}`)
	id := b.call.RequestID
	want := "INIT_START Runtime Version: provided:al2023.v102\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:#\n" +
		"START RequestId: " + id + " Version: $LATEST\none\ntwo\nunfinished\nEND RequestId: " + id + "\n" +
		"REPORT RequestId: " + id + "\tDuration: # ms\tBilled Duration: # ms\tMemory Size: 128 MB\tMax Memory Used: # MB\tInit Duration: # ms\t\n" +
		"START RequestId: " + id + " Version: $LATEST\nagain\nEND RequestId: " + id + "\n" +
		"REPORT RequestId: " + id + "\tDuration: # ms\tBilled Duration: # ms\tMemory Size: 128 MB\tMax Memory Used: # MB\t"

	if diff := cmp.Diff(want, steady(b.backends.log())); diff != "" {
		t.Error(diff)
	}
}

func TestFailedInitIsRetriedOnce_C70a(t *testing.T) {
	t.Parallel()

	const started = "INIT_START Runtime Version: provided:al2023.v102\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:#\n"
	id := start(t).call.RequestID
	report := "REPORT RequestId: " + id + "\tDuration: # ms\tBilled Duration: # ms\tMemory Size: 128 MB\tMax Memory Used: # MB\t"
	for _, tc := range []struct{ name, init, payload, log string }{
		{
			"Exit", "exit", `{"errorMessage":"RequestId: ` + id + ` Error: Runtime exited with error: exit status 7","errorType":"Runtime.ExitError"}`,
			started + "hello\nINIT_REPORT Init Duration: # ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError\n" +
				"hello\nINIT_REPORT Init Duration: # ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ExitError\n" +
				"START RequestId: " + id + " Version: $LATEST\nRequestId: " + id + " Error: Runtime exited with error: exit status 7\nRuntime.ExitError\n" +
				"END RequestId: " + id + "\n" + report + "Status: error\tError Type: Runtime.ExitError",
		},
		{
			"Posted", "post", `{"errorMessage":"no database","errorType":"Init.NoDatabase"}`,
			started + "hello\nINIT_REPORT Init Duration: # ms\tPhase: init\tStatus: error\tError Type: Init.NoDatabase\n" +
				"hello\nINIT_REPORT Init Duration: # ms\tPhase: invoke\tStatus: error\tError Type: Init.NoDatabase\n" +
				"START RequestId: " + id + " Version: $LATEST\nEND RequestId: " + id + "\n" + report + "Status: error\tError Type: Init.NoDatabase",
		},
		{
			"OnlyTheFirst", "exit-once", `{}`,
			started + "hello\nINIT_REPORT Init Duration: # ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError\n" +
				"hello\nSTART RequestId: " + id + " Version: $LATEST\nEND RequestId: " + id + "\n" + report,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()

			b := start(t)
			b.create(t, "f", func(in *CreateFunctionInput) {
				in.Environment = &Environment{map[string]string{"INIT": tc.init, "INIT_LOG": "hello"}}
				in.Timeout = ptr(60)
			})

			if out := b.invokeTail(t, "f", "{}"); string(out.Payload) != tc.payload {
				t.Errorf("%s, want %s", out.Payload, tc.payload)
			}

			if diff := cmp.Diff(tc.log, steady(b.backends.log())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestInitHasItsOwnTimeout_C66(t *testing.T) {
	t.Parallel()

	b := start(t, func(o *Options) { o.InitTimeout = 200e6 })
	b.create(t, "f", func(in *CreateFunctionInput) {
		in.Environment = &Environment{map[string]string{"INIT": "hang"}}
		in.Timeout = ptr(1)
	})

	out := b.invokeTail(t, "f", "{}")
	if got := decode(t, out.Payload); got["errorType"] != "Sandbox.Timedout" {
		t.Errorf("%s", out.Payload)
	}

	log := steady(b.backends.log())
	for _, want := range []string{"Phase: init\tStatus: timeout\n", "Phase: invoke\tStatus: timeout\n", "Status: timeout"} {
		if !strings.Contains(log, want) {
			t.Errorf("log lacks %q:\n%s", want, log)
		}
	}
}

func TestProgramsThatCannotStartFail_C19(t *testing.T) {
	t.Parallel()

	b := start(t)
	for _, tc := range []struct {
		name, want string
		zip        []byte
	}{
		{"missing", "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]", nil},
		{"not-executable", "fork/exec /var/task/bootstrap: permission denied", bundle(t, []byte("#!/bin/sh\n"), 0o644)},
		{"no-format", "fork/exec /var/task/bootstrap: exec format error", bundle(t, []byte("hello"), 0o755)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.zip == nil {
				tc.zip = zipOf(t, map[string]string{"main.txt": "hello"})
			}

			b.create(t, tc.name, func(in *CreateFunctionInput) { in.Code.ZipFile = tc.zip })
			got := decode(t, b.invokeTail(t, tc.name, "{}").Payload)
			if got["errorType"] != "Runtime.InvalidEntrypoint" || got["errorMessage"] != "RequestId: "+b.call.RequestID+" Error: "+tc.want {
				t.Errorf("%s: %v", tc.name, got)
			}
		})
	}
}

// shell is a function written as a shell script, which needs only curl.
const shell = `#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while :; do
  head="${TMPDIR:-/tmp}/head"
  event=$(curl -sS -D "$head" "$api/next") || exit 1
  id=$(grep -i '^lambda-runtime-aws-request-id:' "$head" | tr -d '\r' | cut -d' ' -f2)
  echo "got $event"
  curl -sS -X POST "$api/$id/response" -d "{\"echo\":$event}" >/dev/null
done
`

// python is a function written as a Python script.
const python = `#!/usr/bin/env python3
import http.client, os
c = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
base = "/2018-06-01/runtime/invocation/"
while True:
    c.request("GET", base + "next")
    r = c.getresponse()
    event, request = r.read().decode(), r.headers["Lambda-Runtime-Aws-Request-Id"]
    c.request("POST", base + request + "/response", '{"echo":' + event + '}')
    c.getresponse().read()
`

func TestScriptsThatUseTheRuntimeAPIRun(t *testing.T) {
	t.Parallel()

	b := start(t)
	for name, script := range map[string]string{"shell": shell, "python": python} {
		t.Run(name, func(t *testing.T) {
			b.create(t, name, func(in *CreateFunctionInput) {
				in.Code.ZipFile = bundle(t, []byte(script), 0o755)
				in.Timeout = ptr(60)
			})

			for range 2 {
				if out := b.invokeTail(t, name, `{"n":1}`); string(out.Payload) != `{"echo":{"n":1}}` {
					t.Errorf("%s: %s\n%s", name, out.Payload, strings.Join(b.backends.log(), "\n"))
				}
			}
		})
	}
}

func TestCanceledCallerDoesNotStopTheFunction(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f", func(in *CreateFunctionInput) { in.Timeout = ptr(60) })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.Invoke(ctx, b.call, &InvokeInput{FunctionName: "f", Payload: []byte(`{"Do":"print","Text":"I ran\n"}`)})
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}

	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	if log := strings.Join(b.backends.log(), "\n"); !strings.Contains(log, "I ran") {
		t.Errorf("log: %s", log)
	}
}
