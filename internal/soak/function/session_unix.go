//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// startSession makes a process start in a session of its own.
func startSession(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
