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

// region is a part of the process's memory that maps the program's file.
type region struct{ start, end uintptr }

// ReleaseStartupMemory lowers the resident memory of this process after its start: it
// releases the pages of the program's file. The initialization of libraries reads most of
// a large program once. Pages that are used again come back from the system's page cache,
// without a read of the disk.
func ReleaseStartupMemory() error {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("find the program's file: %w", err)
	}

	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return fmt.Errorf("read the memory map: %w", err)
	}
	defer maps.Close()

	regions, err := sharedRegions(maps, exe)
	if err != nil {
		return fmt.Errorf("read the memory map: %w", err)
	}

	for _, r := range regions {
		// Without this advice pages come back 2 MB at a time. Not every kernel has it:
		// an error costs memory and nothing else.
		_ = r.advise(syscall.MADV_NOHUGEPAGE)
		if err := r.advise(syscall.MADV_DONTNEED); err != nil {
			return fmt.Errorf("release the memory that maps the program's file: %w", err)
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

// sharedRegions returns the regions of memory that map a file, are read-only and have no
// private pages. Only those can be read from the file again. Relocated tables and a
// debugger's breakpoints are private pages.
func sharedRegions(smaps io.Reader, file string) ([]region, error) {
	var all []region
	var current *region
	s := bufio.NewScanner(smaps)
	for s.Scan() {
		fields := bytes.Fields(s.Bytes())
		if len(fields) < 2 {
			continue
		}

		// One line begins a mapping; the lines that follow have its figures.
		if r, mapped := parseMapping(fields); mapped {
			current = nil
			if len(fields) == 6 && string(fields[5]) == file && fields[1][0] == 'r' && fields[1][1] == '-' {
				current = &r
			}
			continue
		}

		if current != nil && string(fields[0]) == "Anonymous:" {
			if string(fields[1]) == "0" {
				all = append(all, *current)
			}
			current = nil
		}
	}

	return all, s.Err()
}

// parseMapping returns the region in a line of smaps that begins a mapping, and false for
// any other line. Such a line is
// 00400000-01400000 r-xp 00000000 fe:00 123 /bin/program
func parseMapping(fields [][]byte) (region, bool) {
	from, to, ok := bytes.Cut(fields[0], []byte("-"))
	if !ok || len(fields[1]) != 4 {
		return region{}, false
	}
	start, err1 := strconv.ParseUint(string(from), 16, strconv.IntSize)
	end, err2 := strconv.ParseUint(string(to), 16, strconv.IntSize)
	return region{uintptr(start), uintptr(end)}, err1 == nil && err2 == nil && start < end
}
