package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/localaws/clock"
)

func TestStatusShowsMessagesAndReadiness(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Manual, consume.PerMessage).deployed()
	for range 3 {
		if _, err := w.SQS.SendMessage(t.Context(), &sqs.SendMessageInput{
			QueueUrl: aws.String(w.Deployment.QueueURLs["source"]), MessageBody: aws.String("{}"), DelaySeconds: 60,
		}); err != nil {
			t.Fatal(err)
		}
	}
	got := w.do("status")
	got.want(t, exitDone, "the embedded AWS at "+w.AWS.URL(), "QUEUE", "FUNCTION")
	for _, line := range []string{"source 0 0 3", "retry_1 0 0 0", "dlq 0 0 0", "producer Active Successful", "consumer Active Successful Enabled"} {
		if !strings.Contains(strings.Join(strings.Fields(got.out), " "), line) {
			t.Errorf("no %q in\n%s", line, got.out)
		}
	}
	var status struct {
		Target string
		Ready  bool
		Queues []struct {
			Queue   string
			Delayed int
		}
		Functions []struct{ Key, Mapping string }
	}
	if err := json.Unmarshal([]byte(w.do("status", "--json").out), &status); err != nil {
		t.Fatal(err)
	}
	if status.Target != "embedded" || !status.Ready || len(status.Queues) != 3 || status.Queues[0].Delayed != 3 || len(status.Functions) != 3 ||
		status.Functions[1].Mapping != "Enabled" {
		t.Errorf("%+v", status)
	}
}

func TestStatusExitsThreeWhenSomethingIsNotReady(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Manual, consume.PerMessage).deployed()
	if _, err := w.SQS.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{
		QueueUrl: aws.String(w.Deployment.QueueURLs["source"]), Attributes: map[string]string{"RedrivePolicy": ""},
	}); err != nil {
		t.Fatal(err)
	}
	w.do("status").want(t, exitBadVerdict, "not ready: queue source has no redrive policy yet")
	w.do("status", "--json").want(t, exitBadVerdict, `"ready": false`, `"why": "queue source has no redrive policy yet"`)
}

func TestInvokePrintsTheResponse(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Manual, consume.PerMessage).deployed()
	w.ReplaceHandler("producer", func(_ context.Context, event []byte) ([]byte, error) {
		if strings.Contains(string(event), "fail") {
			return nil, errors.New("requested error")
		}
		return event, nil
	})
	for _, c := range []struct {
		name string
		in   string
		args []string
		code int
		out  string // all of it, where it is set
		errs string
	}{
		{"the producer by itself", "", nil, exitDone, "{}\n", ""},
		{"by its key", "", []string{"producer", "-p", `{"count":3}`}, exitDone, `{"count":3}` + "\n", ""},
		{"from standard input", "[1, 2]", []string{"producer", "-p", "-"}, exitDone, "[1, 2]\n", ""},
		{"with its log", "", []string{"--log"}, exitDone, "{}\n", "START RequestId"},
		{"a function that fails", "", []string{"-p", `"fail"`}, exitFailed, "", "hint: see its log with reliableq logs producer"},
		{"no such function", "", []string{"nobody"}, exitFailed, "", "it has producer, consumer, retry_1"},
		{"no JSON", "", []string{"-p", "{count:3}"}, exitUsage, "", "the event is not JSON"},
		{"too much", strings.Repeat(" ", maxPayload+1), []string{"-p", "-"}, exitFailed, "", "larger than Lambda accepts"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := w.given(c.in, append([]string{"invoke"}, c.args...)...)
			if got.code != c.code || c.out != "" && got.out != c.out || !strings.Contains(got.errs, c.errs) {
				t.Errorf("%s: exit code %d, printed %q, stderr %q", c.name, got.code, got.out, got.errs)
			}
		})
	}
	w.do("invoke", "--async").want(t, exitDone, "accepted, request ")
	w.do("invoke", "--json", "-p", `{"a":[1]}`).want(t, exitDone, `"status_code": 200`, `"payload": {`)
	w.do("invoke", "--json", "-p", `"fail"`).want(t, exitFailed, `"function_error": "Unhandled"`, "requested error")
}

func TestAPayloadIsPrintedAsJSONOrText(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]any{
		"": nil, `{"a":1}`: json.RawMessage(`{"a":1}`), "plain": "plain",
	} {
		t.Run(payload, func(t *testing.T) {
			if diff := cmp.Diff(want, decoded([]byte(payload))); diff != "" {
				t.Errorf("%q: %s", payload, diff)
			}
		})
	}
}

