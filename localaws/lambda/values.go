package lambda

import (
	"maps"
	"slices"
)

// deref returns what s points to, or "" for nil.
func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// setIfGiven sets *to to *value unless value is nil.
func setIfGiven[T any](to, value *T) {
	if value != nil {
		*to = *value
	}
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
