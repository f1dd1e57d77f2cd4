package lambda

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/localaws/store"
)

// restart closes a bench and makes another on the same disk.
func restart(t *testing.T, b *bench, dir string) *bench {
	t.Helper()
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.opts.Store.Close(); err != nil {
		t.Fatal(err)
	}
	return onDisk(t, dir)
}

// onDisk makes a bench whose state is kept in dir.
func onDisk(t *testing.T, dir string) *bench {
	t.Helper()
	s, err := store.Open(filepath.Join(dir, "store"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return start(t, func(o *Options) { o.Store, o.WorkDir = s, filepath.Join(dir, "work") })
}

func TestFunctionsOutliveTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := onDisk(t, dir)
	b.create(t, "f", func(in *createFunctionInput) {
		in.Tags, in.Environment = map[string]string{"team": "a"}, &environment{map[string]string{"TABLE": "orders"}}
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
	must(b.createAlias(ctx, b.call, &aliasInput{
		FunctionName: "f", Name: "live", FunctionVersion: "1", RoutingConfig: &routingConfig{map[string]float64{"2": .5}},
	}))
	must(b.addPermission(ctx, b.call, &addPermissionInput{FunctionName: "f", StatementID: "s", Action: "lambda:InvokeFunction", Principal: "*"}))
	must(b.putFunctionConcurrency(ctx, b.call, &putConcurrencyInput{"f", ptr(3)}))
	must(b.putRecursion(ctx, b.call, &recursionInput{"f", "Allow"}))
	b.destinations(t, "f", eventInvokeConfigInput{MaximumRetryAttempts: ptr(1), DestinationConfig: toQueues()})
	must(b.deleteFunction(ctx, b.call, &qualifiedInput{FunctionName: "gone"}))
	look := func(b *bench) []any {
		f, err := b.getFunction(ctx, b.call, &qualifiedInput{FunctionName: "f"})
		f.Code.Location, _, _ = strings.Cut(f.Code.Location, "?") // signed anew by every server
		must(f, err)
		versions, err := b.listVersionsByFunction(ctx, b.call, &listVersionsInput{FunctionName: "f"})
		must(versions, err)
		list, err := b.listFunctions(ctx, b.call, &listFunctionsInput{})
		must(list, err)
		alias, err := b.getAlias(ctx, b.call, &namedAliasInput{"f", "live"})
		must(alias, err)
		policy, err := b.getPolicy(ctx, b.call, &qualifiedInput{FunctionName: "f"})
		must(policy, err)
		recursion, err := b.getRecursion(ctx, b.call, &functionInput{"f"})
		must(recursion, err)
		async, err := b.getEventInvokeConfig(ctx, b.call, &qualifiedInput{FunctionName: "f"})
		must(async, err)
		return []any{*f, *versions, *list, *alias, *policy, *recursion, async.FunctionArn, *async.MaximumRetryAttempts}
	}
	before := look(b)
	b = restart(t, b, dir)
	if diff := cmp.Diff(before, look(b)); diff != "" {
		t.Error(diff)
	}
	if out := b.ask(t, "f", `{"n":1}`); string(out.Payload) != `{"n":1}` {
		t.Errorf("%s", out.Payload)
	}
	b.setTimeout(t, "f", 10)
	if v := b.publishOf(t, "f", ""); v.Version != "3" {
		t.Errorf("version %s, want the count to go on", v.Version)
	}
	zips, err := os.ReadDir(filepath.Join(b.shelf.dir, "zips"))
	if err != nil || len(zips) != 1 {
		t.Errorf("%d zip files %v: those of deleted functions stay", len(zips), err)
	}
}

func TestAnEventThatWaitsOutlivesTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := onDisk(t, dir)
	b.create(t, "f", minutes)
	b.destinations(t, "f", eventInvokeConfigInput{DestinationConfig: toQueues()})
	b.event(t, "f", `{"Do":"error","Text":"first"}`)
	b.advance(t, time.Second)
	b = restart(t, b, dir)
	b.advance(t, time.Hour)
	b.world.mu.Lock()
	sent := len(b.world.sent)
	b.world.mu.Unlock()
	if sent != 1 {
		t.Fatalf("%d messages at the destination, want 1", sent)
	}
	got := decode(t, []byte(b.world.sent[0].body))["requestContext"].(map[string]any)
	if got["condition"] != "RetriesExhausted" || got["approximateInvokeCount"] != 3.0 {
		t.Errorf("%v", got)
	}
	b = restart(t, b, dir)
	b.advance(t, time.Hour)
	if len(b.world.sent) != 0 {
		t.Errorf("an event that is done with came back")
	}
}

func TestResetForgetsFunctionsAndWaitingEvents(t *testing.T) {
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
	if n := b.clock.State().Moves; n != 0 {
		t.Errorf("%d events wait", n)
	}
	_, err := b.invokeWith(t, &invokeInput{FunctionName: "f"})
	wantError(t, err, "ResourceNotFoundException", 404, "Function not found")
	b = restart(t, b, dir)
	if len(b.functions) != 1 || b.functions[key{place{"000000000000", "eu-west-1"}, "f"}] == nil || b.clock.State().Moves != 0 {
		t.Errorf("after a restart: %v, %d events", b.functions, b.clock.State().Moves)
	}
}
