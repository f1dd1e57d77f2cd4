package localaws_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// client is a minimal client of SQS that sends each request once.
type client struct {
	url  string
	http *http.Client
}

// do calls an operation. Its error wraps errRefused if the server returned an error,
// and does not if there was no response.
func (c client) do(operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequest("POST", c.url+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("X-Amz-Target", "AmazonSQS."+operation)
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	response, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return err
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: %w: %d %s", operation, errRefused, response.StatusCode, text)
	case out == nil:
		return nil
	}
	return json.Unmarshal(text, out)
}

func (c client) queue(name string) string { return c.url + "/000000000000/" + name }

type sent struct {
	Id, MessageId, MessageBody, MessageDeduplicationId, MessageGroupId string `json:",omitempty"`
}

type received struct{ MessageId, ReceiptHandle, Body string }

type entry struct {
	Id, ReceiptHandle string
	VisibilityTimeout *int `json:",omitempty"`
}

// send sends messages and returns the ids of those that were acknowledged, by body.
func (c client) send(queue string, bodies []string) (map[string]string, error) {
	in := struct {
		QueueUrl string
		Entries  []sent
	}{QueueUrl: c.queue(queue)}
	for i, body := range bodies {
		e := sent{Id: fmt.Sprint(i), MessageBody: body}
		if queue == fifoQueue {
			e.MessageDeduplicationId, e.MessageGroupId = body[:idLength], body[:idLength]
		}
		in.Entries = append(in.Entries, e)
	}
	var out struct{ Successful []sent }
	if err := c.do("SendMessageBatch", in, &out); err != nil {
		return nil, err
	}
	ids := map[string]string{}
	for _, s := range out.Successful {
		var i int
		if _, err := fmt.Sscan(s.Id, &i); err != nil {
			return nil, err
		}
		ids[bodies[i]] = s.MessageId
	}
	return ids, nil
}

// receive receives up to ten messages and hides them for an hour.
func (c client) receive(queue string) ([]received, error) {
	in := map[string]any{"QueueUrl": c.queue(queue), "MaxNumberOfMessages": 10, "VisibilityTimeout": 3600, "WaitTimeSeconds": 0}
	var out struct{ Messages []received }
	err := c.do("ReceiveMessage", in, &out)
	return out.Messages, err
}

// each calls a batch operation on receipts, and returns how many succeeded.
func (c client) each(operation, queue string, entries []entry) (int, error) {
	var out struct{ Successful []entry }
	err := c.do(operation, map[string]any{"QueueUrl": c.queue(queue), "Entries": entries}, &out)
	return len(out.Successful), err
}
