//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
)

// The embedded AWS does not have the operator's secrets in its environment, in the
// background or in the foreground.
func TestTheServerHasNoSecretOfTheOperator(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("read from /proc")
	}
	t.Setenv("GITHUB_TOKEN", "token-4711")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "token-4711")
	b := startBackground(t)
	t.Run("Background", func(t *testing.T) { wantNoSecret(t, b.info.PID) })
	b.run("local", "stop")

	t.Run("Foreground", func(t *testing.T) {
		cmd := exec.Command(b.exe, "local", "run", "--listen", "127.0.0.1:0", "--state-dir", filepath.Join(t.TempDir(), "state"))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			_ = cmd.Process.Signal(os.Interrupt)
			_ = cmd.Wait()
		}()
		var address string
		if _, err := fmt.Fscanf(out, "listening on %s\n", &address); err != nil {
			t.Fatal(err)
		}
		wantNoSecret(t, cmd.Process.Pid)
	})
}

func wantNoSecret(t *testing.T, pid int) {
	t.Helper()
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		t.Skipf("the environment cannot be read at all: %v", err)
	}
	if !strings.Contains(string(environ), "PATH=") || strings.Contains(string(environ), "token-4711") {
		t.Errorf("environment of the server: %q", environ)
	}
}

func TestTheServerGetsAReducedEnvironment(t *testing.T) {
	t.Parallel()
	got := daemon.Environment([]string{"PATH=/bin", "AWS_SECRET_ACCESS_KEY=s", "LC_ALL=C", "GITHUB_TOKEN=t", "RELIABLEQ_TOOL=tofu", "AWS_REGION=eu-west-1", "AWS_PROFILE=work"})
	if want := "[PATH=/bin LC_ALL=C RELIABLEQ_TOOL=tofu AWS_REGION=eu-west-1]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}
