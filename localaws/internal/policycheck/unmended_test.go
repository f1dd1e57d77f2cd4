package policycheck_test

import "strings"

// unmended lists where the product is known to depart from the published logic,
// until it is mended. The list is to be empty.
var unmended = []struct {
	name string
	has  func(*situation) bool
}{}

// unmendedDocuments lists the documents, by the names of their tests, that the
// product is known to take or refuse unlike AWS. The list is to be empty.
var unmendedDocuments = map[string]bool{}

// unmendedKeys lists the keys of a request that the product does not set as AWS
// does. The list is to be empty.
var unmendedKeys = map[string]bool{}

// sessionTagsByCase says that the product does not always let a session's tag
// hide the role's when their keys differ by case. It is to be false.
const sessionTagsByCase = false

// mentions reports whether a policy of the situation contains a text.
func (s *situation) mentions(text string) bool {
	for _, policies := range [][]string{s.Identity, s.Session, {s.Boundary, s.Resource}} {
		for _, p := range policies {
			if strings.Contains(p, text) {
				return true
			}
		}
	}
	return false
}

// knownInContext returns the key that a situation makes use of and that the
// product does not set, or nothing.
func knownInContext(s *situation) string {
	for key := range unmendedKeys {
		for _, policies := range [][]string{s.Identity, s.Session, {s.Boundary, s.Resource}} {
			for _, p := range policies {
				if strings.Contains(strings.ToLower(p), strings.ToLower(key)) {
					return key
				}
			}
		}
	}
	return ""
}

// known returns the name of the departure that a situation meets, or nothing.
func known(s *situation) string {
	for _, u := range unmended {
		if u.has(s) {
			return u.name
		}
	}
	return ""
}
