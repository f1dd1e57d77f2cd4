package sqs

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// openStore opens a store in a temporary directory.
func openStore(t testing.TB) *store.Store {
	t.Helper()
	st, err := store.Open(t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return st
}

// onStore returns a bench whose service has a durable store.
func onStore(t testing.TB, st *store.Store, now time.Time) *bench {
	t.Helper()
	c := clock.New(clock.Manual, now)
	t.Cleanup(c.Close)
	s, err := New(Options{
		Clock:  c,
		Chance: chance.Seeded(uint64(now.UnixNano())),
		Store:  st,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t, s, c}
}

// restart returns a new service on the same store. The old one can no longer be used.
func (b *bench) restart(st *store.Store, later time.Duration) *bench {
	b.Helper()
	now := b.c.Now()
	b.c.Close()
	return onStore(b.TB, st, now.Add(later))
}

func TestRestartRestoresQueues(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	b := onStore(t, st, epochStart)
	b.queue("dlq")
	url := b.queue("q", "VisibilityTimeout", "77", "KmsMasterKeyId", "alias/aws/sqs", "Policy", onePolicy)
	b.redrive(url, "dlq", "3")
	b.set("dlq", "RedriveAllowPolicy", `{"redrivePermission":"allowAll"}`)
	mustRun(b, b.s.TagQueue, TagQueueInput{url, map[string]string{"a": "1"}})
	b.fifo("f", "DeduplicationScope", "messageGroup")
	mustRun(b, b.s.DeleteQueue, QueueInput{b.queue("gone")})
	mustRun(b, b.s.PurgeQueue, QueueInput{url})
	before := map[string]map[string]string{}
	for _, name := range []string{"dlq", "q", "f.fifo"} {
		before[name] = b.attributes(name)
	}
	b = b.restart(st, time.Second)
	for name, want := range before {
		t.Run(name, func(t *testing.T) {
			b := b.with(t)
			if got := b.attributes(name); !maps.Equal(got, want) {
				t.Errorf("%s was restored with %v\nwant %v", name, got, want)
			}
		})
	}
	if got := must(b, b.s.ListQueueTags, QueueInput{"q"}).Tags["a"]; got != "1" {
		t.Errorf("tag %q", got)
	}
	if _, err := do(b, b.s.CreateQueue, CreateQueueInput{QueueName: "gone"}); err == nil {
		t.Error("the name of a deleted queue can be reused immediately after a restart")
	}
	if err := run(b, b.s.PurgeQueue, QueueInput{"q"}); err == nil {
		t.Error("the time of the purge is lost")
	}
}

func TestRestartRestoresMessagesStatesAndHandles(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	b := onStore(t, st, epochStart)
	url := b.queue("q", "VisibilityTimeout", "30")
	b.send(url, "deleted", "held", "waiting")
	must(b, b.s.SendMessage, SendMessageInput{
		QueueURL:                url,
		MessageBody:             "delayed",
		DelaySeconds:            ref(60),
		MessageGroupID:          ref("g"),
		MessageAttributes:       map[string]MessageAttributeValue{"b": {DataType: "Binary", BinaryValue: []byte{0, 255}}},
		MessageSystemAttributes: map[string]MessageAttributeValue{"AWSTraceHeader": {DataType: "String", StringValue: ref("Root=1")}},
	})
	got := must(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url, MaxNumberOfMessages: ref(2)}).Messages
	b.remove(url, got[0])
	before, err := b.s.Peek(account, region, "q")
	if err != nil {
		t.Fatal(err)
	}
	b = b.restart(st, 10*time.Second)
	after, err := b.s.Peek(account, region, "q")
	if err != nil {
		t.Fatal(err)
	}
	if a, z := normal(after), normal(before); a != z {
		t.Errorf("was restored as\n%s\nwant\n%s", a, z)
	}
	b.advance(20 * time.Second) // the visibility timeout ends at its time
	if c := b.counts(url); c != [3]int{2, 0, 1} {
		t.Errorf("counts %v", c)
	}
	b.remove(url, got[1]) // by the handle from before the restart
	b.advance(30 * time.Second)
	if s := joined(bodies(b.receive(url))); s != "waiting delayed" {
		t.Errorf("received %s", s)
	}
}

func TestRestartAfterDeadlinesMakesVisibleAndExpires(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	b := onStore(t, st, epochStart)
	long, short := b.queue("long"), b.queue("short", "MessageRetentionPeriod", "60")
	b.send(long, "x")
	b.send(short, "y")
	b.one(long)
	b = b.restart(st, time.Hour)
	if c := b.counts(long); c != [3]int{1, 0, 0} {
		t.Errorf("long %v", c)
	}
	if c := b.counts(short); c != [3]int{} {
		t.Errorf("short %v", c)
	}
}

func TestRestartRestoresFIFOState(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	b := onStore(t, st, epochStart)
	url := b.fifo("q")
	b.post(url, "a1", "a2", "b1")
	m := must(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url, AttributeNames: []string{"All"}}).Messages[0]
	b = b.restart(st, time.Second)
	b.post(url, "a1") // still a duplicate
	equal(t, "locked group", b.take(url, 10), "b1")
	b.remove(url, m)
	b.post(url, "c1")
	last := b.receive(url)
	if got := joined(bodies(last)); got != "a2 c1" {
		t.Errorf("received %s", got)
	}
	if n := last[1].Attributes["SequenceNumber"]; n <= m.Attributes["SequenceNumber"] {
		t.Errorf("sequence number %s after %s", n, m.Attributes["SequenceNumber"])
	}
	b.advance(5 * time.Minute)
	b = b.restart(st, 0)
	b.post(url, "a1")
	if got := b.counts(url); got[0] != 4 {
		t.Errorf("counts %v: the id is free after five minutes", got)
	}
}

