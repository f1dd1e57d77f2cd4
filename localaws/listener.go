package localaws

import (
	"net"
	"sync"
	"time"
)

// listener accepts a limited number of simultaneous connections. Further clients wait
// in the kernel's accept queue until a connection is closed.
type listener struct {
	net.Listener
	slots     chan struct{} // one element for each connection
	done      chan struct{} // closed with the listener
	close     sync.Once
	writeTime time.Duration
}

// Accept waits for a free slot, and then for a connection.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.done:
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
