package mapping

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

const (
	account     = "000000000000"
	region      = "us-east-1"
	queueARN    = "arn:aws:sqs:us-east-1:000000000000:orders"
	fifoARN     = "arn:aws:sqs:us-east-1:000000000000:orders.fifo"
	functionARN = "arn:aws:lambda:us-east-1:000000000000:function:consumer"
	roleARN     = "arn:aws:iam::000000000000:role/consumer"
)

var (
	start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	gone  = &awsapi.Error{
		Code:      "QueueDoesNotExist",
		QueryCode: "AWS.SimpleQueueService.NonExistentQueue",
		Status:    400,
		Message:   "The specified queue does not exist.",
	}
	denied = &awsapi.Error{
		Code:    "AccessDenied",
		Status:  403,
		Message: "User is not authorized",
	}
	throttled = &awsapi.Error{
		Code:    "TooManyRequestsException",
		Status:  429,
		Message: "Rate Exceeded.",
	}
	noFn = &awsapi.Error{
		Code:    "ResourceNotFoundException",
		Status:  404,
		Message: "Function not found: " + functionARN,
	}
)

// testService is a mapping service with model backends and a clock that the test
// advances.
type testService struct {
	*Service
	t         testing.TB
	clock     *clock.Clock
	queues    *modelQueues
	functions *modelFunctions
	roles     *modelRoles
	metrics   *modelMetrics
	call      *awsapi.Call
}

func newTestService(t testing.TB) *testService { return newTestServiceWith(t, store.Memory(), 0) }

func newTestServiceWith(t testing.TB, st *store.Store, maxBatches int) *testService {
	t.Helper()

	return newTestServiceOn(t, clock.Manual, st, maxBatches)
}

func newTestServiceOn(t testing.TB, mode clock.Mode, st *store.Store, maxBatches int) *testService {
	t.Helper()

	c := clock.New(mode, start)
	w := &testService{
		t:     t,
		clock: c,
		queues: &modelQueues{
			clock:    c,
			queues:   map[string]*modelQueue{},
			watchers: map[string]map[int]func(){},
			refuse:   map[string]error{},
		},
		functions: &modelFunctions{clock: c, known: map[string]Function{}},
		roles:     &modelRoles{},
		metrics:   &modelMetrics{counts: map[string]int{}},
		call:      &awsapi.Call{Account: account, Region: region},
	}

	w.queues.make(queueARN, 30*time.Second)
	w.queues.make(fifoARN, 30*time.Second)
	w.functions.known["consumer"] = Function{
		ARN:      functionARN,
		Name:     "consumer",
		Timeout:  3 * time.Second,
		Role:     roleARN,
		Reserved: -1,
	}

	s, err := New(Options{
		Clock:      c,
		Chance:     chance.Seeded(1),
		Store:      st,
		Queues:     w.queues,
		Functions:  w.functions,
		Roles:      w.roles,
		Metrics:    w.metrics,
		Logger:     slog.New(slog.DiscardHandler),
		MaxBatches: maxBatches,
	})
	if err != nil {
		t.Fatalf("make the service: %v", err)
	}

	w.Service = s
	s.Start()
	t.Cleanup(func() { s.Close(); c.Close() })
	return w
}

// input returns a request to map orders to consumer.
func input() *CreateEventSourceMappingInput {
	in := &CreateEventSourceMappingInput{EventSourceARN: ptr(queueARN)}
	in.FunctionName = ptr("consumer")
	return in
}

func ptr[T any](v T) *T { return &v }

// create creates a mapping; change, if given, changes the request.
func (w *testService) create(change ...func(*CreateEventSourceMappingInput)) *Configuration {
	w.t.Helper()

	in := input()
	for _, f := range change {
		f(in)
	}
	out, err := w.CreateEventSourceMapping(w.t.Context(), w.call, in)
	if err != nil {
		w.t.Fatalf("create the mapping: %v", err)
	}
	return out
}

func (w *testService) advance(d time.Duration) {
	w.t.Helper()

	if err := w.clock.Advance(context.Background(), d); err != nil {
		w.t.Fatalf("advance by %s: %v", d, err)
	}
}

// runDue runs every event that is due now.
func (w *testService) runDue() { w.t.Helper(); w.advance(0) }

// send puts messages into a queue before the poller can receive any of them.
func (w *testService) send(arn string, bodies ...string) {
	w.clock.Begin()
	defer w.clock.End()
	w.queues.send(arn, bodies...)
}

