package lambda

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// gate is a handler that runs until the gate is opened.
type gate struct {
	entered, open chan struct{}
}

func newGate() *gate { return &gate{make(chan struct{}, 2000), make(chan struct{})} }

func (g *gate) handle(context.Context, []byte) ([]byte, error) {
	g.entered <- struct{}{}
	<-g.open
	return []byte("{}"), nil
}

// backgroundInvokes invokes a function n times without waiting for the responses.
func (b *testService) backgroundInvokes(n int, name string) <-chan error {
	done := make(chan error, n)
	for range n {
		go func() {
			_, err := b.Invoke(ctx, b.call, &InvokeInput{FunctionName: name})
			done <- err
		}()
	}
	return done
}

func minutes(in *CreateFunctionInput) { in.Timeout = ptr(600) }

func TestReservedConcurrencyThrottles_C44(t *testing.T) {
	t.Parallel()

	b := start(t)
	g := newGate()
	b.createHandler(t, "f", g.handle, minutes)
	if _, err := b.PutFunctionConcurrency(ctx, b.call, &PutFunctionConcurrencyInput{"f", ptr(2)}); err != nil {
		t.Fatal(err)
	}

	done := b.backgroundInvokes(2, "f")
	<-g.entered
	<-g.entered
	_, err := b.tryInvoke(t, &InvokeInput{FunctionName: "f"})
	wantError(t, err, "TooManyRequestsException", 429, "Rate Exceeded.")
	var e *awsapi.Error
	errors.As(err, &e)
	if e.Members["Reason"] != "ReservedFunctionConcurrentInvocationLimitExceeded" || e.Members["Type"] != "User" || e.Headers["Retry-After"] == "" {
		t.Errorf("%+v", e)
	}

	close(g.open)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}

	if _, err := b.tryInvoke(t, &InvokeInput{FunctionName: "f"}); err != nil {
		t.Errorf("after they ended: %v", err)
	}

	if n, _ := b.backends.sum("Throttles", map[string]string{"FunctionName": "f"}); n != 1 {
		t.Errorf("E31: %v throttles", n)
	}

	if n, _ := b.backends.sum("Invocations", map[string]string{"FunctionName": "f"}); n != 3 {
		t.Errorf("E31: %v invocations: a throttled call must not count", n)
	}
}

func TestAccountConcurrencyThrottles_C44(t *testing.T) {
	t.Parallel()

	b := start(t)
	g := newGate()
	b.createHandler(t, "f", g.handle, minutes)
	b.createHandler(t, "other", echo)
	if _, err := b.PutFunctionConcurrency(ctx, b.call, &PutFunctionConcurrencyInput{"other", ptr(900)}); err != nil {
		t.Fatal(err)
	}

	done := b.backgroundInvokes(100, "f")
	for range 100 {
		<-g.entered
	}

	_, err := b.tryInvoke(t, &InvokeInput{FunctionName: "f"})
	var e *awsapi.Error
	if errors.As(err, &e); e == nil || e.Members["Reason"] != "ConcurrentInvocationLimitExceeded" {
		t.Errorf("%v", err)
	}

	if _, err := b.tryInvoke(t, &InvokeInput{FunctionName: "other"}); err != nil {
		t.Errorf("the function with reserved concurrency: %v", err)
	}

	close(g.open)
	for range 100 {
		<-done
	}
}

func TestReservedConcurrencyHasLimits_C31(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.createHandler(t, "f", echo)
	_, err := b.PutFunctionConcurrency(ctx, b.call, &PutFunctionConcurrencyInput{"f", ptr(901)})
	wantError(t, err, "InvalidParameterValueException", 400, "Specified ReservedConcurrentExecutions for function decreases account's "+
		"UnreservedConcurrentExecution below its minimum value of [100].")

	_, err = b.PutFunctionConcurrency(ctx, b.call, &PutFunctionConcurrencyInput{"f:1", ptr(1)})
	wantError(t, err, "InvalidParameterValueException", 400, "This operation is permitted on Lambda functions only.")
	_, err = b.PutFunctionConcurrency(ctx, b.call, &PutFunctionConcurrencyInput{"g", ptr(1)})
	wantError(t, err, "ResourceNotFoundException", 404, "function:g:$LATEST")
	for range 2 { // replacing a reservation counts it once
		if _, err = b.PutFunctionConcurrency(ctx, b.call, &PutFunctionConcurrencyInput{"f", ptr(900)}); err != nil {
			t.Fatal(err)
		}
	}

	got, _ := b.GetFunctionConcurrency(ctx, b.call, &FunctionInput{"f"})
	settings, _ := b.GetAccountSettings(ctx, b.call, &awsapi.None{})
	if *got.ReservedConcurrentExecutions != 900 || settings.AccountLimit.UnreservedConcurrentExecutions != 100 {
		t.Errorf("%+v %+v", got, settings)
	}

	if err := b.DeleteFunctionConcurrency(ctx, b.call, &FunctionInput{"f"}); err != nil {
		t.Fatal(err)
	}

	if got, _ := b.GetFunctionConcurrency(ctx, b.call, &FunctionInput{"f"}); got.ReservedConcurrentExecutions != nil {
		t.Errorf("%+v", got)
	}
}

