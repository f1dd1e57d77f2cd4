package localaws

import (
	"container/list"
	"net"
	"net/http"
	"sync"
	"time"
)

// listener accepts a limited number of simultaneous connections. When all of them are
// in use, a further client takes the place of the connection that has been idle
// longest. Without an idle one it waits in the kernel's accept queue.
//
// Closing idle connections early is for programs that make a new client for each call:
// each client leaves an idle connection, so that the limit is soon reached.
type listener struct {
	net.Listener
	slots     chan struct{} // one element for each connection
	done      chan struct{} // closed with the listener
	close     sync.Once
	writeTime time.Duration

	mu       sync.Mutex
	idle     *list.List    // of *connection, the longest idle first
	wentIdle chan struct{} // has an element after a connection became idle
}

// Accept waits for a free slot, and then for a connection.
func (l *listener) Accept() (net.Conn, error) {
	if !l.takeSlot() {
		return nil, net.ErrClosed
	}

	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &connection{
		Conn:      c,
		release:   sync.OnceFunc(func() { <-l.slots }),
		writeTime: l.writeTime,
	}, nil
}

// evictAgain is how long takeSlot waits for an evicted connection to close before it
// evicts another one.
const evictAgain = 5 * time.Second

// takeSlot waits for a free slot. It returns false if the listener was closed.
func (l *listener) takeSlot() bool {
	for {
		select {
		case l.slots <- struct{}{}:
			return true
		default:
		}

		// Wait for the evicted connection, or else for one to evict.
		wentIdle := l.wentIdle
		var again <-chan time.Time
		if l.evict() {
			wentIdle = nil
			again = time.After(evictAgain)
		}
		select {
		case l.slots <- struct{}{}:
			return true
		case <-wentIdle:
		case <-again:
		case <-l.done:
			return false
		}
	}
}

// evict makes the HTTP server close the connection that has been idle longest, and
// reports whether there is one.
//
// A read deadline in the past makes the server close the connection without a response
// while it waits for a request or reads a header. It cannot end a request that is being
// processed, which a call of Close could: that connection is not idle, or the server
// sets another deadline. Then the connection stays.
func (l *listener) evict() bool {
	l.mu.Lock()
	defer l.mu.Unlock()

	first := l.idle.Front()
	if first == nil {
		return false
	}
	// It fails for a connection that is closed already.
	_ = first.Value.(*connection).SetReadDeadline(time.Unix(1, 0))
	l.idle.MoveToBack(first) // the next one, should this one stay
	return true
}

// connState records which connections are idle. It is the ConnState of the HTTP
// server.
func (l *listener) connState(conn net.Conn, state http.ConnState) {
	c, ok := conn.(*connection)
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()

	if c.idle != nil {
		l.idle.Remove(c.idle)
		c.idle = nil
	}
	if state != http.StateIdle {
		return
	}

	c.idle = l.idle.PushBack(c)
	select {
	case l.wentIdle <- struct{}{}:
	default: // takeSlot has not read the last one yet
	}
}

// Close also ends an Accept that waits for a free slot.
func (l *listener) Close() error {
	l.close.Do(func() { close(l.done) })
	return l.Listener.Close()
}

// connection is a connection that takes a slot of its listener.
type connection struct {
	net.Conn
	release   func()
	writeTime time.Duration
	idle      *list.Element // in the listener's list, whose lock protects it; nil if not idle
}

// Write fails when the client does not accept the bytes in time. The deadline is for
// each write, not for the response: when the response of a long poll begins is not
// known in advance.
func (c *connection) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.writeTime)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// Close closes the connection and releases its slot.
func (c *connection) Close() error {
	err := c.Conn.Close()
	c.release()
	return err
}
