package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/reliableq/reliableq/deploy/internal/target"
	"github.com/reliableq/reliableq/localaws/clock"
)

// pseudoTerminal opens a pseudo-terminal: a test types by writing to keyboard, and the
// command uses screen.
func pseudoTerminal(t *testing.T) (keyboard, screen *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { _ = keyboard.Close() })
	if err := unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	n, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { _ = screen.Close() })
	return keyboard, screen
}

// startDown starts "reliableq down --target endpoint" at a terminal, and returns when it
// asks, with what it printed.
func startDown(t *testing.T, w *deployment) (cmd *exec.Cmd, keyboard *os.File, printed string, ended chan error) {
	t.Helper()
	at := &target.Target{Kind: target.Endpoint, URL: w.AWS.URL(), Account: w.AWS.Account(), Region: w.AWS.Region()}
	w.write(filepath.Join(at.Folder(w.state, ""), "terraform.tfstate"), w.stateFile())
	keyboard, screen := pseudoTerminal(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	id, secret := w.AWS.Credentials()
	cmd = exec.CommandContext(t.Context(), exe, "down", "--target", "endpoint", "--state-dir", w.state, "--dir", w.project,
		"--tool", filepath.Join(w.bin, "terraform"), "--provider-mirror", filepath.Join(filepath.Dir(w.bin), "mirror"))
	cmd.Args[0] = "reliableq"
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "AWS_") }),
		"AWS_ENDPOINT_URL="+w.AWS.URL(), "AWS_ACCESS_KEY_ID="+id, "AWS_SECRET_ACCESS_KEY="+secret, "AWS_REGION="+w.AWS.Region(), "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
	cmd.Stdin = screen
	errs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(errs)
	for !strings.Contains(printed, `Enter "yes" to continue: `) {
		c, err := reader.ReadByte()
		if err != nil {
			t.Fatalf("the command did not ask for confirmation: %v\n%s", err, printed)
		}
		printed += string(c)
	}
	ended = make(chan error, 1)
	go func() {
		for err == nil {
			_, err = reader.ReadByte()
		}
		ended <- cmd.Wait()
	}()
	return cmd, keyboard, printed, ended
}

// Ctrl-C at a question ends the command immediately, before any change. The question
// names account, region, credentials, endpoints, what is removed, and how many
// messages are deleted with it.
func TestAnInterruptAtAQuestionEndsTheCommand(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Real, "per_message")
	w.fillDeadLetters()
	cmd, _, printed, ended := startDown(t, w)
	for _, want := range []string{
		"account " + w.AWS.Account(), "region " + w.AWS.Region(), "credentials: arn:aws:iam::" + w.AWS.Account(),
		"calls of every service, and of Terraform, go to " + w.AWS.URL(), "aws_sqs_queue (1): ", "This removes 1 resources",
		"queue dlq (aws_sqs_queue.this) is deleted with the 3 messages in it", "with 3 messages in the queues",
	} {
		t.Run(want, func(t *testing.T) {
			if !strings.Contains(printed, want) {
				t.Errorf("no %q in\n%s", want, printed)
			}
		})
	}

	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("one interrupt did not end the command")
	}
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	if slices.Contains(w.calls(), "destroy") {
		t.Error("Terraform was run with destroy")
	}
}

func TestOnlyYesConfirms(t *testing.T) {
	t.Parallel()
	for input, code := range map[string]int{"yes\n": exitDone, "no\n": exitFailed, "y\n": exitFailed, "\n": exitFailed, "\x04": exitFailed} {
		t.Run(fmt.Sprintf("%q", input), func(t *testing.T) {
			t.Parallel()
			w := setup(t, clock.Real, "per_message")
			cmd, keyboard, printed, ended := startDown(t, w)
			if _, err := keyboard.WriteString(input); err != nil {
				t.Fatal(err)
			}
			<-ended
			if cmd.ProcessState.ExitCode() != code || slices.Contains(w.calls(), "destroy") != (code == exitDone) {
				t.Errorf("exit code %d, calls %q\n%s", cmd.ProcessState.ExitCode(), w.calls(), printed)
			}
		})
	}
}
