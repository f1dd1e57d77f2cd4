package simulate

import (
	"context"
	"fmt"
	"time"

	"github.com/reliableq/reliableq/localaws/sqs"
)

// createQueues creates all queues, the dead-letter queue first: a redrive policy
// needs its target.
func (sim *simulation) createQueues(ctx context.Context) error {
	next := deadLetters
	if err := sim.createQueue(ctx, next, Queue{Visibility: 30 * time.Second}, 0, ""); err != nil {
		return err
	}

	for i := len(sim.Levels); i >= 1; i-- {
		l := sim.Levels[i-1]
		if err := sim.createQueue(ctx, levelName(i), l.Queue, sim.timeout(l), next); err != nil {
			return err
		}
		next = levelName(i)
	}
	return sim.createQueue(ctx, source, sim.Source, sim.Timeout, next)
}

// createQueue creates a queue that redrives to next, or to no queue if next is
// empty. Its visibility timeout is at least the timeout of the function that reads
// it, because a mapping requires that.
func (sim *simulation) createQueue(ctx context.Context, name string, q Queue, timeout time.Duration, next string) error {
	// With the longest retention, no message expires during a run.
	attributes := map[string]string{
		"DelaySeconds":           seconds(q.Delay),
		"VisibilityTimeout":      seconds(max(q.Visibility, timeout)),
		"MessageRetentionPeriod": "1209600",
	}
	if next != "" {
		attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, sim.arn(next), q.MaxReceives)
	}

	_, err := sim.server.Do(ctx, "sqs", "CreateQueue", &sqs.CreateQueueInput{QueueName: name, Attributes: attributes})
	return err
}

// seconds returns d in whole seconds, as an attribute value.
func seconds(d time.Duration) string { return fmt.Sprint(int(d / time.Second)) }

func (sim *simulation) url(queue string) string {
	return sim.server.URL() + "/" + sim.server.Account() + "/" + queue
}

func (sim *simulation) arn(queue string) string {
	return "arn:aws:sqs:" + sim.server.Region() + ":" + sim.server.Account() + ":" + queue
}
