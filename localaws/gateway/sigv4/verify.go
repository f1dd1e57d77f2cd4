package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
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
	keys map[scope]*macs
}

// macs are hashes keyed with one signing key: resetting one costs less than keying
// another.
type macs struct{ pool sync.Pool }

// mac is a keyed hash with room for what goes in and out.
type mac struct {
	hash      hash.Hash
	text, sum []byte
}

func newMACs(key []byte) *macs {
	m := &macs{}
	m.pool.New = func() any { return &mac{hash: hmac.New(sha256.New, key)} }
	return m
}

// sign answers the signature of a request whose canonical form has the hash sum.
func (m *macs) sign(s *Signature, sum []byte) (code [sha256.Size]byte) {
	k := m.pool.Get().(*mac)
	defer m.pool.Put(k)
	k.text = s.appendStringToSign(k.text[:0], sum)
	k.hash.Reset()
	k.hash.Write(k.text)
	k.sum = k.hash.Sum(k.sum[:0])
	copy(code[:], k.sum)
	return code
}

// scope is what a signing key is derived from.
type scope struct{ secret, day, region, service string }

// maxKeys bounds the memory for derived keys; scopes come from outside.
const maxKeys = 1024

// Verify checks the signature s of a request that was read to body, against a
// secret and now. It answers nil, *Expired or ErrMismatch.
func (v *Verifier) Verify(r *http.Request, s *Signature, body []byte, secret string, now time.Time) error {
	if err := s.Timely(now); err != nil {
		return err
	}
	payload, ok := payloadHash(r, s, body)
	if !ok || len(s.Hex) != 2*sha256.Size {
		return ErrMismatch
	}
	var space [1024]byte
	sum := sha256.Sum256(s.appendCanonical(space[:0], r, payload))
	want := v.key(scope{secret, s.Day, s.Region, s.Service}).sign(s, sum[:])
	var given [sha256.Size]byte
	if _, err := hex.Decode(given[:], []byte(s.Hex)); err != nil || subtle.ConstantTimeCompare(want[:], given[:]) != 1 {
		return ErrMismatch
	}
	return nil
}

// appendStringToSign writes what the signing key is used on: algorithm, date, scope
// and the hash of the canonical request.
func (s *Signature) appendStringToSign(b, sum []byte) []byte {
	b = append(append(b, Algorithm...), '\n')
	b = append(s.Date.AppendFormat(b, dateForm), '\n')
	for _, part := range [...]string{s.Day, s.Region, s.Service} {
		b = append(append(b, part...), '/')
	}
	return hex.AppendEncode(append(b, "aws4_request\n"...), sum)
}

// Timely checks the date of the signature against now. It returns nil or *Expired.
func (s *Signature) Timely(now time.Time) error {
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

// payloadHash returns the body's part of the canonical request, and reports whether
// the body has the hash that the client gives in a header. Words in place of a hash,
// such as UNSIGNED-PAYLOAD, leave the body out of the signature; S3 alone accepts
// them.
func payloadHash(r *http.Request, s *Signature, body []byte) (hash string, ok bool) {
	given := r.Header.Get("X-Amz-Content-Sha256")
	if s.Service == "s3" {
		switch {
		case given == "UNSIGNED-PAYLOAD", strings.HasPrefix(given, "STREAMING-"):
			return given, true
		case given == "" && s.Presigned:
			return "UNSIGNED-PAYLOAD", true
		}
	}
	sum := sha256.Sum256(body)
	actual := hex.EncodeToString(sum[:])
	return actual, given == "" || given == actual
}

// key derives the signing key of a scope, or remembers it.
func (v *Verifier) key(s scope) *macs {
	v.mu.RLock()
	known := v.keys[s]
	v.mu.RUnlock()
	if known != nil {
		return known
	}
	k := []byte("AWS4" + s.secret)
	for _, part := range []string{s.day, s.region, s.service, "aws4_request"} {
		mac := hmac.New(sha256.New, k)
		mac.Write([]byte(part))
		k = mac.Sum(nil)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.keys == nil || len(v.keys) >= maxKeys {
		v.keys = map[scope]*macs{}
	}
	known = newMACs(k)
	v.keys[s] = known
	return known
}
