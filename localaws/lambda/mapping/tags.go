package mapping

import (
	"maps"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// maxTags is how many tags a mapping may have.
const maxTags = 50

// Tags answers the tags of the mapping with this ARN (LAM B22). Its error is
// ResourceNotFoundException when there is none.
func (s *Service) Tags(arn string) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.findByARN(arn)
	if err != nil {
		return nil, err
	}
	return maps.Clone(m.Tags), nil
}

// SetTags adds tags to the mapping with this ARN, or changes their values.
func (s *Service) SetTags(arn string, tags map[string]string) error {
	return s.changeTags(arn, func(have map[string]string) { maps.Copy(have, tags) })
}

// RemoveTags takes tags off the mapping with this ARN.
func (s *Service) RemoveTags(arn string, keys []string) error {
	return s.changeTags(arn, func(have map[string]string) {
		for _, k := range keys {
			delete(have, k)
		}
	})
}

func (s *Service) changeTags(arn string, change func(map[string]string)) error {
	s.mu.Lock()
	m, err := s.findByARN(arn)
	if err != nil {
		s.mu.Unlock()
		return err
	}

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
	commit := s.storeRecord(&m.record)
	s.mu.Unlock()
	return waitDurable(commit)
}

// IsMapping reports whether arn is that of an event source mapping, there or
// not.
func IsMapping(arn string) bool {
	a, ok := awsapi.ParseARN(arn)
	return ok && a.Service == "lambda" && strings.HasPrefix(a.Resource, "event-source-mapping:")
}

// findByARN answers the mapping with mu held.
func (s *Service) findByARN(arn string) (*mapping, error) {
	a, _ := awsapi.ParseARN(arn)
	uuid := strings.TrimPrefix(a.Resource, "event-source-mapping:")
	return s.findMapping(&awsapi.Call{Account: a.Account, Region: a.Region}, uuid)
}

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return errParameter.With("The maximum number of tags is %d.", maxTags)
	}
	for _, k := range sortedKeys(tags) {
		if strings.HasPrefix(strings.ToLower(k), "aws:") {
			return errParameter.With("Tag keys must not begin with aws:, as %s does.", k)
		}
	}
	return nil
}
