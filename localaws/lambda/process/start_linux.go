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

	"github.com/reliableq/reliableq/localaws/internal/tempdir"
	"github.com/reliableq/reliableq/localaws/lambda/process/supervisor"
)

// system is a supervisor and the socket to it.
type system struct {
	cmd     *exec.Cmd
	control *os.File
	private bool
	ownUser bool   // uid belongs to this program alone
	uid     uint32 // of the program
	usage   usage
}

const (
	startLimit = 30 * time.Second // for a supervisor on a machine under load
	sweepLimit = 5 * time.Second  // for a supervisor that kills its descendants one by one
)

// executable is this program. The link is good even when the file was replaced.
const executable = "/proc/self/exe"

// Start runs a program. When it cannot be run, the error wraps the system's:
// fs.ErrPermission, syscall.ENOEXEC and the like.
func Start(spec Spec) (*Child, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe for the output: %w", err)
	}
	out, err := newOutput(r, spec.Output)
	if err != nil {
		return nil, errors.Join(err, r.Close(), w.Close())
	}
	sys, err := supervise(spec.order(), spec.Isolation, w)
	w.Close()
	if err != nil {
		out.close()
		return nil, err
	}

	report, err := sys.read()
	switch {
	case err != nil:
		err = fmt.Errorf("start a supervisor: %w", err)
	case report.Kind == supervisor.Refused:
		err = &os.PathError{Op: "fork/exec", Path: spec.Path, Err: syscall.Errno(report.Value)}
	case report.Kind != supervisor.Running:
		err = fmt.Errorf("isolate the program: %s: %w", report.Text, syscall.Errno(report.Value))
	}
	if err != nil {
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
	c := &Child{system: *sys, output: out, done: make(chan struct{})}
	go c.wait()
	return c, nil
}

// order returns the supervisor's instructions.
func (s *Spec) order() *supervisor.Order {
	o := &supervisor.Order{
		Path:      s.Path,
		Dir:       s.Dir,
		Env:       s.Env,
		OpenFiles: OpenFiles,
	}
	if s.Isolation.Private() {
		o.Namespaces = true
		o.Temp = s.Temp
		o.Path = filepath.Join(TaskRoot, filepath.Base(s.Path))
		o.Readable, o.Hidden = s.Readable, s.Hidden
		o.Processes = Processes
	}
	if s.Isolation.HasOwnUser() {
		o.UID = userID(s.Number)
		o.Temp = s.Temp
		o.Processes = Processes
	}
	return o
}

// userID is the user of an execution environment, far from those of people, of the
// system and of containers.
func userID(number uint32) uint32 { return 1<<30 + number%MaxNumber }

// supervise starts a supervisor and gives it its order.
func supervise(order *supervisor.Order, isolation Isolation, output *os.File) (*system, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("make a socket for the supervisor: %w", err)
	}
	theirs := os.NewFile(uintptr(pair[1]), "supervisor")
	defer theirs.Close()
	if err := unix.SetNonblock(pair[0], true); err != nil {
		return nil, errors.Join(fmt.Errorf("make a socket for the supervisor: %w", err), unix.Close(pair[0]))
	}
	sys := &system{
		control: os.NewFile(uintptr(pair[0]), "control"),
		private: isolation.Private(),
		cmd: &exec.Cmd{
			Path:        executable,
			Args:        []string{supervisor.Name},
			Dir:         "/",
			Env:         []string{"GOMAXPROCS=1", "GOGC=off"},
			ExtraFiles:  []*os.File{theirs},
			SysProcAttr: attributes(isolation),
		},
	}
	if output != nil {
		sys.cmd.Stdout, sys.cmd.Stderr = output, output
	}
	if err := sys.cmd.Start(); err != nil {
		sys.control.Close()
		return nil, fmt.Errorf("start a supervisor: %w", err)
	}
	if _, err := sys.control.Write(order.Bytes()); err != nil && !errors.Is(err, syscall.EPIPE) {
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

// attributes start a process in a session of its own, without the operator's
// terminal, and in the namespaces of its isolation.
func attributes(isolation Isolation) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if !isolation.Private() {
		return attr
	}
	attr.Cloneflags = unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWIPC
	if isolation == UserNamespace {
		attr.Cloneflags |= unix.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: lambdaUser, HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: lambdaGroup, HostID: os.Getegid(), Size: 1}}
		attr.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN} // for mounts; the program does not get it
	}
	return attr
}

// read waits for the supervisor's next report.
func (s *system) read() (supervisor.Report, error) {
	if err := s.control.SetReadDeadline(time.Now().Add(startLimit)); err != nil {
		return supervisor.Report{}, err
	}
	report, err := s.next()
	return report, errors.Join(err, s.control.SetReadDeadline(time.Time{}))
}

