package infra

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// stateFile is the part of Terraform's state format, version 4, that is read here.
type stateFile struct {
	Version   int               `json:"version"`
	Lineage   string            `json:"lineage"`
	Serial    int64             `json:"serial"`
	Outputs   map[string]Output `json:"outputs"`
	Resources []stateResource   `json:"resources"`
}

type stateResource struct {
	Module    string          `json:"module"`
	Mode      string          `json:"mode"`
	Type      string          `json:"type"`
	Name      string          `json:"name"`
	Instances []stateInstance `json:"instances"`
}

// managed reports whether the resource is one that Terraform creates: not a data source.
func (r stateResource) managed() bool { return r.Mode == "managed" }

type stateInstance struct {
	Key        any        `json:"index_key"` // a string, a float64, or nil
	Status     string     `json:"status"`    // "tainted", or empty
	Deposed    string     `json:"deposed"`   // the key of an old object that is still to be deleted
	Attributes Attributes `json:"attributes"`
}

// Attributes are the attributes of a resource that are read here, from a state or a
// plan. A field is empty where the resource has no such attribute, or where a plan
// does not know it yet.
type Attributes struct {
	// ID is the provider's id.
	ID string
	// Name, FunctionName, AlarmName and DashboardName are names at the target; a
	// resource has one of them.
	Name, FunctionName, AlarmName, DashboardName string
	// QueueURL is the queue that a policy belongs to.
	QueueURL string
	// EventSourceARN is the source of an event source mapping.
	EventSourceARN string
	// Tags are the tags, with those of the provider's configuration.
	Tags map[string]string
}

// UnmarshalJSON reads the attributes of a resource of any type. An attribute that has
// another JSON type than the field counts as missing.
func (a *Attributes) UnmarshalJSON(body []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(body, &all); err != nil {
		return err
	}

	*a = Attributes{}

	// Unknown values are missing in a plan; other types have other meanings.
	for name, field := range map[string]*string{
		"id":               &a.ID,
		"name":             &a.Name,
		"function_name":    &a.FunctionName,
		"alarm_name":       &a.AlarmName,
		"dashboard_name":   &a.DashboardName,
		"queue_url":        &a.QueueURL,
		"event_source_arn": &a.EventSourceARN,
	} {
		var value string
		if json.Unmarshal(all[name], &value) == nil {
			*field = value
		}
	}

	var tags map[string]string
	if json.Unmarshal(all["tags_all"], &tags) == nil {
		a.Tags = tags
	}

	return nil
}

// names returns the attributes that hold a resource's name at the target.
func (a Attributes) names() []string {
	return []string{a.FunctionName, a.AlarmName, a.DashboardName, a.Name}
}

// damagedState is what to do about a state that is truncated, for example by a full disk.
const damagedState = "run reliableq up: it restores the state, or reports what to restore it from"

// errCutOff means that a state file does not hold a whole state.
var errCutOff = errors.New("the file is cut off")

func readState(path string) (stateFile, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return stateFile{}, fmt.Errorf("read state: %w", err)
	}

	var s stateFile
	if err := json.Unmarshal(body, &s); err != nil {
		return stateFile{}, hint.With(fmt.Errorf("read state %s: %w: %w", path, errCutOff, err), damagedState)
	}
	if s.Version != 4 {
		return stateFile{}, fmt.Errorf("read state %s: unknown format %d", path, s.Version)
	}

	return s, nil
}

// ErrNothingDeployed means that a deployment's state is empty or missing.
var ErrNothingDeployed = errors.New("nothing is deployed")

// Outputs reads the root module's outputs from the state in a deployment's folder,
// without running the tool. The values of sensitive outputs are replaced.
func Outputs(folder string) (map[string]json.RawMessage, error) {
	s, err := readState(filepath.Join(folder, stateName))
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(s.Resources) == 0 {
		return nil, ErrNothingDeployed
	}
	if err != nil {
		return nil, err
	}

	// Sensitive values stay in the state.
	out := make(map[string]json.RawMessage, len(s.Outputs))
	for name, o := range s.Outputs {
		if o.Sensitive {
			o.Value = json.RawMessage(`"(sensitive)"`)
		}
		out[name] = o.Value
	}

	return out, nil
}

// CountResources returns the number of resources in a deployment's state, without data
// sources.
func CountResources(folder string) (int, error) {
	s, err := readState(filepath.Join(folder, stateName))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}

	n := 0
	for _, r := range s.Resources {
		if r.managed() {
			n += len(r.Instances)
		}
	}
	return n, err
}

// DescribeResources returns a line for each type of managed resource in a deployment's
// state, with the number and the names of its resources.
func DescribeResources(folder string) ([]string, error) {
	s, err := readState(filepath.Join(folder, stateName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}

	// Group the names by type.
	names := map[string][]string{}
	for _, r := range s.Resources {
		if !r.managed() {
			continue
		}
		for _, i := range r.Instances {
			names[r.Type] = append(names[r.Type], i.name(r))
		}
	}

	var lines []string
	for _, kind := range slices.Sorted(maps.Keys(names)) {
		slices.Sort(names[kind])
		lines = append(lines, fmt.Sprintf("%s (%d): %s", kind, len(names[kind]), strings.Join(names[kind], ", ")))
	}

	return lines, nil
}

// name returns the name that the instance has at the target, such as a queue's name. An
// instance without one returns its name in the configuration.
func (i stateInstance) name(r stateResource) string {
	for _, name := range append(i.Attributes.names(), i.Attributes.QueueURL) {
		if name != "" {
			return name
		}
	}
	return strings.TrimPrefix(r.Module+"."+r.Name, ".")
}

// OwnerTag is the tag by which the root module marks what a state owns. Its value is
// the id of the state's terraform_data.owner.
const OwnerTag = "terraform-state-id"

// ManagedResource is a resource in a deployment's state that Terraform has created: not a
// data source.
type ManagedResource struct {
	// Address names it in the configuration.
	Address string
	// Type is its type.
	Type string
	// Attributes are its attributes in the state.
	Attributes Attributes
}

// ManagedResources returns the managed resources in a deployment's state, and the value of
// OwnerTag that marks them. The value is empty in a state that was written before that
// tag existed.
func ManagedResources(folder string) (all []ManagedResource, owner string, err error) {
	s, err := readState(filepath.Join(folder, stateName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}

	for _, r := range s.Resources {
		if !r.managed() {
			continue
		}

		for _, i := range r.Instances {
			// The root module's owner is a resource of the state itself.
			if r.Module == "" && r.Type == "terraform_data" && r.Name == "owner" {
				owner = i.Attributes.ID
			}
			all = append(all, ManagedResource{
				Address:    i.address(r),
				Type:       r.Type,
				Attributes: i.Attributes,
			})
		}
	}

	return all, owner, nil
}

// address returns the instance's name on the tool's command line.
func (i stateInstance) address(r stateResource) string {
	name := strings.TrimPrefix(r.Module+"."+r.Type+"."+r.Name, ".")
	switch key := i.Key.(type) {
	case string:
		return name + "[" + quoteHCL(key) + "]"
	case float64:
		return fmt.Sprintf("%s[%d]", name, int(key))
	}
	return name
}
