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

// Connected reports whether the other end of a TCP connection over IPv4 on this
// machine is a socket of the program or of a descendant. local is this process's
// end, remote the other.
func (c *Child) Connected(local, remote netip.AddrPort) (bool, error) {
	if c.ended() {
		return false, nil
	}
	peer, err := findSocket(remote, local)
	if err != nil {
		return false, fmt.Errorf("find the socket of %s: %w", remote, err)
	}
	owned, unreadable := c.holds(peer.inode)
	if !owned && unreadable {
		// A program can forbid that its files are listed. Its user remains.
		return peer.uid == c.system.uid, nil
	}
	return owned, nil
}

// holds reports whether a descendant of the supervisor has a socket open, and
// whether there was one that could not be looked into.
func (c *Child) holds(inode uint32) (owned, unreadable bool) {
	want := fmt.Sprintf("socket:[%d]", inode)
	supervisor.Descendants(c.PID(), func(pid int) {
		if owned {
			return
		}
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

// socket is the kernel's description of one.
type socket struct{ uid, inode uint32 }

// findSocket looks up the TCP socket with the given addresses.
func findSocket(own, other netip.AddrPort) (socket, error) {
	if !own.Addr().Is4() || !other.Addr().Is4() {
		return socket{}, errors.New("not an IPv4 connection")
	}
	found, err := askKernel(own, other)
	if err == nil || errors.Is(err, syscall.ENOENT) {
		return found, err
	}
	table, tableErr := os.ReadFile("/proc/net/tcp") // where the kernel has no inet_diag
	if tableErr != nil {
		return socket{}, errors.Join(err, tableErr)
	}
	return findInTable(table, own, other)
}

// Layout of messages of sock_diag(7).
const (
	diagRequest  = 16 + 8 + 48 // header, request, socket id
	diagUID      = 16 + 4 + 48 + 12
	diagResponse = diagUID + 8
)

// askKernel looks up a socket by sock_diag(7), which takes the same time however
// many sockets there are.
func askKernel(own, other netip.AddrPort) (socket, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_INET_DIAG)
	if err != nil {
		return socket{}, err
	}
	defer func() { _ = unix.Close(fd) }() // nothing was written

	message := make([]byte, diagRequest)
	native := binary.NativeEndian
	native.PutUint32(message[0:], diagRequest)
	native.PutUint16(message[4:], unix.SOCK_DIAG_BY_FAMILY)
	native.PutUint16(message[6:], unix.NLM_F_REQUEST)
	message[16], message[17] = unix.AF_INET, unix.IPPROTO_TCP
	native.PutUint32(message[20:], ^uint32(0)) // in any state
	id := message[24:]
	binary.BigEndian.PutUint16(id[0:], own.Port())
	binary.BigEndian.PutUint16(id[2:], other.Port())
	copy(id[4:], own.Addr().AsSlice())
	copy(id[20:], other.Addr().AsSlice())
	native.PutUint64(id[40:], ^uint64(0)) // no cookie
	if err := unix.Sendto(fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return socket{}, err
	}

	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return socket{}, err
	}
	switch kind := native.Uint16(answer[4:]); {
	case n >= 20 && kind == unix.NLMSG_ERROR:
		return socket{}, syscall.Errno(-int32(native.Uint32(answer[16:])))
	case n < diagResponse || kind != unix.SOCK_DIAG_BY_FAMILY:
		return socket{}, fmt.Errorf("unexpected message of type %d and %d bytes", kind, n)
	}
	return socket{uid: native.Uint32(answer[diagUID:]), inode: native.Uint32(answer[diagUID+4:])}, nil
}

// findInTable looks up a socket in /proc/net/tcp.
func findInTable(table []byte, own, other netip.AddrPort) (socket, error) {
	prefix := tableAddress(own) + " " + tableAddress(other) + " "
	for line := range bytes.Lines(table) {
		_, rest, _ := strings.Cut(string(line), ": ")
		fields := strings.Fields(rest)
		if !strings.HasPrefix(rest, prefix) || len(fields) < 9 {
			continue
		}
		uid, err := strconv.ParseUint(fields[6], 10, 32)
		if err != nil {
			return socket{}, fmt.Errorf("read /proc/net/tcp: %w", err)
		}
		inode, err := strconv.ParseUint(fields[8], 10, 32)
		if err != nil {
			return socket{}, fmt.Errorf("read /proc/net/tcp: %w", err)
		}
		return socket{uid: uint32(uid), inode: uint32(inode)}, nil
	}
	return socket{}, syscall.ENOENT
}

// tableAddress writes an address as /proc/net/tcp does: the number in the
// machine's byte order, and the port.
func tableAddress(a netip.AddrPort) string {
	ip := a.Addr().As4()
	return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(ip[:]), a.Port())
}
