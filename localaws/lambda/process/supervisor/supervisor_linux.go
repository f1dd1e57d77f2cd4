package supervisor

import (
	"encoding/binary"
	"os"
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

// supervisor is the state of a process that supervises.
type supervisor struct {
	order Order
	main  int // the program's process id and group

	// mu is held while processes are reaped or signalled, so that no signal goes
	// to a process id that was given away again.
	mu sync.Mutex
}

// supervise is the supervisor's whole life. It runs on the main thread, which
// init functions do not leave; the program is forked from it.
func supervise() int {
	unix.CloseOnExec(ControlFD)
	order, ok := receive()
	if !ok {
		return 1 // the server is gone
	}
	s := &supervisor{order: order}

	if step, err := s.isolate(); err != nil {
		return s.report(Report{Kind: Failed, Value: number(err), Text: step})
	}
	if order.Probe {
		return s.report(Report{Kind: Running})
	}

	if err := s.start(); err != nil {
		return s.report(Report{Kind: Refused, Value: number(err)})
	}
	s.report(Report{Kind: Running})
	releaseOutput()

	go s.follow()
	status := s.reap()
	s.end()
	s.report(Report{Kind: Exited, Value: uint32(status)})
	return 0
}

// receive reads the order.
func receive() (Order, bool) {
	length := make([]byte, 4)
	if !fill(length) {
		return Order{}, false
	}
	body := make([]byte, binary.BigEndian.Uint32(length))
	if !fill(body) {
		return Order{}, false
	}
	return ParseOrder(body)
}

// fill reads from the server until p is full.
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

// report writes to the server, whose absence follow will notice.
func (s *supervisor) report(r Report) int {
	_ = unix.Send(ControlFD, r.Bytes(), unix.MSG_NOSIGNAL)
	return 0
}

// number is the error number within err.
func number(err error) uint32 {
	if errno, ok := err.(syscall.Errno); ok {
		return uint32(errno)
	}
	return uint32(syscall.EINVAL)
}

// start runs the program in a process group of its own, without a way to gain
// privileges (LAM C65).
func (s *supervisor) start() error {
	o := &s.order

	// A limit cannot be set only where a lower one holds already.
	core := unix.Rlimit{}
	_ = unix.Prlimit(0, unix.RLIMIT_CORE, &core, nil)
	if o.Processes > 0 {
		_ = unix.Prlimit(0, unix.RLIMIT_NPROC, &unix.Rlimit{Cur: uint64(o.Processes), Max: uint64(o.Processes)}, nil)
	}
	// Setrlimit and not Prlimit: the former keeps package syscall from restoring
	// the old limit in the child.
	_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: uint64(o.OpenFiles), Max: uint64(o.OpenFiles)})

	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	// It fails on kernels without ambient capabilities.
	_ = unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)

	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if o.UID != 0 {
		attr.Credential = &syscall.Credential{Uid: o.UID, Gid: o.UID}
	}
	dir := o.Dir
	if o.Namespaces {
		dir = TaskRoot
	}
	pid, err := syscall.ForkExec(o.Path, []string{o.Path}, &syscall.ProcAttr{
		Dir:   dir,
		Env:   o.Env,
		Files: []uintptr{0, 1, 2},
		Sys:   attr,
	})
	s.main = pid
	return err
}

// releaseOutput closes this process's ends of the program's output.
func releaseOutput() {
	for fd := 1; fd <= 2; fd++ {
		_ = unix.Dup3(0, fd, 0)
	}
}

// follow carries out the server's commands until the server is gone.
func (s *supervisor) follow() {
	command := make([]byte, 1)
	for fill(command) {
		switch command[0] {
		case Stop:
			s.signal(syscall.SIGSTOP)
		case Continue:
			s.signal(syscall.SIGCONT)
		case Terminate:
			s.mu.Lock()
			_ = syscall.Kill(-s.main, syscall.SIGTERM)
			s.mu.Unlock()
		case Kill:
			s.end()
			os.Exit(0)
		}
	}
	s.end()
	os.Exit(1)
}

// reap collects every process that ends, as process 1 and a subreaper must, until
// the program itself has ended, and returns its wait status.
func (s *supervisor) reap() syscall.WaitStatus {
	for {
		// Wait without reaping first: mu must not be held while waiting.
		err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != nil && err != unix.EINTR {
			return syscall.WaitStatus(syscall.SIGKILL) // killed and reaped by end
		}
		if status, ended := s.collect(); ended {
			return status
		}
	}
}

// collect reaps one process, and reports whether it was the program.
func (s *supervisor) collect() (status syscall.WaitStatus, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
	return status, err == nil && pid == s.main
}

// signal sends to every process of the function.
func (s *supervisor) signal(sig syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.order.Namespaces {
		// All processes of the namespace but this one, in one step of the
		// kernel's, so that none can fork away from it.
		_ = syscall.Kill(-1, sig)
		return
	}
	s.signalDescendants(sig)
}

// end kills every process of the function. In a PID namespace the end of this
// process does that.
func (s *supervisor) end() {
	if s.order.Namespaces {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.killDescendants()
}
