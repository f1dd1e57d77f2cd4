package daemon

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// processIdentity returns a string that no other process with the same id ever had or
// will have: the id of the machine's boot and the process's start time. It does not
// change when the process executes another program. It is "" if there is no such
// process, or no /proc.
func processIdentity(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}

	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		boot = nil // the start time alone counts from the boot, and nearly always differs
	}

	// The second field is the program's name in parentheses, and may hold anything.
	// The start time is field 22.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 {
		return ""
	}

	return strings.TrimSpace(string(boot)) + "/" + fields[19]
}
