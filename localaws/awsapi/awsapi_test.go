package awsapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

type ping struct{ Name string }
type pong struct{ Text string }

var errRefused = Error{Code: "AccessDenied", Status: 403}

func pinger() *Service {
	return &Service{Name: "toy", Operations: Table(
		Op("Ping", func(_ context.Context, _ *Call, in *ping) (*pong, error) {
			if in.Name == "" {
				return nil, Error{Code: "MissingParameter", Status: 400}.With("The request must contain the parameter %s.", "Name")
			}
			return &pong{Text: "hello " + in.Name}, nil
		}, func(_ *Call, in *ping) []Access {
			return []Access{{Action: "toy:Ping", Resource: "arn:aws:toy:::" + in.Name}}
		}),
	)}
}

func TestDispatcherChecksPermissionBeforeItRuns(t *testing.T) {
	t.Parallel()
	var asked []Access
	d := &Dispatcher{
		Services: map[string]*Service{"toy": pinger()},
		Authorize: func(_ context.Context, c *Call, a Access) error {
			asked = append(asked, a)
			if c.Caller.Administrator {
				return nil
			}
			return errRefused.With("no")
		},
	}
	out, err := d.Do(t.Context(), &Call{Caller: Caller{Administrator: true}}, "toy", "Ping", &ping{Name: "x"})
	if err != nil || out.(*pong).Text != "hello x" {
		t.Errorf("administrator got %v, %v", out, err)
	}
	if len(asked) != 1 || asked[0].Action != "toy:Ping" || asked[0].Resource != "arn:aws:toy:::x" {
		t.Errorf("permission asked for: %+v", asked)
	}
	if _, err := d.Do(t.Context(), &Call{}, "toy", "Ping", &ping{Name: "x"}); AsError(err).Code != "AccessDenied" {
		t.Errorf("a stranger got %v, want AccessDenied", err)
	}
}

func TestDispatcherRefusesByNameWhatIsNotEmbedded(t *testing.T) {
	t.Parallel()
	d := &Dispatcher{Services: map[string]*Service{"toy": pinger()}}
	for _, tt := range []struct{ service, operation, want string }{
		{"s3", "PutObject", "service s3 is not embedded"},
		{"toy", "Pang", "operation Pang of toy is not embedded"},
	} {
		if _, err := d.Do(t.Context(), &Call{}, tt.service, tt.operation, nil); err == nil || err.Error() != tt.want {
			t.Errorf("%s %s: error %v, want %q", tt.service, tt.operation, err, tt.want)
		}
	}
}

func TestTableRefusesANameThatStandsTwice(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic for an operation named twice")
		}
	}()
	Table(Operation{Name: "Ping"}, Operation{Name: "Ping"})
}

func TestErrorKeepsItsRowAndSurvivesWrapping(t *testing.T) {
	t.Parallel()
	row := Error{Code: "QueueDoesNotExist", QueryCode: "AWS.SimpleQueueService.NonExistentQueue", Status: 400}
	err := row.With("100% gone")
	if row.Message != "" || err.Message != "100% gone" {
		t.Errorf("row %q, error %q: a message without args is taken as it is, and the row keeps none", row.Message, err.Message)
	}
	got := AsError(fmt.Errorf("send order: %w", err))
	if got.Code != "QueueDoesNotExist" || got.LegacyCode() != "AWS.SimpleQueueService.NonExistentQueue" || got.Receiver() {
		t.Errorf("found %+v in the chain", got)
	}
	other := AsError(errors.New("disk full"))
	if other.Status != 500 || !other.Receiver() || other.Message != "disk full" || other.LegacyCode() != "InternalFailure" {
		t.Errorf("an unknown error became %+v", other)
	}
}

func TestTimestampIsEpochSecondsInJSON(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		at   time.Time
		want string
	}{
		{time.Unix(1767323045, 0), "1767323045"},
		{time.UnixMilli(1767323045250), "1767323045.25"},
	} {
		got, err := json.Marshal(Timestamp(tt.at))
		if err != nil || string(got) != tt.want {
			t.Errorf("%v is %s, %v; want %s", tt.at, got, err, tt.want)
		}
	}
}

func TestTimestampComesBackToTheMillisecond(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "ms"))
		b, err := json.Marshal(Timestamp(at))
		if err != nil {
			t.Fatal(err)
		}
		var back Timestamp
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		if !back.Time().Equal(at) {
			t.Fatalf("%v became %s and came back as %v", at, b, back.Time())
		}
	})
}

func TestARNComesApartAndTogether(t *testing.T) {
	t.Parallel()
	const s = "arn:aws:lambda:us-east-1:000000000000:function:consumer:7"
	a, ok := ParseARN(s)
	if !ok || a.Service != "lambda" || a.Resource != "function:consumer:7" || a.String() != s {
		t.Errorf("%s parsed as %+v, %v", s, a, ok)
	}
	for _, bad := range []string{"", "arn", "arn:aws:sqs", "urn:aws:sqs:us-east-1:0:q", "arn:aws:sqs:us-east-1:0:", "arn::sqs:r:a:q", "arn:aws-cn:sqs:r:a:q", "arn:*:sqs:r:a:q"} {
		if _, ok := ParseARN(bad); ok {
			t.Errorf("%q was taken for an ARN", bad)
		}
	}
}

func FuzzParseARN(f *testing.F) {
	f.Add("arn:aws:sqs:us-east-1:000000000000:q")
	f.Fuzz(func(t *testing.T, s string) {
		if a, ok := ParseARN(s); ok && a.String() != s {
			t.Errorf("%q came together as %q", s, a.String())
		}
	})
}
