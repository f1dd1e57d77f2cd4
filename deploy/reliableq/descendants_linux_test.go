package main

import "github.com/reliableq/reliableq/localaws/lambda/process/supervisor"

// descendants returns the processes below a process.
func descendants(pid int) (pids []int) {
	supervisor.Descendants(pid, func(pid int) { pids = append(pids, pid) })
	return pids
}
