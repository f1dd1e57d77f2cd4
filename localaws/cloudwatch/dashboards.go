package cloudwatch

import (
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// dashboard is a dashboard. It belongs to an account, not to a region.
type dashboard struct {
	name    string
	body    string
	changed time.Time
	tags    []awsapi.Tag
}

// dashboardName is the form of a dashboard's name, apart from its length.
var dashboardName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func dashboardARN(account, name string) string {
	return awsapi.Scope{Account: account}.ARN("cloudwatch", "dashboard/"+name)
}

// PutDashboardInput is the input of PutDashboard.
type PutDashboardInput struct {
	// DashboardName is 1 to 255 of A-Z a-z 0-9 - _.
	DashboardName string `json:"DashboardName"`
	// DashboardBody is a JSON object. It is stored unchanged.
	DashboardBody string `json:"DashboardBody"`
	// Tags are ignored if the dashboard exists.
	Tags []awsapi.Tag `json:"Tags,omitempty"`
}

// PutDashboardOutput is the output of PutDashboard.
type PutDashboardOutput struct {
	// DashboardValidationMessages is always empty: widgets are not checked.
	DashboardValidationMessages []struct{} `json:"DashboardValidationMessages"`
}

// PutDashboard creates or replaces a dashboard. An existing dashboard preserves its
// tags.
func (s *Service) PutDashboard(_ context.Context, c *awsapi.Call, in *PutDashboardInput) (*PutDashboardOutput, error) {
	switch {
	case in.DashboardName == "":
		return nil, missingParameter("DashboardName")
	case len(in.DashboardName) > 255 || !dashboardName.MatchString(in.DashboardName):
		return nil, errInvalidDashboard.With("The value %s for field DashboardName contains invalid characters. "+
			"It can only contain alphanumerics, dash (-) and underscore (_).", in.DashboardName)
	case in.DashboardBody == "":
		return nil, missingParameter("DashboardBody")
	}

	// Widgets are not checked, as long as the body is a JSON object.
	var body map[string]json.RawMessage
	if err := json.Unmarshal([]byte(in.DashboardBody), &body); err != nil {
		return nil, errInvalidDashboard.With("The field DashboardBody must be a valid JSON object")
	}
	if err := validateTags(in.Tags); err != nil {
		return nil, err
	}

	s.mu.Lock()
	all := s.dashboards[c.Account]
	if all == nil {
		all = map[string]*dashboard{}
		s.dashboards[c.Account] = all
	}

	d := &dashboard{
		name:    in.DashboardName,
		body:    in.DashboardBody,
		changed: s.clock.Now(),
		tags:    in.Tags,
	}
	if old := all[d.name]; old != nil {
		d.tags = old.tags
	}

	all[d.name] = d
	b := s.store.Batch()
	s.saveDashboard(b, c.Account, d)
	commit := b.Apply()
	s.mu.Unlock()
	return &PutDashboardOutput{DashboardValidationMessages: []struct{}{}}, commit.Wait()
}

// GetDashboardInput is the input of GetDashboard.
type GetDashboardInput struct {
	// DashboardName is the dashboard's name.
	DashboardName string `json:"DashboardName"`
}

// GetDashboardOutput is the output of GetDashboard.
type GetDashboardOutput struct {
	// DashboardARN has no region.
	DashboardARN string `json:"DashboardArn"`
	// DashboardBody is the body as it was put.
	DashboardBody string `json:"DashboardBody"`
	// DashboardName is the name.
	DashboardName string `json:"DashboardName"`
}

// dashboardNotFound returns the error for a dashboard that does not exist.
func dashboardNotFound(name string) error {
	return errDashboardNotFound.With("Dashboard %s does not exist", name)
}

// GetDashboard returns a dashboard.
func (s *Service) GetDashboard(_ context.Context, c *awsapi.Call, in *GetDashboardInput) (*GetDashboardOutput, error) {
	if in.DashboardName == "" {
		return nil, missingParameter("DashboardName")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.dashboards[c.Account][in.DashboardName]
	if d == nil {
		return nil, dashboardNotFound(in.DashboardName)
	}
	return &GetDashboardOutput{
		DashboardARN:  dashboardARN(c.Account, d.name),
		DashboardBody: d.body,
		DashboardName: d.name,
	}, nil
}

// ListDashboardsInput is the input of ListDashboards.
type ListDashboardsInput struct {
	// DashboardNamePrefix selects dashboards by the prefix of their names.
	DashboardNamePrefix string `json:"DashboardNamePrefix,omitempty"`
	// NextToken is the token of the page to return.
	NextToken string `json:"NextToken,omitempty"`
}

// ListDashboardsOutput is the output of ListDashboards.
type ListDashboardsOutput struct {
	// DashboardEntries has up to 1000 dashboards, sorted by name.
	DashboardEntries []DashboardEntry `json:"DashboardEntries"`
	// NextToken is empty on the last page.
	NextToken string `json:"NextToken,omitempty"`
}

// DashboardEntry describes a dashboard.
type DashboardEntry struct {
	// DashboardName is the name.
	DashboardName string `json:"DashboardName"`
	// DashboardARN has no region.
	DashboardARN string `json:"DashboardArn"`
	// LastModified is when it was last put.
	LastModified awsapi.Timestamp `json:"LastModified"`
	// Size is the size of the body in bytes.
	Size int64 `json:"Size"`
}

// ListDashboards lists dashboards by name.
func (s *Service) ListDashboards(_ context.Context, c *awsapi.Call, in *ListDashboardsInput) (*ListDashboardsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	all := s.dashboards[c.Account]
	names := slices.Sorted(maps.Keys(all))
	names = slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, in.DashboardNamePrefix) })
	names, next, err := pageOf(names, self, in.NextToken, 1000)
	if err != nil {
		return nil, err
	}

	out := &ListDashboardsOutput{DashboardEntries: []DashboardEntry{}, NextToken: next}
	for _, name := range names {
		d := all[name]
		out.DashboardEntries = append(out.DashboardEntries, DashboardEntry{
			DashboardName: name,
			DashboardARN:  dashboardARN(c.Account, name),
			LastModified:  awsapi.Timestamp(d.changed),
			Size:          int64(len(d.body)),
		})
	}

	return out, nil
}

// DeleteDashboardsInput is the input of DeleteDashboards.
type DeleteDashboardsInput struct {
	// DashboardNames are the dashboards to delete. If one does not exist, none is
	// deleted.
	DashboardNames []string `json:"DashboardNames"`
}

// DeleteDashboards deletes dashboards.
func (s *Service) DeleteDashboards(_ context.Context, c *awsapi.Call, in *DeleteDashboardsInput) (*awsapi.None, error) {
	if len(in.DashboardNames) == 0 {
		return nil, missingParameter("DashboardNames")
	}

	s.mu.Lock()
	all := s.dashboards[c.Account]

	// Delete all or none.
	for _, name := range in.DashboardNames {
		if all[name] == nil {
			s.mu.Unlock()
			return nil, dashboardNotFound(name)
		}
	}

	b := s.store.Batch()
	for _, name := range in.DashboardNames {
		delete(all, name)
		b.Delete(dashboardTable, dashboardKey(c.Account, name))
	}

	commit := b.Apply()
	s.mu.Unlock()
	return &awsapi.None{}, commit.Wait()
}
