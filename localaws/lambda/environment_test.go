package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

func TestLogStreamOfACustomGroupNamesTheFunction_C74(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.createHandler(t, "f", echo, func(in *CreateFunctionInput) { in.LoggingConfig = &LoggingConfig{LogGroup: "shared"} })
	b.publishOf(t, "f", "")
	if _, err := b.tryInvoke(t, &InvokeInput{FunctionName: "f:1"}); err != nil {
		t.Fatal(err)
	}

	b.backends.mu.Lock()
	defer b.backends.mu.Unlock()
	if stream := b.backends.streams[0]; !regexp.MustCompile(`^2026/01/02/f\[1\][0-9a-f]{32}$`).MatchString(stream) || b.backends.groups[0] != "shared" {
		t.Errorf("group %s, stream %s", b.backends.groups[0], stream)
	}
}

func TestFunctionRunsWithoutPermissionToLog_C74(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.backends.logErr = errors.New("not authorized to perform: logs:PutLogEvents")
	b.create(t, "f")
	if out := b.invokeTail(t, "f", `{"n":1}`); string(out.Payload) != `{"n":1}` {
		t.Errorf("%s", out.Payload)
	}
}

func TestJSONLogsOfAProgram_C72(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f", func(in *CreateFunctionInput) {
		in.LoggingConfig = &LoggingConfig{LogFormat: "JSON", ApplicationLogLevel: "WARN"}
	})

	b.invokeTail(t, "f", `{"Do":"print","Text":"{\"level\":\"INFO\",\"msg\":\"no\"}\n{\"level\":\"ERROR\",\"msg\":\"yes\"}\n"}`)
	var kinds []string
	for _, line := range b.backends.log() {
		var record struct{ Type, Level string }
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		kinds = append(kinds, record.Type+record.Level)
	}

	if want := []string{"platform.initStart", "platform.start", "ERROR", "platform.report"}; !slices.Equal(kinds, want) {
		t.Errorf("%v, want %v", kinds, want)
	}

	var list []string
	if err := json.Unmarshal(b.invokeTail(t, "f", `{"Do":"env"}`).Payload, &list); err != nil {
		t.Fatal(err)
	}

	if !slices.Contains(list, "AWS_LAMBDA_LOG_FORMAT=JSON") || !slices.Contains(list, "AWS_LAMBDA_LOG_LEVEL=WARN") {
		t.Errorf("C63: %v", list)
	}
}

func TestInvocationInProgressKeepsItsConfiguration_C68(t *testing.T) {
	t.Parallel()

	b := start(t)
	entered := make(chan struct{})
	open := make(chan struct{})
	b.createHandler(t, "f", func(ctx context.Context, event []byte) ([]byte, error) {
		if string(event) == `"wait"` {
			close(entered)
			<-open
		}
		deadline, _ := ctx.Deadline()
		return json.Marshal(time.Until(deadline) > time.Hour/10)
	}, func(in *CreateFunctionInput) { in.Timeout = ptr(300) })

	old := make(chan []byte, 1)
	go func() {
		out, err := b.Invoke(ctx, b.call, &InvokeInput{FunctionName: "f", Payload: []byte(`"wait"`)})
		if err != nil {
			t.Error(err)
		}
		old <- out.Payload
	}()

	<-entered
	b.setTimeout(t, "f", 900)
	if out := b.invokeTail(t, "f", `"now"`); string(out.Payload) != "true" {
		t.Errorf("the new configuration is not used: %s", out.Payload)
	}

	close(open)
	if got := <-old; string(got) != "false" {
		t.Errorf("the old invocation: %s", got)
	}
}

func TestEnvironmentIsReplacedBeforeItsCredentialsExpire(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.backends.expires = time.Minute
	b.create(t, "f")
	first := b.invokeTail(t, "f", `{"Do":"process"}`)
	second := b.invokeTail(t, "f", `{"Do":"process"}`)
	if string(first.Payload) == string(second.Payload) {
		t.Errorf("process %s was reused", first.Payload)
	}
}

func TestMissingRolePreventsANewEnvironment(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.createHandler(t, "f", echo)
	b.backends.mu.Lock()
	b.backends.roles[role] = true
	b.backends.mu.Unlock()
	_, err := b.tryInvoke(t, &InvokeInput{FunctionName: "f"})
	wantError(t, err, "AccessDeniedException", 403, "The role defined for the function cannot be assumed by Lambda.")
	if b.clock.State().Work != 0 || b.running[b.call.Scope()] != 0 {
		t.Errorf("a refused invocation still counts: %+v", b.clock.State())
	}
}

func TestClockIsBusyWhileAFunctionRuns(t *testing.T) {
	t.Parallel()

	b := start(t)
	g := newGate()
	b.createHandler(t, "f", g.handle, minutes)
	done := b.backgroundInvokes(1, "f")
	b.event(t, "f", "{}")
	<-g.entered
	<-g.entered
	if b.clock.State().Work < 2 {
		t.Errorf("two invocations are in progress: %+v", b.clock.State())
	}

	close(g.open)
	<-done
	wait, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := b.clock.Idle(wait); err != nil {
		t.Error(err)
	}
}

