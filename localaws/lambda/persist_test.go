package lambda

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// restart closes a service and starts another on the same disk.
func restart(t *testing.T, b *testService, dir string) *testService {
	t.Helper()

	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.opts.Store.Close(); err != nil {
		t.Fatal(err)
	}
	return onDisk(t, dir)
}

// onDisk starts a service whose state is stored in dir.
func onDisk(t *testing.T, dir string) *testService {
	t.Helper()

	s, err := store.Open(filepath.Join(dir, "store"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return start(t, func(o *Options) {
		o.Store = s
		o.WorkDir = filepath.Join(dir, "work")
	})
}

func TestFunctionsSurviveARestart(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	b := onDisk(t, dir)
	b.create(t, "f", func(in *CreateFunctionInput) {
		in.Tags = map[string]string{"team": "a"}
		in.Environment = &Environment{map[string]string{"TABLE": "orders"}}
	})

	b.create(t, "gone")
	b.publishOf(t, "f", "first")
	b.setTimeout(t, "f", 9)
	b.publishOf(t, "f", "second")
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	must(b.CreateAlias(ctx, b.call, &CreateAliasInput{
		FunctionName:    "f",
		Name:            "live",
		FunctionVersion: "1",
		RoutingConfig:   &RoutingConfig{map[string]float64{"2": .5}},
	}))

	must(b.AddPermission(ctx, b.call, &AddPermissionInput{
		FunctionName: "f",
		StatementID:  "s",
		Action:       "lambda:InvokeFunction",
		Principal:    "*",
	}))

	must(b.PutFunctionConcurrency(ctx, b.call, &PutFunctionConcurrencyInput{"f", ptr(3)}))
	must(b.PutFunctionRecursionConfig(ctx, b.call, &PutFunctionRecursionConfigInput{"f", "Allow"}))
	b.destinations(t, "f", FunctionEventInvokeConfigInput{MaximumRetryAttempts: ptr(1), DestinationConfig: toQueues()})
	must(nil, b.DeleteFunction(ctx, b.call, &QualifiedInput{FunctionName: "gone"}))
	describe := func(b *testService) []any {
		f, err := b.GetFunction(ctx, b.call, &QualifiedInput{FunctionName: "f"})
		f.Code.Location, _, _ = strings.Cut(f.Code.Location, "?") // each server signs URLs with its own secret
		must(f, err)
		versions, err := b.ListVersionsByFunction(ctx, b.call, &ListVersionsByFunctionInput{FunctionName: "f"})
		must(versions, err)
		list, err := b.ListFunctions(ctx, b.call, &ListFunctionsInput{})
		must(list, err)
		alias, err := b.GetAlias(ctx, b.call, &AliasInput{"f", "live"})
		must(alias, err)
		policy, err := b.GetPolicy(ctx, b.call, &QualifiedInput{FunctionName: "f"})
		must(policy, err)
		recursion, err := b.GetFunctionRecursionConfig(ctx, b.call, &FunctionInput{"f"})
		must(recursion, err)
		async, err := b.GetFunctionEventInvokeConfig(ctx, b.call, &QualifiedInput{FunctionName: "f"})
		must(async, err)
		return []any{*f, *versions, *list, *alias, *policy, *recursion, async.FunctionArn, *async.MaximumRetryAttempts}
	}

	before := describe(b)
	b = restart(t, b, dir)
	if diff := cmp.Diff(before, describe(b)); diff != "" {
		t.Error(diff)
	}

	if out := b.invokeTail(t, "f", `{"n":1}`); string(out.Payload) != `{"n":1}` {
		t.Errorf("%s", out.Payload)
	}

	b.setTimeout(t, "f", 10)
	if v := b.publishOf(t, "f", ""); v.Version != "3" {
		t.Errorf("version %s, want the numbers to continue", v.Version)
	}

	zips, err := os.ReadDir(filepath.Join(b.codeCache.dir, "zips"))
	if err != nil || len(zips) != 1 {
		t.Errorf("%d zip files %v: those of deleted functions remain", len(zips), err)
	}
}

func TestPendingEventSurvivesARestart(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	b := onDisk(t, dir)
	b.create(t, "f", minutes)
	b.destinations(t, "f", FunctionEventInvokeConfigInput{DestinationConfig: toQueues()})
	b.event(t, "f", `{"Do":"error","Text":"first"}`)
	b.advance(t, time.Second)
	b = restart(t, b, dir)
	b.advance(t, time.Hour)
	b.backends.mu.Lock()
	sent := len(b.backends.sent)
	b.backends.mu.Unlock()
	if sent != 1 {
		t.Fatalf("%d messages at the destination, want 1", sent)
	}

	got := decode(t, []byte(b.backends.sent[0].body))["requestContext"].(map[string]any)
	if got["condition"] != "RetriesExhausted" || got["approximateInvokeCount"] != 3.0 {
		t.Errorf("%v", got)
	}

	b = restart(t, b, dir)
	b.advance(t, time.Hour)
	if len(b.backends.sent) != 0 {
		t.Errorf("a finished event ran again after a restart")
	}
}

func TestResetDeletesFunctionsAndPendingEvents(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	b := onDisk(t, dir)
	b.create(t, "f", minutes)
	other := *b.call
	other.Region = "eu-west-1"
	here := b.call
	b.call = &other
	b.create(t, "f")
	b.call = here
	b.event(t, "f", `{"Do":"error","Text":"first"}`)
	b.advance(t, time.Second)
	if err := b.Reset("", "us-east-1"); err != nil {
		t.Fatal(err)
	}

	if n := b.clock.State().Transitions; n != 0 {
		t.Errorf("%d events are pending", n)
	}

	_, err := b.tryInvoke(t, &InvokeInput{FunctionName: "f"})
	wantError(t, err, "ResourceNotFoundException", 404, "Function not found")
	b = restart(t, b, dir)
	if len(b.functions) != 1 || b.functions[functionKey{awsapi.Scope{Account: "000000000000", Region: "eu-west-1"}, "f"}] == nil || b.clock.State().Transitions != 0 {
		t.Errorf("after a restart: %v, %d events", b.functions, b.clock.State().Transitions)
	}
}
