package logs

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
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
func (s *Service) CreateLogGroup(_ context.Context, c *awsapi.Call, in *CreateLogGroupInput) (*awsapi.None, error) {
	if err := validateGroupName(in.LogGroupName); err != nil {
		return nil, err
	}
	if err := validateTags(in.Tags); err != nil {
		return nil, err
	}

	switch {
	case in.KMSKeyID != "":
		return nil, unsupported("CreateLogGroup", "kmsKeyId")
	case in.LogGroupClass != "" && in.LogGroupClass != standardClass:
		return nil, unsupported("CreateLogGroup", "logGroupClass "+in.LogGroupClass)
	case in.DeletionProtectionEnabled:
		return nil, unsupported("CreateLogGroup", "deletionProtectionEnabled")
	}

	s.mu.Lock()
	if s.groups[scopeOf(c)][in.LogGroupName] != nil {
		s.mu.Unlock()
		return nil, errExists.With("The specified log group already exists")
	}

	b := s.store.Batch()
	s.createGroup(b, scopeOf(c), in.LogGroupName, maps.Clone(in.Tags))
	commit := b.Apply()
	s.mu.Unlock()
	return &awsapi.None{}, commit.Wait()
}

// createGroup creates a group. The caller holds mu.
func (s *Service) createGroup(b *store.Batch, at scope, name string, tags map[string]string) *group {
	g := &group{
		scope:   at,
		name:    name,
		created: s.now(),
		tags:    tags,
		streams: map[string]*stream{},
	}
	s.addGroup(g)
	s.saveGroup(b, g)
	return g
}

// addGroup adds a group to its scope. The caller holds mu.
func (s *Service) addGroup(g *group) {
	if s.groups[g.scope] == nil {
		s.groups[g.scope] = map[string]*group{}
	}
	s.groups[g.scope][g.name] = g
}

// DeleteLogGroupInput is the input of DeleteLogGroup.
type DeleteLogGroupInput struct {
	// LogGroupName is the group's name.
	LogGroupName string `json:"logGroupName"`
}

// DeleteLogGroup deletes a group and all its events.
func (s *Service) DeleteLogGroup(_ context.Context, c *awsapi.Call, in *DeleteLogGroupInput) (*awsapi.None, error) {
	return s.changeGroup(c, in.LogGroupName, func(b *store.Batch, g *group) error {
		s.deleteGroup(b, g)
		return nil
	})
}

// deleteGroup deletes a group and all that it has. The caller holds mu.
func (s *Service) deleteGroup(b *store.Batch, g *group) {
	delete(s.groups[g.scope], g.name)
	s.memory -= g.memory
	if g.expiry != nil {
		g.expiry.Stop()
	}

	for _, f := range g.filters {
		f.stop()
	}

	for _, st := range g.streams {
		s.deleteSavedStream(b, st)
	}

	s.deleteSavedGroup(b, g)
}

// changeGroup runs f on a group under the lock, and waits until what f added to the
// batch is durable.
func (s *Service) changeGroup(c *awsapi.Call, name string, f func(b *store.Batch, g *group) error) (*awsapi.None, error) {
	if err := validateGroupName(name); err != nil {
		return nil, err
	}
	commit, err := s.changeGroupLocked(scopeOf(c), name, f)
	if err != nil {
		return nil, err
	}
	return &awsapi.None{}, commit.Wait()
}

// changeGroupLocked is changeGroup without the wait, which must not happen under
// the lock.
func (s *Service) changeGroupLocked(at scope, name string, f func(b *store.Batch, g *group) error) (store.Commit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.findGroup(at, name)
	if err != nil {
		return store.Commit{}, err
	}
	b := s.store.Batch()
	if err := f(b, g); err != nil {
		return store.Commit{}, err
	}
	return b.Apply(), nil
}

