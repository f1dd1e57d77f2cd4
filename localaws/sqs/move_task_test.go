package sqs

import (
	"encoding/base64"
	"strconv"
	"strings"
	"testing"
	"time"
)

// deadLetters creates a queue with a dead-letter queue, and n messages in the
// dead-letter queue.
func (b *bench) deadLetters(n int) (src, dlq string) {
	b.Helper()
	src, dlq = b.queue("src", "VisibilityTimeout", "1"), b.queue("dlq")
	b.redrive(src, dlq, "1")
	for i := range n {
		b.send(src, strconv.Itoa(i))
	}
	for range n { // receives ten messages at once, each twice: delivered, then moved
		b.receive(src)
		b.advance(time.Second)
	}
	b.receive(src)
	if got := b.counts(dlq); got != [3]int{n, 0, 0} {
		b.Fatalf("dead-letter queue %v, want %d", got, n)
	}
	return src, dlq
}

func (b *bench) start(dlq, destination string, rate *int) string {
	b.Helper()
	return must(b, b.s.StartMessageMoveTask, StartMessageMoveTaskInput{b.arn(dlq), destination, rate}).TaskHandle
}

func (b *bench) task(dlq string) ListMessageMoveTasksResultEntry {
	b.Helper()
	return must(b, b.s.ListMessageMoveTasks, ListMessageMoveTasksInput{SourceARN: b.arn(dlq)}).Results[0]
}

func TestTaskMovesMessagesToTheirSource_M1_M7(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src, dlq := b.deadLetters(3)
	handle := b.start(dlq, "", nil)
	text, err := base64.StdEncoding.DecodeString(handle)
	if err != nil || !strings.Contains(string(text), `"sourceArn":"`+b.arn(dlq)+`"`) || !strings.Contains(string(text), `"taskId":"`) {
		t.Errorf("handle is %s, %v", text, err)
	}
	b.advance(0)
	if s, d := b.counts(src), b.counts(dlq); s != [3]int{3, 0, 0} || d != [3]int{} {
		t.Errorf("source %v, dead-letter queue %v", s, d)
	}
	got := b.task(dlq)
	if got.Status != "COMPLETED" || got.ApproximateNumberOfMessagesMoved != 3 || got.ApproximateNumberOfMessagesToMove != 3 ||
		got.TaskHandle != "" || got.DestinationARN != "" || got.MaxNumberOfMessagesPerSecond != nil || got.FailureReason != "" || got.StartedTimestamp == 0 {
		t.Errorf("task %+v", got)
	}
}

func TestMovedMessageIsNew_M11(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src, dlq := b.deadLetters(1)
	before := b.one(dlq)
	b.hide(dlq, before, 0)
	b.start(dlq, "", nil)
	b.advance(0)
	after := b.one(src)
	if after.MessageID == before.MessageID || after.Body != before.Body || after.Attributes["ApproximateReceiveCount"] != "1" ||
		after.Attributes["DeadLetterQueueSourceArn"] != "" || after.Attributes["SentTimestamp"] == before.Attributes["SentTimestamp"] {
		t.Errorf("moved as %+v", after)
	}
}

func TestInvalidTasksAreRefused_M2_M4_M5(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, dlq := b.deadLetters(0)
	plain, fifo := b.queue("plain"), b.fifo("f")
	arn := b.arn(dlq)
	start := func(in StartMessageMoveTaskInput) error {
		_, err := do(b, b.s.StartMessageMoveTask, in)
		return err
	}
	const format = " arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
	invalidValue(t, start(StartMessageMoveTaskInput{SourceARN: b.arn(plain)}), "Source queue must be configured as a Dead Letter Queue.")
	invalidValue(t, start(StartMessageMoveTaskInput{SourceARN: "x"}), "You must use this format to specify the SourceArn:"+format)
	invalidValue(t, start(StartMessageMoveTaskInput{SourceARN: arn, DestinationARN: "x"}), "You must use this format to specify the DestinationArn:"+format)
	invalidValue(t, start(StartMessageMoveTaskInput{SourceARN: arn, DestinationARN: arn}), "Source queue arn and destination queue arn cannot be the same.")
	invalidValue(t, start(StartMessageMoveTaskInput{SourceARN: arn, DestinationARN: b.arn(fifo)}),
		"The source queue and destination queue must be of the same queue type.")
	for _, n := range []int{0, 501} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			invalidValue(t, start(StartMessageMoveTaskInput{arn, "", &n}),
				"Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must enter a number that's between 1 and 500.")
		})
	}
	for parameter, in := range map[string]StartMessageMoveTaskInput{
		"SourceArn": {SourceARN: arn + "x"}, "DestinationArn": {SourceARN: arn, DestinationARN: arn + "x"},
	} {
		t.Run(parameter, func(t *testing.T) {
			refused(t, start(in), "ResourceNotFoundException", "ResourceNotFoundException", 404,
				"The resource that you specified for the "+parameter+" parameter doesn't exist.")
		})
	}
}