// wantBatches compares the bodies of each invocation so far.
func (w *testService) wantBatches(want ...[]string) {
	w.t.Helper()

	if got := w.functions.batches(); !slices.EqualFunc(got, want, slices.Equal[[]string]) {
		w.t.Errorf("invoked with %q, want %q", got, want)
	}
}

// modelQueues is the part of SQS that a mapping uses: visibility, groups, deletes.
type modelQueues struct {
	clock *clock.Clock

	mu       sync.Mutex
	queues   map[string]*modelQueue
	watchers map[string]map[int]func()
	refuse   map[string]error // by action
	seq      int
	receives int
	callers  []awsapi.Caller
}

type modelQueue struct {
	visibility time.Duration
	messages   []*modelMessage // in order of arrival
	deleted    []string        // bodies
}

type modelMessage struct {
	Message
	group    string
	until    time.Time // invisible until then
	receives int
}

func (q *modelQueues) make(arn string, visibility time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.queues[arn] = &modelQueue{visibility: visibility}
}

func (q *modelQueues) drop(arn string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.queues, arn)
}

func (q *modelQueues) setVisibility(arn string, v time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.queues[arn].visibility = v
}

func (q *modelQueues) setRefusal(action string, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.refuse[action] = err
}

// send puts messages into a queue. A body "g:x" of a FIFO queue is of group g.
func (q *modelQueues) send(arn string, bodies ...string) {
	for _, b := range bodies {
		q.sendMessage(arn, Message{Body: b, System: map[string]string{"SenderId": "AIDA"}})
	}
}

func (q *modelQueues) sendMessage(arn string, m Message) {
	q.mu.Lock()
	q.seq++
	m.ID = fmt.Sprintf("id-%d", q.seq)
	mm := &modelMessage{Message: m}
	if arn == fifoARN {
		mm.group = m.Body[:1]
	}
	q.queues[arn].messages = append(q.queues[arn].messages, mm)
	q.mu.Unlock()
	q.notify(arn)
}

// notify calls the watchers of a queue twice: an additional signal must do no harm.
func (q *modelQueues) notify(arn string) {
	q.mu.Lock()
	var fs []func()
	for _, id := range slices.Sorted(maps.Keys(q.watchers[arn])) {
		fs = append(fs, q.watchers[arn][id])
	}
	q.mu.Unlock()
	for _, f := range append(fs, fs...) {
		f()
	}
}

func (q *modelQueues) Watch(arn string, f func()) func() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.watchers[arn] == nil {
		q.watchers[arn] = map[int]func(){}
	}

	q.seq++
	id := q.seq
	q.watchers[arn][id] = f
	return func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		delete(q.watchers[arn], id)
	}
}

// find returns a queue, or the error that is set for an action. The caller holds mu.
func (q *modelQueues) find(arn, action string) (*modelQueue, error) {
	if err := q.refuse[action]; err != nil {
		return nil, err
	}
	if queue, ok := q.queues[arn]; ok {
		return queue, nil
	}
	return nil, gone
}

func (q *modelQueues) Check(_ context.Context, _ awsapi.Caller, arn, action string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	_, err := q.find(arn, action)
	return err
}

func (q *modelQueues) Describe(_ context.Context, _ awsapi.Caller, arn string) (Queue, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	queue, err := q.find(arn, "GetQueueAttributes")
	if err != nil {
		return Queue{}, err
	}
	return Queue{VisibilityTimeout: queue.visibility}, nil
}

func (q *modelQueues) Receive(_ context.Context, as awsapi.Caller, arn string, limit int) ([]Message, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.receives++
	q.callers = append(q.callers, as)
	queue, err := q.find(arn, "ReceiveMessage")
	if err != nil {
		return nil, err
	}

	if limit < 1 || limit > 10 {
		return nil, fmt.Errorf("receive of %d messages", limit)
	}

	now := q.clock.Now()
	locked := map[string]bool{}
	for _, m := range queue.messages {
		locked[m.group] = locked[m.group] || m.group != "" && m.until.After(now)
	}

	var got []Message
	for _, m := range queue.messages {
		if len(got) == limit || m.until.After(now) || locked[m.group] {
			continue
		}

		m.receives++
		m.until = now.Add(queue.visibility)
		m.ReceiptHandle = fmt.Sprintf("%s#%d", m.ID, m.receives)
		q.clock.Schedule(m.until, clock.Transition, func() { q.notify(arn) })
		got = append(got, m.Message)
	}

	return got, nil
}

