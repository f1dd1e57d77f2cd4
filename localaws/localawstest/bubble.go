package localawstest

import (
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
)

var (
	// errOutside is answered to requests from a testing/synctest bubble to a server
	// that does not live in it.
	errOutside = errors.New("localawstest: this server was not made in the testing/synctest bubble that asks it, and has not its time: make it inside the bubble")
	// errListening is why a server that listens cannot be made in a bubble.
	errListening = errors.New("a server that listens cannot live in a testing/synctest bubble, whose time stands still while a socket is waited for: " +
		"use New there, or make it outside")
)

// bubble names the testing/synctest bubble that the caller is in, or answers an
// empty string. Only the head of a stack trace tells; that of a new goroutine,
// which is in the same bubble, is short.
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

// resident carries requests to a server. The first must come from the bubble that
// the server lives in: channels and timers are not shared across its wall, and what
// would come of it is a crash of the whole test, or a wait without end.
type resident struct {
	home string // the server's bubble; empty for none
	to   http.RoundTripper

	once sync.Once
	err  error
}

// RoundTrip answers a client's request.
func (r *resident) RoundTrip(req *http.Request) (*http.Response, error) {
	r.once.Do(func() {
		if bubble() != r.home {
			r.err = errOutside
		}
	})
	if r.err != nil {
		return nil, r.err
	}
	return r.to.RoundTrip(req)
}
