package localaws_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
)

const (
	workQueue = "work"
	deadQueue = "work-dead"
	fifoQueue = "work.fifo"

	idLength = 12 // of the number that each body begins with
)

// messageRecord is what the clients know about every message. Bodies are unique.
type messageRecord struct {
	mu       sync.Mutex
	next     int
	messages map[string]*messageState
	missing  map[string]bool // was not found, or its send was not accepted
	failures []string

	acknowledged, removed int // messages sent and deleted
}

// messageState is what a client knows about one message that may exist.
type messageState struct {
	id       string // once the send was acknowledged
	deleting bool   // a delete was tried
	deleted  bool   // and acknowledged
	receives int    // acknowledged
	hidden   bool   // by the last receive, for an hour
}

func newMessageRecord() *messageRecord {
	return &messageRecord{messages: map[string]*messageState{}, missing: map[string]bool{}}
}

func (b *messageRecord) String() string {
	return fmt.Sprintf("%d sends and %d deletes acknowledged", b.acknowledged, b.removed)
}

func (b *messageRecord) report(format string, args ...any) {
	b.failures = append(b.failures, fmt.Sprintf(format, args...))
}

// load sends, receives, releases and deletes until the server has been killed.
func (b *messageRecord) load(c client, rng *rand.Rand) {
	for {
		queue := []string{workQueue, workQueue, fifoQueue}[rng.IntN(3)]
		err := b.send(c, queue, rng)
		if err == nil {
			if rng.IntN(4) == 0 && queue == workQueue {
				queue = deadQueue
			}
			err = b.receive(c, queue, rng)
		}
		if err == nil {
			continue
		}
		if errors.Is(err, errRefused) {
			b.mu.Lock()
			b.report("%v", err)
			b.mu.Unlock()
		}
		return
	}
}

func (b *messageRecord) send(c client, queue string, rng *rand.Rand) error {
	bodies := make([]string, 1+rng.IntN(10))
	b.mu.Lock()
	for i := range bodies {
		b.next++
		bodies[i] = fmt.Sprintf("%0*d%s", idLength, b.next, strings.Repeat("x", rng.IntN(2000)))
		b.messages[bodies[i]] = &messageState{}
	}
	b.mu.Unlock()
	ids, err := c.send(queue, bodies)
	b.mu.Lock()
	defer b.mu.Unlock()
	for body, id := range ids {
		b.messages[body].id = id
		b.acknowledged++
	}
	return err
}

// receive receives, deletes some of the messages and makes others visible again.
func (b *messageRecord) receive(c client, queue string, rng *rand.Rand) error {
	got, err := c.receive(queue)
	if err != nil {
		return err
	}
	var drop, show []entry
	var dropped []*messageState
	b.mu.Lock()
	for i, m := range got {
		f := b.messages[m.Body]
		if f == nil || f.deleted || f.id != "" && f.id != m.MessageId {
			b.report("received %.*s from %s: %+v, gone: %v", idLength, m.Body, queue, f, b.missing[m.Body])
			continue
		}
		if f.hidden {
			b.report("received %.*s from %s while it was in flight: %+v", idLength, m.Body, queue, *f)
		}
		f.receives++
		f.hidden = true
		e := entry{Id: fmt.Sprint(i), ReceiptHandle: m.ReceiptHandle}
		switch n := rng.IntN(10); {
		case n < 6 || queue == deadQueue:
			f.deleting = true
			drop, dropped = append(drop, e), append(dropped, f)
		case n < 9:
			f.hidden = false
			e.VisibilityTimeout = new(int)
			show = append(show, e)
		}
	}
	b.mu.Unlock()
	if len(drop) > 0 {
		n, err := c.each("DeleteMessageBatch", queue, drop)
		if err != nil {
			return err
		}
		b.mu.Lock()
		b.removed += n
		for _, f := range dropped {
			f.deleted = true
		}
		if n != len(drop) {
			b.report("%d of %d deletes succeeded", n, len(drop))
		}
		b.mu.Unlock()
	}
	if len(show) > 0 {
		_, err = c.each("ChangeMessageVisibilityBatch", queue, show)
	}
	return err
}

