package policycheck_test

import (
	"encoding/json"
	"maps"
	"slices"
)

// shrink makes a situation smaller as long as it stays interesting: it removes
// policies, statements, conditions, values and keys one by one.
func shrink(s *situation, interesting func(*situation) bool) *situation {
	for {
		smaller := smallerBy(s, interesting)
		if smaller == nil {
			return s
		}
		s = smaller
	}
}

// smallerBy returns the first smaller situation that is still interesting.
func smallerBy(s *situation, interesting func(*situation) bool) *situation {
	try := func(change func(*situation)) *situation {
		c := *s
		c.Identity, c.Session = slices.Clone(s.Identity), slices.Clone(s.Session)
		c.Keys = maps.Clone(s.Keys)
		change(&c)
		if interesting(&c) {
			return &c
		}
		return nil
	}

	// Complete policies.
	for i := range s.Identity {
		if c := try(func(c *situation) { c.Identity = slices.Delete(c.Identity, i, i+1) }); c != nil {
			return c
		}
	}
	for i := range s.Session {
		if c := try(func(c *situation) { c.Session = slices.Delete(c.Session, i, i+1) }); c != nil {
			return c
		}
	}
	if s.Boundary != "" {
		if c := try(func(c *situation) { c.Boundary = "" }); c != nil {
			return c
		}
	}
	if s.Resource != "" && !s.Trust {
		if c := try(func(c *situation) { c.Resource = "" }); c != nil {
			return c
		}
	}

	// Keys of the request.
	for name := range s.Keys {
		if c := try(func(c *situation) { delete(c.Keys, name) }); c != nil {
			return c
		}
	}
	if !s.Now.IsZero() {
		if c := try(func(c *situation) { c.Now = (situation{}).Now }); c != nil {
			return c
		}
	}

	// Parts of each policy.
	for i, text := range s.Identity {
		for _, smaller := range smallerDocuments(text) {
			if c := try(func(c *situation) { c.Identity[i] = smaller }); c != nil {
				return c
			}
		}
	}
	for i, text := range s.Session {
		for _, smaller := range smallerDocuments(text) {
			if c := try(func(c *situation) { c.Session[i] = smaller }); c != nil {
				return c
			}
		}
	}
	for _, smaller := range smallerDocuments(s.Boundary) {
		if c := try(func(c *situation) { c.Boundary = smaller }); c != nil {
			return c
		}
	}
	for _, smaller := range smallerDocuments(s.Resource) {
		if c := try(func(c *situation) { c.Resource = smaller }); c != nil {
			return c
		}
	}
	return nil
}

// smallerDocuments returns copies of a document, each without one of its parts. It
// preserves what every policy must have.
func smallerDocuments(text string) []string {
	if text == "" {
		return nil
	}
	var root object
	if err := json.Unmarshal([]byte(text), &root); err != nil {
		return nil
	}
	var out []string
	each(root, "", func() {
		smaller, err := json.Marshal(root)
		if err == nil {
			out = append(out, string(smaller))
		}
	}, func(v any) {})
	return out
}

// needed are the keys without which a document is not a policy.
var needed = []string{"Statement", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Version"}

// each removes the parts of a tree one after another, and calls visit without each
// part. replace sets a changed list.
func each(node any, name string, visit func(), replace func(any)) {
	withinNotPrincipal := name == "NotPrincipal"
	switch v := node.(type) {
	case object:
		for key, child := range maps.Clone(v) {
			if !slices.Contains(needed, key) && (name != "Condition" || len(v) > 1) && !isOperatorWithOneKey(name, v) {
				delete(v, key)
				visit()
				v[key] = child
			}
			below := key
			if withinNotPrincipal {
				below = name
			}
			each(child, below, visit, func(changed any) { v[key] = changed })
			v[key] = child
		}
	case []any:
		for i := range v {
			// NotPrincipal names complete chains of account, role and session.
			if len(v) > 1 && !withinNotPrincipal {
				replace(slices.Delete(slices.Clone(v), i, i+1))
				visit()
				replace(v)
			}
			each(v[i], name, visit, func(changed any) { v[i] = changed })
		}
	}
}

// isOperatorWithOneKey reports whether a node is a condition operator whose last key
// must stay: the operator is removed as a whole.
func isOperatorWithOneKey(name string, node object) bool {
	return len(node) == 1 && name != "Statement" && name != ""
}
