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

// maxSkew is how far a signature's date may be from now (LAM D28).
const maxSkew = 5 * time.Minute

// ErrMismatch reports a signature that was not made with the secret, or a request that
// was changed after signing.
var ErrMismatch = errors.New("the signature does not match")

// Expired is the error of a signature whose date is too early or too late.
type Expired struct {
	// Text is AWS's message about the error.
	Text string
}

// Error returns the text.
func (e *Expired) Error() string { return e.Text }

// Verifier verifies signatures. It caches the keys derived from secrets: one is used for
// a day, and its derivation costs as much as four verifications. It is safe for
// concurrent use, and its zero value is ready to use.
type Verifier struct {
	mu   sync.RWMutex
	keys map[scope]*macPool
}

// macPool is a pool of hashes keyed with one signing key: a reset costs less than keying a
// new one.
type macPool struct{ pool sync.Pool }

// mac is a keyed hash with buffers for its input and output.
type mac struct {
	hash      hash.Hash
	text, sum []byte
}

func newMACPool(key []byte) *macPool {
	m := &macPool{}
	m.pool.New = func() any { return &mac{hash: hmac.New(sha256.New, key)} }
	return m
}

// sign returns the signature of a request whose canonical form has the hash sum.
func (m *macPool) sign(s *Signature, sum []byte) (code [sha256.Size]byte) {
	k := m.pool.Get().(*mac)
	defer m.pool.Put(k)

	k.text = s.appendStringToSign(k.text[:0], sum)
	k.hash.Reset()
	k.hash.Write(k.text) // a hash never fails
	k.sum = k.hash.Sum(k.sum[:0])
	copy(code[:], k.sum)
	return code
}

// scope is what a signing key is derived from.
type scope struct{ secret, day, region, service string }

// maxKeys bounds the memory for derived keys: clients choose the scopes.
const maxKeys = 1024

// Verify checks that s is the signature of a request with the given body, made with
// secret, and that it is valid at the time now. It returns nil, *Expired or ErrMismatch.
func (v *Verifier) Verify(r *http.Request, s *Signature, body []byte, secret string, now time.Time) error {
	if err := s.CheckDate(now); err != nil {
		return err
	}

	payload, ok := payloadHash(r, s, body)
	if !ok || len(s.Hex) != 2*sha256.Size {
		return ErrMismatch
	}

	// The canonical request of most requests fits into this space on the stack.
	var space [1024]byte
	sum := sha256.Sum256(s.appendCanonical(space[:0], r, payload))
	want := v.key(scope{secret, s.Day, s.Region, s.Service}).sign(s, sum[:])

	// Compare in constant time: the duration must not depend on where the two differ.
	var given [sha256.Size]byte
	if _, err := hex.Decode(given[:], []byte(s.Hex)); err != nil || subtle.ConstantTimeCompare(want[:], given[:]) != 1 {
		return ErrMismatch
	}
	return nil
}

// appendStringToSign appends what is signed: algorithm, date, scope and the hash of the
// canonical request.
func (s *Signature) appendStringToSign(b, sum []byte) []byte {
	b = append(append(b, Algorithm...), '\n')
	b = append(s.Date.AppendFormat(b, dateLayout), '\n')
	for _, part := range [...]string{s.Day, s.Region, s.Service} {
		b = append(append(b, part...), '/')
	}
	return hex.AppendEncode(append(b, "aws4_request\n"...), sum)
}

// CheckDate compares the date of the signature with now. It returns nil or *Expired.
func (s *Signature) CheckDate(now time.Time) error {
	now = now.UTC()
	if s.Date.After(now.Add(maxSkew)) {
		return &Expired{fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 5 min.)",
			s.Date.Format(dateLayout), now.Add(maxSkew).Format(dateLayout), now.Format(dateLayout))}
	}

	// A presigned URL has a lifetime of its own, which begins at its date.
	if s.Presigned {
		if end := s.Date.Add(s.Lifetime); now.After(end) {
			return &Expired{fmt.Sprintf("Signature expired: %s is now earlier than %s", end.Format(dateLayout), now.Format(dateLayout))}
		}
		return nil
	}
	if s.Date.Before(now.Add(-maxSkew)) {
		return &Expired{fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 5 min.)",
			s.Date.Format(dateLayout), now.Add(-maxSkew).Format(dateLayout), now.Format(dateLayout))}
	}
	return nil
}

// payloadHash returns the body's part of the canonical request, and reports whether the
// body has the hash that the client gives in a header. Keywords in place of a hash, such
// as UNSIGNED-PAYLOAD, exclude the body from the signature; only S3 accepts them.
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

// key returns the signing key of a scope, from the cache if it is there.
func (v *Verifier) key(s scope) *macPool {
	v.mu.RLock()
	known := v.keys[s]
	v.mu.RUnlock()
	if known != nil {
		return known
	}

	// Each part of the scope is signed with the key of the parts before it.
	k := []byte("AWS4" + s.secret)
	for _, part := range []string{s.day, s.region, s.service, "aws4_request"} {
		mac := hmac.New(sha256.New, k)
		mac.Write([]byte(part)) // a hash never fails
		k = mac.Sum(nil)
	}

	// A full cache is dropped: its keys can be derived again.
	v.mu.Lock()
	defer v.mu.Unlock()

	if v.keys == nil || len(v.keys) >= maxKeys {
		v.keys = map[scope]*macPool{}
	}

	known = newMACPool(k)
	v.keys[s] = known
	return known
}
