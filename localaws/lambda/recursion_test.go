package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/lambda/mapping"
)

const functionARN = "arn:aws:lambda:us-east-1:000000000000:function:f"

// encoded is a trace header as SDKs encode it inside a function.
var encoded = strings.NewReplacer("|", "%7C", ":", "%3A")

func TestRecursiveLoopStopsAfterSixteenInvocations(t *testing.T) {
	t.Parallel()

	b := start(t)
	var trace string
	b.createHandler(t, "f", func(ctx context.Context, _ []byte) ([]byte, error) {
		trace = ctx.Value("x-amzn-trace-id").(string)
		return nil, nil
	})

	call := func() error {
		b.call.Trace = encoded.Replace(trace)
		_, err := b.tryInvoke(t, &InvokeInput{FunctionName: "f"})
		return err
	}

	for i := range 16 {
		if err := call(); err != nil {
			t.Fatalf("invocation %d: %v", i+1, err)
		}
	}

	wantError(t, call(), "RecursiveInvocationException", 400, "recursive loop")
	if n, _ := b.backends.sum("RecursiveInvocationsDropped", map[string]string{"FunctionName": "f"}); n != 1 {
		t.Errorf("%v dropped", n)
	}

	if got, err := b.GetFunctionRecursionConfig(ctx, b.call, &FunctionInput{"f"}); err != nil || got.RecursiveLoop != "Terminate" {
		t.Errorf("%+v %v", got, err)
	}

	if _, err := b.PutFunctionRecursionConfig(ctx, b.call, &PutFunctionRecursionConfigInput{"f", "Allow"}); err != nil {
		t.Fatal(err)
	}

	for range 20 {
		if err := call(); err != nil {
			t.Fatalf("with RecursiveLoop Allow: %v", err)
		}
	}

	_, err := b.PutFunctionRecursionConfig(ctx, b.call, &PutFunctionRecursionConfigInput{"f", "Perhaps"})
	wantError(t, err, "ValidationException", 400, "[Allow, Terminate]")
}

func TestRecursiveLoopIsReportedToTheMapping(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.createHandler(t, "f", echo)
	trace := ""
	for range 16 {
		trace, _ = extendTrace(b.opts.Chance, epoch, trace, functionARN)
	}
	got := make(chan mapping.Outcome, 1)
	b.StartInvocation(ctx, functionARN, []byte("{}"), trace, func(o mapping.Outcome) { got <- o })
	wantError(t, (<-got).Err, "RecursiveInvocationException", 400, "recursive loop")
}

func TestEventInARecursiveLoopGoesToTheDestination(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.createHandler(t, "f", echo)
	b.destinations(t, "f", FunctionEventInvokeConfigInput{DestinationConfig: toQueues()})
	for range 16 {
		b.call.Trace, _ = extendTrace(b.opts.Chance, epoch, b.call.Trace, functionARN)
	}

	b.event(t, "f", "{}")
	var record struct{ ResponsePayload struct{ ErrorType string } }
	if err := json.Unmarshal([]byte((<-b.backends.arrived).body), &record); err != nil || record.ResponsePayload.ErrorType != "RecursiveInvocationException" {
		t.Errorf("%+v %v", record, err)
	}
}

func TestLineageCountsEachFunctionOfAChain(t *testing.T) {
	t.Parallel()

	rnd := chance.Seeded(1)
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfN(rapid.IntRange(0, 2), 1, 60).Draw(t, "chain")
		want := map[int]int{}
		header := ""
		links := 0
		for _, n := range names {
			want[n]++
			header, links = extendTrace(rnd, epoch, encoded.Replace(header), fmt.Sprint(functionARN, n))
			if links != want[n] {
				t.Fatalf("function %d has %d invocations after %v, want %d", n, links, names, want[n])
			}
		}
	})
}

// A simulation must not depend on machine time.
func TestNewTraceHasServiceTime(t *testing.T) {
	t.Parallel()

	b := start(t)
	var trace string
	b.createHandler(t, "f", func(ctx context.Context, _ []byte) ([]byte, error) {
		trace = ctx.Value("x-amzn-trace-id").(string)
		return nil, nil
	})
	b.invokeTail(t, "f", "{}")

	if want := fmt.Sprintf("Root=1-%08x-", epoch.Unix()); !strings.HasPrefix(trace, want) {
		t.Errorf("trace %s, want it to begin with %s", trace, want)
	}
}

func FuzzExtend(f *testing.F) {
	f.Add("Root=1-00000000-000000000000000000000000;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:1|68fd508a:5")
	f.Add("Lineage=a87bd80c:-1|:|x:999999999999999999999")
	f.Add(";;==;Root")
	rnd := chance.Seeded(1)
	f.Fuzz(func(t *testing.T, header string) {
		next, links := extendTrace(rnd, epoch, header, functionARN)
		again, more := extendTrace(rnd, epoch, next, functionARN)
		if links < 1 || more != links+1 {
			t.Fatalf("%q: %d, then %d in %q", header, links, more, again)
		}
	})
}

func FuzzParse(f *testing.F) {
	b := start(f)
	for _, name := range []string{"f", "f:1", "000000000000:function:f", functionARN, functionARN + ":live", "arn:aws:lambda:::function:", ":::", "function:f"} {
		f.Add(name, "")
	}
	f.Fuzz(func(t *testing.T, name, qualifier string) {
		ref, err := parseReference(b.call, name, qualifier)
		if err == nil && (ref.name == "" || strings.ContainsAny(ref.name, "/:. ")) {
			t.Fatalf("%q: %+v", name, ref)
		}
	})
}