func TestTaskWithARate_M3_M5(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src, dlq := b.deadLetters(4)
	b.start(dlq, "", ref(1))
	_, err := do(b, b.s.StartMessageMoveTask, StartMessageMoveTaskInput{SourceARN: b.arn(dlq)})
	invalidValue(t, err, "There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
	for moved := 1; moved <= 4; moved++ {
		b.advance(0)
		if got := b.counts(src)[0]; got != moved {
			t.Errorf("%d moved after %d s", got, moved-1)
		}
		if k := b.task(dlq); k.Status != "RUNNING" || k.TaskHandle == "" || *k.MaxNumberOfMessagesPerSecond != 1 {
			t.Errorf("task %+v", k)
		}
		b.advance(time.Second)
	}
	if k := b.task(dlq); k.Status != "COMPLETED" {
		t.Errorf("task %+v", k)
	}
}

func TestMessageWithoutASourceFailsTheTask_M6(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, dlq := b.deadLetters(1)
	b.send(dlq, "direct")
	b.start(dlq, "", nil)
	b.advance(0)
	k := b.task(dlq)
	if k.Status != "FAILED" || k.FailureReason != "CouldNotDetermineMessageSource" || k.ApproximateNumberOfMessagesMoved != 1 {
		t.Errorf("task %+v", k)
	}
	if got := b.counts(dlq); got != [3]int{1, 0, 0} {
		t.Errorf("dead-letter queue %v: the message stays", got)
	}
}

func TestMessagesReturnToTheirOwnSources_M6(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	dlq := b.queue("dlq")
	for _, name := range []string{"one", "two"} {
		url := b.queue(name, "VisibilityTimeout", "0")
		b.redrive(url, dlq, "1")
		b.send(url, name)
		b.one(url)
		b.receive(url)
	}
	b.start(dlq, "", nil)
	b.advance(0)
	for _, name := range []string{"one", "two"} {
		t.Run(name, func(t *testing.T) {
			b := b.with(t)
			if got := b.one(name); got.Body != name {
				t.Errorf("%s got %q", name, got.Body)
			}
		})
	}
}

func TestDeletedDestinationFailsTheTask_M8(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, dlq := b.deadLetters(3)
	other := b.queue("other")
	b.start(dlq, b.arn(other), ref(1))
	b.advance(0)
	mustRun(b, b.s.DeleteQueue, QueueInput{other})
	b.advance(time.Second)
	k := b.task(dlq)
	if k.Status != "FAILED" || k.FailureReason != "AWS.SimpleQueueService.NonExistentQueue" || k.ApproximateNumberOfMessagesMoved != 1 {
		t.Errorf("task %+v", k)
	}
	if got := b.counts(dlq); got != [3]int{2, 0, 0} {
		t.Errorf("dead-letter queue %v", got)
	}
}

func TestCancelTask_M9_M10(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src, dlq := b.deadLetters(3)
	handle := b.start(dlq, "", ref(1))
	b.advance(0)
	if got := must(b, b.s.CancelMessageMoveTask, CancelMessageMoveTaskInput{handle}); got.ApproximateNumberOfMessagesMoved != 1 {
		t.Errorf("cancel reports %d moved", got.ApproximateNumberOfMessagesMoved)
	}
	if k := b.task(dlq); k.Status != "CANCELLING" || k.TaskHandle != "" {
		t.Errorf("task %+v", k)
	}
	b.advance(time.Minute)
	if k := b.task(dlq); k.Status != "CANCELLED" {
		t.Errorf("task %+v", k)
	}
	if got := b.counts(src)[0]; got != 1 {
		t.Errorf("%d moved by the end", got)
	}
	_, err := do(b, b.s.CancelMessageMoveTask, CancelMessageMoveTaskInput{handle})
	invalidValue(t, err, "Only active tasks can be cancelled.")
	_, err = do(b, b.s.CancelMessageMoveTask, CancelMessageMoveTaskInput{"%"})
	invalidValue(t, err, "Value for parameter TaskHandle is invalid.")
	unknown := moveTask{ID: "x", SourceARN: b.arn(dlq)}
	_, err = do(b, b.s.CancelMessageMoveTask, CancelMessageMoveTaskInput{unknown.handle()})
	refused(t, err, "ResourceNotFoundException", "ResourceNotFoundException", 404, "Task does not exist.")
	other := moveTask{ID: "x", SourceARN: b.arn(dlq) + "x"}
	_, err = do(b, b.s.CancelMessageMoveTask, CancelMessageMoveTaskInput{other.handle()})
	refused(t, err, "ResourceNotFoundException", "ResourceNotFoundException", 404, "The resource that you specified for the SourceArn parameter doesn't exist.")
}

func TestTaskWaitsForMessagesInFlight_M11(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src, dlq := b.deadLetters(2)
	must(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: dlq, VisibilityTimeout: ref(50)})
	b.start(dlq, "", nil)
	b.advance(0)
	if k := b.task(dlq); k.Status != "RUNNING" || k.ApproximateNumberOfMessagesMoved != 1 {
		t.Errorf("task %+v", k)
	}
	b.advance(50 * time.Second)
	if k := b.task(dlq); k.Status != "COMPLETED" || b.counts(src)[0] != 2 {
		t.Errorf("task %+v, source %v", k, b.counts(src))
	}
}

