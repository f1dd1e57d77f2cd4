//go:build unix && !linux

package process

import "syscall"

// attributes puts the child in a group of its own. When the server is killed,
// the child ends by itself as soon as it asks for its next invocation.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// limit does nothing where one process cannot set another's limits.
func limit(int) {}
