package main

import (
	"bufio"
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/reliableq/reliableq/internal/localserver"
	"github.com/reliableq/reliableq/localaws/gateway/sigv4"
)

// The minimal client has its own code for signatures. The gateway's code checks it.
func TestTheGatewayAcceptsSignaturesOfTheBareClient(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	body := []byte(`{"QueueUrl":"http://127.0.0.1:4566/000000000000/q"}`)
	head := newSigner("AKIAEXAMPLE", "secret", now).appendHeaders(nil, "127.0.0.1:4566", targetReceive, body)
	text := "POST / HTTP/1.1\r\nHost: 127.0.0.1:4566\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: " + targetReceive + "\r\n" + string(head) + "\r\n\r\n"
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := sigv4.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	var v sigv4.Verifier
	if err := v.Verify(r, s, body, "secret", now); err != nil {
		t.Errorf("the signature was rejected: %v", err)
	}
	if err := v.Verify(r, s, append(body, ' '), "secret", now); err == nil {
		t.Error("the signature was accepted for another body")
	}
}

func TestABareCycleDeletesWhatItReceived(t *testing.T) {
	t.Parallel()
	var deleted []byte
	replies := canned{
		targetBatch:   []byte(`{"Successful":[]}`),
		targetReceive: []byte(`{"Messages":[{"MessageId":"1","ReceiptHandle":"AAA","Body":"x"},{"MessageId":"2","ReceiptHandle":"BBB="}]}`),
		targetDelete:  []byte(`{}`),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Target") == targetDelete {
			var b bytes.Buffer
			b.ReadFrom(r.Body)
			deleted = b.Bytes()
		}
		replies.ServeHTTP(w, r)
	}))
	defer server.Close()
	c, err := dial(t.Context(), &process{&localserver.Server{Addr: server.Listener.Addr().String()}}, false)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	n, err := newBare(c, server.URL+"/000000000000/q").cycle(t.Context())
	if err != nil || n != 2 {
		t.Fatalf("a cycle of two messages returned %d, %v", n, err)
	}
	want := `{"QueueUrl":"` + server.URL + `/000000000000/q","Entries":[{"Id":"0","ReceiptHandle":"AAA"},{"Id":"1","ReceiptHandle":"BBB="}]}`
	if string(deleted) != want {
		t.Errorf("deleted\n%s, want\n%s", deleted, want)
	}
}

// TestACycleFailsWhenACallIsRejected checks that errors do not count as messages.
func TestACycleFailsWhenACallIsRejected(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(canned{targetBatch: []byte("{}")}) // no other response
	defer server.Close()
	c, err := dial(t.Context(), &process{&localserver.Server{Addr: server.Listener.Addr().String()}}, false)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if n, err := newBare(c, "q").cycle(t.Context()); err == nil || !strings.Contains(err.Error(), "no canned response") {
		t.Errorf("a cycle with a rejected call returned %d, %v", n, err)
	}
	if _, err := newBare(c, "q").cycle(t.Context()); err == nil {
		t.Error("the next cycle succeeded")
	}
}
