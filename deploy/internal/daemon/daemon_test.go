package daemon

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// TestMain lets the test binary replace the command: if asked to serve, it claims a
// folder and waits for a signal.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "serve" {
		os.Exit(serve(os.Args[2]))
	}
	if len(os.Args) == 3 && os.Args[1] == "idle" {
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		<-stop
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func serve(stateDir string) int {
	if why := os.Getenv("DAEMON_TEST_FAIL"); why != "" {
		fmt.Fprintln(os.Stderr, why)
		return 1
	}
	r, err := In(stateDir).Claim()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	if err := r.Announce(Info{PID: os.Getpid(), URL: "http://127.0.0.1:1"}); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	stop := make(chan os.Signal, 1)
	signals := stop
	if os.Getenv("DAEMON_TEST_STUBBORN") != "" {
		signals = make(chan os.Signal, 1) // never receives
	}
	signal.Notify(signals, syscall.SIGTERM)
	fmt.Println("serving")
	<-stop
	if err := r.Release(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	return 0
}

func self(t *testing.T, stateDir string) Command {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Command{Path: exe, Args: []string{"serve", stateDir}, Dir: stateDir}
}

func shortContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestStartServesOnceAndStopEndsIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := In(dir)
	if _, err := f.Running(); !errors.Is(err, ErrNotRunning) {
		t.Fatalf("before: %v", err)
	}
	first, started, err := f.Start(shortContext(t), self(t, dir))
	if err != nil || !started {
		t.Fatalf("start: %v, %v", started, err)
	}
	t.Cleanup(func() { f.Stop(shortContext(t)) })
	second, started, err := f.Start(shortContext(t), self(t, dir))
	if err != nil || started || second.PID != first.PID {
		t.Errorf("second start: %+v, %v, %v", second, started, err)
	}
	if _, err := f.Claim(); !errors.As(err, new(*RunningError)) {
		t.Errorf("second claim: %v", err)
	}
	if _, err := f.Stop(shortContext(t)); err != nil {
		t.Fatalf("stop: %v", err)
	}
	preventForks(t)
	if _, err := f.Running(); !errors.Is(err, ErrNotRunning) {
		t.Errorf("after: %v", err)
	}
	if _, err := f.Stop(shortContext(t)); !errors.Is(err, ErrNotRunning) {
		t.Errorf("second stop: %v", err)
	}
	if last, err := f.Last(); err != nil || last.PID != first.PID {
		t.Errorf("want the record for the next start: %+v, %v", last, err)
	}
}

func TestARecordLeftByAKilledProcessIsStale(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := In(dir)
	info, _, err := f.Start(shortContext(t), self(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	watched, cancel := f.Watch(shortContext(t), info)
	defer cancel()
	p, err := os.FindProcess(info.PID)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	<-watched.Done()
	if cause := context.Cause(watched); !errors.Is(cause, ErrGone) || hint.Of(cause) == "" || !strings.Contains(cause.Error(), fmt.Sprint(info.PID)) {
		t.Errorf("cause: %v, hint %q", cause, hint.Of(cause))
	}
	if _, err := f.Running(); !errors.Is(err, ErrNotRunning) {
		t.Errorf("an ended process is reported as running: %v", err)
	}
	again, started, err := f.Start(shortContext(t), self(t, dir))
	if err != nil || !started || again.PID == info.PID {
		t.Errorf("start over a stale record: %+v, %v, %v", again, started, err)
	}
	if _, err := f.Stop(shortContext(t)); err != nil {
		t.Error(err)
	}
}

func TestARecordWithThisProcessIdIsNotTrusted(t *testing.T) {
	t.Parallel()
	preventForks(t)
	f := In(t.TempDir())
	r, err := f.Claim()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Announce(Info{PID: os.Getpid()}); err != nil {
		t.Fatal(err)
	}
	if err := r.Release(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Running(); !errors.Is(err, ErrNotRunning) {
		t.Errorf("the recorded process is alive, but does not serve: %v", err)
	}
}

// A process with the recycled id of an earlier server is not the server: it must not
// be signalled or reported as the server, even while another process holds the folder.
func TestAProcessWithARecycledIdIsLeftAlone(t *testing.T) {
	t.Parallel()
	if processIdentity(os.Getpid()) == "" {
		t.Skip("this system does not report when a process started")
	}
	dir := t.TempDir()
	f := In(dir)
	foreign := self(t, dir)
	cmd := exec.Command(foreign.Path, "idle", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	preventForks(t)

	// A server that is starting holds the folder. The record is of an earlier server,
	// whose id the foreign process now has.
	claim, err := f.Claim()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = claim.Release() })
	record, err := json.Marshal(Info{PID: cmd.Process.Pid, Process: "an earlier boot/1", URL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.record(), record, 0o600); err != nil {
		t.Fatal(err)
	}

	if info, err := f.Running(); !errors.Is(err, ErrNotRunning) {
		t.Errorf("a stale record is reported as running: %+v, %v", info, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := f.Stop(ctx); err == nil || hint.Of(err) == "" {
		t.Errorf("stop of a server that never serves: %v", err)
	}
	select {
	case err := <-ended:
		ended <- err
		t.Fatalf("the foreign process was ended: %v", err)
	default:
	}
	if err := cmd.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the foreign process has ended: %v", err)
	}
}

// A server that is still starting when stop is called ends, too.
func TestStopWaitsForAServerThatIsStarting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := In(dir)
	if err := f.Make(); err != nil {
		t.Fatal(err)
	}
	stale, err := json.Marshal(Info{PID: os.Getpid(), Process: "an earlier boot/1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.record(), stale, 0o600); err != nil {
		t.Fatal(err)
	}
	claim, err := f.Claim()
	if err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() {
		_, err := f.Stop(shortContext(t))
		stopped <- err
	}()
	if err := claim.Release(); err != nil {
		t.Fatal(err)
	}
	if err := <-stopped; !errors.Is(err, ErrNotRunning) {
		t.Errorf("stop of a server that ended while it started: %v", err)
	}
}

func TestCredentialsAreForTheOwnerOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := In(dir)
	r, err := f.Claim()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	if err := r.Announce(Info{SecretAccessKey: "s3cr3t"}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{f.record(): 0o600, filepath.Dir(f.record()): 0o700} {
		t.Run(path, func(t *testing.T) {
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
				t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, want)
			}
		})
	}
}

func TestAFailedStartReportsTheErrorInTheLog(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ said, want, next string }{
		"its own error": {"error: listen on 127.0.0.1:4566: address already in use\nhint: take another port", "address already in use", "take another port"},
		"anything else": {"a crash of some kind", "a crash of some kind", "its log is"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			command := self(t, dir)
			command.Env = append(os.Environ(), "DAEMON_TEST_FAIL="+c.said)
			_, _, err := In(dir).Start(shortContext(t), command)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(hint.Of(err), c.next) {
				t.Errorf("%s: %v, hint %q", name, err, hint.Of(err))
			}
		})
	}
}

func TestAnUnexpectedEndIsExplainedByTheLog(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ log, want, next string }{
		"its own error": {
			"level=INFO\nerror: the store has failed\nhint: free some disk space\n",
			"ended unexpectedly (pid 42, ): the store has failed", "free some disk space; then",
		},
		"nothing it said": {"listening on http://127.0.0.1:1\n", "ended unexpectedly (pid 42, )", "see its log, "},
	} {
		t.Run(name, func(t *testing.T) {
			f := In(t.TempDir())
			if err := f.Make(); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(f.Log(), []byte(c.log), 0o600); err != nil {
				t.Fatal(err)
			}
			err := f.goneError(Info{PID: 42})
			if !errors.Is(err, ErrGone) || !strings.HasSuffix(err.Error(), c.want) || !strings.HasPrefix(hint.Of(err), c.next) {
				t.Errorf("%s: %v, hint %q", name, err, hint.Of(err))
			}
		})
	}
}

