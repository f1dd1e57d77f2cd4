package daemon

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// processIdentity returns what distinguishes the process from every other that had,
// or will have, the same id: the boot of the machine and the time at which it started. A
// program that takes the place of another in its process keeps it. It returns ""
// where there is no such process.
func processIdentity(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		boot = nil // start times count from the boot: without it they still tell much
	}

	// The second field is the program's name in parentheses, and may hold anything.
	// The start time is field 22.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 {
		return ""
	}
	return strings.TrimSpace(string(boot)) + "/" + fields[19]
}
