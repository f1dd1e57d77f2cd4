package filter

import (
	"errors"
	"strings"
)

// wildcardTest compiles wildcard. In its argument * matches any characters, \* a star and
// \\ a backslash. Two stars in a row are refused.
func wildcardTest(arg any) (func(any) bool, error) {
	s, ok := arg.(string)
	if !ok {
		return nil, errors.New("wildcard takes a string")
	}

	parts, err := splitWildcard(s)
	if err != nil {
		return nil, err
	}

	return func(v any) bool {
		s, ok := v.(string)
		return ok && matchParts(parts, s)
	}, nil
}

// splitWildcard returns the literal texts between the stars.
func splitWildcard(s string) ([]string, error) {
	var parts []string
	var part strings.Builder
	star := false // the last character was a star
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '*' && star:
			return nil, errors.New("wildcard has two stars side by side")
		case s[i] == '*':
			parts = append(parts, part.String())
			part.Reset()
			star = true
			continue
		case s[i] == '\\':
			i++
			if i == len(s) || s[i] != '*' && s[i] != '\\' {
				return nil, errors.New(`wildcard has only the escapes \* and \\`)
			}
		}

		star = false
		part.WriteByte(s[i])
	}

	return append(parts, part.String()), nil
}

// matchParts matches the first part at the start of s, the last at the end, and the others
// in order between them, each as far to the left as possible.
func matchParts(parts []string, s string) bool {
	first := parts[0]
	last := parts[len(parts)-1]

	// Without a star the whole text must be equal.
	if len(parts) == 1 {
		return s == first
	}

	if !strings.HasPrefix(s, first) {
		return false
	}

	s = s[len(first):]
	for _, part := range parts[1 : len(parts)-1] {
		// The leftmost match leaves the most for the parts that follow.
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}

	return strings.HasSuffix(s, last)
}
