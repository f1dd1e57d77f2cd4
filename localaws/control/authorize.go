package control

import (
	"crypto/subtle"
	"net/http"
	"strings"
)

// public are the paths that can be read without the token. What they return to
// such requests reveals nothing about the state of the server.
var public = map[string]bool{
	"/_reliableq/health":  true,
	"/_localstack/health": true,
}

// errNoToken refuses a request without the token.
var errNoToken = &Error{
	Code:   "Unauthorized",
	Status: http.StatusUnauthorized,
	Message: "the control API needs its token: send the header Authorization: Bearer TOKEN; " +
		"reliableq env prints it as RELIABLEQ_CONTROL_TOKEN",
}

// errNoHeader refuses a request that a form in a web page could have sent.
var errNoHeader = &Error{
	Code:    "Unauthorized",
	Status:  http.StatusUnauthorized,
	Message: "a request that changes something needs an Authorization header, such as Authorization: Bearer any, also with authentication off",
}

// authorize returns an error unless the request may be served.
func (h *Handler) authorize(r *http.Request) error {
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case reads && public[r.URL.Path], h.trusted(r):
		return nil
	case !h.opts.Open:
		return errNoToken
	case reads, strings.HasPrefix(r.URL.Path, "/_aws/"): // which changes nothing by any method
		return nil
	case r.Header.Get("Authorization") == "":
		return errNoHeader
	}

	return nil
}

// trusted reports whether a request has the token, or the operator's signature.
func (h *Handler) trusted(r *http.Request) bool {
	header := r.Header.Get("Authorization")
	if scheme, token, ok := strings.Cut(header, " "); ok && strings.EqualFold(scheme, "Bearer") {
		// Without a token in the options, an empty one would match. The time of the
		// comparison must not depend on how much of a guess is right.
		return h.opts.Token != "" && subtle.ConstantTimeCompare([]byte(strings.TrimSpace(token)), []byte(h.opts.Token)) == 1
	}
	return header != "" && h.opts.Signed != nil && h.opts.Signed(r)
}
