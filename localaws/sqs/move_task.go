package sqs

import (
	"encoding/base64"
	"encoding/json"
	"sync"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// The states of a move task (SQS M7).
const (
	taskRunning    = "RUNNING"
	taskCompleted  = "COMPLETED"
	taskCancelling = "CANCELLING"
	taskCancelled  = "CANCELLED"
	taskFailed     = "FAILED"
)

const (
	maxTasks      = 100 // active ones of an account (SQS M3)
	keptTasks     = 10  // that a source remembers
	taskBurst     = 100 // messages that a task without a rate moves at a time
	unknownOrigin = "CouldNotDetermineMessageSource"
)

// task is a move task: dead letters on their way back.
type task struct {
	ID          string `json:"taskId"`
	SourceARN   string `json:"sourceArn"`
	Destination string `json:"destination,omitempty"` // ARN; empty means each message's own source
	Rate        int    `json:"rate,omitempty"`        // messages per second; zero means as fast as may be
	Nonce       uint64 `json:"nonce"`                 // of the source, which must not be another of its name
	Started     int64  `json:"started"`
	Last        uint64 `json:"last"` // the source's last message when it began: what comes later is not its business
	ToMove      int    `json:"toMove"`
	Moved       int    `json:"moved"`
	Status      string `json:"status"`
	Reason      string `json:"reason,omitempty"`

	event *clock.Event
}

// tasks are the move tasks of all sources. Its lock comes before any queue's.
type tasks struct {
	mu       sync.Mutex
	bySource map[key][]*task // newest first
}

// handle is how clients name a task (SQS M1).
func (k *task) handle() string {
	text, _ := json.Marshal(struct {
		ID        string `json:"taskId"`
		SourceARN string `json:"sourceArn"`
	}{k.ID, k.SourceARN})
	return base64.StdEncoding.EncodeToString(text)
}

// parseTaskHandle reads a task's id and source.
func parseTaskHandle(handle string) (id, sourceARN string, ok bool) {
	text, err := base64.StdEncoding.DecodeString(handle)
	if err != nil {
		return "", "", false
	}
	var h struct{ TaskID, SourceARN string }
	if json.Unmarshal(text, &h) != nil || h.TaskID == "" || h.SourceARN == "" {
		return "", "", false
	}
	return h.TaskID, h.SourceARN, true
}

// book sets the time of a task's next step.
func (s *Service) book(k *task, at int64) {
	if k.event == nil {
		k.event = s.clock.Schedule(time.Unix(0, at), clock.Moves, func() { s.step(k) })
		return
	}
	k.event.Reset(time.Unix(0, at))
}

// step moves what a task may move now, and books the next step. No lock is held
// while messages move: who is told of them may call anything.
func (s *Service) step(k *task) {
	burst, pause := taskBurst, time.Duration(0)
	if k.Rate > 0 {
		burst, pause = 1, time.Second/time.Duration(k.Rate)
	}
	next := s.now() + int64(pause)
	for range burst {
		now, ok := s.look(k)
		if !ok {
			return
		}
		done := s.moveOne(now)
		s.note(k, done)
		if done.later != 0 {
			next = done.later
			break
		}
	}
	if _, ok := s.look(k); ok {
		s.book(k, next)
	}
}

// look reads a task, and false when it has no more to do. A cancelled one ends
// here.
func (s *Service) look(k *task) (task, bool) {
	s.tasks.mu.Lock()
	defer s.tasks.mu.Unlock()
	if k.Status == taskCancelling {
		s.finish(k, taskCancelled, "")
	}
	return *k, k.Status == taskRunning
}

// stepResult is what one message of a task came to.
type stepResult struct {
	moved  bool
	status string // the task's end, or empty
	reason string // of a failure
	later  int64  // when to look again, because messages are in flight
}

// note takes a result over. A task that was cancelled meanwhile stays so.
func (s *Service) note(k *task, r stepResult) {
	s.tasks.mu.Lock()
	defer s.tasks.mu.Unlock()
	if r.moved {
		k.Moved++
		if k.Status != taskRunning {
			s.keepTask(k)
		}
	}
	if r.status != "" && k.Status == taskRunning {
		s.finish(k, r.status, r.reason)
	}
}

// moveOne moves one message of a task, or says why not.
func (s *Service) moveOne(k task) stepResult {
	from := s.queues.findARN(k.SourceARN)
	if from == nil || from.nonce != k.Nonce {
		return stepResult{status: taskFailed, reason: errNoQueue.QueryCode}
	}
	m, later := from.oldest(k.Last)
	switch {
	case m == nil && later == 0:
		return stepResult{status: taskCompleted}
	case m == nil:
		return stepResult{later: later}
	}
	destination := k.Destination
	if destination == "" {
		destination = m.traits.deadARN
	}
	if destination == "" {
		return stepResult{status: taskFailed, reason: unknownOrigin}
	}
	to := s.queues.findARN(destination)
	if to == nil {
		return stepResult{status: taskFailed, reason: errNoQueue.QueryCode}
	}
	a, b := beginBoth(from, to)
	defer endBoth(a, b)
	if m.state != visible || a.q.gone || b.q.gone {
		return stepResult{}
	}
	resend(a, b, m)
	k.Moved++
	b.putTask(k)
	return stepResult{moved: true}
}

// oldest is the message that a task moves next, among those numbered up to last;
// or when to look again, because such messages are in flight or delayed.
func (q *queue) oldest(last uint64) (m *message, later int64) {
	t := q.begin()
	defer t.end()
	if m = q.line.next(nil); m != nil && m.seq <= last {
		return m, 0
	}
	m = nil
	for c := range q.ages.all {
		if c.seq <= last && c.state == visible && (!q.fifo || c.group.head == c) && (m == nil || c.seq < m.seq) {
			m = c
		}
	}
	if m != nil {
		return m, 0
	}
	for _, it := range q.deadlines.items {
		if it.m.seq <= last && (later == 0 || it.key < later) {
			later = it.key
		}
	}
	return nil, later
}

// resend moves a message as a task does: it is received, sent anew and deleted
// (SQS M11).
func resend(from, to *turn, m *message) {
	from.tell(Deleted, m, "")
	from.drop(m)
	fresh := &message{
		id: newMessageID(to.q.service.chance), md5: m.md5, body: m.body, attrs: m.attrs, sender: m.sender,
		sent: to.now, enqueued: to.now, arrived: to.now,
	}
	traits := *m.traits
	traits.deadARN = ""
	fresh.traits = &traits
	fresh.seq = to.nextSeq()
	fresh.place = fresh.seq
	if delay := to.q.settings.Load().delay; delay > 0 {
		fresh.state, fresh.deadline = delayed, to.now+int64(delay)
	}
	to.add(fresh)
	to.put(fresh)
	to.tell(Sent, fresh, from.q.name)
	from.q.traffic.received++
	from.q.traffic.deleted++
	to.q.traffic.sent(fresh.size())
}

// finish ends a task, with the tasks locked.
func (s *Service) finish(k *task, status, reason string) store.Commit {
	k.Status, k.Reason = status, reason
	return s.keepTask(k)
}

// resetTasks forgets the tasks of an account's queues in a region.
func (s *Service) resetTasks(account, region string) error {
	s.tasks.mu.Lock()
	defer s.tasks.mu.Unlock()
	var dropped []*task
	for source, all := range s.tasks.bySource {
		if source.within(account, region) {
			for _, k := range all {
				k.Status = taskCancelled
				if k.event != nil {
					k.event.Stop()
				}
			}
			dropped = append(dropped, all...)
			delete(s.tasks.bySource, source)
		}
	}
	return s.dropTasks(dropped...).Wait()
}

// active counts an account's tasks that are not over.
func (ts *tasks) active(account string) (n int) {
	for source, all := range ts.bySource {
		if source.account == account {
			for _, k := range all {
				if k.active() {
					n++
				}
			}
		}
	}
	return n
}

func (k *task) active() bool { return k.Status == taskRunning || k.Status == taskCancelling }

// noResource says that the queue of an ARN in a parameter is not there (SQS M2).
func noResource(parameter string) *awsapi.Error {
	return errNoResource.With("The resource that you specified for the %s parameter doesn't exist.", parameter)
}
