package process_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/reliableq/reliableq/localaws/lambda/process"
)

// A descriptor that the server has inherited from the operator's shell does not reach
// the program, in any kind of isolation: it may be of any file of the operator's.
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

	isolations := []process.Isolation{process.Shared}
	if strongest, _ := process.Detect(); strongest != process.Shared {
		isolations = append(isolations, strongest)
	}
	for _, isolation := range isolations {
		t.Run(isolation.String(), func(t *testing.T) {
			t.Parallel()

			// The program lists its descriptors. It does not open them: a program
			// that runs as another user could not open the file again, although it
			// could read from the descriptor.
			got := outputOf(t, isolation, "ls -l /proc/$$/fd")

			var numbers []string
			for line := range strings.Lines(got) {
				number, target, found := strings.Cut(strings.TrimSpace(line), " -> ")
				if found && filepath.Base(target) != "bootstrap" { // the shell's own script
					numbers = append(numbers, number[strings.LastIndexByte(number, ' ')+1:])
				}
			}
			if want := []string{"0", "1", "2"}; !slices.Equal(numbers, want) {
				t.Errorf("the program has descriptors %q, want %q:\n%s", numbers, want, got)
			}
		})
	}
}

// outputOf runs a shell script to its end and returns what it prints.
func outputOf(t *testing.T, isolation process.Isolation, body string) string {
	t.Helper()

	dir := t.TempDir()
	path := filepath.Join(dir, "bootstrap")
	program(t, path, "#!/bin/sh\n"+body+"\n", 0o755)

	out := newRecorder()
	c, err := process.Start(process.Spec{
		Path:      path,
		Dir:       dir,
		Temp:      t.TempDir(),
		Env:       []string{"PATH=/usr/bin:/bin"},
		Output:    out.take,
		Isolation: isolation,
	})
	if err != nil {
		t.Fatal(err)
	}
	<-c.Done()
	if how, cleanExit := c.Exit(); !cleanExit {
		t.Fatalf("the program ended with %s: %s", how, out)
	}
	return out.String()
}
