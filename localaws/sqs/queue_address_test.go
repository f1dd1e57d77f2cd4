package sqs

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

const noSuchQueue = "The specified queue does not exist."

func missingQueue(t testing.TB, err error) {
	t.Helper()
	refused(t, err, "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", 400, noSuchQueue)
}

func TestMissingQueueIsQueueDoesNotExist_A7_A10(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, url := range []string{"", "nope", "http://127.0.0.1:4566/000000000000/nope", "::", "http://%zz", "///"} {
		t.Run(fmt.Sprintf("%q", url), func(t *testing.T) {
			b := b.with(t)
			_, err := do(b, b.s.SendMessage, SendMessageInput{QueueURL: url, MessageBody: "x"})
			missingQueue(t, err)
		})
	}
}

func TestQueryHasItsOwnTextForAMissingQueue_B7(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := call()
	c.Protocol = awsapi.Query
	_, err := b.s.GetQueueUrl(context.Background(), c, &GetQueueUrlInput{QueueName: "nope"})
	refused(t, err, "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", 400, "The specified queue does not exist for this wsdl version.")
}

func TestWaysToIdentifyAQueue_A2_B1_B2_C2(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.queue("q")
	b.queue("other")
	for _, tt := range []struct{ name, url, path string }{
		{"URL", "http://127.0.0.1:4566/000000000000/q", "/"},
		{"URLOfAnotherHost", "https://sqs.us-east-1.amazonaws.com/000000000000/q", "/"},
		{"LegacyURL", "https://us-east-1.queue.amazonaws.com/000000000000/q", "/"},
		{"OldestURL", "https://queue.amazonaws.com/000000000000/q", "/"},
		{"BareName", "q", "/"},
		{"PathAlone", "", "/000000000000/q"},
		{"ParameterWinsOverPath", "http://x/000000000000/q", "/000000000000/other"},
		{"ExtraPath", "http://x/queue/000000000000/q/", "/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := call()
			c.Path = tt.path
			q, err := b.s.findQueue(c, tt.url)
			if err != nil || q.name != "q" {
				t.Errorf("found %v, %v", q, err)
			}
		})
	}
}

func TestURLOfAnotherRegionIsRefused_C3(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.queue("q")
	for _, url := range []string{"https://sqs.eu-west-1.amazonaws.com/000000000000/q", "https://eu-west-1.queue.amazonaws.com/000000000000/q"} {
		t.Run(url, func(t *testing.T) {
			b := b.with(t)
			_, err := do(b, b.s.SendMessage, SendMessageInput{QueueURL: url, MessageBody: "x"})
			refused(t, err, "InvalidAddress", "InvalidAddress", 404, "The address "+url+" is not valid for this endpoint.")
		})
	}
}

func TestCreateAndListAreUnknownOnAQueuePath_B8(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := call()
	c.Protocol, c.Path = awsapi.Query, "/000000000000/q"
	_, err := b.s.CreateQueue(context.Background(), c, &CreateQueueInput{QueueName: "q"})
	refused(t, err, "UnknownOperationException", "InvalidAction", 400, "The action CreateQueue is not valid for this endpoint.")
	_, err = b.s.ListQueues(context.Background(), c, &ListQueuesInput{})
	refused(t, err, "UnknownOperationException", "InvalidAction", 400, "The action ListQueues is not valid for this endpoint.")
}

func TestQueueNames_C4_C5(t *testing.T) {
	t.Parallel()
	const (
		standard = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
		fifo     = "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, " +
			"must end with .fifo suffix and be 1 to 80 in length"
	)
	b := newBench(t)
	for _, tt := range []struct {
		name  string
		attrs []string
		want  string // text of the error; empty if the name is valid
	}{
		{"a", nil, ""},
		{strings.Repeat("x", 80), nil, ""},
		{"A-b_9", nil, ""},
		{strings.Repeat("x", 81), nil, standard},
		{"a.b", nil, standard},
		{"é", nil, standard},
		{"a/b", nil, standard},
		{"../x", nil, standard},
		{"a.fifo", nil, standard},
		{"a.fifo", []string{"FifoQueue", "true"}, ""},
		{strings.Repeat("x", 75) + ".fifo", []string{"FifoQueue", "true"}, ""},
		{strings.Repeat("x", 76) + ".fifo", []string{"FifoQueue", "true"}, fifo},
		{"plain", []string{"FifoQueue", "true"}, fifo},
		{".fifo", []string{"FifoQueue", "true"}, fifo},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := b.with(t)
			_, err := do(b, b.s.CreateQueue, CreateQueueInput{QueueName: tt.name, Attributes: pairs(tt.attrs)})
			if tt.want == "" && err != nil {
				t.Errorf("%s is refused: %v", tt.name, err)
			}
			if tt.want != "" {
				invalidValue(t, err, tt.want)
			}
		})
	}
}

func TestURLAndARN_C6(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("Orders")
	if want := endpoint + "/000000000000/Orders"; url != want {
		t.Errorf("URL %s, want %s", url, want)
	}
	if got, want := b.arn(url), "arn:aws:sqs:us-east-1:000000000000:Orders"; got != want {
		t.Errorf("ARN %s, want %s", got, want)
	}
	if _, err := do(b, b.s.GetQueueUrl, GetQueueUrlInput{QueueName: "orders"}); err == nil {
		t.Error("names are not case sensitive")
	}
}