func TestRestartResumesMoveTasks(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	b := onStore(t, st, epochStart)
	src, dlq := b.deadLetters(3)
	b.start(dlq, "", ref(1))
	b.advance(0)
	b = b.restart(st, time.Second)
	b.advance(0)
	if k := b.task(dlq); k.Status != "RUNNING" || k.ApproximateNumberOfMessagesMoved != 2 {
		t.Errorf("task was restored as %+v", k)
	}
	b.advance(3 * time.Second)
	if k := b.task(dlq); k.Status != "COMPLETED" || k.ApproximateNumberOfMessagesMoved != 3 || b.counts(src)[0] != 3 {
		t.Errorf("task ended as %+v, source %v", k, b.counts(src))
	}
}

func TestDeletedQueueLeavesNoRecords(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	b := onStore(t, st, epochStart)
	url := b.fifo("q")
	b.post(url, "a1", "a2")
	b.receive(url)
	mustRun(b, b.s.DeleteQueue, QueueInput{url})
	if err := b.s.Reset(account, region); err != nil {
		t.Fatal(err)
	}
	for _, table := range []store.Table{tableQueue, tableDeletedName, tableMessage, tableState, tableDedup, tableTask} {
		t.Run(string(table), func(t *testing.T) {
			err := st.Scan(table, "", func(k string, _ []byte) error {
				t.Errorf("%s still has %q", table, k)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestRecordsOfDeletedQueuesAreRemoved(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	b := onStore(t, st, epochStart)
	for _, name := range []string{"a", "b"} {
		mustRun(b, b.s.DeleteQueue, QueueInput{b.queue(name)})
	}
	b.advance(time.Minute)
	b.queue("a")
	mustRun(b, b.s.DeleteQueue, QueueInput{b.queue("c")})
	var left []string
	err := st.Scan(tableDeletedName, "", func(k string, _ []byte) error {
		left = append(left, k)
		return nil
	})
	if err != nil || joined(left) != "000000000000/us-east-1/c" {
		t.Errorf("stored names: %q, %v", left, err)
	}
}

func TestCorruptRecordIsReported(t *testing.T) {
	t.Parallel()
	for _, table := range []store.Table{tableQueue, tableDeletedName, tableMessage, tableState, tableDedup, tableTask} {
		t.Run(string(table), func(t *testing.T) {
			st := openStore(t)
			b := onStore(t, st, epochStart)
			b.fifo("q")
			b.post("q.fifo", "a1")
			q := b.s.queues.find(queueKey{testScope, "q.fifo"})
			batch := st.Batch()
			batch.Put(table, q.storePrefix()+strings.Repeat("\x00", 7)+"\x01", []byte{recordVersion, 99})
			if err := batch.Apply().Wait(); err != nil {
				t.Fatal(err)
			}
			b.c.Close()
			if _, err := New(Options{Clock: b.c, Store: st}); err == nil || !strings.Contains(err.Error(), "restore ") {
				t.Errorf("%s with a damaged record: error %v", table, err)
			}
		})
	}
}

func TestFailedStoreReturns5xx(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	b := onStore(t, st, epochStart)
	url := b.queue("q")
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	err := b.sendErr(SendMessageInput{QueueURL: url, MessageBody: "x"})
	if err == nil || !strings.HasPrefix(err.Error(), "ServiceUnavailable") {
		t.Errorf("a send that cannot be stored: %v", err)
	}
}

// The model, with restarts in between.
func TestRestartsDoNotChangeTheModel(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	for _, fifo := range []bool{false, true} {
		t.Run(map[bool]string{false: "Standard", true: "FIFO"}[fifo], func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				r := newModelRunOn(t, rt, fifo, st)
				defer func() {
					if err := r.s.Reset(account, region); err != nil {
						rt.Fatal(err)
					}
					r.c.Close()
				}()
				restart := func() {
					r.c.Close()
					r.start(rt, st)
					for _, m := range r.md.messages {
						m.place = m.num
					}
				}
				steps := []func(){r.send, r.send, r.receive, r.receive, r.remove, r.change, r.wait, restart}
				for range rapid.IntRange(1, 20).Draw(rt, "steps") {
					steps[rapid.IntRange(0, len(steps)-1).Draw(rt, "step")]()
					r.compare()
				}
			})
		})
	}
}

func FuzzDecodeMessage(f *testing.F) {
	m := &message{
		body:       "b",
		sender:     "s",
		optional:   &optionalFields{groupID: "g"},
		attributes: []messageAttribute{{"n", "Binary", "v", true}},
		receives:   3,
		deadline:   9,
		state:      inFlight,
	}
	f.Add(appendMessage(nil, m))
	f.Add(appendState(nil, m))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := decodeMessage(b); err == nil {
			again, err := decodeMessage(appendMessage(nil, m))
			if err != nil || again.body != m.body || *again.optional != *m.optional || !slices.Equal(again.attributes, m.attributes) || again.deadline != m.deadline {
				t.Errorf("%x was read as %+v, and that as %+v, %v", b, m, again, err)
			}
		}
		if decodeState(b, m) == nil && m.state > inFlight {
			t.Errorf("%x gave state %d", b, m.state)
		}
		_, _, _ = decodeDedup(b)
	})
}

// A transaction in two queues may find expired messages in either as it begins. The
// move that follows must be stored nevertheless.
func TestMoveIsStoredThoughOthersExpireInTheSameTransaction(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	b := onStore(t, st, epochStart)
	src, dlq := b.queue("src", "VisibilityTimeout", "0"), b.queue("dlq")
	b.redrive(src, dlq, "1")
	b.send(dlq, "old")
	b.advance(time.Hour)
	b.send(src, "moved")
	b.one(src)
	q := b.s.queues.find(queueKey{testScope, "dlq"})
	short := *q.attributes.Load()
	short.retention = time.Minute // without its timer, as if the timer were late
	q.attributes.Store(&short)
	b.receive(src)
	b = b.restart(st, 0)
	if got := b.counts(src); got != [3]int{} {
		t.Errorf("source %v", got)
	}
	if got := joined(bodies(b.receive(dlq))); got != "moved" {
		t.Errorf("dead-letter queue has %q", got)
	}
}

// BenchmarkRestart measures how long a service takes to restore its messages.
func BenchmarkRestart(b *testing.B) {
	const n = 100_000
	st := openStore(b)
	newLoad(b, st, n)
	for b.Loop() {
		c := clock.New(clock.Real, time.Time{})
		if _, err := New(Options{Clock: c, Store: st}); err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/message")
}
