package backoff

import "fmt"

// Jitter is how chance shapes a delay.
type Jitter int

const (
	// Full draws evenly from zero to the ceiling. It is the zero value.
	Full Jitter = iota
	// Equal waits half the ceiling and draws the other half.
	Equal
	// Decorrelated draws evenly from the base to three times the last delay.
	Decorrelated
	// None waits the ceiling itself, for tests and for a single client.
	None
)

// String is the jitter's name in lower case, as [ParseJitter] reads it.
func (j Jitter) String() string {
	switch j {
	case Full:
		return "full"
	case Equal:
		return "equal"
	case Decorrelated:
		return "decorrelated"
	case None:
		return "none"
	}
	return fmt.Sprintf("jitter(%d)", int(j))
}

// ParseJitter reads full, equal, decorrelated or none.
func ParseJitter(name string) (Jitter, error) {
	for _, j := range []Jitter{Full, Equal, Decorrelated, None} {
		if j.String() == name {
			return j, nil
		}
	}
	return Full, fmt.Errorf("jitter %q: want full, equal, decorrelated or none", name)
}
