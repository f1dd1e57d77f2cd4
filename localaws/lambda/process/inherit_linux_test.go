package process_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/reliableq/reliableq/localaws/lambda/process"
)

// A descriptor that the server got from the shell that started it does not reach the
// program: it may be of any file of the operator's.
func TestAProgramInheritsNoDescriptorOfTheServer(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("operator-secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	// Without close-on-exec, as a shell's redirection makes it.
	fd, err := unix.Open(secret, unix.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	strongest, _ := process.Detect()

	for _, isolation := range []process.Isolation{process.Shared, strongest} {
		t.Run(isolation.String(), func(t *testing.T) {
			dir, temp := t.TempDir(), t.TempDir()
			path := filepath.Join(dir, "bootstrap")
			program(t, path, "#!/bin/sh\nfor f in /proc/$$/fd/*; do case $(readlink $f) in pipe:*) ;; *) cat $f;; esac; done\n", 0o755)
			out := newRecorder()
			c, err := process.Start(process.Spec{
				Path: path, Dir: dir, Temp: temp, Env: []string{"PATH=/usr/bin:/bin"}, Output: out.take, Isolation: isolation,
			})
			if err != nil {
				t.Fatal(err)
			}
			<-c.Done()
			if strings.Contains(out.String(), "secret") {
				t.Errorf("the program has a descriptor of the server: %s", out)
			}
		})
	}
}
