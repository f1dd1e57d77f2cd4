package lambda

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/reliableq/reliableq/localaws/lambda/process"
)

// nobody is the id of a user other than root.
const nobody = 65534

// TestFunctionsAreIsolated runs the tests TestHostile… in child processes: as the
// user of this test and, if that is root, also as a normal user. The environment of each
// process contains a secret.
func TestFunctionsAreIsolated(t *testing.T) {
	t.Parallel()

	user := &syscall.Credential{Uid: nobody, Gid: nobody}
	if os.Geteuid() != 0 {
		user = nil
	}

	for name, tc := range map[string]struct {
		credential *syscall.Credential
		tests      string
		container  bool
	}{
		"SameUser":   {nil, "TestHostile", false},
		"NormalUser": {user, "TestHostile", false},
		"Undumpable": {user, "TestUndumpable", false},
		"Container":  {nil, "TestHostile", true},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "NormalUser" && user == nil {
				t.Skip("the same as SameUser: this user is not root")
			}

			if tc.container && os.Geteuid() != 0 {
				t.Skip("needs root")
			}

			t.Parallel()

			dir, err := os.MkdirTemp("", "hostile")
			if err != nil {
				t.Fatal(err)
			}

			t.Cleanup(func() { os.RemoveAll(dir) })
			cmd := exec.Command(copyOfThisTest(t, dir), "-test.run=^"+tc.tests, "-test.v")
			cmd.Dir = dir
			cmd.Env = []string{
				"PATH=" + os.Getenv("PATH"), "TMPDIR=" + dir, "HOSTILE=1",
				"LOCALAWS_TEST_PROGRAM=" + filepath.Join(dir, "program"), "AWS_SECRET_ACCESS_KEY=" + operatorSecret,
			}

			if tc.credential != nil {
				if err := os.Chown(dir, nobody, nobody); err != nil {
					t.Fatal(err)
				}
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: tc.credential}
			}

			if tc.container {
				inContainer(t, cmd)
				if err := os.Chmod(dir, 0o711); err != nil { // code is unpacked in this directory
					t.Fatal(err)
				}
			}

			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}

			if !strings.Contains(string(out), "--- PASS: "+tc.tests) {
				t.Errorf("no test ran:\n%s", out)
			}

			t.Logf("%s", out)
		})
	}
}

// inContainer runs a command as root without the capabilities to create namespaces and
// to inspect other users' processes, as containers are by default.
func inContainer(t *testing.T, cmd *exec.Cmd) {
	t.Helper()

	setpriv, err := exec.LookPath("setpriv")
	if err != nil {
		t.Skipf("no command that drops capabilities: %v", err)
	}

	all := []syscall.SysProcIDMap{{
		ContainerID: 0,
		HostID:      0,
		Size:        math.MaxUint32,
	}}

	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:                 syscall.CLONE_NEWUSER,
		UidMappings:                all,
		GidMappings:                all,
		GidMappingsEnableSetgroups: true,
	}

	probe := exec.Command("true")
	probe.SysProcAttr = cmd.SysProcAttr
	if err := probe.Run(); err != nil {
		t.Skipf("this system does not allow user namespaces: %v", err)
	}

	script := `for kind in user pid mnt ipc; do echo 0 >/proc/sys/user/max_${kind}_namespaces || exit 1; done
		exec ` + setpriv + ` --bounding-set=-sys_admin,-sys_ptrace "$@"`

	cmd.Args = append([]string{"sh", "-c", script, "sh"}, cmd.Args...)
	cmd.Args[4] = cmd.Path
	cmd.Path = "/bin/sh"
	cmd.Env = append(cmd.Env, "CONTAINER=1")
}

// operatorSecret must not reach a function.
const operatorSecret = "operator-secret-4711"

// copyOfThisTest writes the test's executable and the test function where every user
// can run them.
func copyOfThisTest(t *testing.T, dir string) string {
	t.Helper()

	own, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}

	// No child is forked meanwhile: it would have the file open for writing.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	for name, content := range map[string][]byte{"test": own, "program": program} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o755); err != nil {
			t.Fatal(err)
		}
	}

	return filepath.Join(dir, "test")
}

// hostile starts a service with a function for attacks.
func hostile(t *testing.T, change ...func(*Options)) *testService {
	t.Helper()

	if os.Getenv("HOSTILE") == "" {
		t.Skip("runs as a child of TestFunctionsAreIsolated")
	}
	t.Parallel()

	b := start(t, change...)
	b.create(t, "f", minutes)
	return b
}

