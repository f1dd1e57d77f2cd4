package sqs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// modelMessage is a message in the reference model.
type modelMessage struct {
	body       string
	group      string
	at         int // queue
	num, place int
	state      state
	deadline   time.Time
	expires    time.Time
	total      int
	here       int
	stay       int // number of the message's stay in a queue, for handles
}

// modelHandle is a receipt handle with the message that the model expects for it.
type modelHandle struct {
	handle string
	of     *modelMessage
	queue  int
	stay   int
	number int
	given  time.Time
}

// model is a queue and its dead-letter queue in the simplest form: a list of messages
// that is searched from start to end.
type model struct {
	now       time.Time
	fifo      bool
	limit     int // maxReceiveCount of queue 0; zero without redrive
	retention time.Duration
	numbers   [2]int
	messages  []*modelMessage
	handles   []modelHandle
}

func (md *model) next(q int) int { md.numbers[q]++; return md.numbers[q] }

func (md *model) send(q int, body, group string, delay time.Duration) {
	m := &modelMessage{
		body:    body,
		group:   group,
		at:      q,
		num:     md.next(q),
		expires: md.now.Add(md.retention),
	}
	m.place = m.num
	if delay > 0 {
		m.state, m.deadline = delayed, md.now.Add(delay)
	}
	md.messages = append(md.messages, m)
}

// in returns the messages of a queue by position.
func (md *model) in(q int) (ms []*modelMessage) {
	for _, m := range md.messages {
		if m.at == q {
			ms = append(ms, m)
		}
	}
	slices.SortFunc(ms, func(a, b *modelMessage) int { return cmp.Compare(a.place, b.place) })
	return ms
}

func (md *model) reveal(m *modelMessage) {
	m.state = visible
	if m.here >= 3 && !md.fifo {
		m.place = md.next(m.at)
	}
}

// advance applies, in order of time, what is due by now plus d.
func (md *model) advance(d time.Duration) {
	md.now = md.now.Add(d)
	for {
		var first *modelMessage
		for _, m := range md.messages {
			if m.state != visible && !m.deadline.After(md.now) && (first == nil || m.deadline.Before(first.deadline) ||
				m.deadline.Equal(first.deadline) && m.num < first.num) {
				first = m
			}
		}
		if first == nil {
			break
		}
		if first.expires.After(first.deadline) { // otherwise it expires before
			md.reveal(first)
		} else {
			md.drop(first)
		}
	}
	for _, m := range slices.Clone(md.messages) {
		if !m.expires.After(md.now) {
			md.drop(m)
		}
	}
}

func (md *model) drop(m *modelMessage) {
	md.messages = slices.DeleteFunc(md.messages, func(x *modelMessage) bool { return x == m })
}

// receive receives from a standard queue. It returns the messages in queue order.
func (md *model) receive(q, n int, visibility time.Duration) (got []*modelMessage) {
	var dead []*modelMessage
	for _, m := range md.in(q) {
		if len(got) == n {
			break
		}
		if m.state != visible {
			continue
		}
		if q == 0 && md.limit > 0 && m.here >= md.limit {
			dead = append(dead, m)
			continue
		}
		got = append(got, m)
		md.take(m, visibility)
	}
	if visibility == 0 {
		for _, m := range got {
			md.reveal(m)
		}
	}
	for _, m := range dead {
		m.at, m.here, m.num = 1, 0, md.next(1)
		m.place = m.num
		m.stay++
	}
	return got
}

func (md *model) take(m *modelMessage, visibility time.Duration) {
	m.total++
	m.here++
	m.state, m.deadline = inFlight, md.now.Add(visibility)
}

// checkFIFO checks what a FIFO queue returned. The messages of a group must be its
// oldest up to the first that is not visible, a group must be emptied before the next
// starts, and no message that can be received may be missing.
func (md *model) checkFIFO(q, n int, got []string) error {
	ready := map[string][]string{} // bodies that can be received, by group, in queue order
	blocked := map[string]bool{}
	total := 0
	for _, m := range md.in(q) {
		if m.state != visible {
			blocked[m.group] = true
		}
		if !blocked[m.group] {
			ready[m.group] = append(ready[m.group], m.body)
			total++
		}
	}
	if len(got) != min(n, total) {
		return fmt.Errorf("%d messages, want %d of %v", len(got), min(n, total), ready)
	}
	for i, body := range got {
		group := body[:1]
		if len(ready[group]) == 0 || ready[group][0] != body {
			return fmt.Errorf("%s is out of sequence: the group has %v", body, ready[group])
		}
		ready[group] = ready[group][1:]
		if i+1 < len(got) && got[i+1][:1] != group && len(ready[group]) > 0 {
			return fmt.Errorf("the receive left group %s early: %v", group, ready[group])
		}
	}
	return nil
}

