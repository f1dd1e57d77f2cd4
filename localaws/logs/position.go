package logs

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// position is the position of an event in the order of events: its time, then its
// sequence number. Tokens have positions instead of indexes, so that they stay
// valid while events arrive and expire.
type position struct {
	time int64
	seq  uint64
}

func (p position) compare(o position) int {
	return cmp.Or(cmp.Compare(p.time, o.time), cmp.Compare(p.seq, o.seq))
}

// lastPosition is after every event.
var lastPosition = position{math.MaxInt64, math.MaxUint64}

// String returns the position in the form of AWS's event ids and tokens, 56 digits
// (LAM E7).
func (p position) String() string { return fmt.Sprintf("%036d%020d", p.time, p.seq) }

// parsePosition parses the result of String.
func parsePosition(s string) (position, bool) {
	if len(s) != 56 {
		return position{}, false
	}

	// 36 digits of time, then 20 of the sequence number.
	t, err := strconv.ParseUint(s[:36], 10, 63)
	if err != nil {
		return position{}, false
	}
	seq, err := strconv.ParseUint(s[36:], 10, 64)
	return position{int64(t), seq}, err == nil
}

// cursor is a token of GetLogEvents: a position and the direction to continue in.
type cursor struct {
	position position
	forward  bool
}

func (c cursor) String() string {
	if c.forward {
		return "f/" + c.position.String() + "/s"
	}
	return "b/" + c.position.String() + "/s"
}

// parseCursor parses a token. It refuses everything that String does not return.
func parseCursor(s string) (cursor, error) {
	rest, forward := strings.CutPrefix(s, "f/")
	if !forward {
		rest, _ = strings.CutPrefix(s, "b/") // checked below, by comparing with String
	}

	// Comparing with the canonical form refuses signs, leading zeros and the like.
	digits, ok := strings.CutSuffix(rest, "/s")
	at, valid := parsePosition(digits)
	c := cursor{position: at, forward: forward}
	if !ok || !valid || c.String() != s {
		return cursor{}, invalidToken()
	}
	return c, nil
}

// before returns the position right before p, for a token whose own event must not
// be missed.
func (p position) before() position {
	if p.seq == 0 {
		return position{p.time - 1, math.MaxUint64}
	}
	return position{p.time, p.seq - 1}
}
