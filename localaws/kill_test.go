package localaws_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/fault"
	"github.com/reliableq/reliableq/localaws/localawstest"
)

// killable is a durable server that an injected fault may kill, with an SQS client
// that does not retry.
type killable struct {
	*localawstest.Server
	sqs   *sqs.Client
	url   *string
	dir   string
	rules chan []fault.Rule // of the killed server
}

// newKillable starts a server on a directory, with the rules of an earlier one.
func newKillable(t *testing.T, dir string, rules []fault.Rule) *killable {
	t.Helper()
	m := &killable{dir: dir, rules: make(chan []fault.Rule, 1)}
	m.Server = localawstest.NewWith(t, localaws.Options{
		DataDir: dir, NoAuth: true, ClockMode: clock.Manual, Faults: rules, Kill: func(rules []fault.Rule) { m.rules <- rules },
	})
	cfg := m.Config()
	cfg.RetryMaxAttempts = 1
	m.sqs = sqs.NewFromConfig(cfg)
	out, err := m.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("orders")})
	if err != nil {
		t.Fatal(err)
	}
	m.url = out.QueueUrl
	return m
}

// restart starts the next server after this one was killed.
func (m *killable) restart(t *testing.T) *killable {
	t.Helper()
	select {
	case rules := <-m.rules:
		if err := m.Abandon(); err != nil {
			t.Fatal(err)
		}
		return newKillable(t, m.dir, rules)
	default:
		t.Fatal("the server was not killed")
		return nil
	}
}

func (m *killable) send(t *testing.T, body string) error {
	_, err := m.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: m.url, MessageBody: &body})
	return err
}

func (m *killable) bodies(t *testing.T) (all string) {
	t.Helper()
	messages, err := m.Peek("orders")
	if err != nil {
		t.Fatal(err)
	}
	for _, message := range messages {
		all += message.Body + " "
	}
	return all
}

func TestKillAppliesBeforeOrAfterACallTakesEffect(t *testing.T) {
	t.Parallel()
	m := newKillable(t, t.TempDir(), nil)
	if err := m.send(t, "acknowledged"); err != nil {
		t.Fatal(err)
	}
	for _, r := range []fault.Rule{
		{Kind: fault.Kill, Operation: "SendMessage", When: fault.Before, Resource: "orders", Count: 1},
		{Kind: fault.Kill, Operation: "SendMessage", When: fault.After, Resource: "orders", Count: 1},
	} {
		if _, err := m.Faults().Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.send(t, "before"); err == nil {
		t.Error("the call at which the server was killed got a response")
	}
	if err := m.send(t, "dead"); err == nil {
		t.Error("a killed server accepted a message")
	}
	m = m.restart(t)
	if got := m.bodies(t); got != "acknowledged " {
		t.Errorf("after a kill before the call: %s", got)
	}
	if err := m.send(t, "after"); err == nil {
		t.Error("the call at which the server was killed got a response")
	}
	m = m.restart(t)
	if got := m.bodies(t); got != "acknowledged after " {
		t.Errorf("after a kill after the call: %s", got)
	}
	if rules := m.Faults().List(); len(rules) != 2 || rules[0].Injected != 1 || rules[1].Injected != 1 || rules[1].ID != "2" {
		t.Errorf("rules %+v", rules)
	}
	if err := m.send(t, "last"); err != nil {
		t.Errorf("send after all rules have expired: %v", err)
	}
}

// A kill rule without a count applies once. A rule with a count, or of another kind,
// continues in the next servers. New rules get new ids.
func TestRulesContinueAfterAKill(t *testing.T) {
	t.Parallel()
	m := newKillable(t, t.TempDir(), nil)
	for _, r := range []fault.Rule{
		{Kind: fault.Kill, Operation: "ReceiveMessage"},
		{Kind: fault.Kill, Operation: "SendMessage", Count: 2},
		{Kind: fault.Unavailable, Operation: "PurgeQueue"},
	} {
		if _, err := m.Faults().Add(r); err != nil {
			t.Fatal(err)
		}
	}
	receive := func() error {
		_, err := m.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: m.url})
		return err
	}
	_ = receive()
	m = m.restart(t)
	if err := receive(); err != nil {
		t.Errorf("the second receive: %v", err)
	}
	for range 2 {
		_ = m.send(t, "x")
		m = m.restart(t)
	}
	if err := m.send(t, "x"); err != nil {
		t.Error(err)
	}
	if _, err := m.sqs.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: m.url}); err == nil {
		t.Error("a rule of another kind was lost")
	}
	if r, err := m.Faults().Add(fault.Rule{Kind: fault.Throttle, Count: 1}); err != nil || r.ID != "4" {
		t.Errorf("the next rule is %q, %v", r.ID, err)
	}
}

// What was only in memory is lost: a message that a function was processing stays in
// flight until its visibility timeout ends, and is then delivered again.
func TestKillEndsInvocations(t *testing.T) {
	t.Parallel()
	m := newKillable(t, t.TempDir(), nil)
	if err := m.send(t, "m"); err != nil {
		t.Fatal(err)
	}
	began, end := make(chan struct{}), make(chan struct{})
	m.Function(t, localawstest.Function{Name: "work", Queue: "orders", Handler: func(context.Context) error {
		close(began)
		<-end
		return nil
	}})
	<-began
	m.Kill()
	close(end) // its result is ignored
	m = m.restart(t)
	if got, err := m.Peek("orders"); err != nil || len(got) != 1 || got[0].State != "inFlight" || got[0].ReceiveCount != 1 {
		t.Fatalf("after the kill: %+v", got)
	}
	again := make(chan struct{})
	m.Handle("work", func(context.Context) error { close(again); return nil })
	m.Advance(t, time.Minute)
	<-again
	m.Advance(t, time.Second)
	if got := m.bodies(t); got != "" {
		t.Errorf("left over: %s", got)
	}
}

func TestKillIsRefusedWithoutARestart(t *testing.T) {
	t.Parallel()
	kill := func([]fault.Rule) { t.Error("killed") }
	for want, o := range map[string]localaws.Options{
		"Options.Kill is not set": {DataDir: t.TempDir()},
		"has its state in memory": {Kill: kill},
	} {
		t.Run(want, func(t *testing.T) {
			srv := localawstest.NewWith(t, o)
			if _, err := srv.Faults().Add(fault.Rule{Kind: fault.Kill}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "kill") {
				t.Errorf("error %v, want %s", err, want)
			}
			if got := request(t, srv, http.MethodPost, "/_reliableq/faults", `{"kind":"kill"}`); !strings.Contains(got, "BadRequest") || !strings.Contains(got, want) {
				t.Errorf("the control API returned %s", got)
			}
			if _, err := srv.Faults().Add(fault.Rule{Kind: fault.Throttle}); err != nil {
				t.Error(err)
			}
			o.Faults, o.DataDir = []fault.Rule{{ID: "1", Kind: fault.Kill}}, strings.Repeat(t.TempDir(), min(1, len(o.DataDir)))
			if other, err := localaws.New(o); err == nil {
				other.Shutdown(t.Context())
				t.Error("a server accepted such a rule")
			}
		})
	}
}