func (md *model) find(body string) *modelMessage {
	for _, m := range md.messages {
		if m.body == body {
			return m
		}
	}
	return nil
}

// state returns the visible state of a queue as text.
func (md *model) state(q int) string {
	var lines []string
	ms := md.in(q)
	slices.SortFunc(ms, func(a, b *modelMessage) int { return cmp.Compare(a.num, b.num) })
	for _, m := range ms {
		lines = append(lines, fmt.Sprintf("%s %s total %d here %d", m.body, m.state, m.total, m.here))
	}
	return strings.Join(lines, "\n")
}

// modelRun applies the same operations to the service and the model.
type modelRun struct {
	*bench
	rt     *rapid.T
	md     *model
	chance *chance.Source
	urls   [2]string
	sent   int
}

// start creates a service on a store, at the model's time.
func (r *modelRun) start(rt *rapid.T, st *store.Store) {
	r.c = clock.New(clock.Manual, r.md.now)
	s, err := New(Options{
		Clock:  r.c,
		Chance: r.chance,
		Store:  st,
	})
	if err != nil {
		rt.Fatal(err)
	}
	r.s = s
}

func newModelRunOn(t *testing.T, rt *rapid.T, fifo bool, st *store.Store) *modelRun {
	md := &model{
		now:       epochStart,
		fifo:      fifo,
		retention: time.Minute,
	}
	r := &modelRun{
		bench:  &bench{TB: t},
		rt:     rt,
		md:     md,
		chance: chance.Seeded(1),
	}
	r.start(rt, st)
	create := r.queue
	if fifo {
		create = r.fifo
	}
	for i, name := range []string{"src", "dlq"} {
		r.urls[i] = create(name, "MessageRetentionPeriod", "60")
	}
	if !fifo {
		r.md.limit = rapid.IntRange(1, 4).Draw(rt, "maxReceiveCount")
		r.redrive(r.urls[0], r.urls[1], fmt.Sprint(r.md.limit))
	}
	return r
}

func (r *modelRun) send() {
	q := rapid.IntRange(0, 1).Draw(r.rt, "queue")
	r.sent++
	group := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r.rt, "group")
	body := fmt.Sprint(group, r.sent)
	in := SendMessageInput{QueueURL: r.urls[q], MessageBody: body}
	delay := 0
	if r.md.fifo {
		in.MessageGroupID, in.MessageDeduplicationID = &group, &body
	} else {
		delay = rapid.IntRange(0, 4).Draw(r.rt, "delay")
		in.DelaySeconds = &delay
	}
	must(r.bench, r.s.SendMessage, in)
	r.md.send(q, body, group, seconds(delay))
}

func (r *modelRun) receive() {
	q, n := rapid.IntRange(0, 1).Draw(r.rt, "queue"), rapid.IntRange(1, 10).Draw(r.rt, "n")
	visibility := rapid.IntRange(0, 5).Draw(r.rt, "visibility")
	out := must(r.bench, r.s.ReceiveMessage, ReceiveMessageInput{
		QueueURL:            r.urls[q],
		MaxNumberOfMessages: &n,
		VisibilityTimeout:   &visibility,
		AttributeNames:      []string{"ApproximateReceiveCount"},
	}).Messages
	got := bodies(out)
	if r.md.fifo {
		if err := r.md.checkFIFO(q, n, got); err != nil {
			r.rt.Fatalf("received %q: %v", got, err)
		}
		for _, body := range got {
			m := r.md.find(body)
			r.md.take(m, seconds(visibility))
			if visibility == 0 {
				r.md.reveal(m)
			}
		}
	} else {
		var want []string
		for _, m := range r.md.receive(q, n, seconds(visibility)) {
			want = append(want, m.body)
		}
		if !slices.Equal(got, want) && len(got)+len(want) > 0 {
			r.rt.Fatalf("received %q, want %q", got, want)
		}
	}
	for _, m := range out {
		of := r.md.find(m.Body)
		if m.Attributes["ApproximateReceiveCount"] != fmt.Sprint(of.total) {
			r.rt.Fatalf("%s received with count %v, want %d", m.Body, m.Attributes, of.total)
		}
		r.md.handles = append(r.md.handles, modelHandle{m.ReceiptHandle, of, q, of.stay, of.total, r.md.now})
	}
}

