package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/filelock"
	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// Info describes a running embedded AWS.
type Info struct {
	// PID is the serving process.
	PID int `json:"pid"`
	// Process distinguishes the serving process from later ones with the same id;
	// Announce sets it.
	Process string `json:"process,omitempty"`
	// URL is the endpoint, for AWS_ENDPOINT_URL.
	URL string `json:"url"`
	// AccessKeyID is the operator's access key.
	AccessKeyID string `json:"access_key_id"`
	// SecretAccessKey is the operator's secret.
	SecretAccessKey string `json:"secret_access_key"`
	// ControlToken authorizes requests to the control API.
	ControlToken string `json:"control_token"`
	// Account is the account that the operator's credentials belong to.
	Account string `json:"account"`
	// Region is the region served by default.
	Region string `json:"region"`
	// Clock is how service time passes: real or skip.
	Clock string `json:"clock"`
	// DataDir is the directory of the state; empty means in memory.
	DataDir string `json:"data_dir,omitempty"`
	// NoAuth means that requests need no signature and no permission.
	NoAuth bool `json:"no_auth,omitempty"`
	// Isolation is how functions are isolated from the machine: "own user",
	// "user namespace", "own user, shared files" or "shared".
	Isolation string `json:"isolation,omitempty"`
	// Version is the command's.
	Version string `json:"version"`
	// Started is when it began to serve, by the machine's clock.
	Started time.Time `json:"started"`
}

// ErrNotRunning means that no embedded AWS serves this state directory.
var ErrNotRunning = errors.New("no embedded AWS is running")

// RunningError means that another process already serves this state directory.
type RunningError struct {
	// Info is the record of the other process.
	Info Info
}

// Error names the process and where it listens.
func (e *RunningError) Error() string {
	return fmt.Sprintf("an embedded AWS is already running: pid %d at %s", e.Info.PID, e.Info.URL)
}

// Folder is the part of a state directory that belongs to the embedded AWS.
type Folder struct{ path string }

// In returns the Folder of the state directory at stateDir.
func In(stateDir string) Folder { return Folder{path: filepath.Join(stateDir, "local")} }

// DataDir returns the directory where the embedded AWS in the background stores its
// state.
func (f Folder) DataDir() string { return filepath.Join(f.path, "data") }

// Log returns the log file of the embedded AWS in the background.
func (f Folder) Log() string { return filepath.Join(f.path, "embedded.log") }

func (f Folder) record() string    { return filepath.Join(f.path, "embedded.json") }
func (f Folder) lockFile() string  { return filepath.Join(f.path, "embedded.lock") }
func (f Folder) startLock() string { return filepath.Join(f.path, "start.lock") }

// Make creates the directory for its owner only: there are credentials in it. It
// removes wider permissions from an existing directory.
func (f Folder) Make() error {
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return hint.With(fmt.Errorf("cannot create state directory: %w", err), "use a writable directory with --state-dir")
	}

	info, err := os.Stat(f.path)
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = os.Chmod(f.path, 0o700)
	}
	if err != nil {
		return hint.With(fmt.Errorf("cannot restrict state directory to its owner: %w", err), "use a directory that you own with --state-dir")
	}
	return nil
}

// Running returns the embedded AWS that serves this directory, or ErrNotRunning. A
// record that an earlier process left is ignored, even if its process id is in use
// again.
func (f Folder) Running() (Info, error) {
	// Only the lock shows that a process serves; the record shows which one.
	held, err := isHeld(f.lockFile())
	if err != nil {
		return Info{}, fmt.Errorf("check whether an embedded AWS is running: %w", err)
	}
	if !held {
		return Info{}, ErrNotRunning
	}

	info, err := f.Last()
	if errors.Is(err, fs.ErrNotExist) {
		return Info{}, ErrNotRunning // it is starting, or about to end
	}
	if err == nil && info.Process != processIdentity(info.PID) {
		return Info{}, ErrNotRunning // the record is of an earlier process: this one is starting
	}

	return info, err
}

// Last returns the last embedded AWS that served this directory, running or not.
func (f Folder) Last() (Info, error) {
	body, err := os.ReadFile(f.record())
	if err != nil {
		return Info{}, fmt.Errorf("read the record of the embedded AWS: %w", err)
	}
	var info Info
	if err := json.Unmarshal(body, &info); err != nil {
		return Info{}, hint.With(fmt.Errorf("read %s: %w", f.record(), err), "delete that file; a running embedded AWS keeps running")
	}
	return info, nil
}

// Registration is this process's claim to serve a directory.
type Registration struct {
	folder Folder
	lock   *os.File
}

// Claim claims the directory for this process. The error is a *RunningError where
// another process serves it.
func (f Folder) Claim() (*Registration, error) {
	if err := f.Make(); err != nil {
		return nil, err
	}
	lock, err := tryLock(f.lockFile())
	if errors.Is(err, filelock.ErrHeld) {
		other, err := f.Last()
		if err != nil {
			other = Info{} // it has no record yet: the error names no address
		}
		return nil, &RunningError{Info: other}
	}
	if err != nil {
		return nil, hint.With(fmt.Errorf("cannot claim state directory: %w", err), "use a writable directory with --state-dir")
	}
	return &Registration{folder: f, lock: lock}, nil
}

// Announce writes the record by which others find this server.
func (r *Registration) Announce(info Info) error {
	info.Process = processIdentity(info.PID)
	body, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the record of the embedded AWS: %w", err)
	}

	// Rename, so that others never read half a record.
	tmp := r.folder.record() + ".new"
	if err := os.WriteFile(tmp, append(body, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the record of the embedded AWS: %w", err)
	}

	if err := os.Rename(tmp, r.folder.record()); err != nil {
		return fmt.Errorf("write the record of the embedded AWS: %w", err)
	}

	return nil
}

// Release releases the directory. The record stays: the next start uses the same
// address, so that queue URLs stay valid.
func (r *Registration) Release() error {
	if err := r.lock.Close(); err != nil {
		return fmt.Errorf("release state directory: %w", err)
	}
	return nil
}
