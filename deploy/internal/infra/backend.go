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
	"github.com/reliableq/reliableq/internal/atomicfile"
)

// backendFile is the file in a deployment's folder with the backend settings of the last
// run.
const backendFile = "backend.json"

// chooseBackend uses the backend settings of the last run if none are given, and refuses
// different ones.
func (t *Terraform) chooseBackend() error {
	path := filepath.Join(t.Folder, backendFile)

	// Compare with the settings of the last run, in the same form.
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
		return fmt.Errorf("read backend settings: %w", err)
	}

	// Without settings, use those of the last run. Refuse different ones: the state would
	// then be in two backends.
	switch {
	case len(given) == 0:
		t.Backend = last
		return nil
	case len(last) > 0 && !slices.Equal(given, last):
		return hint.New("the state of this deployment is in another backend: "+strings.Join(last, " "),
			"leave out --backend-config, or move the state by hand and delete "+path)
	}

	t.Backend = given
	if len(last) > 0 {
		return nil
	}

	// A first backend: a state in the folder is pushed to it after init.
	if n, err := CountResources(t.Folder); err != nil || n > 0 {
		t.moveState = err == nil
		return err
	}

	return t.saveBackend()
}

// saveBackend writes the backend settings for the next run.
func (t *Terraform) saveBackend() error {
	body, err := json.Marshal(t.Backend)
	if err == nil {
		err = atomicfile.Write(filepath.Join(t.Folder, backendFile), body)
	}
	if err != nil {
		return hint.With(fmt.Errorf("write backend settings: %w", err), "free some disk space, or use another directory with --state-dir")
	}
	return nil
}

// settings normalizes backend settings, which are KEY=VALUE or the paths of files. It copies the
// files into the deployment's folder, for later runs, and enables use_lockfile unless
// they set it.
func settings(folder string, given []string) ([]string, error) {
	var all []string
	locks := false

	// An argument without an equals sign is a file.
	for _, s := range given {
		if key, _, ok := strings.Cut(s, "="); ok {
			locks = locks || strings.TrimSpace(key) == "use_lockfile"
			all = append(all, s)
			continue
		}

		body, err := os.ReadFile(s)
		if err != nil {
			return nil, hint.With(fmt.Errorf("read backend settings: %w", err), "use --backend-config KEY=VALUE, or a file with such lines")
		}

		locks = locks || strings.Contains(string(body), "use_lockfile")

		// The name has the content's hash, so that a changed file counts as another setting.
		own := filepath.Join(folder, fmt.Sprintf("backend-%x.tfbackend", sha256.Sum256(body)))
		if err := atomicfile.Write(own, body); err != nil {
			return nil, hint.With(fmt.Errorf("write backend settings: %w", err), "free some disk space, or use another directory with --state-dir")
		}

		all = append(all, own)
	}

	if len(all) > 0 && !locks {
		all = append(all, "use_lockfile=true")
	}

	return all, nil
}

// Remote reports whether the state is in a backend, and not only in the folder.
func (t *Terraform) Remote() bool { return len(t.Backend) > 0 }

// cacheState copies the state from the backend to the path of a local one, so that
// outputs can be read without the tool. It does nothing for a local state.
func (t *Terraform) cacheState(ctx context.Context) error {
	if !t.Remote() {
		return nil
	}

	// Also after an interrupt: the copy must match the backend.
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

	if err := atomicfile.Write(t.State(), body); err != nil {
		return hint.With(fmt.Errorf("write a copy of the state: %w", err), "free some disk space, or use another directory with --state-dir")
	}

	return nil
}

// pushState moves a state from the folder to the backend, when a backend is given for
// the first time.
func (t *Terraform) pushState(ctx context.Context) error {
	if !t.moveState {
		return nil
	}
	if err := t.run(ctx, "state", "push", t.State()); err != nil {
		return err
	}
	if err := t.saveBackend(); err != nil {
		return err
	}
	t.moveState = false
	t.Progress.Say("moved the state from %s to the backend; the file is only a copy from now on", t.State())
	return nil
}

// NothingDeployed reports whether there is no resource in the state, no journal and no
// backend: then nothing can be deployed. It does not run the tool.
func NothingDeployed(o Options) (bool, error) {
	if len(o.Backend) > 0 {
		return false, nil
	}

	// Each of these files shows that resources may exist.
	for _, name := range []string{backendFile, erroredName, filepath.Base((&Terraform{Options: o}).journalPath())} {
		if _, err := os.Stat(filepath.Join(o.Folder, name)); err == nil {
			return false, nil
		}
	}

	n, err := CountResources(o.Folder)
	if errors.Is(err, errCutOff) {
		return false, nil
	}

	return err == nil && n == 0, err
}
