package archive

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Platform is the system and architecture of an executable, by the names that Go uses.
type Platform struct {
	// OS is linux, darwin or windows; empty for scripts and unknown formats.
	OS string
	// Arch is amd64, arm64 or the like; empty for scripts and unknown formats.
	Arch string
	// Script reports that the file begins with "#!". It runs on any machine that has
	// its interpreter.
	Script bool
}

// Known reports whether the executable is for one known system and architecture.
func (p Platform) Known() bool { return p.OS != "" && p.Arch != "" }

// String returns the platform as Go does, such as linux/arm64.
func (p Platform) String() string {
	switch {
	case p.Script:
		return "script"
	case p.Known():
		return p.OS + "/" + p.Arch
	}
	return "unknown"
}

// platformOf returns the platform of a zip's entry.
func platformOf(f *zip.File) (Platform, error) {
	r, err := f.Open()
	if err != nil {
		return Platform{}, fmt.Errorf("open: %w", err)
	}
	defer func() { _ = r.Close() }() // it was only read

	head := make([]byte, 64)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return Platform{}, fmt.Errorf("read: %w", err)
	}
	return PlatformOf(head[:n]), nil
}

// ELF machine numbers and Mach-O processor types, by Go's names.
var (
	elfMachines = map[uint16]string{
		3:   "386",
		40:  "arm",
		62:  "amd64",
		183: "arm64",
		243: "riscv64",
	}
	machoCPUs = map[uint32]string{0x01000007: "amd64", 0x0100000c: "arm64"}
)

// PlatformOf returns the platform of an executable by its first 20 or more bytes. It knows
// scripts, ELF (Linux), Mach-O (macOS) and PE (Windows). For PE it leaves the architecture
// empty, which is further back in the file.
func PlatformOf(head []byte) Platform {
	switch {
	case len(head) >= 2 && string(head[:2]) == "#!":
		return Platform{Script: true}
	case len(head) >= 20 && string(head[:4]) == "\x7fELF":
		var endian binary.ByteOrder = binary.LittleEndian
		if head[5] == 2 {
			endian = binary.BigEndian
		}
		return Platform{OS: "linux", Arch: elfMachines[endian.Uint16(head[18:])]}
	case len(head) >= 8 && binary.LittleEndian.Uint32(head) == 0xfeedfacf:
		return Platform{OS: "darwin", Arch: machoCPUs[binary.LittleEndian.Uint32(head[4:])]}
	case len(head) >= 2 && string(head[:2]) == "MZ":
		return Platform{OS: "windows"}
	}

	return Platform{}
}
