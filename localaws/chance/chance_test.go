package chance

import (
	"regexp"
	"strings"
	"testing"
)

func TestSameSeedGivesSameValues(t *testing.T) {
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

func TestSourcesWithoutASeedDiffer(t *testing.T) {
	t.Parallel()
	if a, b := New().UUID(), New().UUID(); a == b {
		t.Errorf("two sources gave %s", a)
	}
}

func TestFormsOfIDs(t *testing.T) {
	t.Parallel()
	s := New()
	for _, tt := range []struct {
		name string
		next func() string
		form string
	}{
		{"UUID", s.UUID, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`},
		{"odd number of digits", func() string { return s.Hex(7) }, `^[0-9a-f]{7}$`},
		{"even number of digits", func() string { return s.Hex(32) }, `^[0-9a-f]{32}$`},
		{"IAM id", func() string { return s.ID("AROA", 17) }, `^AROA[A-Z2-7]{17}$`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			form := regexp.MustCompile(tt.form)
			for range 50 {
				if got := tt.next(); !form.MatchString(got) {
					t.Fatalf("%q does not match %s", got, tt.form)
				}
			}
		})
	}
}

func TestNumbersAreInRange(t *testing.T) {
	t.Parallel()
	s := Seeded(1)
	for range 1000 {
		if f := s.Float(); f < 0 || f >= 1 {
			t.Fatalf("Float returned %v", f)
		}
		if n := s.IntN(3); n < 0 || n > 2 {
			t.Fatalf("IntN(3) returned %d", n)
		}
	}
}

func TestBytesFillsEveryLength(t *testing.T) {
	t.Parallel()
	s := Seeded(1)
	for n := range 40 {
		b := make([]byte, n)
		for range 20 { // after twenty values each byte was nonzero at least once
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
