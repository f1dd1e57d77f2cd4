package logs

import (
	"context"
	"maps"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// standardClass is the only class of groups here. Other classes allow less to be
// done with their events, so they are refused.
const standardClass = "STANDARD"

// CreateLogGroupInput is the input of CreateLogGroup.
type CreateLogGroupInput struct {
	// LogGroupName has 1 to 512 characters of . - _ / # A-Z a-z 0-9 (LAM E2).
	LogGroupName string `json:"logGroupName"`
	// KMSKeyID is refused: there is no KMS.
	KMSKeyID string `json:"kmsKeyId,omitempty"`
	// Tags are at most 50.
	Tags map[string]string `json:"tags,omitempty"`
	// LogGroupClass is STANDARD or empty; other classes are refused.
	LogGroupClass string `json:"logGroupClass,omitempty"`
	// DeletionProtectionEnabled is refused when true.
	DeletionProtectionEnabled bool `json:"deletionProtectionEnabled,omitempty"`
}

// CreateLogGroup creates an empty group.
func (s *Service) CreateLogGroup(_ context.Context, c *awsapi.Call, in *CreateLogGroupInput) error {
	if err := validateGroupName(in.LogGroupName); err != nil {
		return err
	}
	if err := validateTags(in.Tags); err != nil {
		return err
	}

	// Refuse what would change how the group behaves.
	switch {
	case in.KMSKeyID != "":
		return unsupported("CreateLogGroup", "kmsKeyId")
	case in.LogGroupClass != "" && in.LogGroupClass != standardClass:
		return unsupported("CreateLogGroup", "logGroupClass "+in.LogGroupClass)
	case in.DeletionProtectionEnabled:
		return unsupported("CreateLogGroup", "deletionProtectionEnabled")
	}

	s.mu.Lock()
	if s.groups[c.Scope()][in.LogGroupName] != nil {
		s.mu.Unlock()
		return errExists.With("The specified log group already exists")
	}

	b := s.store.Batch()
	s.createGroup(b, c.Scope(), in.LogGroupName, maps.Clone(in.Tags))
	commit := b.Apply()
	s.mu.Unlock()
	return commit.Wait()
}
