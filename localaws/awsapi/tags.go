package awsapi

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of tags, which all services share (LAM D10, SQS O7).
const (
	// MaxTags is how many tags a resource may have.
	MaxTags = 50

	maxTagKey   = 128
	maxTagValue = 256
)

// Tag is a tag in the APIs that list tags. Other APIs have a map.
type Tag struct {
	// Key has 1 to 128 characters.
	Key string
	// Value has at most 256 characters.
	Value string
}

// TagMap returns tags as a map. Of tags with the same key the last is taken.
func TagMap(tags []Tag) map[string]string {
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[t.Key] = t.Value
	}

	return m
}

// TagList returns tags as a list, sorted by key.
func TagList(tags map[string]string) []Tag {
	list := make([]Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, Tag{Key: key, Value: tags[key]})
	}

	return list
}

// TagProblem is what is wrong with a tag. Services have their own errors for it.
type TagProblem uint8

const (
	// TagValid means that nothing is wrong.
	TagValid TagProblem = iota
	// TagKeyLength means that the key is empty or longer than 128 characters.
	TagKeyLength
	// TagKeyReserved means that the key begins with aws:, in any case.
	TagKeyReserved
	// TagValueLength means that the value is longer than 256 characters.
	TagValueLength
)

// CheckTag returns what is wrong with a tag.
func CheckTag(key, value string) TagProblem {
	switch {
	case key == "" || utf8.RuneCountInString(key) > maxTagKey:
		return TagKeyLength
	case strings.HasPrefix(strings.ToLower(key), "aws:"):
		return TagKeyReserved
	case utf8.RuneCountInString(value) > maxTagValue:
		return TagValueLength
	}
	return TagValid
}

// WithRequestTags returns the permissions of an operation that creates a resource
// and may tag it: need itself and, if the request has tags, the permission for
// tagAction on the same resource. All of them see the tags as aws:RequestTag
// (IAM A3).
func WithRequestTags(need Access, tagAction string, tags map[string]string) []Access {
	need.RequestTags = tags
	if len(tags) == 0 {
		return []Access{need}
	}

	tagging := need
	tagging.Action = tagAction
	return []Access{need, tagging}
}
