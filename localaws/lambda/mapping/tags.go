package mapping

import (
	"maps"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// Tags returns the tags of the mapping with an ARN (LAM B22). Its error is
// ResourceNotFoundException if there is none.
func (s *Service) Tags(arn string) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.findByARN(arn)
	if err != nil {
		return nil, err
	}
	return maps.Clone(m.Tags), nil
}

// SetTags adds tags to the mapping with an ARN, or changes their values.
func (s *Service) SetTags(arn string, tags map[string]string) error {
	return s.changeTags(arn, func(have map[string]string) { maps.Copy(have, tags) })
}

// RemoveTags removes tags from the mapping with an ARN.
func (s *Service) RemoveTags(arn string, keys []string) error {
	return s.changeTags(arn, func(have map[string]string) {
		for _, k := range keys {
			delete(have, k)
		}
	})
}

// changeTags applies change to a copy of a mapping's tags and stores the result.
func (s *Service) changeTags(arn string, change func(map[string]string)) error {
	s.mu.Lock()
	m, err := s.findByARN(arn)
	if err != nil {
		s.mu.Unlock()
		return err
	}

	// Access holds on to the old map, so that it must not change.
	tags := maps.Clone(m.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	change(tags)
	if err := checkTags(tags); err != nil {
		s.mu.Unlock()
		return err
	}
	m.Tags = tags
	commit := s.storeConfiguration(&m.storedConfiguration)
	s.mu.Unlock()

	return waitDurable(commit)
}

// findByARN returns the mapping with an ARN, with mu held.
func (s *Service) findByARN(arn string) (*mapping, error) {
	a, _ := awsapi.ParseARN(arn) // nothing is found for what is no ARN
	return s.findMapping(a.Scope(), strings.TrimPrefix(a.Resource, "event-source-mapping:"))
}

// checkTags checks all tags that a mapping will have.
func checkTags(tags map[string]string) error {
	if len(tags) > awsapi.MaxTags {
		return errParameter.With("The maximum number of tags is %d.", awsapi.MaxTags)
	}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		if awsapi.CheckTag(k, tags[k]) == awsapi.TagKeyReserved {
			return errParameter.With("Tag keys must not begin with aws:, as %s does.", k)
		}
	}
	return nil
}