func TestTaskLeavesLaterMessages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src, dlq := b.deadLetters(1)
	b.start(dlq, b.arn(src), nil)
	b.send(dlq, "later") // after the task's start and before its first step
	b.advance(0)
	if got := b.counts(dlq); got != [3]int{1, 0, 0} || b.task(dlq).Status != "COMPLETED" {
		t.Errorf("dead-letter queue %v, task %+v", got, b.task(dlq))
	}
}

func TestTheNewestTaskComesFirst_M7(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, dlq := b.deadLetters(0)
	for range 12 {
		b.start(dlq, "", nil)
		b.advance(time.Second)
	}
	all := must(b, b.s.ListMessageMoveTasks, ListMessageMoveTasksInput{b.arn(dlq), ref(10)}).Results
	if len(all) != 10 || all[0].StartedTimestamp <= all[9].StartedTimestamp {
		t.Errorf("%d tasks, from %d to %d", len(all), all[0].StartedTimestamp, all[len(all)-1].StartedTimestamp)
	}
	for _, n := range []int{0, 11} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			b := b.with(t)
			if _, err := do(b, b.s.ListMessageMoveTasks, ListMessageMoveTasksInput{b.arn(dlq), &n}); err == nil {
				t.Errorf("MaxResults %d was accepted", n)
			}
		})
	}
	if got := must(b, b.s.ListMessageMoveTasks, ListMessageMoveTasksInput{SourceARN: b.arn(b.queue("plain"))}).Results; got != nil {
		t.Errorf("a queue that is not a dead-letter queue lists %v (Z10)", got)
	}
}

func FuzzParseTaskHandle(f *testing.F) {
	f.Add((&moveTask{ID: "a", SourceARN: "b"}).handle())
	f.Fuzz(func(t *testing.T, handle string) {
		if id, arn, ok := parseTaskHandle(handle); ok && (id == "" || arn == "") {
			t.Errorf("%q was read as %q of %q", handle, id, arn)
		}
	})
}
