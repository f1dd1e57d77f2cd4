package archive

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Platform is what an executable was made for, by the names that Go uses.
type Platform struct {
	// OS is linux, darwin or windows; empty for scripts and for what is not
	// known.
	OS string
	// Arch is amd64, arm64 or the like; empty for scripts and for what is not
	// known.
	Arch string
	// Script says that the file begins with "#!" and runs on any machine that
	// has its interpreter.
	Script bool
}

// Known reports whether the executable is bound to one system and architecture.
func (p Platform) Known() bool { return p.OS != "" && p.Arch != "" }

// String names the platform as Go does: linux/arm64.
func (p Platform) String() string {
	switch {
	case p.Script:
		return "script"
	case p.Known():
		return p.OS + "/" + p.Arch
	}
	return "unknown"
}

// platformOf looks at the first bytes of a zip's entry.
func platformOf(f *zip.File) (Platform, error) {
	r, err := f.Open()
	if err != nil {
		return Platform{}, fmt.Errorf("open: %w", err)
	}
	defer r.Close()
	head := make([]byte, 64)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return Platform{}, fmt.Errorf("read: %w", err)
	}
	return PlatformOf(head[:n]), nil
}

// ELF machine numbers and Mach-O processor types, by Go's names.
var (
	elfMachines = map[uint16]string{3: "386", 40: "arm", 62: "amd64", 183: "arm64", 243: "riscv64"}
	machoCPUs   = map[uint32]string{0x01000007: "amd64", 0x0100000c: "arm64"}
)

// PlatformOf tells from a file's first 20 bytes or more what it was made for:
// scripts, ELF (Linux), Mach-O (macOS) and PE (Windows, whose architecture stands
// further back and is left empty).
func PlatformOf(head []byte) Platform {
	switch {
	case len(head) >= 2 && string(head[:2]) == "#!":
		return Platform{Script: true}
	case len(head) >= 20 && string(head[:4]) == "\x7fELF":
		var order binary.ByteOrder = binary.LittleEndian
		if head[5] == 2 {
			order = binary.BigEndian
		}
		return Platform{OS: "linux", Arch: elfMachines[order.Uint16(head[18:])]}
	case len(head) >= 8 && binary.LittleEndian.Uint32(head) == 0xfeedfacf:
		return Platform{OS: "darwin", Arch: machoCPUs[binary.LittleEndian.Uint32(head[4:])]}
	case len(head) >= 2 && string(head[:2]) == "MZ":
		return Platform{OS: "windows"}
	}
	return Platform{}
}
