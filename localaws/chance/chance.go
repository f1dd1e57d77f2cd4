// Package chance is the random source of the embedded AWS: of ids, receipt handles,
// jitter and random decisions. With a seed it is repeatable; without one it is seeded
// by the operating system and cannot be predicted.
package chance

import (
	crand "crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"sync"
)

// Source generates random values. It is safe for concurrent use.
type Source struct {
	mu  sync.Mutex
	rng *rand.Rand
}

// Seeded returns a source whose values depend on the seed alone. They can be
// predicted, and must not be used as secrets of a server that others can reach.
func Seeded(seed uint64) *Source {
	// PCG takes 128 bits: the other half is derived from the seed too.
	return &Source{rng: rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15))}
}

// New returns a source whose values cannot be predicted.
func New() *Source {
	var seed [32]byte
	crand.Read(seed[:]) // never fails
	return &Source{rng: rand.New(rand.NewChaCha8(seed))}
}

// Bytes fills b with random bytes.
func (s *Source) Bytes(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()

	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, s.rng.Uint64())
		b = b[8:]
	}

	// Fewer than eight bytes are left: they take a whole draw, and its other bytes are lost.
	if len(b) > 0 {
		var last [8]byte
		binary.LittleEndian.PutUint64(last[:], s.rng.Uint64())
		copy(b, last[:])
	}
}

// UUID returns a version 4 UUID in lower case.
func (s *Source) UUID() string {
	var u [16]byte
	s.Bytes(u[:])

	u[6] = u[6]&0x0f | 0x40 // version 4
	u[8] = u[8]&0x3f | 0x80 // variant of RFC 9562

	var out [36]byte
	hex.Encode(out[0:8], u[0:4])
	hex.Encode(out[9:13], u[4:6])
	hex.Encode(out[14:18], u[6:8])
	hex.Encode(out[19:23], u[8:10])
	hex.Encode(out[24:36], u[10:16])
	for _, i := range []int{8, 13, 18, 23} {
		out[i] = '-'
	}
	return string(out[:])
}

// Hex returns n random hexadecimal digits in lower case.
func (s *Source) Hex(n int) string {
	b := make([]byte, (n+1)/2)
	s.Bytes(b)
	return hex.EncodeToString(b)[:n]
}

// ID returns prefix and n random characters of A to Z and 2 to 7, the alphabet of
// IAM's unique ids (LAM D9).
func (s *Source) ID(prefix string, n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

	b := make([]byte, n)
	s.Bytes(b)
	for i := range b {
		b[i] = alphabet[b[i]&31] // 32 characters: each is equally likely
	}
	return prefix + string(b)
}

// Float returns a number in [0, 1).
func (s *Source) Float() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rng.Float64()
}

// IntN returns a number in [0, n). It panics if n is not positive.
func (s *Source) IntN(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rng.IntN(n)
}
