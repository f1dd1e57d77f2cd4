package mapping_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
)

// The receipt handle of an event is a real one (LAM B49), no resource policy is needed
// (LAM B50), and the mapping's own delete then has no effect (LAM B34).
func TestFunctionMayDeleteItsMessages_B34(t *testing.T) {
	t.Parallel()

	s := newSite(t, localaws.Options{ClockMode: clock.Manual, ClockStart: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, allowed)
	deletes := make(chan error, 10)
	s.RegisterHandler("consumer", func(ctx context.Context, event []byte) ([]byte, error) {
		var e struct {
			Records []struct{ ReceiptHandle string }
		}

		if err := json.Unmarshal(event, &e); err != nil {
			return nil, err
		}

		for _, r := range e.Records {
			_, err := s.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &s.url, ReceiptHandle: &r.ReceiptHandle})
			deletes <- err
		}

		return nil, nil
	})

	s.mapped(t)
	_, err := s.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &s.url, MessageBody: aws.String("hello")})
	fatal(t, err)
	s.Advance(t, 10*time.Minute)
	if len(deletes) != 1 {
		t.Fatalf("%d records reached the function, want 1", len(deletes))
	}

	fatal(t, <-deletes)
	s.wantEmpty(t)
}