// isolated is hostile, and skips the test where functions have no file system of their
// own.
func isolated(t *testing.T) *testService {
	t.Helper()

	b := hostile(t)
	if !b.Isolation().Private() {
		t.Skip("this system does not isolate functions")
	}
	return b
}

// separate is hostile, and skips the test where functions neither run as separate
// users nor have their own file system.
func separate(t *testing.T) *testService {
	t.Helper()

	b := hostile(t)
	if os.Getenv("CONTAINER") != "" && b.Isolation() != process.OwnUserSharedFiles {
		t.Fatalf("isolation %q in a container", b.Isolation())
	}
	if b.Isolation() == process.Shared {
		t.Skip("this system does not isolate functions")
	}
	return b
}

// run makes a function run a shell script, and returns what the script printed.
func (b *testService) run(t *testing.T, function, script string) (out string, failed bool) {
	t.Helper()

	event, err := json.Marshal(map[string]string{"Do": "run", "Text": script})
	if err != nil {
		t.Fatal(err)
	}

	var response struct {
		Output string
		Failed bool
	}

	payload := b.invokeTail(t, function, string(event)).Payload
	if err := json.Unmarshal(payload, &response); err != nil {
		t.Fatalf("%s: %v", payload, err)
	}

	return response.Output, response.Failed
}

// Section "What a function cannot reach" of docs/security.md.
func TestHostileFunctionReadsOnlyItsOwnEnvironment(t *testing.T) {
	b := separate(t)
	own, err := os.ReadFile("/proc/self/environ")
	if err != nil || !strings.Contains(string(own), operatorSecret) {
		t.Fatalf("the secret is not where the attack reads: %v", err)
	}

	b.create(t, "sibling", minutes, func(in *CreateFunctionInput) {
		in.Environment = &Environment{map[string]string{"TOKEN": "sibling-secret-4711"}}
	})

	b.invokeTail(t, "sibling", "{}")
	look := fmt.Sprintf("cat /proc/[0-9]*/environ /proc/%d/environ /proc/%d/mem | tr '\\0' '\\n'; true", os.Getpid(), os.Getppid())
	for name, script := range map[string]string{
		"Plain":           look,
		"OwnNamespace":    "unshare -Urm sh -c '" + strings.ReplaceAll(look, "'", `'"'"'`) + "'",
		"ProcUncovered":   "unshare -Urm sh -c 'umount -l /proc; umount -l /; cat /proc/[0-9]*/environ'",
		"AnotherProc":     "unshare -Urmpf sh -c 'mount -t proc proc /tmp; cat /tmp/[0-9]*/environ'",
		"ByTheSupervisor": "cat /proc/1/environ; cd /proc/1/root && cat proc/[0-9]*/environ",
	} {
		t.Run(name, func(t *testing.T) {
			out, _ := b.run(t, "f", script)
			if strings.Contains(out, operatorSecret) || strings.Contains(out, "sibling-secret-4711") {
				t.Errorf("%s: %s", name, out)
			}
		})
	}
}

func TestHostileFunctionReadsNoFileOfTheOperator(t *testing.T) {
	b := isolated(t)
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(operatorSecret), 0o600); err != nil {
		t.Fatal(err)
	}

	for name, script := range map[string]string{
		"Key":       "cat " + key,
		"WorkDir":   "ls -R " + b.opts.WorkDir,
		"Home":      "ls -d /home /run /srv /boot /mnt /sys",
		"Elsewhere": "cd /proc/1/root && cat ." + key,
		"Device":    "ls /dev/tty /dev/shm /dev/kmsg /dev/sda /dev/vda",
	} {
		t.Run(name, func(t *testing.T) {
			out, failed := b.run(t, "f", script)
			if !failed || strings.Contains(out, operatorSecret) {
				t.Errorf("%s: %s", name, out)
			}
		})
	}

	out, _ := b.run(t, "f", "find / -xdev -name key 2>/dev/null; find /tmp /var 2>/dev/null")
	if strings.Contains(out, filepath.Base(filepath.Dir(key))) {
		t.Errorf("found %s", out)
	}
}

