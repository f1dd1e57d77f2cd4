package iam

import (
	"maps"
	"strings"
)

// maxTags is how many tags an entity may have (LAM D10).
const maxTags = 50

// wireTags lists tags by key.
func wireTags(m map[string]string) []tag {
	out := make([]tag, 0, len(m))
	for _, k := range sortedKeys(m) {
		out = append(out, tag{k, m[k]})
	}
	return out
}

// withTags is have with more added, as a new map.
func withTags(have map[string]string, more []tag) (map[string]string, error) {
	out := maps.Clone(have)
	if out == nil {
		out = map[string]string{}
	}
	seen := map[string]bool{}
	for _, t := range more {
		fold := strings.ToLower(t.Key)
		switch {
		case t.Key == "" || len([]rune(t.Key)) > 128 || len([]rune(t.Value)) > 256:
			c := &constraints{}
			c.fail("'"+t.Key+"'", "tags", "have keys of 1 to 128 and values of 0 to 256 characters")
			return nil, c.err()
		case strings.HasPrefix(fold, "aws:"):
			return nil, errInvalidInput.With("Tag keys beginning with aws: are reserved for system use.")
		case seen[fold]:
			return nil, errInvalidInput.With("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[fold] = true
		for k := range out { // keys are one whatever their case; the new spelling stays
			if strings.EqualFold(k, t.Key) {
				delete(out, k)
			}
		}
		out[t.Key] = t.Value
	}
	if len(out) > maxTags {
		return nil, errLimit.With("The number of tags has reached the maximum limit of %d.", maxTags)
	}
	return out, nil
}

// withoutTags is have without some keys, as a new map.
func withoutTags(have map[string]string, keys []string) map[string]string {
	out := maps.Clone(have)
	for _, k := range keys {
		for h := range out {
			if strings.EqualFold(h, k) {
				delete(out, h)
			}
		}
	}
	return out
}

// requested returns the tags of a request as a map. A key that stands twice is
// refused by the operation.
func requested(tags []tag) map[string]string {
	out := make(map[string]string, len(tags))
	for _, t := range tags {
		out[t.Key] = t.Value
	}
	return out
}
