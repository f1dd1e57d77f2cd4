package process

import (
	"bytes"
	"os"
	"strconv"
)

// Memory is the most memory in bytes that the child and its descendants have
// held at once or, for short spikes of a descendant, nearly so: the sum of each
// one's peak resident set.
func (c *Child) Memory() int64 { return peak(strconv.Itoa(c.group), 0) }

// peak adds up a process's peak and those of its children. The depth is bounded
// because the tree changes while it is read.
func peak(pid string, depth int) int64 {
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil || depth > 8 {
		return 0
	}
	sum := kilobytes(status, "\nVmHWM:") << 10
	children, err := os.ReadFile("/proc/" + pid + "/task/" + pid + "/children")
	if err != nil {
		return sum
	}
	for _, child := range bytes.Fields(children) {
		sum += peak(string(child), depth+1)
	}
	return sum
}

// kilobytes reads a line such as "VmHWM:	   5432 kB".
func kilobytes(status []byte, label string) int64 {
	_, rest, ok := bytes.Cut(status, []byte(label))
	if !ok {
		return 0
	}
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	n, _ := strconv.ParseInt(string(fields[0]), 10, 64)
	return n
}
