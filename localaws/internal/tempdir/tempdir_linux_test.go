package tempdir_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/reliableq/reliableq/localaws/internal/tempdir"
)

// roleVariable makes the test binary create a directory, print its path, and wait
// until it is killed.
const roleVariable = "TEMPDIR_TEST_HOLDS_A_DIRECTORY"

func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) == "" {
		os.Exit(m.Run())
	}
	dir, err := tempdir.Make("test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(dir.Path())
	_, _ = os.Stdin.Read(make([]byte, 1)) // until killed
}

// holder starts a process that creates a directory below the current TMPDIR, and
// returns the directory and a function that kills the process.
func holder(t *testing.T) (dir string, kill func()) {
	t.Helper()

	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = stdin.Close()
	}
	t.Cleanup(kill)

	line := bufio.NewScanner(stdout)
	if !line.Scan() {
		t.Fatalf("the process created no directory: %v", line.Err())
	}
	return line.Text(), kill
}

func TestRemoveStaleRemovesOnlyDirectoriesOfProcessesThatEnded(t *testing.T) {
	parent := t.TempDir()
	t.Setenv("TMPDIR", parent)

	own, err := tempdir.Make("test-")
	if err != nil {
		t.Fatal(err)
	}
	live, _ := holder(t)
	killed, kill := holder(t)
	if err := os.MkdirAll(filepath.Join(killed, "code", "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	kill()

	// Similar names that Make did not create.
	outside := filepath.Join(t.TempDir(), "localaws-outside")
	link := filepath.Join(parent, "localaws-link")
	withoutLock := filepath.Join(parent, "localaws-without-lock")
	linkedLock := filepath.Join(parent, "localaws-linked-lock")
	for _, dir := range []string{outside, withoutLock, linkedLock} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(outside, "LOCK"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(outside, "LOCK"), filepath.Join(linkedLock, "LOCK")); err != nil {
		t.Fatal(err)
	}

	if err := tempdir.RemoveStale(); err != nil {
		t.Fatal(err)
	}

	if _, err := os.Lstat(killed); !os.IsNotExist(err) {
		t.Errorf("the directory of a killed process still exists: %v", err)
	}
	for name, path := range map[string]string{
		"own":                    own.Path(),
		"of a running process":   live,
		"elsewhere":              outside,
		"symbolic link":          link,
		"without a lock":         withoutLock,
		"lock that is a symlink": linkedLock,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Lstat(path); err != nil {
				t.Errorf("removed: %v", err)
			}
		})
	}

	if err := own.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(own.Path()); !os.IsNotExist(err) {
		t.Errorf("Remove left the directory: %v", err)
	}
}

// A directory of another user is not touched, even by root.
func TestRemoveStaleLeavesDirectoriesOfOtherUsers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a directory to another user")
	}
	parent := t.TempDir()
	t.Setenv("TMPDIR", parent)
	dir, kill := holder(t)
	kill()
	if err := os.Chown(dir, 12345, 12345); err != nil {
		t.Fatal(err)
	}

	if err := tempdir.RemoveStale(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(dir); err != nil {
		t.Errorf("the directory of another user was removed: %v", err)
	}
}

// Many processes that create and remove directories concurrently never remove one that
// is in use.
func TestMakeAndRemoveStaleAtTheSameTime(t *testing.T) {
	parent := t.TempDir()
	t.Setenv("TMPDIR", parent)

	const workers, rounds = 8, 50
	failed := make(chan error, workers)
	for range workers {
		go func() {
			failed <- func() error {
				for range rounds {
					if err := tempdir.RemoveStale(); err != nil {
						return err
					}
					dir, err := tempdir.Make("test-")
					if err != nil {
						return err
					}
					if err := os.WriteFile(filepath.Join(dir.Path(), "file"), nil, 0o600); err != nil {
						return err
					}
					if err := dir.Remove(); err != nil {
						return err
					}
				}
				return nil
			}()
		}()
	}
	errs := make([]error, workers)
	for i := range errs {
		errs[i] = <-failed
	}
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		t.Error(errs[i])
	}
}
