package infra

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/internal/wholefile"
)

// backendFile keeps the backend's settings of the last run in a deployment's
// folder.
const backendFile = "backend.json"

// chooseBackend takes the backend's settings of the last run, where none are given,
// and refuses others than those.
func (t *Terraform) chooseBackend() error {
	path := filepath.Join(t.Folder, backendFile)
	given, err := settings(t.Folder, t.Backend)
	if err != nil {
		return err
	}

	var last []string
	body, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(body, &last)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the backend's settings: %w", err)
	}

	switch {
	case len(given) == 0:
		t.Backend = last
		return nil
	case len(last) > 0 && !slices.Equal(given, last):
		return hint.New("the state of this deployment lies in another backend: "+strings.Join(last, " "),
			"leave --backend-config out, or move the state by hand and remove "+path)
	}
	t.Backend = given
	if len(last) > 0 {
		return nil
	}
	if n, err := Resources(t.Folder); err != nil || n > 0 {
		t.moveState = err == nil
		return err
	}
	return t.keepBackend()
}

// keepBackend notes the backend's settings for the next run.
func (t *Terraform) keepBackend() error {
	body, err := json.Marshal(t.Backend)
	if err == nil {
		err = wholefile.Write(filepath.Join(t.Folder, backendFile), body)
	}
	if err != nil {
		return hint.With(fmt.Errorf("keep the backend's settings: %w", err), "free some disk space, or choose another folder with --state-dir")
	}
	return nil
}

// settings are the backend's settings as KEY=VALUE; files are copied into the
// deployment's folder, so that later runs have them. Without use_lockfile in them,
// it is switched on.
func settings(folder string, given []string) ([]string, error) {
	var all []string
	locks := false
	for _, s := range given {
		if key, _, ok := strings.Cut(s, "="); ok {
			locks = locks || strings.TrimSpace(key) == "use_lockfile"
			all = append(all, s)
			continue
		}
		body, err := os.ReadFile(s)
		if err != nil {
			return nil, hint.With(fmt.Errorf("read the backend's settings: %w", err), "give --backend-config KEY=VALUE, or a file with such lines")
		}
		locks = locks || strings.Contains(string(body), "use_lockfile")
		own := filepath.Join(folder, fmt.Sprintf("backend-%x.tfbackend", sha256.Sum256(body)))
		if err := wholefile.Write(own, body); err != nil {
			return nil, hint.With(fmt.Errorf("keep the backend's settings: %w", err), "free some disk space, or choose another folder with --state-dir")
		}
		all = append(all, own)
	}
	if len(all) > 0 && !locks {
		all = append(all, "use_lockfile=true")
	}
	return all, nil
}

// Remote reports whether the state lies in a backend, and not in the folder alone.
func (t *Terraform) Remote() bool { return len(t.Backend) > 0 }

// cacheState copies the state from the backend to where a local one would lie:
// readers of outputs need no tool then. It does nothing for a local state.
func (t *Terraform) cacheState(ctx context.Context) error {
	if !t.Remote() {
		return nil
	}
	body, err := t.output(context.WithoutCancel(ctx), "state", "pull")
	if err != nil {
		return err
	}
	if len(strings.TrimSpace(string(body))) == 0 {
		err := os.Remove(t.State())
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	if err := wholefile.Write(t.State(), body); err != nil {
		return hint.With(fmt.Errorf("keep a copy of the state: %w", err), "free some disk space, or choose another folder with --state-dir")
	}
	return nil
}

// pushState moves a state that lies in the folder into the backend that was named
// for the first time.
func (t *Terraform) pushState(ctx context.Context) error {
	if !t.moveState {
		return nil
	}
	if err := t.run(ctx, "state", "push", t.State()); err != nil {
		return err
	}
	if err := t.keepBackend(); err != nil {
		return err
	}
	t.moveState = false
	t.Progress.Say("moved the state from %s to the backend; the file is a copy from now on", t.State())
	return nil
}

// NothingDeployed reports whether there is no resource in the state, no journal and
// no backend: then nothing can be deployed. It needs no tool.
func NothingDeployed(o Options) (bool, error) {
	if len(o.Backend) > 0 {
		return false, nil
	}
	for _, name := range []string{backendFile, erroredName, filepath.Base((&Terraform{Options: o}).journalPath())} {
		if _, err := os.Stat(filepath.Join(o.Folder, name)); err == nil {
			return false, nil
		}
	}
	n, err := Resources(o.Folder)
	if errors.Is(err, errCutOff) {
		return false, nil
	}
	return err == nil && n == 0, err
}
