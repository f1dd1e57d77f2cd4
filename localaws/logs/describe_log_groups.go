package logs

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

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
	limit, err := pageSize(in.Limit, 50)
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

	// Select a page of names, and describe these groups only.
	groups := s.groups[c.Scope()]
	names := slices.Sorted(maps.Keys(groups))
	names = slices.DeleteFunc(names, func(name string) bool { return !in.selects(name) })
	names, next, err := pageOf(names, self, in.NextToken, limit)
	if err != nil {
		return nil, err
	}

	out := &DescribeLogGroupsOutput{LogGroups: make([]LogGroup, 0, len(names)), NextToken: next}
	for _, name := range names {
		d := groups[name].describe()

		// AWS omits the size here, too.
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
