package backoff

import "fmt"

// Jitter is the kind of randomness of a delay.
type Jitter int

const (
	// Full is uniform between zero and the ceiling. It is the zero value.
	Full Jitter = iota
	// Equal is uniform between half the ceiling and the ceiling.
	Equal
	// Decorrelated is uniform between the base and three times the last delay.
	Decorrelated
	// None is the ceiling itself, for tests and for a single client.
	None
)

// String returns the name that [ParseJitter] parses.
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

// ParseJitter returns the jitter of a name: full, equal, decorrelated or none.
func ParseJitter(name string) (Jitter, error) {
	for _, j := range []Jitter{Full, Equal, Decorrelated, None} {
		if j.String() == name {
			return j, nil
		}
	}
	return Full, fmt.Errorf("jitter %q: want full, equal, decorrelated or none", name)
}
