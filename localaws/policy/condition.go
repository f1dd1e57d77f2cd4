package policy

import "slices"

// condition is one condition key with its operator and values.
type condition struct {
	op       *operator // nil for Null
	key      string    // in lower case
	values   []pattern
	ifExists bool // ...IfExists
	forAll   bool // ForAllValues:
	forAny   bool // ForAnyValue:
	null     bool // Null
	absent   bool // with Null: the key must be absent, else present
}

// operator compares one value of the request with one value of the policy.
type operator struct {
	test    func(have, want string) bool // nil if arn or like is set
	arn     bool                         // the policy's value is an ARN with wildcards
	like    bool                         // the policy's value is text with wildcards
	negated bool                         // the condition holds if no value of the policy matches
	valid   func(want string) bool       // reports whether a policy may have the value; nil means any
}

// match reports whether a condition holds (LAM D19).
func (c *condition) match(r *Request) bool {
	have := r.values(c.key)
	matches := func(v string) bool { return c.matchOne(v, r) }
	fails := func(v string) bool { return !c.matchOne(v, r) }

	// A missing key has a rule for each form of a condition.
	switch {
	case c.null:
		return (len(have) == 0) == c.absent
	case c.forAll: // also holds for a missing key, which has no value that fails
		return !slices.ContainsFunc(have, fails)
	case c.forAny && len(have) == 0:
		return c.ifExists
	case c.forAny:
		return slices.ContainsFunc(have, matches)
	case len(have) == 0:
		return c.ifExists || c.op.negated
	case c.op.negated:
		return !slices.ContainsFunc(have, fails)
	default:
		return slices.ContainsFunc(have, matches)
	}
}

// matchOne reports whether one value of the request equals any value of the policy
// or, with a negated operator, none of them.
func (c *condition) matchOne(have string, r *Request) bool {
	for i := range c.values {
		if c.compare(have, &c.values[i], r) {
			return !c.op.negated
		}
	}
	return c.op.negated
}

// compare compares one value of the request with one value of the policy. A value
// with a variable that the request does not have equals nothing.
func (c *condition) compare(have string, want *pattern, r *Request) bool {
	runes, ok := want.expand(r)
	if !ok {
		return false
	}

	switch {
	case c.op.arn:
		return globARN(runes, have)
	case c.op.like:
		return glob(runes, have)
	}
	return c.op.test(have, string(runes))
}
