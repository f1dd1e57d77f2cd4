package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

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
	// DataDir keeps the state; empty means in memory.
	DataDir string `json:"data_dir,omitempty"`
	// NoAuth means that requests need no signature and no permission.
	NoAuth bool `json:"no_auth,omitempty"`
	// Isolation is how far functions are kept apart from the machine: "own user",
	// "user namespace" or "shared".
	Isolation string `json:"isolation,omitempty"`
	// Version is the command's.
	Version string `json:"version"`
	// Started is when it began to serve, by the machine's clock.
	Started time.Time `json:"started"`
}

// ErrNotRunning means that no embedded AWS serves this state folder.
var ErrNotRunning = errors.New("no embedded AWS is running")

// RunningError means that another process serves this state folder already.
type RunningError struct {
	// Info is what is known of the other.
	Info Info
}

// Error names the process and where it listens.
func (e *RunningError) Error() string {
	return fmt.Sprintf("an embedded AWS is running already: pid %d at %s", e.Info.PID, e.Info.URL)
}

// Folder is the part of a state folder that belongs to the embedded AWS.
type Folder struct{ path string }

// In is the Folder of the state folder at stateDir.
func In(stateDir string) Folder { return Folder{path: filepath.Join(stateDir, "local")} }

// DataDir is where the embedded AWS in the background keeps its state.
func (f Folder) DataDir() string { return filepath.Join(f.path, "data") }

// Log is the file that the embedded AWS in the background writes to.
func (f Folder) Log() string { return filepath.Join(f.path, "embedded.log") }

func (f Folder) record() string { return filepath.Join(f.path, "embedded.json") }
func (f Folder) alive() string  { return filepath.Join(f.path, "embedded.lock") }
func (f Folder) start() string  { return filepath.Join(f.path, "start.lock") }

// Make creates the folder, for its owner alone: credentials are kept in it. A
// folder that exists with wider permissions loses them.
func (f Folder) Make() error {
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return hint.With(fmt.Errorf("make the state folder: %w", err), "choose a folder that you may write to with --state-dir")
	}

	info, err := os.Stat(f.path)
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = os.Chmod(f.path, 0o700)
	}
	if err != nil {
		return hint.With(fmt.Errorf("keep the state folder from other users: %w", err), "choose a folder that you own with --state-dir")
	}
	return nil
}

// Running returns the embedded AWS that serves this folder, or ErrNotRunning. A
// record that another process left counts for nothing, even where its process id
// is in use again.
func (f Folder) Running() (Info, error) {
	held, err := isHeld(f.alive())
	if err != nil {
		return Info{}, fmt.Errorf("see whether an embedded AWS is running: %w", err)
	}
	if !held {
		return Info{}, ErrNotRunning
	}
	info, err := f.Last()
	if errors.Is(err, fs.ErrNotExist) {
		return Info{}, ErrNotRunning // it is only just starting, or about to end
	}
	if err == nil && info.Process != processIdentity(info.PID) {
		return Info{}, ErrNotRunning // the record is of an earlier one: this one is only just starting
	}
	return info, err
}

// Last answers the embedded AWS that served this folder last, running or not.
func (f Folder) Last() (Info, error) {
	body, err := os.ReadFile(f.record())
	if err != nil {
		return Info{}, fmt.Errorf("read what is known of the embedded AWS: %w", err)
	}
	var info Info
	if err := json.Unmarshal(body, &info); err != nil {
		return Info{}, hint.With(fmt.Errorf("read %s: %w", f.record(), err), "delete that file; a running embedded AWS keeps running")
	}
	return info, nil
}

// Registration is this process's claim to serve a folder.
type Registration struct {
	folder Folder
	lock   *os.File
}

// Claim takes the folder for this process, or answers a *RunningError.
func (f Folder) Claim() (*Registration, error) {
	if err := f.Make(); err != nil {
		return nil, err
	}
	lock, err := hold(f.alive())
	if errors.Is(err, errHeld) {
		other, _ := f.Last() // a record that is not there yet is no more than a gap in the message
		return nil, &RunningError{Info: other}
	}
	if err != nil {
		return nil, hint.With(fmt.Errorf("claim the state folder: %w", err), "choose a folder that you may write to with --state-dir")
	}
	return &Registration{folder: f, lock: lock}, nil
}

// Announce tells others where to find what this process serves.
func (r *Registration) Announce(info Info) error {
	info.Process = processIdentity(info.PID)
	body, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return fmt.Errorf("describe the embedded AWS: %w", err)
	}
	tmp := r.folder.record() + ".new"
	if err := os.WriteFile(tmp, append(body, '\n'), 0o600); err != nil {
		return fmt.Errorf("announce the embedded AWS: %w", err)
	}
	if err := os.Rename(tmp, r.folder.record()); err != nil {
		return fmt.Errorf("announce the embedded AWS: %w", err)
	}
	return nil
}

// Release gives the folder up. The record stays: the next start serves the same
// address, so that queue URLs stay what they were.
func (r *Registration) Release() error {
	if err := r.lock.Close(); err != nil {
		return fmt.Errorf("release the state folder: %w", err)
	}
	return nil
}
