package iam

import (
	"maps"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// addTags returns tags with more added, as a new map. Keys that differ only by case
// are the same key; the new spelling replaces the old one.
func addTags(tags map[string]string, more []awsapi.Tag) (map[string]string, error) {
	all := maps.Clone(tags)
	if all == nil {
		all = map[string]string{}
	}

	seen := map[string]bool{}
	for _, t := range more {
		switch awsapi.CheckTag(t.Key, t.Value) {
		case awsapi.TagKeyLength, awsapi.TagValueLength:
			return nil, errValidation.Violation("tags", t.Key, "Member must have keys of 1 to 128 and values of 0 to 256 characters")
		case awsapi.TagKeyReserved:
			return nil, errInvalidInput.With("Tag keys beginning with aws: are reserved for system use.")
		}

		lower := strings.ToLower(t.Key)
		if seen[lower] {
			return nil, errInvalidInput.With("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[lower] = true

		deleteTag(all, t.Key) // in another spelling
		all[t.Key] = t.Value
	}

	if len(all) > awsapi.MaxTags {
		return nil, errLimit.With("The number of tags has reached the maximum limit of %d.", awsapi.MaxTags)
	}
	return all, nil
}

// removeTags returns tags without some keys, as a new map.
func removeTags(tags map[string]string, keys []string) map[string]string {
	left := maps.Clone(tags)
	for _, key := range keys {
		deleteTag(left, key)
	}
	return left
}

// deleteTag deletes a key in any case.
func deleteTag(tags map[string]string, key string) {
	maps.DeleteFunc(tags, func(k, _ string) bool { return strings.EqualFold(k, key) })
}