// A separate user is enough to protect what other users cannot read, and other execution
// environments: their files, memory, variables and processes.
func TestHostileFunctionRunsAsItsOwnUser(t *testing.T) {
	b := separate(t)
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(operatorSecret), 0o600); err != nil {
		t.Fatal(err)
	}

	b.create(t, "sibling", minutes)
	out, failed := b.run(t, "sibling", "echo sibling-secret-4711 >${TMPDIR:-/tmp}/secret; echo ${TMPDIR:-/tmp}")
	temp := strings.TrimSpace(out)
	if failed || temp == "" {
		t.Fatalf("no directory for temporary files: %s", out)
	}

	victim := b.detach(t, "sibling", "")
	mine := b.detach(t, "f", "")

	for name, script := range map[string]string{
		"Key":           "cat " + key,
		"WorkDir":       "ls " + b.opts.WorkDir,
		"SiblingsFiles": "cat " + temp + "/secret /proc/1/root" + temp + "/secret",
		"SiblingsList":  "ls " + filepath.Dir(temp) + " | grep -q . && [ " + filepath.Dir(temp) + " != / ]",
		"Code":          "echo x >>$LAMBDA_TASK_ROOT/bootstrap || rm -f $LAMBDA_TASK_ROOT/bootstrap",
		"Supervisor":    fmt.Sprintf("kill -9 %d $(ps -o ppid= $PPID)", os.Getpid()),
		"Memory":        fmt.Sprintf("cat /proc/%d/mem /proc/%d/environ /proc/%d/fd/*", os.Getpid(), os.Getpid(), os.Getpid()),
		"Privileges":    "setpriv --reuid 0 true || setpriv --clear-groups true || unshare -r chown 0 /tmp/x",
	} {
		t.Run(name, func(t *testing.T) {
			out, failed := b.run(t, "f", script)
			if !failed || strings.Contains(out, "secret-4711") {
				t.Errorf("%s: %s", name, out)
			}
		})
	}

	b.run(t, "f", "kill -9 -1; pkill -9 .")
	if len(marked(t, victim)) == 0 {
		t.Error("another function's process was killed")
	}

	b.invokeTail(t, "f", "{}")
	if len(marked(t, mine)) > 0 {
		t.Error("the function could not kill its own process: the test attempted nothing")
	}
}

// A killed server leaves nothing outside of its own directory after the next start.
func TestHostileSharedCodeIsDeletedByTheNextServer(t *testing.T) {
	b := hostile(t)
	if b.Isolation() != process.OwnUserSharedFiles {
		t.Skip("code is only visible to its function")
	}

	b.invokeTail(t, "f", "{}")
	dir := b.codeCache.shared.Path()
	if _, err := os.Stat(dir + "/code"); err != nil {
		t.Fatal(err)
	}

	start(t, func(o *Options) { o.WorkDir = b.opts.WorkDir })
	if _, err := os.Stat(dir); err == nil {
		t.Errorf("%s is left", dir)
	}
}

func TestHostileFunctionDoesNotSeeHiddenDirectories(t *testing.T) {
	hidden := ""
	b := hostile(t, func(o *Options) {
		hidden = filepath.Join("/usr/local", fmt.Sprint("hidden-", os.Getpid()))
		o.Hidden = []string{hidden}
	})

	if err := os.Mkdir(hidden, 0o755); err != nil {
		t.Skipf("a normal user has no directory that is visible to functions: %v", err)
	}

	t.Cleanup(func() { os.RemoveAll(hidden) })
	if err := os.WriteFile(hidden+"/key", []byte(operatorSecret), 0o644); err != nil {
		t.Fatal(err)
	}

	if !b.Isolation().Private() {
		t.Skip("this system does not isolate functions")
	}

	if out, _ := b.run(t, "f", "umount "+hidden+"; ls "+hidden+"; cat "+hidden+"/key"); strings.Contains(out, operatorSecret) {
		t.Errorf("%s", out)
	}
}

// A program has no capabilities if it is isolated, and gains none in any case.
func TestHostileFunctionGainsNoPrivileges(t *testing.T) {
	both(t, func(t *testing.T, b *testService) {
		out, failed := b.run(t, "f", "cat /proc/self/status")
		if failed || !strings.Contains(out, "NoNewPrivs:\t1\n") {
			t.Errorf("it may gain privileges: %s", out)
		}

		if b.Isolation() == process.Shared {
			return
		}

		// The inheritable set grants nothing by itself.
		for _, set := range []string{"CapPrm", "CapEff", "CapAmb"} {
			if !strings.Contains(out, set+":\t0000000000000000\n") {
				t.Errorf("%s is not empty: %s", set, out)
			}
		}
	})
}

