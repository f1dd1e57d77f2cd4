package sqs

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// StartMessageMoveTaskInput is the input of StartMessageMoveTask.
type StartMessageMoveTaskInput struct {
	// SourceARN is the ARN of a dead-letter queue.
	SourceARN string `json:"SourceArn,omitempty"`
	// DestinationARN is the ARN of the destination; empty means the queue that each
	// message came from.
	DestinationARN string `json:"DestinationArn,omitempty"`
	// MaxNumberOfMessagesPerSecond is the rate, 1 to 500; nil means no limit.
	MaxNumberOfMessagesPerSecond *int `json:"MaxNumberOfMessagesPerSecond,omitempty"`
}

// StartMessageMoveTaskOutput is the output of StartMessageMoveTask.
type StartMessageMoveTaskOutput struct {
	// TaskHandle identifies the task.
	TaskHandle string `json:"TaskHandle"`
}

// StartMessageMoveTask starts moving the messages of a dead-letter queue to another
// queue, or back to the queues they came from.
func (s *Service) StartMessageMoveTask(_ context.Context, _ *awsapi.Call, in *StartMessageMoveTaskInput) (*StartMessageMoveTaskOutput, error) {
	from, err := s.validateStartMove(in)
	if err != nil {
		return nil, err
	}
	task, commit, err := s.startTask(from, in)
	if err != nil {
		return nil, err
	}
	if err := commit.Wait(); err != nil {
		return nil, notStored(err)
	}
	return &StartMessageMoveTaskOutput{TaskHandle: task.handle()}, nil
}

// startTask creates a task and schedules its first step.
func (s *Service) startTask(from *queue, in *StartMessageMoveTaskInput) (*moveTask, store.Commit, error) {
	s.tasks.mu.Lock()
	previous := s.tasks.bySource[from.queueKey]
	if len(previous) > 0 && previous[0].active() {
		s.tasks.mu.Unlock()
		return nil, store.Commit{}, errParameterValue.With("There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
	}
	if s.tasks.active(from.Account) >= maxTasks {
		s.tasks.mu.Unlock()
		return nil, store.Commit{}, errOverLimit.With("The maximum number of active message movement tasks is %d.", maxTasks)
	}

	// The task moves the messages that the queue has now.
	id := s.chance.UUID()
	tx := from.begin()
	task := &moveTask{
		ID:          id,
		SourceARN:   in.SourceARN,
		Destination: in.DestinationARN,
		Nonce:       from.nonce,
		Started:     tx.now,
		Last:        from.lastNumber,
		ToMove:      from.counts[visible] + from.counts[delayed] + from.counts[inFlight],
		Status:      taskRunning,
	}
	if in.MaxNumberOfMessagesPerSecond != nil {
		task.Rate = *in.MaxNumberOfMessagesPerSecond
	}
	tx.storeTask(*task)

	// Drop the oldest task if there are too many.
	if len(previous) >= maxStoredTasks {
		s.deleteStoredTasks(previous[maxStoredTasks-1])
		previous = previous[:maxStoredTasks-1]
	}
	s.tasks.bySource[from.queueKey] = append([]*moveTask{task}, previous...)
	s.scheduleTask(task, task.Started)
	return task, tx.endAndUnlock(s.tasks.mu.Unlock), nil
}

// validateStartMove validates the parameters (SQS M2, M4, M5) and returns the source
// queue.
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

	// Only a dead-letter queue can be a source (SQS M2).
	if len(s.sourcesOf(from)) == 0 {
		return nil, errParameterValue.With("Source queue must be configured as a Dead Letter Queue.")
	}
	if from.fifo != to.fifo {
		return nil, errParameterValue.With("The source queue and destination queue must be of the same queue type.")
	}
	return from, nil
}

// findQueueByARN returns the queue with the ARN in a parameter.
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

// sourcesOf returns the queues that have dlq as their dead-letter queue.
func (s *Service) sourcesOf(dlq *queue) (sources []*queue) {
	for _, q := range s.queues.inScope(dlq.Scope) {
		if q.redrivesTo(dlq.arn) {
			sources = append(sources, q)
		}
	}
	return sources
}
