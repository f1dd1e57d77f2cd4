package runtimeapi

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
)

// Admit reports whether the peer of a TCP connection may use the Runtime API. The
// port is open to every user and every function of the machine, and runtimes send
// nothing that only they can know.
type Admit func(ctx context.Context, local, remote netip.AddrPort) bool

// visitorKey is the key of a connection's visitor in its context.
type visitorKey struct{}

// visitor is the peer of one connection.
type visitor struct {
	mu       sync.Mutex
	admitted *Session // the session that let it in last
}

// admitted reports whether a request's peer may use the current session.
func (s *Server) admitted(r *http.Request) bool {
	session := s.session.Load()
	if session.admit == nil {
		return true
	}
	v, _ := r.Context().Value(visitorKey{}).(*visitor)
	local, _ := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if v == nil || local == nil || err != nil {
		return false
	}

	v.mu.Lock()
	defer v.mu.Unlock()
	if v.admitted == session {
		return true
	}
	ours := netip.AddrPortFrom(local.AddrPort().Addr().Unmap(), local.AddrPort().Port())
	if !session.admit(r.Context(), ours, remote) {
		return false
	}
	v.admitted = session
	return true
}
