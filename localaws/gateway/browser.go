package gateway

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// guard refuses what a web page may have sent, and reports whether it has
// answered. A page cannot choose Origin, Host or Sec-Fetch-Site; programs send no
// Origin at all.
func (g *Gateway) guard(w http.ResponseWriter, r *http.Request) (done bool) {
	if !g.knownHost(r.Host) {
		refuse(w, fmt.Sprintf("host %q does not always mean this machine: call the endpoint by its IP address or as localhost", r.Host))
		return true
	}
	origin := r.Header.Get("Origin")
	switch {
	case origin == "":
		// An image or a link needs no Origin, and Query calls may be GETs.
		if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
			refuse(w, "web pages may not call this endpoint")
			return true
		}
		return false
	case origin == "http://"+r.Host, origin == "https://"+r.Host:
		return false
	case slices.Contains(g.opts.Origins, origin):
		return g.allowOrigin(w, r, origin)
	}
	refuse(w, fmt.Sprintf("web pages of origin %q may not call this endpoint", origin))
	return true
}

// allowOrigin adds the headers that let a page of origin read the answer.
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

// knownHost reports whether a Host header names this machine whatever a name
// server says: an address, a name below localhost or .invalid, or one that the
// operator allowed.
func (g *Gateway) knownHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	for _, suffix := range []string{"localhost", "invalid"} {
		if name == suffix || strings.HasSuffix(name, "."+suffix) {
			return true
		}
	}
	return slices.Contains(g.opts.Hosts, name)
}

func refuse(w http.ResponseWriter, text string) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.Error(w, text, http.StatusForbidden)
}
