package functiontest

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Queue is a fake SQS with one queue, which only accepts messages.
type Queue struct {
	// Name is the name of the queue. Other queues do not exist.
	Name string
	// Environment has the variables with which a function finds this SQS.
	Environment []string

	mu     sync.Mutex // guards what follows
	sent   []types.SendMessageBatchRequestEntry
	traces map[string]bool
}

// NewQueue starts a fake SQS that stops at the end of the test.
func NewQueue(t testing.TB, name string) *Queue {
	q := &Queue{Name: name, traces: map[string]bool{}}
	server := httptest.NewServer(q)
	t.Cleanup(server.Close)
	q.Environment = []string{"AWS_ENDPOINT_URL=" + server.URL}
	return q
}

// Sent returns the accepted messages, in order.
func (q *Queue) Sent() []types.SendMessageBatchRequestEntry {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.sent
}

// Traces returns the trace headers of all requests.
func (q *Queue) Traces() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	var all []string
	for trace := range q.traces {
		all = append(all, trace)
	}
	return all
}

// ServeHTTP implements the two operations of SQS's JSON protocol that a sender needs.
func (q *Queue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.traces[r.Header.Get("X-Amzn-Trace-Id")] = true
	var in struct {
		QueueName string
		Entries   []types.SendMessageBatchRequestEntry
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}

	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	// Everything else gets the error of a queue that does not exist.
	switch {
	// An error of a write means that the function has ended, which the test sees.
	case operation == "GetQueueUrl" && in.QueueName == q.Name:
		_, _ = fmt.Fprintf(w, `{"QueueUrl":"http://%s/000000000000/%s"}`, r.Host, q.Name)
	case operation == "SendMessageBatch":
		_ = json.NewEncoder(w).Encode(map[string]any{"Successful": q.accept(in.Entries)})
	default:
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprint(w, `{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}`)
	}
}

// accept stores entries and returns their results.
func (q *Queue) accept(entries []types.SendMessageBatchRequestEntry) []map[string]string {
	var successful []map[string]string
	for _, entry := range entries {
		sum := md5.Sum([]byte(*entry.MessageBody))
		q.sent = append(q.sent, entry)
		successful = append(successful, map[string]string{
			"Id":               *entry.Id,
			"MessageId":        fmt.Sprintf("message-%d", len(q.sent)),
			"MD5OfMessageBody": hex.EncodeToString(sum[:]),
		})
	}
	return successful
}
