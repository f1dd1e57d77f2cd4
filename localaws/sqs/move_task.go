package sqs

import (
	"encoding/base64"
	"encoding/json"
	"sync"
	"time"

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
	maxTasks       = 100 // active tasks of an account (SQS M3)
	maxStoredTasks = 10  // tasks of a source, active or not
	taskBurst      = 100 // messages that a task without a rate moves at once
)

// unknownOrigin is AWS's failure reason for a message that was not moved here by a
// redrive.
const unknownOrigin = "CouldNotDetermineMessageSource"

// moveTask is a task that moves messages out of a dead-letter queue.
type moveTask struct {
	ID          string `json:"taskId"`
	SourceARN   string `json:"sourceArn"`
	Destination string `json:"destination,omitempty"` // ARN; empty means the queue that each message came from
	Rate        int    `json:"rate,omitempty"`        // messages per second; 0 means no limit
	Nonce       uint64 `json:"nonce"`                 // of the source; a new queue of that name has another
	Started     int64  `json:"started"`
	Last        uint64 `json:"last"` // number of the source's newest message at the start; later ones stay
	ToMove      int    `json:"toMove"`
	Moved       int    `json:"moved"`
	Status      string `json:"status"`
	Reason      string `json:"reason,omitempty"` // of a failure

	event *clock.Event // runs the next step
}

// moveTasks are the move tasks of all sources. Its lock is taken before that of a
// queue.
type moveTasks struct {
	mu       sync.Mutex
	bySource map[queueKey][]*moveTask // the newest first
}

// active returns the number of an account's active tasks.
func (ts *moveTasks) active(account string) (n int) {
	for source, all := range ts.bySource {
		if source.Account != account {
			continue
		}
		for _, task := range all {
			if task.active() {
				n++
			}
		}
	}
	return n
}

func (task *moveTask) active() bool {
	return task.Status == taskRunning || task.Status == taskCancelling
}

// taskHandle is the content of a task handle (SQS M1).
type taskHandle struct {
	ID        string `json:"taskId"`
	SourceARN string `json:"sourceArn"`
}

// handle returns the handle by which clients identify a task.
func (task *moveTask) handle() string {
	text, _ := json.Marshal(taskHandle{task.ID, task.SourceARN}) // strings have no marshal error
	return base64.StdEncoding.EncodeToString(text)
}

// parseTaskHandle returns the id and source in a handle; ok is false if it is not a
// valid handle.
func parseTaskHandle(handle string) (id, sourceARN string, ok bool) {
	text, err := base64.StdEncoding.DecodeString(handle)
	if err != nil {
		return "", "", false
	}
	var h taskHandle
	if json.Unmarshal(text, &h) != nil || h.ID == "" || h.SourceARN == "" {
		return "", "", false
	}
	return h.ID, h.SourceARN, true
}

// scheduleTask schedules a task's next step.
func (s *Service) scheduleTask(task *moveTask, at int64) {
	if task.event == nil {
		task.event = s.clock.Schedule(time.Unix(0, at), clock.Transition, func() { s.runTask(task) })
		return
	}
	task.event.Reset(time.Unix(0, at))
}

// runTask runs one step of a task and schedules the next. No lock is held between the
// messages, so that observers of the moves may call the service.
func (s *Service) runTask(task *moveTask) {
	burst := taskBurst
	pause := time.Duration(0)
	if task.Rate > 0 {
		burst = 1
		pause = time.Second / time.Duration(task.Rate)
	}

	// Move a burst, unless the remaining messages are in flight.
	next := s.now() + int64(pause)
	for range burst {
		current, running := s.currentTask(task)
		if !running {
			return
		}
		result := s.moveOne(current)
		s.recordStep(task, result)
		if result.retryAt != 0 {
			next = result.retryAt
			break
		}
	}

	if _, running := s.currentTask(task); running {
		s.scheduleTask(task, next)
	}
}

// currentTask returns a copy of a task and whether it is running. It completes the
// cancellation of a task that is being canceled.
func (s *Service) currentTask(task *moveTask) (current moveTask, running bool) {
	s.tasks.mu.Lock()
	defer s.tasks.mu.Unlock()
	if task.Status == taskCancelling {
		s.finishTask(task, taskCancelled, "")
	}
	return *task, task.Status == taskRunning
}