// DescribeLogGroupsInput is the input of DescribeLogGroups.
type DescribeLogGroupsInput struct {
	// LogGroupNamePrefix selects groups by the prefix of their names.
	LogGroupNamePrefix string `json:"logGroupNamePrefix,omitempty"`
	// LogGroupNamePattern selects groups whose names contain it, in any case. It
	// cannot be used with the prefix (LAM E3).
	LogGroupNamePattern string `json:"logGroupNamePattern,omitempty"`
	// LogGroupIdentifiers selects groups by name or ARN.
	LogGroupIdentifiers []string `json:"logGroupIdentifiers,omitempty"`
	// LogGroupClass selects groups by class. All are STANDARD.
	LogGroupClass string `json:"logGroupClass,omitempty"`
	// Limit is the size of a page, 1 to 50; absent means 50.
	Limit *int `json:"limit,omitempty"`
	// NextToken is the token of the page to return.
	NextToken string `json:"nextToken,omitempty"`
	// AccountIdentifiers is refused: there is no monitoring across accounts.
	AccountIdentifiers []string `json:"accountIdentifiers,omitempty"`
	// IncludeLinkedAccounts is refused when true.
	IncludeLinkedAccounts bool `json:"includeLinkedAccounts,omitempty"`
}

// DescribeLogGroupsOutput is the output of DescribeLogGroups.
type DescribeLogGroupsOutput struct {
	// LogGroups are sorted by name.
	LogGroups []LogGroup `json:"logGroups"`
	// NextToken is empty on the last page.
	NextToken string `json:"nextToken,omitempty"`
}

// LogGroup is the description of a group (LAM E3).
type LogGroup struct {
	// LogGroupName is the name.
	LogGroupName string `json:"logGroupName"`
	// CreationTime is epoch milliseconds.
	CreationTime int64 `json:"creationTime"`
	// RetentionInDays is absent if events are retained forever.
	RetentionInDays int `json:"retentionInDays,omitempty"`
	// MetricFilterCount is the number of metric filters.
	MetricFilterCount int `json:"metricFilterCount"`
	// ARN ends with ":*".
	ARN string `json:"arn"`
	// StoredBytes is the size of the events; absent if groups were selected by
	// pattern.
	StoredBytes *int64 `json:"storedBytes,omitempty"`
	// LogGroupClass is STANDARD.
	LogGroupClass string `json:"logGroupClass"`
	// LogGroupARN does not end with ":*".
	LogGroupARN string `json:"logGroupArn"`
	// DeletionProtectionEnabled is false.
	DeletionProtectionEnabled bool `json:"deletionProtectionEnabled"`
}

// DescribeLogGroups lists groups by name.
func (s *Service) DescribeLogGroups(_ context.Context, c *awsapi.Call, in *DescribeLogGroupsInput) (*DescribeLogGroupsOutput, error) {
	limit, err := pageSize(in.Limit, 50, 50)
	switch {
	case err != nil:
		return nil, err
	case in.LogGroupNamePrefix != "" && in.LogGroupNamePattern != "":
		return nil, errInvalidParameter.With("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	case in.IncludeLinkedAccounts:
		return nil, unsupported("DescribeLogGroups", "includeLinkedAccounts")
	case len(in.AccountIdentifiers) > 0:
		return nil, unsupported("DescribeLogGroups", "accountIdentifiers")
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	groups := s.groups[scopeOf(c)]
	names := slices.Sorted(maps.Keys(groups))
	names = slices.DeleteFunc(names, func(name string) bool { return !in.selects(name) })
	from, to, next, err := page(names, in.NextToken, limit)
	if err != nil {
		return nil, err
	}

	out := &DescribeLogGroupsOutput{LogGroups: make([]LogGroup, 0, to-from), NextToken: next}
	for _, name := range names[from:to] {
		d := groups[name].describe()
		if in.LogGroupNamePattern != "" {
			d.StoredBytes = nil
		}
		out.LogGroups = append(out.LogGroups, d)
	}

	return out, nil
}

// selects reports whether the group matches the request's filters.
func (in *DescribeLogGroupsInput) selects(name string) bool {
	if in.LogGroupClass != "" && in.LogGroupClass != standardClass {
		return false
	}
	if len(in.LogGroupIdentifiers) > 0 &&
		!slices.ContainsFunc(in.LogGroupIdentifiers, func(id string) bool { return groupNameOf(id) == name }) {
		return false
	}
	return strings.HasPrefix(name, in.LogGroupNamePrefix) &&
		strings.Contains(strings.ToLower(name), strings.ToLower(in.LogGroupNamePattern))
}

// describe returns the group's description.
func (g *group) describe() LogGroup {
	bytes := g.size
	return LogGroup{
		LogGroupName:      g.name,
		CreationTime:      g.created,
		RetentionInDays:   g.retention,
		MetricFilterCount: len(g.filters),
		ARN:               g.arn() + ":*",
		StoredBytes:       &bytes,
		LogGroupClass:     standardClass,
		LogGroupARN:       g.arn(),
	}
}
