package localaws

import (
	"net"
	"sync"
	"time"
)

// listener accepts no more connections at a time than it has places. Who comes
// when all are taken waits in the kernel's line until one is free.
type listener struct {
	net.Listener
	places    chan struct{} // one element for each connection
	done      chan struct{} // closed with the listener
	close     sync.Once
	writeTime time.Duration
}

// Accept waits for a place, and then for a connection.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.done:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	leave := sync.OnceFunc(func() { <-l.places })
	return &connection{Conn: c, leave: leave, writeTime: l.writeTime}, nil
}

// Close ends Accept as well when it waits for a place.
func (l *listener) Close() error {
	l.close.Do(func() { close(l.done) })
	return l.Listener.Close()
}

// connection is one that has a place.
type connection struct {
	net.Conn
	leave     func()
	writeTime time.Duration
}

// Write fails when the client does not take what is written in time. The limit is
// on each piece and not on the answer: when one begins that comes after a long
// poll, nobody could have said at its beginning when that would be.
func (c *connection) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.writeTime)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// Close gives the place to another.
func (c *connection) Close() error {
	err := c.Conn.Close()
	c.leave()
	return err
}
