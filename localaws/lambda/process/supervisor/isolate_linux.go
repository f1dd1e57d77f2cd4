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

// isolate separates this process, and with it the program, from the machine. When it
// fails, step names what failed.
func (s *supervisor) isolate() (step string, err error) {
	if !s.request.Namespaces {
		if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
			return "become a subreaper", err
		}
		if s.request.UID == 0 {
			return "", nil
		}
		return s.prepareUser()
	}

	// Keys in the server's keyring are not for the program. A kernel without
	// keyrings has none to hide.
	_, _, _ = unix.RawSyscall(unix.SYS_KEYCTL, unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0)

	root := &root{request: &s.request, base: s.request.Temp}
	root.build()

	// A probe shows that the user can be changed by changing it.
	if root.err == nil && s.request.Probe && s.request.UID != 0 {
		root.step = "change user"
		root.err = changeUser(s.request.UID)
	}
	return root.step, root.err
}

// prepareUser prepares for a program with a user of its own and without namespaces.
func (s *supervisor) prepareUser() (step string, err error) {
	if err := os.Lchown(s.request.Temp, int(s.request.UID), int(s.request.UID)); err != nil {
		return "give " + s.request.Temp + " to the program", errnoOf(err)
	}

	if !s.request.Probe {
		return "", nil
	}

	// Later, this process must be able to kill the program and delete its files.
	if err := requireCapabilities(unix.CAP_KILL, unix.CAP_DAC_OVERRIDE); err != nil {
		return "act for another user", err
	}

	if err := changeUser(s.request.UID); err != nil {
		return "change user", err
	}

	if err := syscall.Chdir(s.request.Temp); err != nil {
		return "reach " + s.request.Temp + " as another user", err
	}
	return "", nil
}

// requireCapabilities returns EPERM unless this process has all of the given
// capabilities, whose numbers must be below 32.
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

// changeUser changes the user and group of this process.
func changeUser(uid uint32) error {
	if err := unix.Setresgid(int(uid), int(uid), int(uid)); err != nil {
		return err
	}
	return unix.Setresuid(int(uid), int(uid), int(uid))
}

// root builds the file system that a program sees. After the first error, its methods
// do nothing.
type root struct {
	request *Request
	base    string // where it is mounted until it becomes /
	step    string // that failed
	err     error
}

// build makes a new root directory with what the program may see, and makes it this
// process's root. Everything but /tmp is read-only (LAM C65).
func (r *root) build() {
	// Keep the mounts below out of the machine's own mount namespace.
	r.mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")

	// The new root is mounted over Temp, which exists for certain. So open both
	// directories first, and refer to them by their descriptors.
	temp := r.open(r.request.Temp)
	task := temp
	if !r.request.Probe {
		task = r.open(r.request.Dir)
	}

	if r.err == nil && r.request.UID != 0 {
		r.check("give "+r.request.Temp+" to the program", os.Chown(temp, int(r.request.UID), int(r.request.UID)))
	}

	// The system's directories, read-only.
	r.mount("tmpfs", r.base, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755,size=4m,nr_inodes=4k")
	for _, dir := range systemDirs {
		r.system(dir)
	}
	r.resolver()
	for _, dir := range r.request.Readable {
		r.readable(dir)
	}

	// Devices, processes, the code, and the directory for temporary files.
	r.devices()
	r.directory("/proc")
	r.mount("proc", r.base+"/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	r.bind(task, TaskRoot, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
	r.temporary(temp)

	// Hide directories last, because they may be in others.
	for _, dir := range r.request.Hidden {
		r.hide(dir)
	}
	r.enter()
}

// check records the first error and the step that it belongs to.
func (r *root) check(step string, err error) {
	if r.err == nil && err != nil {
		r.step = step
		r.err = errnoOf(err)
	}
}

// errnoOf returns the error number in an error of package os.
func errnoOf(err error) error {
	switch e := err.(type) {
	case *os.PathError:
		return e.Err
	case *os.LinkError:
		return e.Err
	}
	return err
}

// mount calls mount(2).
func (r *root) mount(source, target, kind string, flags uintptr, data string) {
	if r.err == nil {
		r.check("mount "+target, unix.Mount(source, target, kind, flags, data))
	}
}

// open opens a directory and returns a path to it that works even after something is
// mounted over the directory. The descriptor is close-on-exec.
func (r *root) open(dir string) string {
	if r.err != nil {
		return ""
	}
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	r.check("open "+dir, err)
	return "/proc/self/fd/" + itoa(fd)
}

// itoa returns a small number in decimal.
func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + max(n, 0)))
	}
	return itoa(n/10) + itoa(n%10)
}

