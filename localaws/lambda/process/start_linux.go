package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/reliableq/reliableq/localaws/lambda/process/supervisor"
)

// system is a supervisor and the socket to it.
type system struct {
	cmd     *exec.Cmd
	control *os.File
	private bool   // the supervisor is process 1 of a PID namespace
	ownUser bool   // the program has a user id that no other program has
	uid     uint32 // of the program
	usage   usage
}

const (
	startTimeout = 30 * time.Second // for a supervisor to start the program, on a machine under load
	killTimeout  = 5 * time.Second  // for a supervisor to kill its descendants one by one
)

// executable is this program. The link works even if the file was replaced.
const executable = "/proc/self/exe"

// Start runs a program. When the program cannot be executed, the error wraps the
// system's: fs.ErrPermission, syscall.ENOEXEC and the like.
func Start(spec Spec) (*Child, error) {
	// Make the pipe for the program's output.
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe for the output: %w", err)
	}

	out, err := newOutput(r, spec.Output)
	if err != nil {
		return nil, errors.Join(err, r.Close(), w.Close())
	}

	// Start a supervisor, and wait until it has started the program.
	sys, err := startSupervisor(spec.request(), spec.Isolation, w)
	_ = w.Close() // nothing was written
	if err != nil {
		out.close()
		return nil, err
	}

	if err := sys.awaitRunning(spec.Path); err != nil {
		sys.discard()
		out.drain()
		out.close()
		return nil, err
	}

	sys.uid = uint32(os.Geteuid())
	if spec.Isolation.HasOwnUser() {
		sys.ownUser = true
		sys.uid = userID(spec.Number)
	}

	c := &Child{
		system: *sys,
		output: out,
		done:   make(chan struct{}),
	}

	go c.wait()
	return c, nil
}

// request returns what the supervisor is to run.
func (s *Spec) request() *supervisor.Request {
	r := &supervisor.Request{
		Path:      s.Path,
		Dir:       s.Dir,
		Env:       s.Env,
		OpenFiles: OpenFiles,
	}
	if s.Isolation.Private() {
		r.Namespaces = true
		r.Temp = s.Temp
		r.Path = filepath.Join(TaskRoot, filepath.Base(s.Path))
		r.Readable = s.Readable
		r.Hidden = s.Hidden
		r.Processes = Processes
	}

	if s.Isolation.HasOwnUser() {
		r.UID = userID(s.Number)
		r.Temp = s.Temp
		r.Processes = Processes
	}

	return r
}

// userID returns the user id of an execution environment. It is far above the ids of
// people, of the system and of containers.
func userID(number uint32) uint32 { return 1<<30 + number%MaxNumber }

// startSupervisor starts a supervisor and sends it a request.
func startSupervisor(request *supervisor.Request, isolation Isolation, output *os.File) (*system, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("make a socket for the supervisor: %w", err)
	}

	theirs := os.NewFile(uintptr(pair[1]), "supervisor")
	defer func() { _ = theirs.Close() }() // the supervisor has its own descriptor of it
	if err := unix.SetNonblock(pair[0], true); err != nil {
		return nil, errors.Join(fmt.Errorf("make a socket for the supervisor: %w", err), unix.Close(pair[0]))
	}

	// A supervisor collects garbage only near the memory limit: most end before that, but
	// one of a warm environment reads /proc for each pause and resume.
	sys := &system{
		control: os.NewFile(uintptr(pair[0]), "control"),
		private: isolation.Private(),
		cmd: &exec.Cmd{
			Path:        executable,
			Args:        []string{supervisor.Name},
			Dir:         "/",
			Env:         []string{"GOMAXPROCS=1", "GOGC=off", "GOMEMLIMIT=16MiB"},
			ExtraFiles:  []*os.File{theirs},
			SysProcAttr: attributes(isolation),
		},
	}
	if output != nil {
		sys.cmd.Stdout = output
		sys.cmd.Stderr = output
	}

	if err := sys.cmd.Start(); err != nil {
		_ = sys.control.Close() // nothing was written
		return nil, fmt.Errorf("start a supervisor: %w", err)
	}

	// A supervisor that has ended already is noticed when its report is read.
	if _, err := sys.control.Write(request.Bytes()); err != nil && !errors.Is(err, syscall.EPIPE) {
		sys.discard()
		return nil, fmt.Errorf("write to the supervisor: %w", err)
	}
	return sys, nil
}

// The user and group that a program in a user namespace sees itself as: Lambda's
// sbx_user1051 (LAM C65).
const (
	lambdaUser  = 993
	lambdaGroup = 990
)