func (r *modelRun) handle() (modelHandle, bool) {
	if len(r.md.handles) == 0 {
		return modelHandle{}, false
	}
	h := r.md.handles[rapid.IntRange(0, len(r.md.handles)-1).Draw(r.rt, "handle")]
	return h, true
}

// here returns the message of a handle, if it is still in the handle's queue.
func (r *modelRun) here(h modelHandle) *modelMessage {
	if m := r.md.find(h.of.body); m != nil && m.stay == h.stay {
		return m
	}
	return nil
}

func (r *modelRun) remove() {
	h, some := r.handle()
	if !some {
		return
	}
	m := r.here(h)
	refuse := r.md.fifo && m != nil && (m.state != inFlight || m.total != h.number)
	if err := r.deleteErr(r.urls[h.queue], h.handle); (err != nil) != refuse {
		r.rt.Fatalf("delete of %s: error %v, want one: %v", h.of.body, err, refuse)
	}
	if !refuse && m != nil && m.total == h.number {
		r.md.drop(m)
	}
}

func (r *modelRun) change() {
	h, some := r.handle()
	if !some {
		return
	}
	timeout := rapid.IntRange(0, 6).Draw(r.rt, "timeout")
	m := r.here(h)
	refuse := m == nil || r.md.fifo && (m.state != inFlight || m.total != h.number)
	if err := r.changeErr(r.urls[h.queue], h.handle, timeout); (err != nil) != refuse {
		r.rt.Fatalf("change of %s: error %v, want one: %v", h.of.body, err, refuse)
	}
	switch {
	case refuse:
	case timeout > 0:
		m.state, m.deadline = inFlight, r.md.now.Add(seconds(timeout))
	case m.state == inFlight:
		r.md.reveal(m)
	}
}

func (r *modelRun) wait() {
	d := time.Duration(rapid.SampledFrom([]int{1, 500, 1000, 2500, 5000, 20000}).Draw(r.rt, "ms")) * time.Millisecond
	r.advance(d)
	r.md.advance(d)
}

// compare compares the visible state of both queues with the model.
func (r *modelRun) compare() {
	for q, name := range []string{"src", "dlq"} {
		if r.md.fifo {
			name += ".fifo"
		}
		peeked, err := r.s.Peek(account, region, name)
		if err != nil {
			r.rt.Fatal(err)
		}
		var lines []string
		var counts [3]int
		for _, m := range peeked {
			lines = append(lines, fmt.Sprintf("%s %s total %d here %d", m.Body, m.State, m.ReceiveCount, m.ReceiveCountHere))
			counts[map[string]int{
				"visible":  0,
				"inFlight": 1,
				"delayed":  2,
			}[m.State]]++
		}
		if got, want := strings.Join(lines, "\n"), r.md.state(q); got != want {
			r.rt.Fatalf("%s holds\n%s\nwant\n%s", name, got, want)
		}
		if got := r.counts(r.urls[q]); got != counts {
			r.rt.Fatalf("%s counts %v, holds %v", name, got, counts)
		}
	}
}

// Any sequence of operations and clock steps has the result of the model: no message
// is in flight twice, lost or invented, and the counts add up.
func TestQueuesBehaveAsTheModel(t *testing.T) {
	t.Parallel()
	for _, fifo := range []bool{false, true} {
		t.Run(map[bool]string{false: "Standard", true: "FIFO"}[fifo], func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				r := newModelRunOn(t, rt, fifo, store.Memory())
				defer r.c.Close()
				steps := []func(){r.send, r.send, r.send, r.receive, r.receive, r.remove, r.change, r.wait}
				for range rapid.IntRange(1, 60).Draw(rt, "steps") {
					steps[rapid.IntRange(0, len(steps)-1).Draw(rt, "step")]()
					r.compare()
				}
			})
		})
	}
}
