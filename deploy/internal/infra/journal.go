package infra

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// journalSize is the disk space, in bytes, that is allocated for the journal before a
// run begins: it can then be written when the disk becomes full. A deployment needs
// about 5 KB.
const journalSize = 64 << 10

// entry is one line of the journal.
type entry struct {
	// Address and Type are the resource's.
	Address string `json:"address"`
	Type    string `json:"type,omitempty"`
	// ID is the provider's id of a resource that was created; it is empty for one that
	// is only planned.
	ID string `json:"id,omitempty"`
}

// journal is a write-ahead log: it records what a run is about to create, and what it has
// created. The file remains when the run is interrupted. The next run reads from it which
// resources belong to this deployment although they are not in the state. A nil journal
// records nothing.
type journal struct {
	f   *os.File
	at  int64 // offset of the next line
	err error // the first error
}

func (t *Terraform) journalPath() string { return filepath.Join(t.Folder, "journal") }

// openJournal opens the journal at path, allocates its space, and appends to the lines of
// earlier runs.
func openJournal(path string) (*journal, error) {
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the journal: %w", err)
	}

	// Continue after the lines of earlier runs. The newlines at the end are space that an
	// earlier run allocated.
	before = bytes.TrimRight(before, "\n")
	if len(before) > 0 {
		before = append(before, '\n')
	}

	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		// Allocate space with newlines, which readers skip.
		space := bytes.Repeat([]byte{'\n'}, journalSize)
		if _, err = f.WriteAt(space, int64(len(before))); err == nil {
			err = f.Sync()
		}
	}

	if err != nil {
		return nil, hint.With(fmt.Errorf("write the journal: %w", err), "free some disk space, or use another directory with --state-dir")
	}

	return &journal{f: f, at: int64(len(before))}, nil
}

// addPlanned records a planned creation.
func (j *journal) addPlanned(c Change) {
	if c.Action == "create" || c.Action == "replace" {
		j.write(entry{Address: c.Resource.Addr, Type: c.Resource.Type})
	}
}

// addCreated records that a resource was created.
func (j *journal) addCreated(h Hook) {
	if h.Action == "create" && h.IDValue != "" {
		j.write(entry{
			Address: h.Resource.Addr,
			Type:    h.Resource.Type,
			ID:      h.IDValue,
		})
	}
}

func (j *journal) write(e entry) {
	if j == nil || j.err != nil {
		return
	}
	line, err := json.Marshal(e)
	if err == nil {
		line = append(line, '\n')
		_, err = j.f.WriteAt(line, j.at)
	}
	j.at += int64(len(line))
	j.err = err
}

// close closes the journal, and removes it when the run is complete.
func (j *journal) close(complete bool) error {
	err := errors.Join(j.err, j.f.Close())
	if complete {
		return errors.Join(err, os.Remove(j.f.Name()))
	}
	return err
}

// readJournal returns what interrupted runs were about to create, by address. Those that
// they are known to have created have an id.
func readJournal(path string) (map[string]entry, error) {
	body, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}

	entries := map[string]entry{}

	// A later line about a resource replaces an earlier one.
	for line := range bytes.Lines(body) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			continue // the run was killed while it wrote this line
		}
		entries[e.Address] = e
	}

	return entries, nil
}