func TestLogsOfAllFunctionsAreSortedByTime(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Manual, consume.PerMessage).deployed()
	for i, key := range []string{"consumer", "producer", "consumer"} {
		w.WriteLog(key, []string{"first", "second", "third"}[i])
		w.AWS.Advance(t, 1e9)
	}
	messages := func(a result) (got []string) {
		for line := range strings.Lines(a.out) {
			fields := strings.Fields(line)
			got = append(got, strings.Join(fields[1:], " "))
		}
		return got
	}
	if diff := cmp.Diff([]string{"consumer first", "producer second", "consumer third"}, messages(w.do("logs"))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"producer second"}, messages(w.do("logs", "producer"))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"consumer third"}, messages(w.do("logs", "--filter", "third"))); diff != "" {
		t.Error(diff)
	}
	var line logLine
	if err := json.Unmarshal([]byte(w.do("logs", "producer", "--json").out), &line); err != nil || line.Message != "second" ||
		line.Function != "producer" || line.Stream != "one" || line.Time.IsZero() {
		t.Errorf("%+v, %v", line, err)
	}
	w.do("logs", "nobody").want(t, exitFailed, "the deployment has no function nobody", "hint: it has producer, consumer, retry_1")
}

func TestOutputsPrintOneOrAll(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Manual, consume.PerMessage)
	w.do("outputs").want(t, exitFailed, "nothing is deployed to the embedded AWS", "deploy with reliableq up")
	w.deployed()
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{nil, exitDone, `failure_reporting = "per_message"`},
		{nil, exitDone, "queue_path = [\n"},
		{[]string{"queue_path"}, exitDone, "[\n  \"source\",\n"},
		{[]string{"failure_reporting", "--json"}, exitDone, `"per_message"`},
		{[]string{"nothing"}, exitFailed, "there is no output nothing"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			w.do(append([]string{"outputs"}, c.args...)...).want(t, c.code, c.want)
		})
	}
	if got := w.do("outputs", "failure_reporting"); got.out != "per_message\n" {
		t.Errorf("one: %q", got.out)
	}
}

func TestTheEnvironmentPointsToTheEmbeddedAWS(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Manual, consume.PerMessage)
	id, secret := w.AWS.Credentials()
	w.do("env").want(t, exitDone, "export AWS_ENDPOINT_URL='"+w.AWS.URL()+"'", "export AWS_ACCESS_KEY_ID='"+id+"'", "export AWS_SECRET_ACCESS_KEY='"+secret+"'")
	var env map[string]string
	if err := json.Unmarshal([]byte(w.do("env", "--json").out), &env); err != nil || env["AWS_ENDPOINT_URL"] != w.AWS.URL() || env["AWS_SECRET_ACCESS_KEY"] != secret {
		t.Errorf("%v, %v", env, err)
	}
}

func TestAnyValueIsQuotedAsOneWordOfTheShell(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"plain": "'plain'", "it's": `'it'\''s'`, "$(rm -rf ~)": "'$(rm -rf ~)'", "": "''"} {
		t.Run(value, func(t *testing.T) {
			if got := quote(value); got != want {
				t.Errorf("%q: %s, want %s", value, got, want)
			}
		})
	}
}

func TestTheClockIsReadHeldMovedAndSettled(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Skip, consume.PerMessage)
	for _, c := range []struct{ args, want string }{
		{"now", "clock skip"},
		{"hold", "held"},
		{"advance 1h --json", `"skipped_seconds": 36`},
		{"release", "clock skip"},
		{"settle --timeout 20s", "source: visible 0, in flight 0, delayed 0"},
	} {
		t.Run(c.args, func(t *testing.T) { // in sequence: each depends on the one before
			w.do(append([]string{"clock"}, strings.Fields(c.args)...)...).want(t, exitDone, c.want)
		})
	}
}

func TestLocalStatusPrintsTheRunningServer(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Skip, consume.PerMessage)
	w.do("local", "status").want(t, exitDone, w.AWS.URL()+", healthy, pid ", "clock skip, state in memory")
	w.do("local", "status", "--json").want(t, exitDone, `"healthy": true`)
	if got := w.do("local", "status", "--json"); strings.Contains(got.out, "secret") {
		t.Errorf("credentials are printed: %s", got.out)
	}
	w.do("local", "run", "--listen", "127.0.0.1:0").want(t, exitFailed, "is already running")
	w.do("local", "start").want(t, exitDone, "is already running: "+w.AWS.URL())
}
