package supervisor

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// systemDirs hold the operating system: programs, libraries, configuration.
var systemDirs = []string{"usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "etc", "opt", "nix", "gnu", "snap"}

// devices are what a program may need of /dev. There is no /dev/shm on Lambda.
var devices = []string{"null", "zero", "full", "random", "urandom"}

// isolate shuts this process, and with it the program, off from the machine. When
// it fails, step names what failed.
func (s *supervisor) isolate() (step string, err error) {
	if !s.order.Namespaces {
		if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
			return "become a subreaper", err
		}
		if s.order.UID == 0 {
			return "", nil
		}
		return s.separate()
	}
	// Keys in the server's keyring are not for the program. A kernel without
	// keyrings has none to hide.
	_, _, _ = unix.RawSyscall(unix.SYS_KEYCTL, unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0)

	root := &root{order: &s.order, base: s.order.Temp}
	root.build()
	if root.err == nil && s.order.Probe && s.order.UID != 0 {
		root.step = "change user"
		root.err = changeUser(s.order.UID)
	}
	return root.step, root.err
}

// separate prepares for a program with a user of its own and without namespaces.
func (s *supervisor) separate() (step string, err error) {
	if err := os.Lchown(s.order.Temp, int(s.order.UID), int(s.order.UID)); err != nil {
		return "give " + s.order.Temp + " to the program", plain(err)
	}
	if !s.order.Probe {
		return "", nil
	}

	// The program will have to be killed, and its files deleted.
	if err := requireCapabilities(unix.CAP_KILL, unix.CAP_DAC_OVERRIDE); err != nil {
		return "act for another user", err
	}
	if err := changeUser(s.order.UID); err != nil {
		return "change user", err
	}
	if err := syscall.Chdir(s.order.Temp); err != nil {
		return "reach " + s.order.Temp + " as another user", err
	}
	return "", nil
}

// requireCapabilities returns EPERM unless this process has all of the given
// capabilities, whose numbers are below 32.
func requireCapabilities(wanted ...int) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var have [2]unix.CapUserData
	if err := unix.Capget(&header, &have[0]); err != nil {
		return err
	}
	for _, c := range wanted {
		if have[0].Effective&(1<<c) == 0 {
			return unix.EPERM
		}
	}
	return nil
}

// changeUser checks that a program could be given the user, by taking it on.
func changeUser(uid uint32) error {
	if err := unix.Setresgid(int(uid), int(uid), int(uid)); err != nil {
		return err
	}
	return unix.Setresuid(int(uid), int(uid), int(uid))
}

// root builds the file system that a program sees. After the first error its
// methods do nothing.
type root struct {
	order *Order
	base  string // where it is mounted until it becomes /
	step  string
	err   error
}

// build makes a new root directory with what a program may see, and moves to it.
// Everything is read-only but /tmp (LAM C65).
func (r *root) build() {
	// What is mounted here must not show in the machine's own mount namespace.
	r.mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")

	// The new root is mounted over Temp, which exists for certain; so both
	// directories are opened first, and found again by their descriptors.
	temp := r.open(r.order.Temp)
	task := temp
	if !r.order.Probe {
		task = r.open(r.order.Dir)
	}
	if r.err == nil && r.order.UID != 0 {
		r.do("give "+r.order.Temp+" to the program", os.Chown(temp, int(r.order.UID), int(r.order.UID)))
	}
	r.mount("tmpfs", r.base, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755,size=4m,nr_inodes=4k")

	for _, dir := range systemDirs {
		r.system(dir)
	}
	r.resolver()
	for _, dir := range r.order.Readable {
		r.readable(dir)
	}
	r.devices()
	r.directory("/proc")
	r.mount("proc", r.base+"/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	r.bind(task, TaskRoot, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
	r.temporary(temp)
	for _, dir := range r.order.Hidden {
		r.hide(dir)
	}
	r.enter()
}

func (r *root) do(step string, err error) {
	if r.err == nil && err != nil {
		r.step, r.err = step, plain(err)
	}
}

// plain is the error number within err.
func plain(err error) error {
	switch e := err.(type) {
	case *os.PathError:
		return e.Err
	case *os.LinkError:
		return e.Err
	}
	return err
}

func (r *root) mount(source, target, kind string, flags uintptr, data string) {
	if r.err == nil {
		r.do("mount "+target, unix.Mount(source, target, kind, flags, data))
	}
}

// open returns a path that stays good when something is mounted over the
// directory. Its descriptor is closed when the program is executed.
func (r *root) open(dir string) string {
	if r.err != nil {
		return ""
	}
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	r.do("open "+dir, err)
	return "/proc/self/fd/" + itoa(fd)
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + max(n, 0)))
	}
	return itoa(n/10) + itoa(n%10)
}

