package sqs

import (
	"context"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// CancelMessageMoveTaskInput is the input of CancelMessageMoveTask.
type CancelMessageMoveTaskInput struct {
	// TaskHandle identifies the task.
	TaskHandle string `json:"TaskHandle,omitempty"`
}

// CancelMessageMoveTaskOutput is the output of CancelMessageMoveTask.
type CancelMessageMoveTaskOutput struct {
	// ApproximateNumberOfMessagesMoved is the number of messages moved so far.
	ApproximateNumberOfMessagesMoved int64 `json:"ApproximateNumberOfMessagesMoved"`
}

// CancelMessageMoveTask cancels a task. The messages that it moved stay moved (SQS
// M9, M10).
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
	i := slices.IndexFunc(s.tasks.bySource[from.queueKey], func(task *moveTask) bool { return task.ID == id })
	if i < 0 {
		return nil, errNoResource.With("Task does not exist.")
	}
	task := s.tasks.bySource[from.queueKey][i]
	if task.Status != taskRunning {
		return nil, errParameterValue.With("Only active tasks can be cancelled.")
	}

	// The next step, which is scheduled at once, completes the cancellation.
	commit := s.finishTask(task, taskCancelling, "")
	s.scheduleTask(task, s.now())
	if err := commit.Wait(); err != nil {
		return nil, notStored(err)
	}
	return &CancelMessageMoveTaskOutput{int64(task.Moved)}, nil
}
