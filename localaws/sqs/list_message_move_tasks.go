package sqs

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// ListMessageMoveTasksInput is the input of ListMessageMoveTasks.
type ListMessageMoveTasksInput struct {
	// SourceARN is a dead-letter queue's.
	SourceARN string `json:"SourceArn,omitempty"`
	// MaxResults is the most to list, 1 to 10; nil means 1.
	MaxResults *int `json:"MaxResults,omitempty"`
}

// ListMessageMoveTasksOutput is the output of ListMessageMoveTasks.
type ListMessageMoveTasksOutput struct {
	// Results are tasks, the newest first; nil without any.
	Results []ListMessageMoveTasksResultEntry `json:"Results,omitempty" query:"ListMessageMoveTasksResultEntry"`
}

// ListMessageMoveTasksResultEntry is one move task (SQS M7, A15).
type ListMessageMoveTasksResultEntry struct {
	// TaskHandle names the task while it is running.
	TaskHandle string `json:"TaskHandle,omitempty"`
	// Status is RUNNING, COMPLETED, CANCELLING, CANCELLED or FAILED.
	Status string `json:"Status"`
	// SourceARN is the dead-letter queue's.
	SourceARN string `json:"SourceArn"`
	// DestinationARN is where messages go, if it was given.
	DestinationARN string `json:"DestinationArn,omitempty"`
	// MaxNumberOfMessagesPerSecond is the rate, if it was given.
	MaxNumberOfMessagesPerSecond *int `json:"MaxNumberOfMessagesPerSecond,omitempty"`
	// ApproximateNumberOfMessagesMoved is exact here.
	ApproximateNumberOfMessagesMoved int64 `json:"ApproximateNumberOfMessagesMoved"`
	// ApproximateNumberOfMessagesToMove is the count when the task began.
	ApproximateNumberOfMessagesToMove int64 `json:"ApproximateNumberOfMessagesToMove"`
	// FailureReason is set when Status is FAILED.
	FailureReason string `json:"FailureReason,omitempty"`
	// StartedTimestamp is when the task began, in epoch milliseconds.
	StartedTimestamp int64 `json:"StartedTimestamp"`
}

// CancelMessageMoveTaskInput is the input of CancelMessageMoveTask.
type CancelMessageMoveTaskInput struct {
	// TaskHandle names the task.
	TaskHandle string `json:"TaskHandle,omitempty"`
}

// CancelMessageMoveTaskOutput is the output of CancelMessageMoveTask.
type CancelMessageMoveTaskOutput struct {
	// ApproximateNumberOfMessagesMoved is how many have been moved.
	ApproximateNumberOfMessagesMoved int64 `json:"ApproximateNumberOfMessagesMoved"`
}

// ListMessageMoveTasks lists the tasks of a source.
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
	s.tasks.mu.Lock()
	defer s.tasks.mu.Unlock()
	all := s.tasks.bySource[from.queueKey]
	out := &ListMessageMoveTasksOutput{}
	for _, k := range all[:min(limit, len(all))] {
		out.Results = append(out.Results, k.entry())
	}
	return out, nil
}

func (k *moveTask) entry() ListMessageMoveTasksResultEntry {
	e := ListMessageMoveTasksResultEntry{
		Status:                            k.Status,
		SourceARN:                         k.SourceARN,
		DestinationARN:                    k.Destination,
		FailureReason:                     k.Reason,
		ApproximateNumberOfMessagesMoved:  int64(k.Moved),
		ApproximateNumberOfMessagesToMove: int64(k.ToMove),
		StartedTimestamp:                  k.Started / int64(time.Millisecond),
	}
	if k.Status == taskRunning {
		e.TaskHandle = k.handle()
	}
	if k.Rate > 0 {
		e.MaxNumberOfMessagesPerSecond = &k.Rate
	}
	return e
}

// CancelMessageMoveTask stops a task. What it has moved stays moved (SQS M9, M10).
func (s *Service) CancelMessageMoveTask(_ context.Context, _ *awsapi.Call, in *CancelMessageMoveTaskInput) (*CancelMessageMoveTaskOutput, error) {
	if in.TaskHandle == "" {
		return nil, missingParameter("TaskHandle")
	}
	id, arn, ok := parseTaskHandle(in.TaskHandle)
	if !ok {
		return nil, errParameterValue.With("Value for parameter TaskHandle is invalid.")
	}
	from := s.queues.findARN(arn)
	if from == nil {
		return nil, resourceNotFound("SourceArn")
	}
	s.tasks.mu.Lock()
	defer s.tasks.mu.Unlock()
	for _, k := range s.tasks.bySource[from.queueKey] {
		if k.ID != id {
			continue
		}
		if k.Status != taskRunning {
			return nil, errParameterValue.With("Only active tasks can be cancelled.")
		}
		commit := s.finish(k, taskCancelling, "")
		s.scheduleTask(k, s.now())
		if err := commit.Wait(); err != nil {
			return nil, notStored(err)
		}
		return &CancelMessageMoveTaskOutput{int64(k.Moved)}, nil
	}
	return nil, errNoResource.With("Task does not exist.")
}

// needOnSource is the permission for an action on the queue of an ARN.
func (s *Service) sourceAccess(arn, action string) []awsapi.Access {
	k, ok := parseARN(arn)
	if !ok {
		return nil // refused by the operation itself
	}
	return []awsapi.Access{s.access(k, action)}
}

func (s *Service) listMoveTasksAccess(_ *awsapi.Call, in *ListMessageMoveTasksInput) []awsapi.Access {
	return s.sourceAccess(in.SourceARN, "ListMessageMoveTasks")
}

func (s *Service) cancelMoveTaskAccess(_ *awsapi.Call, in *CancelMessageMoveTaskInput) []awsapi.Access {
	_, arn, _ := parseTaskHandle(in.TaskHandle)
	return s.sourceAccess(arn, "CancelMessageMoveTask")
}
