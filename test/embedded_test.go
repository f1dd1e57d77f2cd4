package test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// command is the reliableq command, built by "make build".
const command = "../bin/reliableq"

// embedded is an embedded AWS that runs as a process, as for users.
type embedded struct {
	stateDir string
	process  *exec.Cmd
	output   *lockedBuffer
	ended    chan error
	env      map[string]string // variables to call it: AWS_ENDPOINT_URL and so on
}

// startEmbedded runs "reliableq local run" on a free port, with a clock that
// skips idle time, and returns when it responds.
func startEmbedded(stateDir string) (*embedded, error) {
	e := &embedded{
		stateDir: stateDir,
		output:   &lockedBuffer{},
		ended:    make(chan error, 1),
	}

	e.process = exec.Command(command, "local", "run", "--listen", "127.0.0.1:0", "--clock", "skip", "--state-dir", stateDir)
	e.process.Stderr = e.output
	out, err := e.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := e.process.Start(); err != nil {
		return nil, fmt.Errorf("start %s (run make build first): %w", command, err)
	}

	// Read its output until it ends: a full pipe would block it.
	listening := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			fmt.Fprintln(e.output, lines.Text())
			if strings.HasPrefix(lines.Text(), "listening on http://") {
				listening <- true
			}
		}
		e.ended <- e.process.Wait()
	}()

	select {
	case <-listening:
	case err := <-e.ended:
		return nil, fmt.Errorf("local run ended (%v):\n%s", err, e.output)
	case <-time.After(30 * time.Second):
		e.process.Process.Kill() // its error would hide the reason
		return nil, fmt.Errorf("local run did not respond within 30 s:\n%s", e.output)
	}

	e.env, err = environment(stateDir)
	return e, err
}

// environment returns the variables that the command prints for its embedded AWS.
func environment(stateDir string) (map[string]string, error) {
	out, err := exec.Command(command, "env", "--terraform", "--json", "--state-dir", stateDir).Output()
	if err != nil {
		return nil, fmt.Errorf("reliableq env: %w", explain(err))
	}
	env := map[string]string{}
	if err := json.Unmarshal(out, &env); err != nil {
		return nil, fmt.Errorf("decode the output %s of reliableq env: %w", out, err)
	}
	return env, nil
}

// clock runs "reliableq clock" with a verb and its arguments.
func (e *embedded) clock(args ...string) error {
	all := append(append([]string{"clock"}, args...), "--state-dir", e.stateDir)
	if out, err := exec.Command(command, all...).CombinedOutput(); err != nil {
		return fmt.Errorf("reliableq clock %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// stop ends the process with SIGTERM, and returns an error if it does not end.
func (e *embedded) stop() error {
	if err := e.process.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	select {
	case err := <-e.ended:
		return err
	case <-ctx.Done():
		e.process.Process.Kill() // its error would hide the reason
		return fmt.Errorf("local run did not end within 30 s of SIGTERM:\n%s", e.output)
	}
}

// explain adds the error output of a failed command.
func explain(err error) error {
	if exit, ok := err.(*exec.ExitError); ok {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
	}
	return err
}

// lockedBuffer is a buffer for concurrent writers.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// copyTree copies a folder of Terraform configuration, without the files that
// Terraform creates in one.
func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch {
		case d.IsDir() && d.Name() == ".terraform":
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		case strings.Contains(d.Name(), ".tfstate"):
			return nil
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), body, info.Mode().Perm()) // executables stay executable
	})
}