// directory makes a directory of the new root.
func (r *root) directory(path string) {
	if r.err == nil {
		r.do("make "+path, os.MkdirAll(r.base+path, 0o755))
	}
}

// bind shows a directory of the machine, and all that is mounted below it, at a
// path of the new root.
func (r *root) bind(source, path string, attributes uint64) {
	r.directory(path)
	r.attach(source, path, attributes)
}

// temporary shows the directory for temporary files, without what is mounted over
// it: the new root itself.
func (r *root) temporary(source string) {
	r.directory(TempRoot)
	r.mount(source, r.base+TempRoot, "", unix.MS_BIND, "")
	if r.err == nil {
		r.do("protect "+TempRoot, unix.MountSetattr(unix.AT_FDCWD, r.base+TempRoot, 0, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV}))
	}
}

// attach is bind where the path exists.
func (r *root) attach(source, path string, attributes uint64) {
	r.mount(source, r.base+path, "", unix.MS_BIND|unix.MS_REC, "")
	if r.err == nil {
		r.do("protect "+path, unix.MountSetattr(unix.AT_FDCWD, r.base+path, unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: attributes}))
	}
}

const readOnly = unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV

// system shows a directory of the operating system, or the link in its place.
func (r *root) system(dir string) {
	info, err := os.Lstat("/" + dir)
	switch {
	case err != nil:
		return // this system has none
	case info.Mode()&os.ModeSymlink != 0:
		target, err := os.Readlink("/" + dir)
		r.do("read link "+dir, err)
		if r.err == nil {
			r.do("link "+dir, os.Symlink(target, r.base+"/"+dir))
		}
	case info.IsDir():
		r.bind("/"+dir, "/"+dir, readOnly)
	}
}

// resolver shows the file that /etc/resolv.conf links to: it is often outside of
// the system's directories.
func (r *root) resolver() {
	path, err := filepath.EvalSymlinks("/etc/resolv.conf")
	if err != nil || r.visible(path) {
		return
	}
	r.directory(filepath.Dir(path))
	if r.err == nil {
		r.do("make "+path, os.WriteFile(r.base+path, nil, 0o644))
	}
	r.attach(path, path, readOnly)
}

// visible reports whether a path of the machine is below a directory that the
// program sees.
func (r *root) visible(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return slices.Contains(systemDirs, first)
}

// readable shows a directory that the order names, unless the program sees it
// already or it does not exist.
func (r *root) readable(dir string) {
	if !filepath.IsAbs(dir) || r.visible(dir) {
		return
	}
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		r.bind(dir, filepath.Clean(dir), readOnly)
	}
}

func (r *root) devices() {
	r.directory("/dev")
	for _, name := range devices {
		path := "/dev/" + name
		if r.err == nil {
			r.do("make "+path, os.WriteFile(r.base+path, nil, 0o644))
		}
		r.mount(path, r.base+path, "", unix.MS_BIND, "")
	}
	for i, name := range []string{"stdin", "stdout", "stderr", "fd"} {
		target := "/proc/self/fd"
		if name != "fd" {
			target += "/" + itoa(i)
		}
		if r.err == nil {
			r.do("link /dev/"+name, os.Symlink(target, r.base+"/dev/"+name))
		}
	}
}

// hide covers a directory of the machine that the new root would show.
func (r *root) hide(dir string) {
	if r.err != nil {
		return
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return // it does not exist
	}
	if _, err := os.Stat(r.base + real); err != nil {
		return // the new root does not show it
	}
	r.mount("tmpfs", r.base+real, "tmpfs", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV, "mode=0755,size=4k,nr_inodes=4")
}

// enter makes the new root this process's, and lets go of the old one.
func (r *root) enter() {
	if r.err != nil {
		return
	}
	r.do("enter the new root", syscall.Chdir(r.base))
	if r.err == nil {
		r.do("enter the new root", unix.PivotRoot(".", "."))
	}
	if r.err == nil {
		r.do("leave the old root", unix.Unmount(".", unix.MNT_DETACH))
	}
	if r.err == nil {
		r.do("enter the new root", syscall.Chdir("/"))
	}
	if r.err == nil {
		r.do("protect /", unix.MountSetattr(unix.AT_FDCWD, "/", 0, &unix.MountAttr{Attr_set: readOnly}))
	}
}