// attributes start a process in a session of its own, so that it has no access to the
// operator's terminal, and in the namespaces of its isolation.
func attributes(isolation Isolation) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if !isolation.Private() {
		return attr
	}

	attr.Cloneflags = unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWIPC
	if isolation == UserNamespace {
		attr.Cloneflags |= unix.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{
			ContainerID: lambdaUser,
			HostID:      os.Geteuid(),
			Size:        1,
		}}
		attr.GidMappings = []syscall.SysProcIDMap{{
			ContainerID: lambdaGroup,
			HostID:      os.Getegid(),
			Size:        1,
		}}
		attr.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN} // for mounts; the program does not get it
	}

	return attr
}

// awaitRunning waits until the supervisor has started the program at path.
func (s *system) awaitRunning(path string) error {
	report, err := s.readFirst()
	switch {
	case err != nil:
		return fmt.Errorf("start a supervisor: %w", err)
	case report.Kind == supervisor.Refused:
		return &os.PathError{
			Op:   "fork/exec",
			Path: path,
			Err:  syscall.Errno(report.Value),
		}
	case report.Kind != supervisor.Running:
		return fmt.Errorf("isolate the program: %s: %w", report.Text, syscall.Errno(report.Value))
	}

	return nil
}

// readFirst waits for the supervisor's first report, for at most startTimeout.
func (s *system) readFirst() (supervisor.Report, error) {
	if err := s.control.SetReadDeadline(time.Now().Add(startTimeout)); err != nil {
		return supervisor.Report{}, err
	}
	report, err := s.read()
	return report, errors.Join(err, s.control.SetReadDeadline(time.Time{}))
}

// read waits for the supervisor's next report.
func (s *system) read() (supervisor.Report, error) {
	return supervisor.ReadReport(func(p []byte) error {
		_, err := io.ReadFull(s.control, p)
		return err
	})
}

// discard ends a supervisor that has not started a program.
func (s *system) discard() {
	_ = s.cmd.Process.Kill() // fails if it has ended
	_ = s.cmd.Wait()         // how it ends does not matter
	_ = s.control.Close()    // nothing is lost
}

// wait waits for the end of the program and its descendants, and passes on the rest of
// their output.
func (c *Child) wait() {
	c.how = "signal: " + syscall.SIGKILL.String() // unless the supervisor reports something else
	if report, err := c.system.read(); err == nil && report.Kind == supervisor.Exited {
		status := syscall.WaitStatus(report.Value)
		c.how = describe(status)
		c.cleanExit = status.Exited() && status.ExitStatus() == 0
	}

	_ = c.system.cmd.Wait() // how the supervisor ends does not matter
	c.output.drain()
	c.output.close()
	_ = c.system.control.Close() // nothing is lost
	close(c.done)
}

// describe returns a wait status as text, as package os does.
func describe(status syscall.WaitStatus) string {
	switch {
	case status.Signaled() && status.CoreDump():
		return "signal: " + status.Signal().String() + " (core dumped)"
	case status.Signaled():
		return "signal: " + status.Signal().String()
	}
	return fmt.Sprintf("exit status %d", status.ExitStatus())
}

// PID returns the process id of the program's supervisor.
func (c *Child) PID() int { return c.system.cmd.Process.Pid }

// command sends a command to the supervisor. The write fails only if the supervisor has
// ended, and then there is nothing to do.
func (c *Child) command(b byte) { _, _ = c.system.control.Write([]byte{b}) }

// Pause stops every process of the function, so that work it left unfinished waits for
// the next invocation, as on Lambda (LAM C66). It takes effect soon after Pause returns,
// and before a later Resume.
func (c *Child) Pause() { c.command(supervisor.Stop) }

// Resume continues paused processes.
func (c *Child) Resume() { c.command(supervisor.Continue) }

// Terminate sends SIGTERM to the program and its process group.
func (c *Child) Terminate() { c.command(supervisor.Terminate) }

// Kill kills the program and its descendants, and waits until all have ended.
func (c *Child) Kill() {
	if c.system.private {
		// The kernel kills all processes of a PID namespace with its process 1.
		_ = c.system.cmd.Process.Kill() // fails if it has ended
		<-c.done
		return
	}

	// The supervisor kills its descendants. If it cannot in time, kill only the supervisor.
	c.command(supervisor.Kill)
	timer := time.NewTimer(killTimeout)
	defer timer.Stop()
	select {
	case <-c.done:
	case <-timer.C:
		_ = c.system.cmd.Process.Kill() // fails if it has ended
		<-c.done
	}
}
