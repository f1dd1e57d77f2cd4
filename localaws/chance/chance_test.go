package chance

import (
	"regexp"
	"strings"
	"testing"
)

func TestASeedRepeatsItself(t *testing.T) {
	t.Parallel()
	a, b, other := Seeded(7), Seeded(7), Seeded(8)
	for range 100 {
		x, y := a.UUID(), b.UUID()
		if x != y {
			t.Fatalf("seed 7 gave %s and %s", x, y)
		}
		if x == other.UUID() {
			t.Fatalf("seeds 7 and 8 both gave %s", x)
		}
	}
}

func TestWithoutASeedNothingRepeats(t *testing.T) {
	t.Parallel()
	if a, b := New().UUID(), New().UUID(); a == b {
		t.Errorf("two sources gave %s", a)
	}
}

func TestFormsOfIDs(t *testing.T) {
	t.Parallel()
	s := New()
	for range 50 {
		for _, tt := range []struct{ got, want string }{
			{s.UUID(), `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`},
			{s.Hex(7), `^[0-9a-f]{7}$`},
			{s.Hex(32), `^[0-9a-f]{32}$`},
			{s.ID("AROA", 17), `^AROA[A-Z2-7]{17}$`},
		} {
			if !regexp.MustCompile(tt.want).MatchString(tt.got) {
				t.Fatalf("%q does not look like %s", tt.got, tt.want)
			}
		}
	}
}

func TestNumbersStayInTheirRange(t *testing.T) {
	t.Parallel()
	s := Seeded(1)
	for range 1000 {
		if f := s.Float(); f < 0 || f >= 1 {
			t.Fatalf("Float gave %v", f)
		}
		if n := s.IntN(3); n < 0 || n > 2 {
			t.Fatalf("IntN(3) gave %d", n)
		}
	}
}

func TestBytesFillsEveryLength(t *testing.T) {
	t.Parallel()
	s := Seeded(1)
	for n := range 40 {
		b := make([]byte, n)
		for range 20 { // twenty draws leave no byte at zero for good
			c := make([]byte, n)
			s.Bytes(c)
			for i := range c {
				b[i] |= c[i]
			}
		}
		if i := strings.IndexByte(string(b), 0); i >= 0 {
			t.Fatalf("byte %d of %d was never set", i, n)
		}
	}
}
