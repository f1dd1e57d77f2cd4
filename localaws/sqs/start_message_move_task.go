package sqs

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// StartMessageMoveTaskInput is the input of StartMessageMoveTask.
type StartMessageMoveTaskInput struct {
	// SourceARN is a dead-letter queue's.
	SourceARN string `json:"SourceArn,omitempty"`
	// DestinationARN is where messages go; empty means back to where each came
	// from.
	DestinationARN string `json:"DestinationArn,omitempty"`
	// MaxNumberOfMessagesPerSecond is 1 to 500; nil means as fast as may be.
	MaxNumberOfMessagesPerSecond *int `json:"MaxNumberOfMessagesPerSecond,omitempty"`
}

// StartMessageMoveTaskOutput is the output of StartMessageMoveTask.
type StartMessageMoveTaskOutput struct {
	// TaskHandle names the task.
	TaskHandle string `json:"TaskHandle"`
}

// StartMessageMoveTask starts moving dead letters to another queue, or back to
// where they came from.
func (s *Service) StartMessageMoveTask(_ context.Context, _ *awsapi.Call, in *StartMessageMoveTaskInput) (*StartMessageMoveTaskOutput, error) {
	from, err := s.validateStartMove(in)
	if err != nil {
		return nil, err
	}
	k, commit, err := s.startTask(from, in)
	if err != nil {
		return nil, err
	}
	if err := commit.Wait(); err != nil {
		return nil, notStored(err)
	}
	return &StartMessageMoveTaskOutput{TaskHandle: k.handle()}, nil
}

// begin makes a task and books its first step.
func (s *Service) startTask(from *queue, in *StartMessageMoveTaskInput) (*moveTask, store.Commit, error) {
	var nothing store.Commit
	s.tasks.mu.Lock()
	before := s.tasks.bySource[from.queueKey]
	if len(before) > 0 && before[0].active() {
		s.tasks.mu.Unlock()
		return nil, nothing, errParameterValue.With("There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
	}
	if s.tasks.active(from.account) >= maxTasks {
		s.tasks.mu.Unlock()
		return nil, nothing, errOverLimit.With("The maximum number of active message movement tasks is %d.", maxTasks)
	}
	k := &moveTask{
		ID:          s.chance.UUID(),
		SourceARN:   in.SourceARN,
		Destination: in.DestinationARN,
		Status:      taskRunning,
	}
	if in.MaxNumberOfMessagesPerSecond != nil {
		k.Rate = *in.MaxNumberOfMessagesPerSecond
	}
	tx := from.begin()
	k.Started, k.Nonce, k.Last, k.ToMove = tx.now, from.nonce, from.lastNumber, from.counts[visible]+from.counts[delayed]+from.counts[inFlight]
	tx.storeTask(*k)
	if len(before) >= maxStoredTasks {
		s.deleteStoredTasks(before[maxStoredTasks-1])
		before = before[:maxStoredTasks-1]
	}
	s.tasks.bySource[from.queueKey] = append([]*moveTask{k}, before...)
	s.scheduleTask(k, k.Started)
	return k, tx.endAndUnlock(s.tasks.mu.Unlock), nil
}

// checkMove refuses a task that cannot be (SQS M2, M4, M5).
func (s *Service) validateStartMove(in *StartMessageMoveTaskInput) (*queue, error) {
	from, err := s.findQueueByARN("SourceArn", in.SourceARN)
	if err != nil {
		return nil, err
	}
	to := from
	if in.DestinationARN != "" {
		if to, err = s.findQueueByARN("DestinationArn", in.DestinationARN); err != nil {
			return nil, err
		}
		if to == from {
			return nil, errParameterValue.With("Source queue arn and destination queue arn cannot be the same.")
		}
	}
	if n := in.MaxNumberOfMessagesPerSecond; n != nil && (*n < 1 || *n > 500) {
		return nil, errParameterValue.With("Value for parameter MaxNumberOfMessagesPerSecond is invalid. " +
			"Reason: You must enter a number that's between 1 and 500.")
	}
	if len(s.sourcesOf(from)) == 0 {
		return nil, errParameterValue.With("Source queue must be configured as a Dead Letter Queue.")
	}
	if from.fifo != to.fifo {
		return nil, errParameterValue.With("The source queue and destination queue must be of the same queue type.")
	}
	return from, nil
}

// moveEnd finds the queue that a parameter's ARN names.
func (s *Service) findQueueByARN(parameter, arn string) (*queue, error) {
	if arn == "" {
		return nil, missingParameter(parameter)
	}
	k, ok := parseARN(arn)
	if !ok {
		return nil, errParameterValue.With("You must use this format to specify the %s: arn:<partition>:<service>:<region>:<account-id>:<resource-id>", parameter)
	}
	q := s.queues.find(k)
	if q == nil {
		return nil, resourceNotFound(parameter)
	}
	return q, nil
}

// sourcesOf are the queues whose dead letters go to dlq.
func (s *Service) sourcesOf(dlq *queue) (sources []*queue) {
	for _, q := range s.queues.inScope(dlq.account, dlq.region) {
		if q.redrivesTo(dlq.arn) {
			sources = append(sources, q)
		}
	}
	return sources
}

// needToMove is what StartMessageMoveTask takes: it acts on the user's behalf at
// both ends (SQS M11).
func (s *Service) startMoveTaskAccess(_ *awsapi.Call, in *StartMessageMoveTaskInput) []awsapi.Access {
	from, ok := parseARN(in.SourceARN)
	if !ok {
		return nil // refused by the operation itself
	}
	need := []awsapi.Access{s.access(from, "StartMessageMoveTask")}
	for _, action := range []string{"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"} {
		need = append(need, s.accessWithKMSKey(from, action)...)
	}

	if to, ok := parseARN(in.DestinationARN); ok {
		return append(need, s.accessWithKMSKey(to, "SendMessage")...)
	}
	if dlq := s.queues.find(from); dlq != nil {
		for _, q := range s.sourcesOf(dlq) {
			need = append(need, s.accessWithKMSKey(q.queueKey, "SendMessage")...)
		}
	}
	return need
}
