package gateway

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// refuseBrowsers refuses requests that a web page may have sent, and reports whether it
// has written the response. It relies on headers that a page cannot choose: Host,
// Origin and Sec-Fetch-Site. Programs do not send the last two.
func (g *Gateway) refuseBrowsers(w http.ResponseWriter, r *http.Request) (done bool) {
	if !inProcess(r) && !g.knownHost(r.Host) {
		refuse(w, fmt.Sprintf("host %q is not accepted: call the endpoint as 127.0.0.1, [::1], localhost or the host it listens on", r.Host))
		return true
	}

	// Browsers send Origin with every POST and every WebSocket handshake. The endpoint
	// serves no pages, so every origin is foreign.
	if origin := r.Header.Get("Origin"); origin != "" {
		if slices.Contains(g.opts.Origins, origin) {
			return g.allowOrigin(w, r, origin)
		}
		refuse(w, fmt.Sprintf("web pages of origin %q may not call this endpoint", origin))
		return true
	}

	// Images and links send a GET without Origin. "none" means an address that the user
	// typed.
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "none" {
		refuse(w, "web pages may not call this endpoint")
		return true
	}
	return false
}

// allowOrigin adds the headers that permit a page of an origin to read the response,
// and reports whether it has written the response.
func (g *Gateway) allowOrigin(w http.ResponseWriter, r *http.Request, origin string) (done bool) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Vary", "Origin")
	h.Set("Access-Control-Expose-Headers", "x-amzn-RequestId, x-amzn-ErrorType, x-amzn-query-error")
	if r.Method != http.MethodOptions {
		return false
	}

	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
	h.Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
	w.WriteHeader(http.StatusNoContent)
	return true
}

// knownHost reports whether a Host header names this machine without a name server: an
// address of 127.0.0.0/8, ::1, localhost, or a name in Options.Hosts. Other forms of
// the same addresses, such as 0.0.0.0 and ::ffff:127.0.0.1, are not accepted: browsers
// do not treat them as local, and omit the headers that refuseBrowsers reads.
func (g *Gateway) knownHost(header string) bool {
	host, ok := hostOf(header)
	if !ok {
		return false
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.Zone() == "" && !addr.Is4In6() && addr.IsLoopback() {
		return true
	}
	return host == "localhost" || slices.Contains(g.opts.Hosts, host)
}

// hostOf returns the host of a Host header in lower case, without port, brackets
// and one trailing dot. ok is false unless the header is HOST or HOST:PORT.
func hostOf(header string) (host string, ok bool) {
	host = header
	if rest, bracketed := strings.CutPrefix(header, "["); bracketed {
		host, rest, ok = strings.Cut(rest, "]")
		if !ok || !strings.Contains(host, ":") || rest != "" && !isPort(rest) {
			return "", false
		}
		return strings.ToLower(host), true
	}

	if i := strings.IndexByte(header, ':'); i >= 0 {
		if !isPort(header[i:]) {
			return "", false
		}
		host = header[:i]
	}

	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host, host != ""
}

// isPort reports whether s is a colon and a port number.
func isPort(s string) bool {
	digits, colon := strings.CutPrefix(s, ":")
	if !colon || strings.Trim(digits, "0123456789") != "" {
		return false
	}
	_, err := strconv.ParseUint(digits, 10, 16)
	return err == nil
}

// refuse writes a 403 response.
func refuse(w http.ResponseWriter, text string) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.Error(w, text, http.StatusForbidden)
}

// inProcessKey marks the context of a request that comes from Transport.
type inProcessKey struct{}

// inProcess reports whether a request comes from Transport and not from a socket, so
// that no web page can have sent it. Its host may be any name.
func inProcess(r *http.Request) bool { return r.Context().Value(inProcessKey{}) != nil }

func markInProcess(ctx context.Context) context.Context {
	return context.WithValue(ctx, inProcessKey{}, true)
}
