package runtimeapi

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
)

// Admit reports whether the peer of a TCP connection may use the Runtime API. The port
// is open to every user and every function of the machine, and runtimes send no secret
// that would identify them.
type Admit func(ctx context.Context, local, remote netip.AddrPort) bool

// peerKey is the key of a connection's peer in its context.
type peerKey struct{}

// peer is the remote end of one connection.
type peer struct {
	mu       sync.Mutex
	admitted *Session // the last session that admitted it, or nil
}

// admitted reports whether a request's peer may use the current session. It asks the
// session once for each connection.
func (s *Server) admitted(r *http.Request) bool {
	session := s.session.Load()
	if session.admit == nil {
		return true
	}

	// Find both addresses of the connection.
	p, _ := r.Context().Value(peerKey{}).(*peer)
	local, _ := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if p == nil || local == nil || err != nil {
		return false
	}

	// Ask the session, unless it has admitted this connection before.
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.admitted == session {
		return true
	}

	// An IPv4 address may be in the form ::ffff:127.0.0.1.
	address := netip.AddrPortFrom(local.AddrPort().Addr().Unmap(), local.AddrPort().Port())
	if !session.admit(r.Context(), address, remote) {
		return false
	}

	p.admitted = session
	return true
}