// peeked is a message as the control API lists it.
type peeked struct {
	ID       string `json:"message_id"`
	Body     string `json:"body"`
	State    string `json:"state"`
	Receives int    `json:"receive_count"`
}

// check compares the record with the messages in the queues after a kill, and then
// updates it to what was found.
func (b *messageRecord) check(t *testing.T, dir string) {
	t.Helper()
	srv, done := reopen(t, dir, clock.Real)
	defer done()
	found := map[string]peeked{}
	for _, queue := range []string{workQueue, deadQueue, fifoQueue} {
		for _, m := range peekAll(t, srv, queue) {
			if _, twice := found[m.Body]; twice {
				t.Errorf("message %.*s exists twice", idLength, m.Body)
			}
			found[m.Body] = m
		}
	}
	for _, text := range b.failures {
		t.Error(text)
	}
	for body := range found {
		if b.messages[body] == nil {
			t.Errorf("message %.*s exists: it was never sent, or was deleted before: %v", idLength, body, b.missing[body])
		}
	}
	for body, f := range b.messages {
		m, exists := found[body]
		if text := f.difference(m, exists); text != "" {
			t.Errorf("message %.*s %s: %+v, %+v", idLength, body, text, *f, m.State)
		}
		if !exists {
			b.missing[body] = true
			delete(b.messages, body)
			continue
		}
		f.id, f.deleting = m.ID, false
	}
}

// difference describes how what was found differs from what was acknowledged. It is
// empty if it does not.
func (f *messageState) difference(m peeked, exists bool) string {
	switch {
	case exists && f.deleted:
		return "exists after its deletion"
	case !exists && f.id != "" && !f.deleting:
		return "is lost"
	case !exists:
		return ""
	case f.id != "" && m.ID != f.id:
		return "has another id"
	case m.Receives < f.receives:
		return "has a receive count that is too low"
	case f.hidden && m.State != "inFlight":
		return "is visible before its visibility timeout has ended"
	}
	return ""
}

func peekAll(t *testing.T, srv *localaws.Server, queue string) []peeked {
	t.Helper()
	c := &http.Client{Transport: srv.Transport()}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL()+"/_reliableq/queues?messages=1&name="+queue, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+srv.ControlToken())
	response, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out struct {
		Queues []struct {
			Messages []peeked `json:"messages"`
		} `json:"queues"`
	}
	if err := json.Unmarshal(text, &out); err != nil || len(out.Queues) != 1 {
		t.Fatalf("peek into %s: %v: %.500s", queue, err, text)
	}
	return out.Queues[0].Messages
}

// drain receives and deletes all remaining messages, as a client does, and checks
// each.
func (b *messageRecord) drain(t *testing.T, dir string) {
	t.Helper()
	srv, done := reopen(t, dir, clock.Manual)
	defer done()
	c := client{url: srv.URL(), http: &http.Client{Transport: srv.Transport()}}
	for _, queue := range []string{workQueue, deadQueue, fifoQueue} {
		if err := srv.Clock().Advance(t.Context(), 2*time.Hour); err != nil {
			t.Fatal(err)
		}
		for {
			got, err := c.receive(queue)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) == 0 {
				break
			}
			var drop []entry
			for i, m := range got {
				if f := b.messages[m.Body]; f == nil || f.id != m.MessageId {
					t.Errorf("received %.*s while draining: %+v", idLength, m.Body, f)
				}
				delete(b.messages, m.Body)
				drop = append(drop, entry{Id: fmt.Sprint(i), ReceiptHandle: m.ReceiptHandle})
			}
			if n, err := c.each("DeleteMessageBatch", queue, drop); err != nil || n != len(drop) {
				t.Fatalf("%d of %d deletes succeeded: %v", n, len(drop), err)
			}
		}
	}
	if len(b.messages) > 0 {
		t.Errorf("%d messages could not be received while draining", len(b.messages))
	}
}
