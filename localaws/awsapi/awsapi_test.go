package awsapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestErrorIsFoundWhenWrapped(t *testing.T) {
	t.Parallel()
	row := Error{Code: "QueueDoesNotExist", QueryCode: "AWS.SimpleQueueService.NonExistentQueue", Status: 400}

	err := row.With("100% gone")
	if row.Message != "" || err.Message != "100% gone" {
		t.Errorf("row has message %q, error has %q: want no message in the row, and the text unchanged in the error", row.Message, err.Message)
	}

	got := AsError(fmt.Errorf("send order: %w", err))
	if got.Code != "QueueDoesNotExist" || got.LegacyCode() != "AWS.SimpleQueueService.NonExistentQueue" || got.Receiver() {
		t.Errorf("AsError returned %+v", got)
	}

	other := AsError(errors.New("disk full"))
	if other.Status != 500 || !other.Receiver() || other.Message != "disk full" || other.LegacyCode() != "InternalFailure" {
		t.Errorf("an unknown error became %+v", other)
	}
}

func TestTimestampIsEpochSecondsInJSON(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		at   time.Time
		want string
	}{
		{"whole seconds", time.Unix(1767323045, 0), "1767323045"},
		{"milliseconds", time.UnixMilli(1767323045250), "1767323045.25"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := json.Marshal(Timestamp(tt.at))
			if err != nil || string(got) != tt.want {
				t.Errorf("%v is encoded as %s, %v; want %s", tt.at, got, err, tt.want)
			}
		})
	}
}

func TestTimestampRoundTripsToTheMillisecond(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "ms"))
		b, err := json.Marshal(Timestamp(at))
		if err != nil {
			t.Fatal(err)
		}

		var decoded Timestamp
		if err := json.Unmarshal(b, &decoded); err != nil {
			t.Fatal(err)
		}
		if !decoded.Time().Equal(at) {
			t.Fatalf("%v was encoded as %s and decoded as %v", at, b, decoded.Time())
		}
	})
}

func TestTimestampOutOfRangeIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"1e300", "-1e13", `"now"`} {
		t.Run(text, func(t *testing.T) {
			var got Timestamp
			if err := json.Unmarshal([]byte(text), &got); err == nil {
				t.Errorf("%s was decoded as %v, want an error", text, got.Time())
			}
		})
	}
}

func TestARNRoundTrips(t *testing.T) {
	t.Parallel()
	const s = "arn:aws:lambda:us-east-1:000000000000:function:consumer:7"
	a, ok := ParseARN(s)
	if !ok || a.Service != "lambda" || a.Resource != "function:consumer:7" || a.String() != s {
		t.Errorf("%s was parsed as %+v, %v", s, a, ok)
	}
	if got := a.Scope().ARN("lambda", "function:consumer:7"); got != s {
		t.Errorf("the ARN of its scope is %s", got)
	}

	for _, bad := range []string{
		"", "arn", "arn:aws:sqs", "urn:aws:sqs:us-east-1:0:q", "arn:aws:sqs:us-east-1:0:", "arn::sqs:r:a:q", "arn:aws-cn:sqs:r:a:q", "arn:*:sqs:r:a:q",
	} {
		t.Run(bad, func(t *testing.T) {
			if _, ok := ParseARN(bad); ok {
				t.Errorf("%q was accepted as an ARN", bad)
			}
		})
	}
}

func FuzzParseARN(f *testing.F) {
	f.Add("arn:aws:sqs:us-east-1:000000000000:q")
	f.Fuzz(func(t *testing.T, s string) {
		if a, ok := ParseARN(s); ok && a.String() != s {
			t.Errorf("%q became %q", s, a.String())
		}
	})
}

func TestScopeIsWithinAccountAndRegion(t *testing.T) {
	t.Parallel()
	call := &Call{Account: "000000000000", Region: "us-east-1"}
	for _, tt := range []struct {
		account, region string
		want            bool
	}{
		{"", "", true},
		{"000000000000", "", true},
		{"", "us-east-1", true},
		{"000000000000", "us-east-1", true},
		{"111111111111", "", false},
		{"000000000000", "eu-west-1", false},
	} {
		t.Run(tt.account+" "+tt.region, func(t *testing.T) {
			if got := call.Scope().Within(tt.account, tt.region); got != tt.want {
				t.Errorf("%v within account %q and region %q: got %v", call.Scope(), tt.account, tt.region, got)
			}
		})
	}
}

func TestTokenLeadsToTheNextPage(t *testing.T) {
	t.Parallel()

	items := []string{"a", "b", "c"}
	key := func(s string) string { return s }

	page, next, ok := PageAt(items, key, "", 2)
	if !ok || len(page) != 2 || next == "" {
		t.Fatalf("first page %v, token %q, %t", page, next, ok)
	}
	page, next, ok = PageAt(items, key, next, 2)
	if !ok || len(page) != 1 || page[0] != "c" || next != "" {
		t.Errorf("second page %v, token %q, %t", page, next, ok)
	}
	if _, _, ok := PageAt(items, key, "no token!", 2); ok {
		t.Error("an unknown token was accepted")
	}
}