func TestQueuesOfAccountsAndRegionsAreSeparate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.queue("q")
	for _, c := range []*awsapi.Call{{Account: "111111111111", Region: region}, {Account: account, Region: "eu-west-1"}} {
		t.Run(c.Account+" "+c.Region, func(t *testing.T) {
			b := b.with(t)
			if _, err := b.s.GetQueueUrl(context.Background(), c, &GetQueueUrlInput{QueueName: "q"}); err == nil {
				t.Errorf("%s in %s finds the queue of another scope", c.Account, c.Region)
			}
		})
	}
}

func TestCreateIsIdempotentForTheGivenAttributes_D1_D2_D3(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q", "VisibilityTimeout", "60", "DelaySeconds", "1")
	for _, attrs := range [][]string{nil, {"VisibilityTimeout", "60"}, {"MaximumMessageSize", "1048576"}} {
		t.Run(fmt.Sprint(attrs), func(t *testing.T) {
			b := b.with(t)
			if again := b.queue("q", attrs...); again != url {
				t.Errorf("%v gave %s", attrs, again)
			}
		})
	}
	b.set(url, "VisibilityTimeout", "61")
	b.queue("q", "VisibilityTimeout", "61")
	_, err := do(b, b.s.CreateQueue, CreateQueueInput{QueueName: "q", Attributes: pairs([]string{"VisibilityTimeout", "60"})})
	refused(t, err, "QueueNameExists", "QueueAlreadyExists", 400,
		"A queue already exists with the same name and a different value for attribute VisibilityTimeout")
}

func TestCreateWithOtherTagsIsRefused_D4(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	must(b, b.s.CreateQueue, CreateQueueInput{QueueName: "q", Tags: map[string]string{"a": "1"}})
	must(b, b.s.CreateQueue, CreateQueueInput{QueueName: "q", Tags: map[string]string{"a": "1"}})
	b.queue("q") // no tags: not compared
	_, err := do(b, b.s.CreateQueue, CreateQueueInput{QueueName: "q", Tags: map[string]string{"a": "2"}})
	refused(t, err, "QueueNameExists", "QueueAlreadyExists", 400,
		"A queue already exists with the same name and a different value for tags")
	if got := must(b, b.s.ListQueueTags, QueueInput{"q"}).Tags["a"]; got != "1" {
		t.Errorf("the tag became %s", got)
	}
}

func TestNameOfADeletedQueueCannotBeReusedForAMinute_D6_D7_D8(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	b.send(url, "x")
	mustRun(b, b.s.DeleteQueue, QueueInput{url})
	err := run(b, b.s.DeleteQueue, QueueInput{url})
	missingQueue(t, err)
	_, err = do(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url})
	missingQueue(t, err)
	b.advance(59 * time.Second)
	_, err = do(b, b.s.CreateQueue, CreateQueueInput{QueueName: "q"})
	refused(t, err, "QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently", 400,
		"You must wait 60 seconds after deleting a queue before you can create another with the same name.")
	b.advance(time.Second)
	if got := b.counts(b.queue("q")); got != [3]int{} {
		t.Errorf("the new queue of that name has %v messages", got)
	}
}

func TestGetQueueUrlWithoutNameIsInvalidParameterValue_A11(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := do(b, b.s.GetQueueUrl, GetQueueUrlInput{})
	if e := awsapi.AsError(err); e.Code != "InvalidParameterValueException" || e.Status != 400 {
		t.Errorf("returned error %v", e)
	}
}

func TestListQueues_D10(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if got := must(b, b.s.ListQueues, ListQueuesInput{}); got.QueueURLs != nil || got.NextToken != "" {
		t.Errorf("no queues: %+v", got)
	}
	for _, name := range []string{"b2", "a1", "b1", "B3", "b3"} {
		b.queue(name)
	}
	var seen []string
	token := ""
	for range 3 {
		page := must(b, b.s.ListQueues, ListQueuesInput{
			QueueNamePrefix: "b",
			MaxResults:      ref(2),
			NextToken:       token,
		})
		for _, url := range page.QueueURLs {
			seen = append(seen, url[strings.LastIndexByte(url, '/')+1:])
		}
		if token = page.NextToken; token == "" {
			break
		}
	}
	if got := strings.Join(seen, " "); got != "b1 b2 b3" {
		t.Errorf("pages gave %s", got)
	}
	if got := must(b, b.s.ListQueues, ListQueuesInput{MaxResults: ref(5)}); got.NextToken != "" || len(got.QueueURLs) != 5 {
		t.Errorf("all five in one page: %+v", got)
	}
	for _, n := range []int{0, 1001, -1} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			b := b.with(t)
			_, err := do(b, b.s.ListQueues, ListQueuesInput{MaxResults: &n})
			invalidValue(t, err, "Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 1000.")
		})
	}
	if _, err := do(b, b.s.ListQueues, ListQueuesInput{NextToken: "%"}); err == nil {
		t.Error("an invalid token was accepted")
	}
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"", "q", "http://h/0/q", "https://sqs.us-east-1.amazonaws.com/0/q", "://", "http://[::1", "//"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, url string) {
		k, err := parseQueueURL(call(), url)
		if err == nil && (strings.Contains(k.name, "/") || strings.Contains(k.Account, "/")) {
			t.Errorf("%q was read as %+v", url, k)
		}
	})
}
