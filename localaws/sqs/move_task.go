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
	maxTasks       = 100 // active ones of an account (SQS M3)
	maxStoredTasks = 10  // that a source remembers
	taskBurst      = 100 // messages that a task without a rate moves at a time
	unknownOrigin  = "CouldNotDetermineMessageSource"
)

// task is a move task: dead letters on their way back.
type moveTask struct {
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
type moveTasks struct {
	mu       sync.Mutex
	bySource map[queueKey][]*moveTask // newest first
}

// handle is how clients name a task (SQS M1).
func (k *moveTask) handle() string {
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
func (s *Service) scheduleTask(k *moveTask, at int64) {
	if k.event == nil {
		k.event = s.clock.Schedule(time.Unix(0, at), clock.Moves, func() { s.runTask(k) })
		return
	}
	k.event.Reset(time.Unix(0, at))
}

// step moves what a task may move now, and books the next step. No lock is held
// while messages move: who is told of them may call anything.
func (s *Service) runTask(k *moveTask) {
	burst, pause := taskBurst, time.Duration(0)
	if k.Rate > 0 {
		burst, pause = 1, time.Second/time.Duration(k.Rate)
	}
	next := s.now() + int64(pause)
	for range burst {
		now, ok := s.currentTask(k)
		if !ok {
			return
		}
		done := s.moveOne(now)
		s.recordStep(k, done)
		if done.retryAt != 0 {
			next = done.retryAt
			break
		}
	}
	if _, ok := s.currentTask(k); ok {
		s.scheduleTask(k, next)
	}
}

// look reads a task, and false when it has no more to do. A cancelled one ends
// here.
func (s *Service) currentTask(k *moveTask) (moveTask, bool) {
	s.tasks.mu.Lock()
	defer s.tasks.mu.Unlock()
	if k.Status == taskCancelling {
		s.finish(k, taskCancelled, "")
	}
	return *k, k.Status == taskRunning
}

// stepResult is what one message of a task came to.
type stepResult struct {
	moved   bool
	status  string // the task's end, or empty
	reason  string // of a failure
	retryAt int64  // when to look again, because messages are in flight
}

// note takes a result over. A task that was cancelled meanwhile stays so.
func (s *Service) recordStep(k *moveTask, r stepResult) {
	s.tasks.mu.Lock()
	defer s.tasks.mu.Unlock()
	if r.moved {
		k.Moved++
		if k.Status != taskRunning {
			s.saveTask(k)
		}
	}
	if r.status != "" && k.Status == taskRunning {
		s.finish(k, r.status, r.reason)
	}
}

// moveOne moves one message of a task, or says why not.
func (s *Service) moveOne(k moveTask) stepResult {
	from := s.queues.findARN(k.SourceARN)
	if from == nil || from.nonce != k.Nonce {
		return stepResult{status: taskFailed, reason: errNoQueue.QueryCode}
	}
	m, later := from.nextToMove(k.Last)
	switch {
	case m == nil && later == 0:
		return stepResult{status: taskCompleted}
	case m == nil:
		return stepResult{retryAt: later}
	}
	destination := k.Destination
	if destination == "" {
		destination = m.optional.deadLetterSource
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
	if m.state != visible || a.queue.deleted || b.queue.deleted {
		return stepResult{}
	}
	moveTaskMessage(a, b, m)
	k.Moved++
	b.storeTask(k)
	return stepResult{moved: true}
}

// oldest is the message that a task moves next, among those numbered up to last;
// or when to look again, because such messages are in flight or delayed.
func (q *queue) nextToMove(last uint64) (m *message, later int64) {
	tx := q.begin()
	defer tx.end()
	if m = q.ready.next(nil); m != nil && m.number <= last {
		return m, 0
	}
	m = nil
	for c := range q.ages.all {
		if c.number <= last && c.state == visible && (!q.fifo || c.group.head == c) && (m == nil || c.number < m.number) {
			m = c
		}
	}
	if m != nil {
		return m, 0
	}
	for _, it := range q.deadlines.items {
		if it.m.number <= last && (later == 0 || it.key < later) {
			later = it.key
		}
	}
	return nil, later
}

// resend moves a message as a task does: it is received, sent anew and deleted
// (SQS M11).
func moveTaskMessage(from, to *transaction, m *message) {
	from.emit(Deleted, m, "")
	from.remove(m)
	fresh := &message{
		id:           newMessageID(to.queue.service.chance),
		md5:          m.md5,
		body:         m.body,
		attrs:        m.attrs,
		sender:       m.sender,
		sent:         to.now,
		retainedFrom: to.now,
		arrived:      to.now,
	}
	traits := *m.optional
	traits.deadLetterSource = ""
	fresh.optional = &traits
	fresh.number = to.nextNumber()
	fresh.position = fresh.number
	if delay := to.queue.attributes.Load().delay; delay > 0 {
		fresh.state, fresh.deadline = delayed, to.now+int64(delay)
	}
	to.add(fresh)
	to.storeMessage(fresh)
	to.emit(Sent, fresh, from.queue.name)
	from.queue.counters.received++
	from.queue.counters.deleted++
	to.queue.counters.countSend(fresh.size())
}

// finish ends a task, with the tasks locked.
func (s *Service) finish(k *moveTask, status, reason string) store.Commit {
	k.Status, k.Reason = status, reason
	return s.saveTask(k)
}

// resetTasks forgets the tasks of an account's queues in a region.
func (s *Service) resetTasks(account, region string) error {
	s.tasks.mu.Lock()
	defer s.tasks.mu.Unlock()
	var dropped []*moveTask
	for source, all := range s.tasks.bySource {
		if source.inScope(account, region) {
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
	return s.deleteStoredTasks(dropped...).Wait()
}

// active counts an account's tasks that are not over.
func (ts *moveTasks) active(account string) (n int) {
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

func (k *moveTask) active() bool { return k.Status == taskRunning || k.Status == taskCancelling }

// noResource says that the queue of an ARN in a parameter is not there (SQS M2).
func resourceNotFound(parameter string) *awsapi.Error {
	return errNoResource.With("The resource that you specified for the %s parameter doesn't exist.", parameter)
}
