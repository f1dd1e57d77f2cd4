package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// maxSkew is how far a signature's date may lie from now (LAM D28).
const maxSkew = 5 * time.Minute

// ErrMismatch says that the signature was not made with the secret, or that the
// request was changed after it.
var ErrMismatch = errors.New("the signature does not match")

// Expired is a signature whose date is out of bounds.
type Expired struct {
	// Text says so in AWS's words.
	Text string
}

// Error gives the text.
func (e *Expired) Error() string { return e.Text }

// Verifier checks signatures, and remembers the keys derived from secrets: one
// lasts a day, and deriving it costs as much as four checks.
type Verifier struct {
	mu   sync.RWMutex
	keys map[scope][]byte
}

// scope is what a signing key is derived from.
type scope struct{ secret, day, region, service string }

// maxKeys bounds the memory for derived keys; scopes come from outside.
const maxKeys = 1024

// Verify checks the signature s of a request that was read to body, against a
// secret and now. It answers nil, *Expired or ErrMismatch.
func (v *Verifier) Verify(r *http.Request, s *Signature, body []byte, secret string, now time.Time) error {
	if err := s.timely(now); err != nil {
		return err
	}
	hash, ok := payloadHash(r, s, body)
	if !ok {
		return ErrMismatch
	}
	sum := sha256.Sum256(s.canonical(r, hash))
	mac := hmac.New(sha256.New, v.key(scope{secret, s.Day, s.Region, s.Service}))
	fmt.Fprintf(mac, "%s\n%s\n%s/%s/%s/aws4_request\n%x", Algorithm, s.Date.Format(dateForm), s.Day, s.Region, s.Service, sum)
	var want [sha256.Size]byte
	if n, err := hex.Decode(want[:], []byte(s.Hex[:min(len(s.Hex), 2*sha256.Size)])); err != nil || n != len(want) || len(s.Hex) != 2*len(want) {
		return ErrMismatch
	}
	if subtle.ConstantTimeCompare(mac.Sum(nil), want[:]) != 1 {
		return ErrMismatch
	}
	return nil
}

// timely checks the date.
func (s *Signature) timely(now time.Time) error {
	now = now.UTC()
	if s.Date.After(now.Add(maxSkew)) {
		return &Expired{fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 5 min.)",
			s.Date.Format(dateForm), now.Add(maxSkew).Format(dateForm), now.Format(dateForm))}
	}
	if s.Presigned {
		if end := s.Date.Add(s.Lifetime); now.After(end) {
			return &Expired{fmt.Sprintf("Signature expired: %s is now earlier than %s", end.Format(dateForm), now.Format(dateForm))}
		}
		return nil
	}
	if s.Date.Before(now.Add(-maxSkew)) {
		return &Expired{fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 5 min.)",
			s.Date.Format(dateForm), now.Add(-maxSkew).Format(dateForm), now.Format(dateForm))}
	}
	return nil
}

// payloadHash is the body's part of the canonical request. A hash that the
// client gives is believed only if it is the body's; words in its place, such as
// UNSIGNED-PAYLOAD, leave the body out of the signature.
func payloadHash(r *http.Request, s *Signature, body []byte) (hash string, ok bool) {
	given := r.Header.Get("X-Amz-Content-Sha256")
	if given == "UNSIGNED-PAYLOAD" || strings.HasPrefix(given, "STREAMING-") {
		return given, true
	}
	if given == "" && s.Presigned && s.Service == "s3" {
		return "UNSIGNED-PAYLOAD", true
	}
	sum := sha256.Sum256(body)
	actual := hex.EncodeToString(sum[:])
	return actual, given == "" || given == actual
}

// key derives the signing key of a scope, or remembers it.
func (v *Verifier) key(s scope) []byte {
	v.mu.RLock()
	k := v.keys[s]
	v.mu.RUnlock()
	if k != nil {
		return k
	}
	k = []byte("AWS4" + s.secret)
	for _, part := range []string{s.day, s.region, s.service, "aws4_request"} {
		mac := hmac.New(sha256.New, k)
		mac.Write([]byte(part))
		k = mac.Sum(nil)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.keys == nil || len(v.keys) >= maxKeys {
		v.keys = map[scope][]byte{}
	}
	v.keys[s] = k
	return k
}