func TestHostileFunctionWritesOnlyToItsTmp(t *testing.T) { // LAM C65
	b := isolated(t)
	name := fmt.Sprintf("written-%d", os.Getpid())
	script := "for d in / /usr /etc /opt /dev /proc /var /var/task /home; do echo x >$d/" + name + " && echo wrote to $d; done; echo mine >/tmp/" + name
	if out, failed := b.run(t, "f", script); failed || strings.Contains(out, "wrote to") {
		t.Errorf("%s", out)
	}

	b.create(t, "sibling", minutes)
	if out, failed := b.run(t, "sibling", "cat /tmp/"+name); !failed {
		t.Errorf("the sibling reads %s", out)
	}

	if _, err := os.Stat("/tmp/" + name); err == nil {
		t.Error("the computer's /tmp was written to")
	}

	out, failed := b.run(t, "f", "cat /tmp/"+name+"; id -u; ls -d $LAMBDA_TASK_ROOT/bootstrap; pwd")
	if failed || !strings.HasPrefix(out, "mine\n") || strings.Contains(out, "\n0\n") || !strings.HasSuffix(out, "/var/task/bootstrap\n/var/task\n") {
		t.Errorf("%s", out)
	}
}

// Each environment of one function has its own /tmp.
func TestHostileEnvironmentsOfOneFunctionShareNoTmp(t *testing.T) {
	b := isolated(t)
	gate, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	defer gate.Close()
	// The first occupies its environment until the second has looked.
	wait := fmt.Sprintf("echo x >/tmp/first; exec 3<>/dev/tcp/127.0.0.1/%d; cat <&3 >/dev/null", gate.Addr().(*net.TCPAddr).Port)
	event, err := json.Marshal(map[string]string{"Do": "run", "Text": "exec bash -c '" + wait + "'"})
	if err != nil {
		t.Fatal(err)
	}

	done := b.backgroundInvokesOf("f", string(event))
	conn, err := gate.Accept()
	if err != nil {
		t.Fatal(err)
	}

	out, _ := b.run(t, "f", "ls /tmp")
	conn.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}

	if strings.Contains(out, "first") {
		t.Errorf("/tmp of another environment: %s", out)
	}
}

// Another function or another user cannot get an event of a function or respond for
// it.
func TestHostileRuntimeAPIServesOnlyTheFunctionsOwnProcess(t *testing.T) {
	both(t, func(t *testing.T, b *testService) {
		b.create(t, "stranger", minutes)
		out, _ := b.run(t, "f", "echo $AWS_LAMBDA_RUNTIME_API")
		api := "http://" + strings.TrimSpace(out) + "/2018-06-01/runtime/"
		for name, ask := range map[string]func(t *testing.T, method, path string) string{
			"AnotherProcess": func(t *testing.T, method, path string) string {
				req, err := http.NewRequestWithContext(t.Context(), method, api+path, strings.NewReader("{}"))
				if err != nil {
					t.Fatal(err)
				}

				res, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}

				defer res.Body.Close()
				body, err := io.ReadAll(res.Body)
				if err != nil {
					t.Fatal(err)
				}

				return fmt.Sprint(res.StatusCode, string(body))
			},
			"AnotherFunction": func(t *testing.T, method, path string) string {
				out, _ := b.run(t, "stranger", "curl -s -m 20 -w '%{http_code}' -X "+method+" "+api+path)
				return out
			},
		} {
			t.Run(name, func(t *testing.T) {
				for _, request := range []string{"GET invocation/next", "POST invocation/" + b.call.RequestID + "/response", "POST init/error"} {
					method, path, _ := strings.Cut(request, " ")
					if response := ask(t, method, path); !strings.Contains(response, "403") || !strings.Contains(response, "own process") {
						t.Errorf("%s, %s: %s", name, request, response)
					}
				}
			})
		}

		if out := b.invokeTail(t, "f", `{"n":1}`); string(out.Payload) != `{"n":1}` {
			t.Errorf("%s", out.Payload)
		}

		// A child process of the function has the function's access.
		out, _ = b.run(t, "f", "curl -s -m 20 "+api+"nothing")
		if !strings.Contains(out, "NotFound") {
			t.Errorf("a child of the function: %s", out)
		}
	})
}

// Without isolation, a server that is not dumpable does not reveal its environment and
// memory to its own user.
func TestUndumpableServer(t *testing.T) {
	if os.Getenv("HOSTILE") == "" || os.Geteuid() == 0 {
		t.Skip("runs as a child of TestFunctionsAreIsolated, and root may read every process")
	}

	b := start(t, func(o *Options) { o.NoIsolation = true })
	b.create(t, "f", minutes)
	look := fmt.Sprintf("cat /proc/%d/environ", os.Getpid())
	if out, _ := b.run(t, "f", look); !strings.Contains(out, operatorSecret) {
		t.Fatalf("the secret is not where the attack reads: %s", out)
	}

	if err := process.MakeUndumpable(); err != nil {
		t.Fatal(err)
	}

	if out, failed := b.run(t, "f", look); !failed || strings.Contains(out, operatorSecret) {
		t.Errorf("%s", out)
	}
}
