package process

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/reliableq/reliableq/localaws/lambda/process/supervisor"
)

// Connected reports whether the remote end of a TCP connection over IPv4 on this
// machine is a socket of the program or of one of its descendants. local is the address
// of this process's end.
func (c *Child) Connected(local, remote netip.AddrPort) (bool, error) {
	if c.ended() {
		return false, nil
	}

	remoteEnd, err := findSocket(remote, local)
	if err != nil {
		return false, fmt.Errorf("find the socket of %s: %w", remote, err)
	}

	if c.system.ownUser {
		// The user id is enough. Listing the program's files, moreover, may be
		// forbidden even to root in a container.
		return remoteEnd.uid == c.system.uid, nil
	}

	owned, unreadable := c.hasSocketOpen(remoteEnd.inode)
	if !owned && unreadable {
		// A program can forbid that its files are listed. Compare the user id.
		return remoteEnd.uid == c.system.uid, nil
	}
	return owned, nil
}

// hasSocketOpen reports whether a descendant of the supervisor has the socket with the given
// inode open, and whether there was a descendant whose files could not be listed.
func (c *Child) hasSocketOpen(inode uint32) (owned, unreadable bool) {
	want := fmt.Sprintf("socket:[%d]", inode)
	supervisor.Descendants(c.PID(), func(pid int) {
		if owned {
			return
		}

		// A descendant may end, and a file be closed, while this reads: skip what is gone.
		dir := "/proc/" + strconv.Itoa(pid) + "/fd"
		files, err := os.ReadDir(dir)
		if errors.Is(err, os.ErrPermission) {
			unreadable = true
		}
		for _, file := range files {
			if target, err := os.Readlink(dir + "/" + file.Name()); err == nil && target == want {
				owned = true
				return
			}
		}
	})

	return owned, unreadable
}

// socket identifies a socket and its owner.
type socket struct{ uid, inode uint32 }

// findSocket finds the TCP socket with the given local and remote addresses.
func findSocket(local, remote netip.AddrPort) (socket, error) {
	if !local.Addr().Is4() || !remote.Addr().Is4() {
		return socket{}, errors.New("not an IPv4 connection")
	}

	found, err := findByNetlink(local, remote)
	if err == nil || errors.Is(err, syscall.ENOENT) {
		return found, err
	}

	// The kernel may have no inet_diag.
	table, tableErr := os.ReadFile("/proc/net/tcp")
	if tableErr != nil {
		return socket{}, errors.Join(err, tableErr)
	}
	return findInTable(table, local, remote)
}

// Sizes and offsets in messages of sock_diag(7).
const (
	diagRequestSize  = 16 + 8 + 48 // header, request, socket id
	diagUID          = 16 + 4 + 48 + 12
	diagInode        = diagUID + 4
	diagResponseSize = diagInode + 4
)

// findByNetlink finds a socket by sock_diag(7), in a time that does not depend on the
// number of sockets.
func findByNetlink(local, remote netip.AddrPort) (socket, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_INET_DIAG)
	if err != nil {
		return socket{}, err
	}
	defer func() { _ = unix.Close(fd) }() // a failed close loses nothing

	// Ask for one socket, in any state.
	request := make([]byte, diagRequestSize)
	native := binary.NativeEndian
	native.PutUint32(request[0:], diagRequestSize)
	native.PutUint16(request[4:], unix.SOCK_DIAG_BY_FAMILY)
	native.PutUint16(request[6:], unix.NLM_F_REQUEST)
	request[16] = unix.AF_INET
	request[17] = unix.IPPROTO_TCP
	native.PutUint32(request[20:], ^uint32(0)) // all states
	id := request[24:]
	binary.BigEndian.PutUint16(id[0:], local.Port())
	binary.BigEndian.PutUint16(id[2:], remote.Port())
	copy(id[4:], local.Addr().AsSlice())
	copy(id[20:], remote.Addr().AsSlice())
	native.PutUint64(id[40:], ^uint64(0)) // no cookie
	if err := unix.Sendto(fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return socket{}, err
	}

	response := make([]byte, 4096)
	n, _, err := unix.Recvfrom(fd, response, 0)
	if err != nil {
		return socket{}, err
	}

	switch kind := native.Uint16(response[4:]); {
	case n >= 20 && kind == unix.NLMSG_ERROR:
		return socket{}, syscall.Errno(-int32(native.Uint32(response[16:])))
	case n < diagResponseSize || kind != unix.SOCK_DIAG_BY_FAMILY:
		return socket{}, fmt.Errorf("unexpected message of type %d and %d bytes", kind, n)
	}

	return socket{
		uid:   native.Uint32(response[diagUID:]),
		inode: native.Uint32(response[diagInode:]),
	}, nil
}

// Fields of a line of /proc/net/tcp, counted after the line number.
const (
	tableUID   = 6
	tableInode = 8
)

// findInTable finds a socket in the content of /proc/net/tcp.
func findInTable(table []byte, local, remote netip.AddrPort) (socket, error) {
	prefix := tableAddress(local) + " " + tableAddress(remote) + " "
	for line := range bytes.Lines(table) {
		_, rest, _ := strings.Cut(string(line), ": ")
		fields := strings.Fields(rest)
		if !strings.HasPrefix(rest, prefix) || len(fields) <= tableInode {
			continue
		}

		uid, err := strconv.ParseUint(fields[tableUID], 10, 32)
		if err != nil {
			return socket{}, fmt.Errorf("read /proc/net/tcp: %w", err)
		}
		inode, err := strconv.ParseUint(fields[tableInode], 10, 32)
		if err != nil {
			return socket{}, fmt.Errorf("read /proc/net/tcp: %w", err)
		}
		return socket{uid: uint32(uid), inode: uint32(inode)}, nil
	}

	return socket{}, syscall.ENOENT
}

// tableAddress returns an address as /proc/net/tcp writes it: the number in the
// machine's byte order, and the port.
func tableAddress(a netip.AddrPort) string {
	ip := a.Addr().As4()
	return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(ip[:]), a.Port())
}
