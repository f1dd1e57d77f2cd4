package sigv4

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// appendCanonical appends the canonical request, whose hash client and server sign.
func (s *Signature) appendCanonical(b []byte, r *http.Request, payloadHash string) []byte {
	// Method, path and query string.
	b = append(append(b, r.Method...), '\n')
	b = s.appendPath(b, r.URL.EscapedPath())
	b = append(b, '\n')
	b = appendQuery(b, r.URL.RawQuery)
	b = append(b, '\n')

	// The signed headers with their values, then the list of their names.
	for _, name := range s.Headers {
		b = append(append(b, name...), ':')
		b = appendHeader(b, r, name)
		b = append(b, '\n')
	}

	b = append(b, '\n')

	for i, name := range s.Headers {
		if i > 0 {
			b = append(b, ';')
		}
		b = append(b, name...)
	}

	b = append(b, '\n')
	return append(b, payloadHash...)
}

// appendPath appends the path as it was sent, escaped once more except for slashes. S3
// does not escape again.
func (s *Signature) appendPath(b []byte, path string) []byte {
	if path == "" {
		path = "/"
	}
	if s.Service == "s3" {
		return append(b, path...)
	}
	return appendEscaped(b, path, true)
}

// appendQuery appends the parameters of the query string, sorted and without the
// signature itself.
func appendQuery(b []byte, raw string) []byte {
	if raw == "" {
		return b
	}

	var pairs [][2]string
	for part := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(part, "=")
		// Clients escape in different ways: the canonical form has one.
		name = unescape(name)
		value = unescape(value)
		if part == "" || name == "X-Amz-Signature" {
			continue
		}
		pairs = append(pairs, [2]string{string(appendEscaped(nil, name, false)), string(appendEscaped(nil, value, false))})
	}

	slices.SortFunc(pairs, func(x, y [2]string) int {
		if c := strings.Compare(x[0], y[0]); c != 0 {
			return c
		}
		return strings.Compare(x[1], y[1])
	})

	for i, p := range pairs {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(append(append(b, p[0]...), '='), p[1]...)
	}

	return b
}

// unescape decodes %XX and +. Invalid escapes stay unchanged.
func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}

	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			out = append(out, ' ')
			continue
		case s[i] == '%' && i+2 < len(s):
			if c, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(c))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}

	return string(out)
}

// appendEscaped appends s with all characters escaped that RFC 3986 does not list as
// unreserved.
func appendEscaped(b []byte, s string, keepSlash bool) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~', c == '/' && keepSlash:
			b = append(b, c)
		default:
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}

	return b
}

// appendHeader appends a header's values, trimmed and with single spaces. Go removes
// some headers from the map, which a signature can cover.
func appendHeader(b []byte, r *http.Request, name string) []byte {
	var one [1]string
	values := r.Header.Values(name)
	switch {
	case name == "host": // in r.Host, not in the map
		one[0] = r.Host
		values = one[:]
	case name == "content-length" && len(values) == 0 && r.ContentLength >= 0:
		values = []string{strconv.FormatInt(r.ContentLength, 10)}
	case name == "transfer-encoding" && len(values) == 0:
		values = r.TransferEncoding
	}

	// A run of spaces counts as one.
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		space := false
		v = strings.TrimSpace(v)
		for j := range len(v) {
			c := v[j]
			if c == ' ' && space {
				continue
			}
			space = c == ' '
			b = append(b, c)
		}
	}

	return b
}
