package filter

import (
	"encoding/json"
	"errors"
	"fmt"
)

// bound is one comparison of the operator numeric.
type bound struct {
	op    string
	limit float64
}

func (b bound) holds(v float64) bool {
	switch b.op {
	case "=":
		return v == b.limit
	case "<":
		return v < b.limit
	case "<=":
		return v <= b.limit
	case ">":
		return v > b.limit
	default:
		return v >= b.limit
	}
}

// numericTest compiles ["op", n] or a range ["op", n, "op", n] (LAM B42). A range has its
// lower bound first.
func numericTest(arg any) (func(any) bool, error) {
	list, ok := arg.([]any)
	if !ok || len(list) != 2 && len(list) != 4 {
		return nil, errors.New("numeric takes one or two pairs of comparison and number")
	}

	var bounds []bound
	for i := 0; i < len(list); i += 2 {
		b, err := readBound(list[i], list[i+1])
		if err != nil {
			return nil, err
		}
		bounds = append(bounds, b)
	}

	// A range must not be empty.
	if len(bounds) == 2 {
		low := bounds[0]
		high := bounds[1]
		if low.op[0] != '>' || high.op[0] != '<' || low.limit >= high.limit {
			return nil, errors.New("numeric range must go from > or >= up to < or <=")
		}
	}

	return func(v any) bool {
		// A string is never a number, whatever its text.
		n, ok := v.(json.Number)
		if !ok {
			return false
		}

		f, err := n.Float64()
		if err != nil {
			return false
		}

		for _, b := range bounds {
			if !b.holds(f) {
				return false
			}
		}

		return true
	}, nil
}

// readBound reads one pair of comparison and number.
func readBound(op, limit any) (bound, error) {
	name, _ := op.(string)
	switch name {
	// The comparisons of EventBridge patterns.
	case "=", "<", "<=", ">", ">=":
	default:
		return bound{}, fmt.Errorf("unknown numeric comparison %v", op)
	}

	n, ok := limit.(json.Number)
	if !ok {
		return bound{}, fmt.Errorf("numeric compares with a number, not %v", limit)
	}

	f, err := n.Float64()
	if err != nil {
		return bound{}, fmt.Errorf("read number %s: %w", n, err)
	}

	return bound{op: name, limit: f}, nil
}
