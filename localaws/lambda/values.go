package lambda

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
