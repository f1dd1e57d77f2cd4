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

// stateFile is as much of the state format, version 4, as is needed here.
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

type stateInstance struct {
	Key        any            `json:"index_key"`
	Attributes map[string]any `json:"attributes"`
}

// damagedState is what to do about a state that was cut off, as by a full disk.
const damagedState = "run reliableq up: it restores the state, or says from where to restore it"

// errCutOff means that a state file does not hold a whole state.
var errCutOff = errors.New("the state is cut off")

func readState(path string) (stateFile, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return stateFile{}, fmt.Errorf("read the state: %w", err)
	}
	var s stateFile
	if err := json.Unmarshal(body, &s); err != nil {
		return stateFile{}, hint.With(fmt.Errorf("read the state %s: %w: %w", path, errCutOff, err), damagedState)
	}
	if s.Version != 4 {
		return stateFile{}, fmt.Errorf("read the state %s: format %d is not known", path, s.Version)
	}
	return s, nil
}

// ErrNothingDeployed means that a deployment's state is empty or not there.
var ErrNothingDeployed = errors.New("nothing is deployed")

// Outputs reads the root module's outputs from the state in a deployment's
// folder. It needs no tool. Sensitive ones are masked.
func Outputs(folder string) (map[string]json.RawMessage, error) {
	s, err := readState(filepath.Join(folder, stateName))
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(s.Resources) == 0 {
		return nil, ErrNothingDeployed
	}
	if err != nil {
		return nil, err
	}
	out := make(map[string]json.RawMessage, len(s.Outputs))
	for name, o := range s.Outputs {
		if o.Sensitive {
			o.Value = json.RawMessage(`"(sensitive)"`)
		}
		out[name] = o.Value
	}
	return out, nil
}

// Resources counts what a deployment's state holds, data sources left out.
func Resources(folder string) (int, error) {
	s, err := readState(filepath.Join(folder, stateName))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	n := 0
	for _, r := range s.Resources {
		if r.Mode == "managed" {
			n += len(r.Instances)
		}
	}
	return n, err
}

// Listed names what a deployment's state holds, a line for each type of resource,
// data sources left out.
func Listed(folder string) ([]string, error) {
	s, err := readState(filepath.Join(folder, stateName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}

	names := map[string][]string{}
	for _, r := range s.Resources {
		for _, i := range r.Instances {
			if r.Mode == "managed" {
				names[r.Type] = append(names[r.Type], i.name(r))
			}
		}
	}
	var lines []string
	for _, kind := range slices.Sorted(maps.Keys(names)) {
		slices.Sort(names[kind])
		lines = append(lines, fmt.Sprintf("%s (%d): %s", kind, len(names[kind]), strings.Join(names[kind], ", ")))
	}
	return lines, nil
}

// name is the instance's name at the target, or in the configuration where it has
// none there.
func (i stateInstance) name(r stateResource) string {
	for _, attribute := range append(slices.Clone(naming), "queue_url") {
		if name, ok := i.Attributes[attribute].(string); ok && name != "" {
			return name
		}
	}
	return strings.TrimPrefix(r.Module+"."+r.Name, ".")
}

// OwnerTag is the tag by which the root module marks what a state owns: its value is
// the id of the state's terraform_data.owner.
const OwnerTag = "terraform-state-id"

// Held is a resource that a deployment's state holds.
type Held struct {
	// Address names it in the configuration.
	Address string
	// Type is its type.
	Type string
	// Attributes are those that the state has of it.
	Attributes map[string]any
}

// Holdings returns what a deployment's state holds, data sources left out, and the
// value of OwnerTag that marks it; empty where the state was made before there was
// that tag.
func Holdings(folder string) (all []Held, owner string, err error) {
	s, err := readState(filepath.Join(folder, stateName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	for _, r := range s.Resources {
		for _, i := range r.Instances {
			if r.Mode != "managed" {
				continue
			}
			if r.Module == "" && r.Type == "terraform_data" && r.Name == "owner" {
				owner, _ = i.Attributes["id"].(string)
			}
			all = append(all, Held{Address: i.address(r), Type: r.Type, Attributes: i.Attributes})
		}
	}
	return all, owner, nil
}

// address is how the command line names an instance.
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