func TestFailedDeliveryIsCounted_C49(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.backends.sendErr = errors.New("access denied")
	m := &failingHandler{fails: 9}
	b.createHandler(t, "f", m.handle(b), func(in *CreateFunctionInput) { in.DeadLetterConfig = &DeadLetterConfigInput{ptr(deadQueue)} })
	b.destinations(t, "f", FunctionEventInvokeConfigInput{MaximumRetryAttempts: ptr(0), DestinationConfig: toQueues()})
	b.event(t, "f", "{}")
	b.advance(t, time.Second)
	for _, name := range []string{"DestinationDeliveryFailures", "DeadLetterErrors", "AsyncEventsReceived", "AsyncEventsDropped", "Errors"} {
		t.Run(name, func(t *testing.T) {
			if n, _ := b.backends.sum(name, map[string]string{"FunctionName": "f"}); n != 1 {
				t.Errorf("E31: %s is %v, want 1", name, n)
			}
		})
	}

	if _, n := b.backends.sum("AsyncEventAge", map[string]string{"FunctionName": "f"}); n != 1 {
		t.Errorf("E31: AsyncEventAge was recorded %d times, want 1", n)
	}
}

func TestMetricsOfAnInvocation_E31(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.createHandler(t, "f", echo)
	b.invokeTail(t, "f", "{}")
	for _, dimensions := range []map[string]string{nil, {"FunctionName": "f"}, {"FunctionName": "f", "Resource": "f"}} {
		t.Run(fmt.Sprint("dimensions ", dimensions), func(t *testing.T) {
			for name, want := range map[string]float64{
				"Invocations":          1,
				"Errors":               0,
				"ConcurrentExecutions": 1,
			} {
				if sum, n := b.backends.sum(name, dimensions); sum != want || n != 1 {
					t.Errorf("%s %v: %v in %d data points, want %v in one", name, dimensions, sum, n, want)
				}
			}

			if _, n := b.backends.sum("Duration", dimensions); n != 1 {
				t.Errorf("Duration %v: %d data points", dimensions, n)
			}
		})
	}
}

func TestPagesHaveEveryItemOfTheList(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-c]{1,4}`), 0, 60, rapid.ID[string]).Draw(t, "names")
		slices.Sort(all)
		var got []string
		in := Page{MaxItems: ptr(rapid.IntRange(1, 70).Draw(t, "limit"))}
		for {
			list, next, err := paginate(in, all, func(s string) string { return s })
			if err != nil {
				t.Fatal(err)
			}

			got = append(got, list...)
			if in.Marker = next; next == "" {
				break
			}
		}

		if !slices.Equal(got, all) {
			t.Fatalf("%v, want %v", got, all)
		}
	})
}

func TestRuntimeManagementRefusesToPinARuntime(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.createHandler(t, "f", echo)
	out, err := b.PutRuntimeManagementConfig(ctx, b.call, &PutRuntimeManagementConfigInput{FunctionName: "f", UpdateRuntimeOn: "FunctionUpdate"})
	if err != nil || out.UpdateRuntimeOn != "FunctionUpdate" || out.FunctionArn != functionARN {
		t.Errorf("%+v %v", out, err)
	}

	_, err = b.PutRuntimeManagementConfig(ctx, b.call, &PutRuntimeManagementConfigInput{
		FunctionName:      "f",
		UpdateRuntimeOn:   "Manual",
		RuntimeVersionArn: "arn:x",
	})

	wantError(t, err, "InvalidParameterValueException", 400, "RuntimeVersionArn is not supported")
	_, err = b.GetFunctionCodeSigningConfig(ctx, b.call, &FunctionInput{"gone"})
	wantError(t, err, "ResourceNotFoundException", 404, "Function not found: ")
}

func TestAccessNamesTheFunction(t *testing.T) {
	t.Parallel()

	b := start(t)
	api := b.API()
	got := api.Operations["Invoke"].Access(b.call, &InvokeInput{FunctionName: "f", Qualifier: "live"})
	if len(got) != 1 || got[0].Action != "lambda:InvokeFunction" || got[0].Resource != functionARN+":live" {
		t.Errorf("%+v", got)
	}

	in := &CreateFunctionInput{FunctionName: "f"}
	in.Role = ptr(role)
	pass := awsapi.Access{Action: "iam:PassRole", Resource: role}
	got = api.Operations["CreateFunction"].Access(b.call, in)
	if len(got) != 2 || got[1].Action != pass.Action || got[1].Resource != pass.Resource || !strings.HasSuffix(got[0].Resource, ":f") {
		t.Errorf("D23: %+v", got)
	}
}