func (q *modelQueues) Delete(_ context.Context, _ awsapi.Caller, arn string, handles []string) ([]string, error) {
	q.mu.Lock()
	queue, err := q.find(arn, "DeleteMessage")
	if err != nil {
		q.mu.Unlock()
		return nil, err
	}

	var failed []string
	for _, h := range handles {
		i := slices.IndexFunc(queue.messages, func(m *modelMessage) bool { return m.ReceiptHandle == h })
		if i < 0 {
			failed = append(failed, h)
			continue
		}
		queue.deleted = append(queue.deleted, queue.messages[i].Body)
		queue.messages = slices.Delete(queue.messages, i, i+1)
	}

	q.mu.Unlock()
	if arn == fifoARN {
		q.notify(arn)
	}

	return failed, nil
}

// deleted returns the bodies of deleted messages, sorted.
func (q *modelQueues) deleted(arn string) []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Sorted(slices.Values(q.queues[arn].deleted))
}

// left returns the bodies of messages in the queue and how often each was received.
func (q *modelQueues) left(arn string) map[string]int {
	q.mu.Lock()
	defer q.mu.Unlock()
	left := map[string]int{}
	for _, m := range q.queues[arn].messages {
		left[m.Body] = m.receives
	}
	return left
}

// modelFunctions runs the test's handler for each invocation.
type modelFunctions struct {
	clock *clock.Clock

	mu      sync.Mutex
	known   map[string]Function
	handler func(invocation) Outcome
	takes   time.Duration // service time of an invocation; 0 ends it at the same time
	all     []invocation
	now     int // in progress
	most    int // the highest now
}

type invocation struct {
	at     time.Time
	arn    string
	trace  string
	event  string
	ids    []string
	bodies []string
}

func (f *modelFunctions) Resolve(_ *awsapi.Call, name string) (Function, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fn := range f.known {
		if name == fn.Name || name == fn.ARN {
			return fn, nil
		}
	}
	return Function{}, noFn
}

func (f *modelFunctions) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *modelFunctions) StartInvocation(_ context.Context, arn string, event []byte, trace string, done func(Outcome)) {
	i := invocation{
		at:    f.clock.Now(),
		arn:   arn,
		trace: trace,
		event: string(event),
	}

	var e struct {
		Records []struct{ MessageID, Body string }
	}

	if err := json.Unmarshal(event, &e); err != nil {
		panic("event is not JSON: " + err.Error())
	}

	for _, r := range e.Records {
		i.ids = append(i.ids, r.MessageID)
		i.bodies = append(i.bodies, r.Body)
	}

	f.mu.Lock()
	f.all = append(f.all, i)
	f.now++
	f.most = max(f.most, f.now)
	var o Outcome
	if f.handler != nil {
		o = f.handler(i)
	}

	takes := f.takes
	f.mu.Unlock()
	end := func() {
		f.set(func() { f.now-- })
		done(o)
	}

	switch {
	case o.Err != nil: // rejected during the call
		end()
	case takes > 0:
		f.clock.After(takes, clock.Transition, end)
	default:
		f.clock.Begin()
		go func() { defer f.clock.End(); end() }()
	}
}

func (f *modelFunctions) invocations() []invocation {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.all)
}

func (f *modelFunctions) batches() [][]string {
	var out [][]string
	for _, i := range f.invocations() {
		out = append(out, i.bodies)
	}
	return out
}

// fail is a handler that fails.
func fail(invocation) Outcome { return Outcome{FunctionError: true} }

// refuse returns a handler for which Lambda does not run the function.
func refuse(err error) func(invocation) Outcome {
	return func(invocation) Outcome { return Outcome{Err: err} }
}

// payload returns a handler that returns a payload.
func payload(payload string) func(invocation) Outcome {
	return func(invocation) Outcome { return Outcome{Payload: []byte(payload)} }
}

type modelRoles struct {
	mu       sync.Mutex
	err      error
	sessions int
}

func (r *modelRoles) Session(_ context.Context, role, functionARN string) (awsapi.Caller, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sessions++
	return awsapi.Caller{ARN: role + "/" + functionARN[strings.LastIndexByte(functionARN, ':')+1:]}, r.err
}

type modelMetrics struct {
	mu     sync.Mutex
	counts map[string]int
}

func (m *modelMetrics) Count(_, _, _, name string, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts[name] += n
}

// update changes a mapping.
func (w *testService) update(uuid string, change func(*UpdateEventSourceMappingInput)) *Configuration {
	w.t.Helper()

	in := &UpdateEventSourceMappingInput{UUID: uuid}
	change(in)
	out, err := w.UpdateEventSourceMapping(w.t.Context(), w.call, in)
	if err != nil {
		w.t.Fatalf("update the mapping: %v", err)
	}
	return out
}