// directory makes a directory in the new root.
func (r *root) directory(path string) {
	if r.err == nil {
		r.check("make "+path, os.MkdirAll(r.base+path, 0o755))
	}
}

// bind mounts a directory of the machine, with everything mounted below it, at a path
// in the new root.
func (r *root) bind(source, path string, attributes uint64) {
	r.directory(path)
	r.attach(source, path, attributes)
}

// temporary mounts the directory for temporary files, without what is mounted over it:
// the new root itself.
func (r *root) temporary(source string) {
	r.directory(TempRoot)
	r.mount(source, r.base+TempRoot, "", unix.MS_BIND, "")
	if r.err == nil {
		r.check("protect "+TempRoot, unix.MountSetattr(unix.AT_FDCWD, r.base+TempRoot, 0, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV}))
	}
}

// attach is like bind for a path that exists.
func (r *root) attach(source, path string, attributes uint64) {
	r.mount(source, r.base+path, "", unix.MS_BIND|unix.MS_REC, "")
	if r.err == nil {
		r.check("protect "+path, unix.MountSetattr(unix.AT_FDCWD, r.base+path, unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: attributes}))
	}
}

const readOnly = unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV

// system mounts a directory of the operating system. If it is a symbolic link, as /bin
// often is, system makes the same link.
func (r *root) system(dir string) {
	info, err := os.Lstat("/" + dir)
	switch {
	case err != nil:
		return // this system has none
	case info.Mode()&os.ModeSymlink != 0:
		target, err := os.Readlink("/" + dir)
		r.check("read link "+dir, err)
		if r.err == nil {
			r.check("link "+dir, os.Symlink(target, r.base+"/"+dir))
		}
	case info.IsDir():
		r.bind("/"+dir, "/"+dir, readOnly)
	}
}

// resolver mounts the file that /etc/resolv.conf links to. It is often not in one of the
// system's directories.
func (r *root) resolver() {
	path, err := filepath.EvalSymlinks("/etc/resolv.conf")
	if err != nil || r.visible(path) {
		return
	}
	r.directory(filepath.Dir(path))
	if r.err == nil {
		r.check("make "+path, os.WriteFile(r.base+path, nil, 0o644))
	}
	r.attach(path, path, readOnly)
}

// visible reports whether a path of the machine is in one of the system's directories,
// which the program sees.
func (r *root) visible(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return slices.Contains(systemDirs, first)
}

// readable mounts a directory that the request lists, unless it does not exist or the
// program sees it already.
func (r *root) readable(dir string) {
	if !filepath.IsAbs(dir) || r.visible(dir) {
		return
	}
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		r.bind(dir, filepath.Clean(dir), readOnly)
	}
}

// devices mounts the devices, and makes the links to the standard streams.
func (r *root) devices() {
	r.directory("/dev")
	for _, name := range devices {
		path := "/dev/" + name
		if r.err == nil {
			r.check("make "+path, os.WriteFile(r.base+path, nil, 0o644))
		}
		r.mount(path, r.base+path, "", unix.MS_BIND, "")
	}

	for i, name := range []string{"stdin", "stdout", "stderr", "fd"} {
		target := "/proc/self/fd"
		if name != "fd" {
			target += "/" + itoa(i)
		}
		if r.err == nil {
			r.check("link /dev/"+name, os.Symlink(target, r.base+"/dev/"+name))
		}
	}
}

// hide mounts an empty directory over one that the program must not see, if the new root
// contains it.
func (r *root) hide(dir string) {
	if r.err != nil {
		return
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return // it does not exist
	}
	if _, err := os.Stat(r.base + real); err != nil {
		return // the new root does not contain it
	}
	r.mount("tmpfs", r.base+real, "tmpfs", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV, "mode=0755,size=4k,nr_inodes=4")
}

// enter makes the new root this process's root, and unmounts the old one.
func (r *root) enter() {
	if r.err != nil {
		return
	}

	r.check("enter the new root", syscall.Chdir(r.base))
	if r.err == nil {
		r.check("enter the new root", unix.PivotRoot(".", "."))
	}

	if r.err == nil {
		r.check("leave the old root", unix.Unmount(".", unix.MNT_DETACH))
	}

	if r.err == nil {
		r.check("enter the new root", syscall.Chdir("/"))
	}

	if r.err == nil {
		r.check("protect /", unix.MountSetattr(unix.AT_FDCWD, "/", 0, &unix.MountAttr{Attr_set: readOnly}))
	}
}
