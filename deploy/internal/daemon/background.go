package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/localaws/lambda/process"
)

// look is how often to look whether another process has come up or gone down.
const look = 25 * time.Millisecond

// Command is how to serve in the foreground: the program and its arguments. It
// must Claim the same folder and Announce itself.
type Command struct {
	// Path is the program.
	Path string
	// Args follow its name.
	Args []string
	// Dir is where it runs.
	Dir string
	// Env is its environment; nil means this process's.
	Env []string
}

// Start runs c in the background, apart from this terminal, and returns once it
// serves. When an embedded AWS serves the folder already, that one is answered
// and started is false.
func (f Folder) Start(ctx context.Context, c Command) (info Info, started bool, err error) {
	if err := f.Make(); err != nil {
		return Info{}, false, err
	}
	turn, err := wait(ctx, f.start())
	if err != nil {
		return Info{}, false, fmt.Errorf("wait for another start: %w", err)
	}
	defer turn.Close()
	info, err = f.Running()
	if err == nil || !errors.Is(err, ErrNotRunning) {
		return info, false, err
	}
	info, err = f.launch(ctx, c)
	return info, err == nil, err
}

func (f Folder) launch(ctx context.Context, c Command) (Info, error) {
	if err := os.Rename(f.Log(), f.Log()+".old"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return Info{}, fmt.Errorf("put the old log aside: %w", err)
	}
	log, err := os.OpenFile(f.Log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return Info{}, hint.With(fmt.Errorf("open the log: %w", err), "choose a folder that you may write to with --state-dir")
	}
	defer log.Close()

	// The embedded AWS outlives this command: it must not hold open what a shell has
	// passed on, such as the pipe of a CI job that waits for its end.
	if err := process.CloseInheritedOnExec(); err != nil {
		return Info{}, fmt.Errorf("start the embedded AWS: %w", err)
	}
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Dir = c.Dir
	cmd.Env = c.Env
	cmd.Stdout = log
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return Info{}, fmt.Errorf("start the embedded AWS: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			info, err := f.Running()
			if err == nil && info.PID == cmd.Process.Pid {
				return info, nil
			}
		case <-ended:
			return Info{}, f.startError()
		case <-ctx.Done():
			return Info{}, errors.Join(fmt.Errorf("start the embedded AWS: %w", ctx.Err()), cmd.Process.Signal(syscall.SIGTERM))
		}
	}
}

// startError tells what the process said before it ended.
func (f Folder) startError() error {
	said, next := f.lastWords()
	if said == "" {
		said = "it ended at once"
	}
	return hint.New("start the embedded AWS: "+said, next)
}

// lastWords are what the process said before it ended, and what to do about it.
// Its own error and hint lines are taken over as they are. A process that could
// not even write those is explained by a disk that is full.
func (f Folder) lastWords() (said, next string) {
	next = "its log is " + f.Log()
	body, err := os.ReadFile(f.Log())
	if err != nil {
		return fmt.Sprintf("its log cannot be read: %v", err), next
	}
	for line := range strings.Lines(string(body)) {
		line = strings.TrimSpace(line)
		if text, ok := strings.CutPrefix(line, "error: "); ok {
			said = text
		} else if text, ok := strings.CutPrefix(line, "hint: "); ok {
			next = text
		}
	}
	if said == "" && full(f.path) {
		return ErrFull.Error() + " that holds " + f.path, wayOutOfFull
	}
	if said == "" {
		said = string(bytes.TrimSpace(tail(body, 2000)))
	}
	return said, next
}

// tail is the end of body, at most n bytes, from the start of a line.
func tail(body []byte, n int) []byte {
	if len(body) <= n {
		return body
	}
	body = body[len(body)-n:]
	if i := bytes.IndexByte(body, '\n'); i >= 0 {
		return body[i+1:]
	}
	return body
}

// Stop ends the embedded AWS that serves this folder and returns when it is gone.
// One that does not end while ctx lasts is killed. One that is only just starting
// is waited for. No other process is signalled, even if the record names it.
func (f Folder) Stop(ctx context.Context) (Info, error) {
	info, process, err := f.serving(ctx)
	if err != nil {
		return info, err
	}
	if err := process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return info, fmt.Errorf("stop process %d: %w", info.PID, err)
	}

	gone, err := wait(ctx, f.alive())
	if err == nil {
		return info, gone.Close()
	}
	if processIdentity(info.PID) == info.Process { // a handle of the process may be no more than its id
		if err := process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return info, fmt.Errorf("kill process %d: %w", info.PID, err)
		}
	}
	return info, hint.New(fmt.Sprintf("the embedded AWS (pid %d) did not end in time and was killed", info.PID), "what it was doing is in "+f.Log())
}

// serving returns the process that serves this folder. While one holds the folder
// and has not announced itself, it waits, as long as ctx lasts.
func (f Folder) serving(ctx context.Context) (Info, *os.Process, error) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		info, err := f.Running()
		if err == nil {
			process, err := os.FindProcess(info.PID)
			if err != nil {
				return info, nil, fmt.Errorf("find process %d: %w", info.PID, err)
			}
			if processIdentity(info.PID) == info.Process { // the handle is of the process that was meant
				return info, process, nil
			}
			continue
		}
		if held, unknown := isHeld(f.alive()); unknown != nil || !held || !errors.Is(err, ErrNotRunning) {
			return Info{}, nil, err
		}

		select {
		case <-tick.C:
		case <-ctx.Done():
			return Info{}, nil, hint.New("a process holds "+f.alive()+" and has not said which it is", "see which with lsof or fuser, and end it yourself")
		}
	}
}

var (
	// ErrGone is the cause of a context of Watch after the embedded AWS ended.
	ErrGone = errors.New("the embedded AWS ended")
	// ErrFull is the cause of a context of Watch once the embedded AWS has no room
	// left for what it must keep. Clients would try for minutes what cannot be done.
	ErrFull = errors.New("the disk is full")
)

// Watch answers a context that ends when the embedded AWS does, with a cause that
// is ErrGone and says which process it was, or when its disk is full, with a cause
// that is ErrFull and says which folder is on it.
func (f Folder) Watch(ctx context.Context, info Info) (context.Context, context.CancelFunc) {
	watched, cancel := context.WithCancelCause(ctx)
	go func() {
		tick := time.NewTicker(4 * look)
		defer tick.Stop()
		for {
			select {
			case <-watched.Done():
				return
			case <-tick.C:
			}
			if err := f.trouble(info); err != nil {
				cancel(err)
				return
			}
		}
	}()
	return watched, func() { cancel(context.Canceled) }
}

// trouble tells why the embedded AWS of info is of no use any more, or nil.
func (f Folder) trouble(info Info) error {
	if held, err := isHeld(f.alive()); err != nil || !held {
		return f.gone(info)
	}
	for _, path := range []string{f.path, info.DataDir} {
		if path != "" && full(path) {
			return hint.With(fmt.Errorf("%w that holds %s", ErrFull, path), wayOutOfFull)
		}
	}
	return nil
}

// gone says that the process of info ended, and why, as far as that is known.
func (f Folder) gone(info Info) error {
	err := fmt.Errorf("%w while it was needed: pid %d at %s is no more", ErrGone, info.PID, info.URL)
	said, next := f.lastWords()
	if own := "its log is " + f.Log(); next == own {
		next = "its last words are in " + f.Log() + "; start again with the same command"
	} else {
		err = fmt.Errorf("%w: %s", err, said)
		next += "; then start again with the same command"
	}
	return hint.With(err, next)
}
