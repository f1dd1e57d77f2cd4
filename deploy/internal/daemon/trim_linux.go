package daemon

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
)

// region is a part of the program's own file in its memory.
type region struct{ start, end uintptr }

// Trim gives back the pages of the program's file that only its start has used:
// most of a large program is looked at once, by the set-up of its libraries. What
// is used again comes back from the system's cache, without a read of the disk.
func Trim() error {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("find the program's file: %w", err)
	}
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return fmt.Errorf("read the memory map: %w", err)
	}
	defer maps.Close()
	regions, err := cleanRegions(maps, exe)
	if err != nil {
		return fmt.Errorf("read the memory map: %w", err)
	}
	for _, r := range regions {
		_ = r.advise(syscall.MADV_NOHUGEPAGE) // else they come back 2 MB at a time; not every kernel knows it
		if err := r.advise(syscall.MADV_DONTNEED); err != nil {
			return fmt.Errorf("give pages of the program back: %w", err)
		}
	}
	return nil
}

func (r region) advise(advice uintptr) error {
	if _, _, e := syscall.Syscall(syscall.SYS_MADVISE, r.start, r.end-r.start, advice); e != 0 {
		return e
	}
	return nil
}

// cleanRegions finds the regions of a file that cannot be written and hold no page
// of the process's own: only those are, to the last byte, what the file has.
// Relocated tables and a debugger's break points are pages of the process's own.
func cleanRegions(smaps io.Reader, file string) ([]region, error) {
	var all []region
	var now *region
	s := bufio.NewScanner(smaps)
	for s.Scan() {
		fields := bytes.Fields(s.Bytes())
		if len(fields) < 2 {
			continue
		}
		if r, mapped := readRegion(fields); mapped {
			now = nil
			if len(fields) == 6 && string(fields[5]) == file && fields[1][0] == 'r' && fields[1][1] == '-' {
				now = &r
			}
			continue
		}
		if now != nil && string(fields[0]) == "Anonymous:" {
			if string(fields[1]) == "0" {
				all = append(all, *now)
			}
			now = nil
		}
	}
	return all, s.Err()
}

// readRegion reads the line that begins a mapping, such as
// "00400000-01400000 r-xp 00000000 fe:00 123 /bin/program".
func readRegion(fields [][]byte) (region, bool) {
	from, to, ok := bytes.Cut(fields[0], []byte("-"))
	if !ok || len(fields[1]) != 4 {
		return region{}, false
	}
	start, err1 := strconv.ParseUint(string(from), 16, strconv.IntSize)
	end, err2 := strconv.ParseUint(string(to), 16, strconv.IntSize)
	return region{uintptr(start), uintptr(end)}, err1 == nil && err2 == nil && start < end
}