func (s *system) next() (supervisor.Report, error) {
	return supervisor.ReadReport(func(p []byte) error {
		_, err := io.ReadFull(s.control, p)
		return err
	})
}

// discard ends a supervisor that runs nothing.
func (s *system) discard() {
	_ = s.cmd.Process.Kill() // it may have ended by itself
	_ = s.cmd.Wait()
	s.control.Close()
}

// wait ends with the program and its descendants, and takes the rest of their
// output.
func (c *Child) wait() {
	c.how = "signal: " + syscall.SIGKILL.String() // unless the supervisor reports another end
	if report, err := c.system.next(); err == nil && report.Kind == supervisor.Exited {
		status := syscall.WaitStatus(report.Value)
		c.how, c.ok = describe(status), status.Exited() && status.ExitStatus() == 0
	}
	_ = c.system.cmd.Wait() // how the supervisor ends does not matter
	c.output.drain()
	c.output.close()
	c.system.control.Close()
	close(c.done)
}

// describe writes a wait status as package os does.
func describe(status syscall.WaitStatus) string {
	switch {
	case status.Signaled() && status.CoreDump():
		return "signal: " + status.Signal().String() + " (core dumped)"
	case status.Signaled():
		return "signal: " + status.Signal().String()
	}
	return fmt.Sprintf("exit status %d", status.ExitStatus())
}

// PID is the process id of the program's supervisor.
func (c *Child) PID() int { return c.system.cmd.Process.Pid }

// command writes to the supervisor. One that is gone needs no command.
func (c *Child) command(b byte) { _, _ = c.system.control.Write([]byte{b}) }

// Pause stops every process of the function where it stands, so that work left
// behind waits for the next invocation as on Lambda (LAM C66). It takes effect
// soon after Pause returns, and before a later Resume.
func (c *Child) Pause() { c.command(supervisor.Stop) }

// Resume lets paused processes go on.
func (c *Child) Resume() { c.command(supervisor.Continue) }

// Terminate sends SIGTERM to the program and its process group.
func (c *Child) Terminate() { c.command(supervisor.Terminate) }

// Kill ends the program and its descendants, and waits until all are gone.
func (c *Child) Kill() {
	if c.system.private {
		// The supervisor is process 1 of a namespace, which ends with it.
		_ = c.system.cmd.Process.Kill()
		<-c.done
		return
	}
	c.command(supervisor.Kill)
	timer := time.NewTimer(sweepLimit)
	defer timer.Stop()
	select {
	case <-c.done:
	case <-timer.C:
		_ = c.system.cmd.Process.Kill()
		<-c.done
	}
}

// Detect returns the strongest isolation that the system provides, and if programs
// share the machine's files, the reason.
func Detect() (Isolation, error) {
	dir, err := tempdir.Make("probe-")
	if err != nil {
		return Shared, fmt.Errorf("try isolation: %w", err)
	}
	defer func() { _ = dir.Remove() }() // what is left is removed by a later server

	// The supervisor gives the directory below it to the program's user, who must be
	// able to reach it.
	temp := filepath.Join(dir.Path(), "tmp")
	if err := errors.Join(os.Chmod(dir.Path(), 0o711), os.Mkdir(temp, 0o700)); err != nil {
		return Shared, fmt.Errorf("try isolation: %w", err)
	}

	candidates := []Isolation{UserNamespace}
	if os.Geteuid() == 0 {
		candidates = []Isolation{OwnUser, UserNamespace, OwnUserSharedFiles}
	}
	var reasons []error
	for _, isolation := range candidates {
		err := probe(isolation, temp)
		if err == nil && isolation.Private() {
			return isolation, nil
		}
		if err == nil {
			return isolation, errors.Join(reasons...)
		}
		reasons = append(reasons, fmt.Errorf("%s: %w", isolation, err))
	}
	return Shared, errors.Join(reasons...)
}

// probe has a supervisor isolate itself, and returns what stood in the way.
func probe(isolation Isolation, dir string) error {
	spec := Spec{Isolation: isolation, Temp: filepath.Clean(dir)}
	order := spec.order()
	order.Probe = true
	sys, err := supervise(order, isolation, nil)
	if err != nil {
		return err
	}
	defer sys.discard()
	report, err := sys.read()
	if err != nil {
		return fmt.Errorf("read from the supervisor: %w", err)
	}
	if report.Kind != supervisor.Running {
		return fmt.Errorf("%s: %w", report.Text, syscall.Errno(report.Value))
	}
	return nil
}
