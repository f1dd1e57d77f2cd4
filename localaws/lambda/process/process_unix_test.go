//go:build unix

package process_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/lambda/process"
)

// recorder records a program's output.
type recorder struct {
	mu  sync.Mutex
	buf bytes.Buffer
	got chan struct{}
}

func newRecorder() *recorder { return &recorder{got: make(chan struct{}, 1)} }

func (r *recorder) take(p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.buf.Write(p)
	select {
	case r.got <- struct{}{}:
	default:
	}
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.String()
}

// program writes an executable file. It prevents forks meanwhile: a child would have
// the file open for writing, and running it would fail ("text file busy").
func program(t testing.TB, path, content string, mode fs.FileMode) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

// script starts a shell script.
func script(t testing.TB, body string, out *recorder, env ...string) *process.Child {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bootstrap")
	program(t, path, "#!/bin/sh\n"+body, 0o700)
	c, err := process.Start(process.Spec{Path: path, Dir: filepath.Dir(path), Env: append(env, "PATH=/usr/bin:/bin"), Output: out.take})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)
	return c
}

func TestExitDescribesHowAProgramEnded(t *testing.T) {
	t.Parallel()

	for body, want := range map[string]string{
		"exit 0":     "exit status 0 true",
		"exit 3":     "exit status 3 false",
		"kill -9 $$": "signal: killed false",
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()

			c := script(t, body, newRecorder())
			<-c.Done()
			how, cleanExit := c.Exit()
			if got := fmt.Sprint(how, " ", cleanExit); got != want {
				t.Errorf("exit %s, want %s", got, want)
			}
		})
	}
}

func TestOutputIsWholeAndInOrder(t *testing.T) {
	t.Parallel()
	out := newRecorder()
	c := script(t, "for i in 1 2 3; do echo out $i; echo err $i >&2; done; printf end", out)
	<-c.Done()
	if want := "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\nend"; out.String() != want {
		t.Errorf("output %q, want %q", out.String(), want)
	}
}

func TestDrainPassesOnEverythingWritten(t *testing.T) {
	t.Parallel()
	flag := filepath.Join(t.TempDir(), "flag")
	if err := syscall.Mkfifo(flag, 0o600); err != nil {
		t.Fatal(err)
	}
	out := newRecorder()
	c := script(t, "echo before; echo x >"+flag+"; exec sleep 60", out)
	if _, err := os.ReadFile(flag); err != nil { // returns when the script has written
		t.Fatal(err)
	}
	c.Drain()
	if out.String() != "before\n" {
		t.Errorf("output %q after Drain", out.String())
	}
}

func TestAProgramInheritsNoEnvironment(t *testing.T) {
	t.Setenv("LOCALAWS_LEAK", "secret")
	out := newRecorder()
	c := script(t, "env; ls /proc/self/fd 2>/dev/null | wc -l >/dev/null", out, "ONLY=this")
	<-c.Done()
	if s := out.String(); strings.Contains(s, "LOCALAWS_LEAK") || !strings.Contains(s, "ONLY=this") {
		t.Errorf("environment %s", s)
	}
}

func TestKillKillsDescendants(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	out := newRecorder()
	c := script(t, "sleep 600 >"+pipe+" & echo started; wait", out)
	held, err := os.Open(pipe) // returns when the descendant has opened its end
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	<-out.got
	c.Kill()
	if err := held.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(held); err != nil || len(rest) > 0 {
		t.Errorf("the descendant still runs and has the pipe open: read %q, %v", rest, err)
	}
	c.Kill() // a second call has no effect
	c.Drain()
}

func TestADescendantInAnotherSessionDoesNotDelayDone(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/usr/bin/setsid"); err != nil {
		t.Skip("no setsid on this computer")
	}
	out := newRecorder()
	c := script(t, "setsid sleep 60 & echo started", out)
	<-c.Done() // although sleep has the pipe open
	if out.String() != "started\n" {
		t.Errorf("output %q", out.String())
	}
}

func TestStartReturnsTheErrorOfTheSystem(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, tc := range map[string]struct {
		content string
		mode    fs.FileMode
		want    error
	}{
		"mode":        {"#!/bin/sh\n", 0o600, fs.ErrPermission},
		"format":      {"hello", 0o700, syscall.ENOEXEC},
		"interpreter": {"#!/no/such\n", 0o700, fs.ErrNotExist},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			program(t, path, tc.content, tc.mode)
			_, err := process.Start(process.Spec{Path: path, Dir: dir, Output: func([]byte) {}})
			if !errors.Is(err, tc.want) {
				t.Errorf("error %v, want %v", err, tc.want)
			}
		})
	}
}

func TestMemoryIsThatOfTheProgramAndItsDescendants(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("read from /proc")
	}
	out := newRecorder()
	c := script(t, "sleep 60 & echo ready; wait", out)
	<-out.got
	if m := c.Memory(); m < 100<<10 || m > 100<<20 {
		t.Errorf("memory %d bytes, want 100 KB to 100 MB", m)
	}
	c.Kill()
	if m := c.Memory(); m != 0 {
		t.Errorf("memory %d bytes after the end", m)
	}
}
