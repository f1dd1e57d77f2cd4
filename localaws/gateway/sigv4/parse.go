package sigv4

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Algorithm is the only supported algorithm. SigV4A, which signs for several regions at
// once, is not supported.
const Algorithm = "AWS4-HMAC-SHA256"

// dateLayout is the layout of X-Amz-Date.
const dateLayout = "20060102T150405Z"

// maxLifetime is the longest lifetime of a presigned URL.
const maxLifetime = 7 * 24 * time.Hour

// ErrUnsigned reports a request without a signature.
var ErrUnsigned = errors.New("missing authentication token")

// Incomplete is the error of a malformed or incomplete signature.
type Incomplete struct {
	// Text is AWS's message about the error.
	Text string
}

// Error returns the text.
func (e *Incomplete) Error() string { return e.Text }

// Invalid is the error of a signature that does not cover all that it must cover.
type Invalid struct {
	// Text is AWS's message about the error.
	Text string
}

// Error returns the text.
func (e *Invalid) Error() string { return e.Text }

// Signature is what a request claims.
type Signature struct {
	// AccessKey is the id of the access key.
	AccessKey string
	// Day, Region and Service are its scope, such as 20260102, us-east-1, sqs.
	Day, Region, Service string
	// Headers are the names of the signed headers, in lower case and sorted.
	Headers []string
	// Hex is the signature, 64 hexadecimal digits.
	Hex string
	// Date is when it was made.
	Date time.Time
	// Lifetime is how long a presigned URL is valid; zero for a header.
	Lifetime time.Duration
	// Token is the session token, or empty.
	Token string
	// Presigned is set for a signature in the query string.
	Presigned bool
}

// Parse reads the signature of a request. It returns ErrUnsigned or *Incomplete if there
// is none that can be read, and *Invalid together with the signature if that does not
// cover a header that it must cover.
func Parse(r *http.Request) (*Signature, error) {
	var s *Signature
	var err error
	switch {
	case r.Header.Get("Authorization") != "":
		s, err = parseHeader(r, r.Header.Get("Authorization"))
	case strings.Contains(r.URL.RawQuery, "X-Amz-Algorithm="):
		s, err = parseQuery(r.URL.Query())
	default:
		return nil, ErrUnsigned
	}

	if err != nil {
		return s, err
	}
	return s, s.checkHeaders(r)
}

// checkHeaders checks that the signature covers the host and every x-amz-* header, which
// could otherwise be changed on the network: X-Amz-Target names the operation (LAM D33).
// A session token may be added after signing; it is useless without its key.
func (s *Signature) checkHeaders(r *http.Request) error {
	if !slices.Contains(s.Headers, "host") {
		return &Invalid{"'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."}
	}

	// Of several headers that are not covered, report the first by name: a map has no order.
	missing := ""
	for name := range r.Header {
		if len(name) < len(amzPrefix) || !strings.EqualFold(name[:len(amzPrefix)], amzPrefix) || strings.EqualFold(name, "X-Amz-Security-Token") {
			continue
		}
		if !slices.ContainsFunc(s.Headers, func(signed string) bool { return strings.EqualFold(signed, name) }) && (missing == "" || name < missing) {
			missing = name
		}
	}

	if missing != "" {
		return &Invalid{fmt.Sprintf("'%s' must be a 'SignedHeader' in the AWS Authorization.", missing)}
	}
	return nil
}

// amzPrefix is the prefix of the headers that a signature must cover.
const amzPrefix = "X-Amz-"

// parseHeader reads a signature from the value of an Authorization header.
func parseHeader(r *http.Request, h string) (*Signature, error) {
	rest, ok := strings.CutPrefix(h, Algorithm+" ")
	if !ok {
		name, _, _ := strings.Cut(h, " ")
		return nil, &Incomplete{fmt.Sprintf("Unsupported Authorization header: want %s, got %.40q.", Algorithm, name)}
	}

	s := &Signature{Token: r.Header.Get("X-Amz-Security-Token")}
	for part := range strings.SplitSeq(rest, ",") {
		key, value, found := strings.Cut(strings.TrimSpace(part), "=")
		if !found {
			return nil, &Incomplete{fmt.Sprintf("Invalid key=value pair (missing equal-sign) in Authorization header: %.80q.", part)}
		}
		if err := s.set(key, value); err != nil {
			return nil, err
		}
	}

	// X-Amz-Date takes precedence, as on AWS.
	date := r.Header.Get("X-Amz-Date")
	if date == "" {
		date = r.Header.Get("Date")
	}
	return s, s.finish(date)
}

// parseQuery reads a signature from the query string of a presigned URL.
func parseQuery(q url.Values) (*Signature, error) {
	if a := q.Get("X-Amz-Algorithm"); a != Algorithm {
		return nil, &Incomplete{fmt.Sprintf("X-Amz-Algorithm must be %s, got %.40q.", Algorithm, a)}
	}

	s := &Signature{Presigned: true, Token: q.Get("X-Amz-Security-Token")}
	for _, name := range []string{"Credential", "SignedHeaders", "Signature"} {
		if err := s.set(name, q.Get("X-Amz-"+name)); err != nil {
			return nil, err
		}
	}

	seconds, err := strconv.Atoi(q.Get("X-Amz-Expires"))
	s.Lifetime = time.Duration(seconds) * time.Second
	if err != nil || seconds < 1 || seconds > int(maxLifetime/time.Second) {
		return nil, &Incomplete{"X-Amz-Expires must be a number of seconds from 1 to 604800."}
	}
	return s, s.finish(q.Get("X-Amz-Date"))
}

// set stores one part of a signature.
func (s *Signature) set(key, value string) error {
	switch key {
	case "Credential":
		p := strings.Split(value, "/")
		if len(p) != 5 || p[4] != "aws4_request" || slices.Contains(p, "") {
			return &Incomplete{fmt.Sprintf("Credential must have exactly 5 slash-delimited elements, "+
				"e.g. keyid/date/region/service/aws4_request, got %.120q.", value)}
		}
		s.AccessKey = p[0]
		s.Day = p[1]
		s.Region = p[2]
		s.Service = p[3]
	case "SignedHeaders":
		s.Headers = strings.Split(value, ";")
	case "Signature":
		s.Hex = value
	}

	return nil
}

// finish checks that no part is missing, and stores the date.
func (s *Signature) finish(date string) error {
	for _, part := range [...]struct {
		name  string
		given bool
	}{
		{"Credential", s.AccessKey != ""},
		{"SignedHeaders", slices.ContainsFunc(s.Headers, notEmpty)},
		{"Signature", s.Hex != ""},
	} {
		if !part.given {
			return &Incomplete{fmt.Sprintf("Authorization header requires '%s' parameter.", part.name)}
		}
	}

	// appendCanonical takes the headers in this sequence, which must be the client's.
	if !slices.IsSorted(s.Headers) {
		return &Incomplete{"SignedHeaders must be sorted."}
	}

	at, err := time.Parse(dateLayout, date)
	if err != nil {
		at, err = http.ParseTime(date)
	}
	if err != nil {
		return &Incomplete{"Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."}
	}

	s.Date = at.UTC()

	// The day of the scope must be that of the date, so that a key is valid for one day.
	var day [len("20060102")]byte
	if string(s.Date.AppendFormat(day[:0], "20060102")) != s.Day {
		return &Incomplete{fmt.Sprintf("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%.20s' != '%s'.",
			s.Day, s.Date.Format("20060102"))}
	}
	return nil
}

func notEmpty(s string) bool { return s != "" }
