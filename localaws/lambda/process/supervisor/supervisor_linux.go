package supervisor

import (
	"encoding/binary"
	"math"
	"os"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// ControlFD is the descriptor of the supervisor's socket to the server.
const ControlFD = 3

// init takes over the process when it was started as a supervisor.
func init() {
	if len(os.Args) == 1 && os.Args[0] == Name {
		os.Exit(supervise())
	}
}

// supervisor is the state of a supervisor process.
type supervisor struct {
	request Request
	program int // its process id, which is the id of its group

	// mu is held while processes are reaped or signalled, so that no signal goes to
	// a process id that was reaped and assigned again.
	mu sync.Mutex
}

// supervise runs the supervisor to its end, and returns its exit code. It runs on the
// main thread, which init functions do not leave, and forks the program from there.
func supervise() int {
	// Let no descriptor of the server reach the program.
	unix.CloseOnExec(ControlFD)
	closeInherited()

	request, ok := receive()
	if !ok {
		return 1 // the server has ended
	}

	s := &supervisor{request: request}

	// Isolate this process and start the program.
	if step, err := s.isolate(); err != nil {
		s.report(Report{
			Kind:  Failed,
			Value: errorNumber(err),
			Text:  step,
		})
		return 0
	}

	if request.Probe {
		s.report(Report{Kind: Running})
		return 0
	}

	if err := s.start(); err != nil {
		s.report(Report{Kind: Refused, Value: errorNumber(err)})
		return 0
	}

	s.report(Report{Kind: Running})
	releaseOutput()

	// Follow commands until the program ends.
	go s.follow()
	status := s.reap()
	s.killAll()
	s.report(Report{Kind: Exited, Value: uint32(status)})
	return 0
}

// closeInherited marks the descriptors that the server has inherited from the
// operator's shell close-on-exec. Without the mark they would reach the program,
// whatever file, pipe or socket they are of.
func closeInherited() {
	if unix.CloseRange(ControlFD+1, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return
	}
	for _, name := range names("/proc/self/fd") { // before Linux 5.11
		if fd, err := strconv.Atoi(name); err == nil && fd > ControlFD {
			unix.CloseOnExec(fd)
		}
	}
}

// receive reads the request. It returns false if the server ended first.
func receive() (Request, bool) {
	length := make([]byte, 4)
	if !fill(length) {
		return Request{}, false
	}
	body := make([]byte, binary.BigEndian.Uint32(length))
	if !fill(body) {
		return Request{}, false
	}
	return ParseRequest(body)
}

// fill reads from the server until p is full. It returns false if the server ended
// first.
func fill(p []byte) bool {
	for len(p) > 0 {
		n, err := syscall.Read(ControlFD, p)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return false
		}
		p = p[n:]
	}
	return true
}

// report sends a report to the server. It ignores errors: if the server has ended,
// follow notices.
func (s *supervisor) report(r Report) {
	_ = unix.Send(ControlFD, r.Bytes(), unix.MSG_NOSIGNAL)
}

// errorNumber returns the error number in err.
func errorNumber(err error) uint32 {
	if errno, ok := err.(syscall.Errno); ok {
		return uint32(errno)
	}
	return uint32(syscall.EINVAL)
}

// start starts the program in a process group of its own, without any way to gain
// privileges (LAM C65).
func (s *supervisor) start() error {
	r := &s.request

	// Set limits. They can fail only where a lower limit applies already.
	core := unix.Rlimit{}
	_ = unix.Prlimit(0, unix.RLIMIT_CORE, &core, nil)
	if n := uint64(r.Processes); n > 0 {
		_ = unix.Prlimit(0, unix.RLIMIT_NPROC, &unix.Rlimit{Cur: n, Max: n}, nil)
	}

	// Setrlimit and not Prlimit: package syscall restores the old limit in the child
	// unless Setrlimit was called.
	files := uint64(r.OpenFiles)
	_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: files, Max: files})

	// Drop privileges.
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}

	// Fails on kernels without ambient capabilities.
	_ = unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if r.UID != 0 {
		attr.Credential = &syscall.Credential{Uid: r.UID, Gid: r.UID}
	}

	dir := r.Dir
	if r.Namespaces {
		dir = TaskRoot
	}

	pid, err := syscall.ForkExec(r.Path, []string{r.Path}, &syscall.ProcAttr{
		Dir:   dir,
		Env:   r.Env,
		Files: []uintptr{0, 1, 2},
		Sys:   attr,
	})

	s.program = pid
	return err
}

// releaseOutput replaces this process's descriptors of the program's output, so that
// the output ends with the program.
func releaseOutput() {
	for fd := 1; fd <= 2; fd++ {
		_ = unix.Dup3(0, fd, 0) // cannot fail: all three are open
	}
}

// follow carries out the server's commands until the server ends.
func (s *supervisor) follow() {
	command := make([]byte, 1)
	stopped := false
	for fill(command) {
		switch command[0] {
		case Stop:
			s.signal(syscall.SIGSTOP)
			stopped = true
		case Continue:
			if stopped {
				s.awaitStopped()
			}
			s.signal(syscall.SIGCONT)
			stopped = false
		case Terminate:
			s.mu.Lock()
			_ = syscall.Kill(-s.program, syscall.SIGTERM) // fails if the group has ended
			s.mu.Unlock()
		case Kill:
			s.killAll()
			os.Exit(0)
		}
	}

	s.killAll()
	os.Exit(1)
}

// reap reaps every process that ends, as process 1 and a subreaper must, until the
// program has ended. It returns the program's wait status.
func (s *supervisor) reap() syscall.WaitStatus {
	for {
		// Wait without reaping first: mu must not be held while waiting.
		err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != nil && err != unix.EINTR {
			return syscall.WaitStatus(syscall.SIGKILL) // killed and reaped by killAll
		}
		if status, ended := s.reapOne(); ended {
			return status
		}
	}
}

// reapOne reaps one process, and reports whether it was the program.
func (s *supervisor) reapOne() (status syscall.WaitStatus, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()

	pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
	return status, err == nil && pid == s.program
}

// signal sends a signal to every process of the function.
func (s *supervisor) signal(sig syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if s.request.Namespaces {
		// All processes of the namespace but this one. The kernel does it in one
		// step, so that no process can escape by a fork.
		_ = syscall.Kill(-1, sig) // fails if there is no other process
		return
	}
	s.signalDescendants(sig)
}

// killAll kills every process of the function. In a PID namespace it does nothing: the
// kernel kills them when this process ends.
func (s *supervisor) killAll() {
	if s.request.Namespaces {
		return
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.killDescendants()
}
