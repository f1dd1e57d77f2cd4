package localawstest

import (
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
)

var (
	// errOutside is the error of requests from a testing/synctest bubble to a server
	// that was not created in it.
	errOutside = errors.New("localawstest: this server was not created in the testing/synctest bubble that calls it, and does not use the bubble's time: create it inside the bubble")
	// errListening is the error of creating a server that listens in a bubble.
	errListening = errors.New("a server that listens cannot be in a testing/synctest bubble, whose time stands still during socket operations: " +
		"use New there, or make it outside")
)

// bubble returns the name of the caller's testing/synctest bubble, or an empty string.
// Only the first line of a stack trace has it. The trace is that of a new goroutine,
// which is in the same bubble and has a short stack.
func bubble() string {
	head := make(chan string, 1)
	go func() {
		buf := make([]byte, 128)
		buf = buf[:runtime.Stack(buf, false)]
		first, _, _ := strings.Cut(string(buf), "\n")
		_, name, _ := strings.Cut(first, "synctest bubble ")
		head <- strings.TrimRight(name, "]:")
	}()
	return <-head
}

// bubbleTransport forwards requests to a server. The first must come from the bubble of
// the server: channels and timers cannot be used from outside of a bubble, which would
// crash the whole test, or block it forever.
type bubbleTransport struct {
	bubble string // the server's bubble; empty for none
	next   http.RoundTripper

	once sync.Once
	err  error
}

// RoundTrip serves a client's request.
func (t *bubbleTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	t.once.Do(func() {
		if bubble() != t.bubble {
			t.err = errOutside
		}
	})
	if t.err != nil {
		return nil, t.err
	}
	return t.next.RoundTrip(req)
}