func TestInvocationsWaitAtMaxEnvironments(t *testing.T) {
	t.Parallel()

	b := start(t, func(o *Options) { o.MaxEnvironments = 2 })
	b.create(t, "f", minutes)
	b.create(t, "g", minutes)
	var running, most atomic.Int32
	done := make(chan error, 12)
	for i := range 12 {
		go func() {
			out, err := b.Invoke(ctx, b.call, &InvokeInput{FunctionName: []string{"f", "g"}[i%2], Payload: []byte(`{"Do":"sleep","N":5}`)})
			if err == nil && out.FunctionError != "" {
				err = fmt.Errorf("%s", out.Payload)
			}
			done <- err
		}()
	}

	for range 12 {
		if err := <-done; err != nil {
			t.Error(err)
		}
		b.mu.Lock()
		running.Store(int32(b.environments.live))
		b.mu.Unlock()
		most.Store(max(most.Load(), running.Load()))
	}

	if most.Load() > 2 {
		t.Errorf("%d processes were alive at the same time, want at most 2", most.Load())
	}
}

func TestTagsOfFunctionsAndMappings_C33(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.createHandler(t, "f", echo)
	const arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
	tag := func(in TagsInput) error { err := b.TagResource(ctx, b.call, &in); return err }
	if err := tag(TagsInput{Resource: arn, Tags: map[string]string{"a": "1", "b": "2"}}); err != nil {
		t.Fatal(err)
	}

	if err := b.UntagResource(ctx, b.call, &TagsInput{Resource: arn, TagKeys: []string{"a"}}); err != nil {
		t.Fatal(err)
	}

	got, err := b.ListTags(ctx, b.call, &TagsInput{Resource: arn})
	if err != nil || !maps.Equal(got.Tags, map[string]string{"b": "2"}) {
		t.Errorf("%+v %v", got, err)
	}

	wantError(t, tag(TagsInput{Resource: arn}), "InvalidParameterValueException", 400, "An error occurred and the request cannot be processed.")
	wantError(t, tag(TagsInput{Resource: arn, Tags: manyTags(51)}), "InvalidParameterValueException", 400, "Number of tags exceeds resource tag limit.")
	err = tag(TagsInput{Resource: arn + ":1", Tags: manyTags(1)})
	wantError(t, err, "InvalidParameterValueException", 400, "Tags on function aliases and versions are not supported.")
	keeper := &mappingTags{tags: map[string]string{"m": "1"}}
	b.AttachMappings(nil, keeper)
	const mapping = "arn:aws:lambda:us-east-1:000000000000:event-source-mapping:x"
	if got, err = b.ListTags(ctx, b.call, &TagsInput{Resource: mapping}); err != nil || got.Tags["m"] != "1" {
		t.Errorf("%+v %v", got, err)
	}

	keeper.err = errNotFound.With("gone")
	_, err = b.ListTags(ctx, b.call, &TagsInput{Resource: mapping})
	wantError(t, err, "ResourceNotFoundException", 404, "Event source mapping not found: "+mapping)
}

type mappingTags struct {
	tags map[string]string
	err  error
}

func (m *mappingTags) Tags(string) (map[string]string, error)      { return m.tags, m.err }
func (m *mappingTags) SetTags(_ string, _ map[string]string) error { return m.err }
func (m *mappingTags) RemoveTags(_ string, _ []string) error       { return m.err }

func TestTableOfOperations(t *testing.T) {
	t.Parallel()

	api := start(t).API()
	var names []string
	for name, op := range api.Operations {
		names = append(names, name)
		if op.Method == "" || !strings.HasPrefix(op.Path, "/20") || op.Access == nil {
			t.Errorf("%s: %s %s, access %t", name, op.Method, op.Path, op.Access != nil)
		}
	}

	slices.Sort(names)
	want := strings.Fields(`AddPermission CreateAlias CreateFunction DeleteAlias DeleteFunction DeleteFunctionConcurrency
		DeleteFunctionEventInvokeConfig GetAccountSettings GetAlias GetFunction GetFunctionCodeSigningConfig GetFunctionConcurrency
		GetFunctionConfiguration GetFunctionEventInvokeConfig GetFunctionRecursionConfig GetPolicy GetRuntimeManagementConfig Invoke
		ListAliases ListFunctionEventInvokeConfigs ListFunctions ListTags ListVersionsByFunction PublishVersion PutFunctionConcurrency
		PutFunctionEventInvokeConfig PutFunctionRecursionConfig PutRuntimeManagementConfig RemovePermission TagResource UntagResource
		UpdateAlias UpdateFunctionCode UpdateFunctionConfiguration UpdateFunctionEventInvokeConfig`)

	if !slices.Equal(names, want) {
		t.Errorf("operations %v", names)
	}
}
