package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// sample is the server's use of resources at one moment.
type sample struct {
	at          time.Duration // since the load began
	memory      int64         // resident bytes of the server
	descriptors int64         // open files of the server
	threads     int64         // of the server
	processes   int64         // of functions, wherever they are in the tree of processes
	children    int64         // resident bytes of those processes
	disk        int64         // bytes in the data directory, including the functions' folders
	files       int64         // entries in it
	left        int64         // files of this run in /tmp
}

// sampler takes samples of a server.
type sampler struct {
	pid  int
	dir  string // data directory
	id   string // SOAK_ID of this run
	from time.Time
}

// take takes a sample.
func (w *sampler) take() (sample, error) {
	proc := filepath.Join("/proc", strconv.Itoa(w.pid))
	s := sample{at: time.Since(w.from)}
	status, err := os.ReadFile(filepath.Join(proc, "status"))
	if err != nil {
		return s, fmt.Errorf("read the server's memory: %w", err)
	}

	s.memory = field(status, "VmRSS:") << 10
	s.threads = field(status, "Threads:")

	// Descriptors.
	open, err := os.ReadDir(filepath.Join(proc, "fd"))
	if err != nil {
		return s, fmt.Errorf("count the server's open files: %w", err)
	}

	s.descriptors = int64(len(open))

	// Processes of functions, and files.
	if s.processes, s.children, err = processesOf(w.id); err != nil {
		return s, err
	}

	if s.disk, s.files, err = dirSize(w.dir); err != nil {
		return s, err
	}

	left, err := filepath.Glob("/tmp/soak-" + w.id + "-*")
	s.left = int64(len(left))
	return s, err
}

// field returns a number in the content of /proc/PID/status.
func field(status []byte, label string) int64 {
	_, rest, _ := bytes.Cut(status, []byte("\n"+label))
	words := bytes.Fields(rest)
	if len(words) == 0 {
		return 0
	}
	n, err := strconv.ParseInt(string(words[0]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// processesOf counts the processes whose environment contains the run's id, wherever
// they are in the tree of processes, and adds up their resident memory.
func processesOf(id string) (count, memory int64, err error) {
	pids, err := pidsOf(id)
	if err != nil {
		return 0, 0, err
	}

	for _, pid := range pids {
		status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
		if err != nil || bytes.Contains(status, []byte("\nState:\tZ")) {
			continue // ended
		}
		count++
		memory += field(status, "VmRSS:") << 10
	}

	return count, memory, nil
}

// pidsOf returns the processes whose environment contains the run's id.
func pidsOf(id string) ([]int, error) {
	all, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}

	var pids []int
	for _, entry := range all {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		environment, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "environ"))
		if err == nil && bytes.Contains(environment, []byte("SOAK_ID="+id+"\x00")) { // else it has ended, or belongs to another user
			pids = append(pids, pid)
		}
	}

	return pids, nil
}

// endProcesses kills the processes whose environment contains the run's id.
func endProcesses(id string) error {
	pids, err := pidsOf(id)
	for _, pid := range pids {
		if p, found := os.FindProcess(pid); found == nil {
			_ = p.Kill() // it may have ended
		}
	}
	return err
}

// dirSize adds up the files in a folder that is in use. Files that are deleted meanwhile do
// not count.
func dirSize(dir string) (bytes, files int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		files++
		info, err := d.Info()
		if err == nil && info.Mode().IsRegular() {
			bytes += info.Size()
		}
		return nil
	})
	if err != nil {
		return 0, 0, fmt.Errorf("measure the data directory: %w", err)
	}
	return bytes, files, nil
}
