package policy

// condition is one key under one operator.
type condition struct {
	op       *operator
	key      string // in lower case
	values   []pattern
	ifExists bool
	forAll   bool // ForAllValues:
	forAny   bool // ForAnyValue:
	null     bool // Null: the values say whether the key must be absent
	absent   bool
}

// operator compares one value of the request with one of the policy.
type operator struct {
	test    func(have, want string) bool
	arn     bool // compares patterns as ARNs
	like    bool // compares patterns
	negated bool
	valid   func(want string) bool
}

// match reports whether a condition holds (LAM D19).
func (c *condition) match(r *Request) bool {
	have := r.values(c.key)
	switch {
	case c.null:
		return (len(have) == 0) == c.absent
	case c.forAll:
		for _, v := range have {
			if !c.one(v, r) {
				return false
			}
		}
		return true
	case c.forAny:
		for _, v := range have {
			if c.one(v, r) {
				return true
			}
		}
		return len(have) == 0 && c.ifExists
	case len(have) == 0:
		return c.ifExists || c.op.negated
	case c.op.negated:
		for _, v := range have {
			if !c.one(v, r) {
				return false
			}
		}
		return true
	}
	for _, v := range have {
		if c.one(v, r) {
			return true
		}
	}
	return false
}

// one compares one value of the request with all of the policy: any of them, or
// with a negated operator none of them.
func (c *condition) one(have string, r *Request) bool {
	for i := range c.values {
		if c.compare(have, &c.values[i], r) {
			return !c.op.negated
		}
	}
	return c.op.negated
}

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