// stepResult is the result of moving one message.
type stepResult struct {
	moved   bool
	status  string // final status of the task, or ""
	reason  string // of a failure
	retryAt int64  // when a message becomes available; 0 otherwise
}

// recordStep updates a task with a result. A task that was canceled in the meantime
// stays canceled.
func (s *Service) recordStep(task *moveTask, r stepResult) {
	s.tasks.mu.Lock()
	defer s.tasks.mu.Unlock()
	if r.moved {
		task.Moved++
		if task.Status != taskRunning {
			s.saveTask(task) // moveOne stored it as running
		}
	}
	if r.status != "" && task.Status == taskRunning {
		s.finishTask(task, r.status, r.reason)
	}
}

// finishTask sets a task's final status. The tasks are locked.
func (s *Service) finishTask(task *moveTask, status, reason string) store.Commit {
	task.Status = status
	task.Reason = reason
	return s.saveTask(task)
}

// moveOne moves one message of a task.
func (s *Service) moveOne(task moveTask) stepResult {
	from := s.queues.findARN(task.SourceARN)
	if from == nil || from.nonce != task.Nonce {
		return stepResult{status: taskFailed, reason: errNoQueue.QueryCode}
	}
	m, retryAt := from.nextToMove(task.Last)
	switch {
	case m == nil && retryAt == 0:
		return stepResult{status: taskCompleted}
	case m == nil:
		return stepResult{retryAt: retryAt}
	}

	// Find the destination.
	destination := task.Destination
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

	// The message may have been received since nextToMove released the lock.
	txFrom, txTo := beginBoth(from, to)
	defer endBoth(txFrom, txTo)
	if m.state != visible || from.deleted || to.deleted {
		return stepResult{}
	}
	resendMessage(txFrom, txTo, m)
	task.Moved++
	txTo.storeTask(task)
	return stepResult{moved: true}
}

// nextToMove returns the next message that a task moves, among those numbered up to
// last. If all of them are in flight or delayed it returns when the first becomes
// visible.
func (q *queue) nextToMove(last uint64) (m *message, retryAt int64) {
	tx := q.begin()
	defer tx.end()

	// Usually the first visible message is one of them.
	if m = q.ready.next(nil); m != nil && m.number <= last {
		return m, 0
	}

	m = nil
	for c := range q.ages.all {
		canMove := c.number <= last && c.state == visible && (!q.fifo || c.group.head == c)
		if canMove && (m == nil || c.number < m.number) {
			m = c
		}
	}
	if m != nil {
		return m, 0
	}

	for _, item := range q.deadlines.items {
		if item.m.number <= last && (retryAt == 0 || item.key < retryAt) {
			retryAt = item.key
		}
	}
	return nil, retryAt
}

// resendMessage moves a message as a task does: it is received, sent as a new message
// and deleted (SQS M11).
func resendMessage(from, to *transaction, m *message) {
	from.emit(Deleted, m, "")
	from.remove(m)

	// The new message has a new id and no receives.
	optional := *m.optional
	optional.deadLetterSource = ""
	resent := &message{
		id:           newMessageID(to.queue.service.chance),
		md5:          m.md5,
		body:         m.body,
		attributes:   m.attributes,
		sender:       m.sender,
		sent:         to.now,
		optional:     &optional,
		number:       to.nextNumber(),
		retainedFrom: to.now,
		arrived:      to.now,
	}
	resent.position = resent.number
	if delay := to.queue.attributes.Load().delay; delay > 0 {
		resent.state = delayed
		resent.deadline = to.now + int64(delay)
	}

	// The metrics count a receive and a delete here, and a send there.
	to.add(resent)
	to.storeMessage(resent)
	to.emit(Sent, resent, from.queue.name)
	from.queue.counters.received++
	from.queue.counters.deleted++
	to.queue.counters.countSend(resent.size())
}

// resetTasks stops and deletes the tasks of an account's queues in a region.
func (s *Service) resetTasks(account, region string) error {
	s.tasks.mu.Lock()
	defer s.tasks.mu.Unlock()

	var deleted []*moveTask
	for source, all := range s.tasks.bySource {
		if !source.Within(account, region) {
			continue
		}
		for _, task := range all {
			task.Status = taskCancelled
			if task.event != nil {
				task.event.Stop()
			}
		}
		deleted = append(deleted, all...)
		delete(s.tasks.bySource, source)
	}
	return s.deleteStoredTasks(deleted...).Wait()
}
