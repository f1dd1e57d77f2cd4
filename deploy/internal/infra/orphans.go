package infra

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// Existing is a resource at the target that has the name of one that a plan creates.
type Existing struct {
	// Address and Type are the planned resource's.
	Address, Type string
	// Name is its name at the target.
	Name string
	// ID is the provider's id of it, as for terraform import.
	ID string
	// Tags are its tags at the target; nil where it has none.
	Tags map[string]string
	// WantTags are the tags that the plan gives it.
	WantTags map[string]string
}

// sameTags reports whether it has every tag that the plan gives it.
func (e Existing) sameTags() bool {
	for key, value := range e.WantTags {
		if e.Tags[key] != value {
			return false
		}
	}
	return true
}

// Interrupted reports whether a run of this deployment was interrupted: there may be
// resources that are not in the state.
func (t *Terraform) Interrupted() (bool, error) {
	intended, err := readJournal(t.journalPath())
	return len(intended) > 0, err
}

// Ours splits existing resources into those that an interrupted run of this deployment
// created, and those that belong to others. A resource is ours when it is in the journal and has the planned tags: a
// run adds to the journal only after it has checked that the name is free.
func (t *Terraform) Ours(existing []Existing) (ours, foreign []Existing, err error) {
	intended, err := readJournal(t.journalPath())
	if err != nil {
		return nil, nil, err
	}
	for _, e := range existing {
		// An id in the journal must match too: after a crash, others may have created the name.
		if entry, ok := intended[e.Address]; ok && e.sameTags() && (entry.ID == "" || entry.ID == e.ID) {
			ours = append(ours, e)
			continue
		}
		foreign = append(foreign, e)
	}
	return ours, foreign, nil
}

// Import makes later plans import resources.
func (t *Terraform) Import(existing []Existing) error {
	var b strings.Builder
	for _, e := range existing {
		fmt.Fprintf(&b, "import {\n  to = %s\n  id = %s\n}\n\n", e.Address, quoteHCL(e.ID))
		t.Progress.Say("%s was created by an interrupted run: importing %s", e.Address, e.ID)
	}

	// Append: earlier imports of this run must stay in the configuration.
	f, err := os.OpenFile(filepath.Join(t.root, importsName), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(b.String())
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}

	if err != nil {
		return hint.With(fmt.Errorf("write the import blocks: %w", err), "free some disk space")
	}

	for _, e := range existing {
		t.targets = append(t.targets, e.Address)
	}

	return nil
}
