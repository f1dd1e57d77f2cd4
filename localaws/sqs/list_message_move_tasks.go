package sqs

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// ListMessageMoveTasksInput is the input of ListMessageMoveTasks.
type ListMessageMoveTasksInput struct {
	// SourceARN is the ARN of a dead-letter queue.
	SourceARN string `json:"SourceArn,omitempty"`
	// MaxResults is the limit, 1 to 10; nil means 1.
	MaxResults *int `json:"MaxResults,omitempty"`
}

// ListMessageMoveTasksOutput is the output of ListMessageMoveTasks.
type ListMessageMoveTasksOutput struct {
	// Results are tasks, the newest first; nil without any.
	Results []ListMessageMoveTasksResultEntry `json:"Results,omitempty" query:"ListMessageMoveTasksResultEntry"`
}

// ListMessageMoveTasksResultEntry is one move task (SQS M7, A15).
type ListMessageMoveTasksResultEntry struct {
	// TaskHandle identifies the task; empty unless it is running.
	TaskHandle string `json:"TaskHandle,omitempty"`
	// Status is RUNNING, COMPLETED, CANCELLING, CANCELLED or FAILED.
	Status string `json:"Status"`
	// SourceARN is the ARN of the dead-letter queue.
	SourceARN string `json:"SourceArn"`
	// DestinationARN is the destination of the request, or empty.
	DestinationARN string `json:"DestinationArn,omitempty"`
	// MaxNumberOfMessagesPerSecond is the rate of the request, or nil.
	MaxNumberOfMessagesPerSecond *int `json:"MaxNumberOfMessagesPerSecond,omitempty"`
	// ApproximateNumberOfMessagesMoved is exact here.
	ApproximateNumberOfMessagesMoved int64 `json:"ApproximateNumberOfMessagesMoved"`
	// ApproximateNumberOfMessagesToMove is the count at the start of the task.
	ApproximateNumberOfMessagesToMove int64 `json:"ApproximateNumberOfMessagesToMove"`
	// FailureReason is set when Status is FAILED.
	FailureReason string `json:"FailureReason,omitempty"`
	// StartedTimestamp is the start of the task in epoch milliseconds.
	StartedTimestamp int64 `json:"StartedTimestamp"`
}

// ListMessageMoveTasks lists the move tasks of a source queue.
func (s *Service) ListMessageMoveTasks(_ context.Context, _ *awsapi.Call, in *ListMessageMoveTasksInput) (*ListMessageMoveTasksOutput, error) {
	limit := 1
	if n := in.MaxResults; n != nil {
		if *n < 1 || *n > maxStoredTasks {
			return nil, errParameterValue.With("Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 10.")
		}
		limit = *n
	}
	from, err := s.findQueueByARN("SourceArn", in.SourceARN)
	if err != nil {
		return nil, err
	}

	// Copy under the lock: a running task changes.
	s.tasks.mu.Lock()
	defer s.tasks.mu.Unlock()
	all := s.tasks.bySource[from.queueKey]
	out := &ListMessageMoveTasksOutput{}
	for _, task := range all[:min(limit, len(all))] {
		out.Results = append(out.Results, task.resultEntry())
	}
	return out, nil
}

func (task *moveTask) resultEntry() ListMessageMoveTasksResultEntry {
	e := ListMessageMoveTasksResultEntry{
		Status:                            task.Status,
		SourceARN:                         task.SourceARN,
		DestinationARN:                    task.Destination,
		FailureReason:                     task.Reason,
		ApproximateNumberOfMessagesMoved:  int64(task.Moved),
		ApproximateNumberOfMessagesToMove: int64(task.ToMove),
		StartedTimestamp:                  task.Started / int64(time.Millisecond),
	}
	if task.Status == taskRunning {
		e.TaskHandle = task.handle()
	}
	if task.Rate > 0 {
		e.MaxNumberOfMessagesPerSecond = &task.Rate
	}
	return e
}