func TestADiskIsReportedFullOnlyWhenItIs(t *testing.T) {
	t.Parallel()
	for _, path := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing")} {
		t.Run(path, func(t *testing.T) {
			if diskFull(path) {
				t.Errorf("%s is not on a full disk", path)
			}
		})
	}
}

func TestADamagedRecordIsNamed(t *testing.T) {
	t.Parallel()
	f := In(t.TempDir())
	r, err := f.Claim()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	if err := os.WriteFile(f.record(), []byte("{half"), 0o600); err != nil {
		t.Fatal(err)
	}
	var syntax *json.SyntaxError
	if _, err := f.Running(); err == nil || errors.As(err, &syntax) == false && !errors.Is(err, io.ErrUnexpectedEOF) || hint.Of(err) == "" {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
}

func TestADirectoryThatCannotBeCreatedIsAnErrorWithAHint(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := In(file).Claim(); err == nil || !strings.Contains(hint.Of(err), "--state-dir") {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
}

func TestTheLockEndsWithItsProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	command := self(t, dir)
	cmd := exec.Command(command.Path, command.Args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if held, err := isHeld(In(dir).lockFile()); err != nil || !held {
		t.Errorf("while the process is alive: %v, %v", held, err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if held, err := isHeld(In(dir).lockFile()); err != nil || held {
		t.Errorf("after its end: %v, %v", held, err)
	}
}

// There are credentials in the directory: wider permissions are removed.
func TestTheFolderIsForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]os.FileMode{"new": 0, "readable": 0o755, "for the group": 0o770, "closed": 0o700} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := In(t.TempDir())
			if before != 0 {
				if err := os.Mkdir(f.path, 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(f.path, before); err != nil { // whatever the umask is
					t.Fatal(err)
				}
			}
			if err := f.Make(); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(f.path)
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode().Perm(); got != 0o700 {
				t.Errorf("permissions are %o, want 700", got)
			}
		})
	}
}
