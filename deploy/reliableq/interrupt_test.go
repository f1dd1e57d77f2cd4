//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/localawstest"
)

// interruptsVariable selects the interrupted runs to test with real Terraform: "few"
// or "all"; otherwise none.
const interruptsVariable = "RELIABLEQ_INTERRUPTS"

// phases are the kinds of runs, each interrupted at five times after the first change.
// They cover the work of the provider: the first requests, the functions one after
// another, the 25 s for which it watches queues, the resources after the queues, and
// the 25 s for which it watches redrive policies.
var phases = map[string][]time.Duration{
	"apply":   {500 * time.Millisecond, 4 * time.Second, 12 * time.Second, 28 * time.Second, 45 * time.Second},
	"update":  {500 * time.Millisecond, 3 * time.Second, 8 * time.Second, 15 * time.Second, 23 * time.Second},
	"destroy": {200 * time.Millisecond, 2 * time.Second, 8 * time.Second, 20 * time.Second, 24 * time.Second},
}

// kinds are the ways in which a run is interrupted.
var kinds = map[string]func(*attempt){
	"interrupted":         func(a *attempt) { a.signal(syscall.SIGINT) },
	"interrupted twice":   func(a *attempt) { a.signal(syscall.SIGINT); a.pause(300 * time.Millisecond); a.signal(syscall.SIGINT) },
	"killed":              func(a *attempt) { a.signal(syscall.SIGKILL) },
	"terraform killed":    func(a *attempt) { a.killTerraform() },
	"network gone":        func(a *attempt) { a.lane.front.down(); a.giveUp(20 * time.Second) },
	diskFull:              func(a *attempt) { a.fillDisk() },
	"credentials expired": func(a *attempt) { a.lane.front.expired.Store(true); a.giveUp(90 * time.Second) },
}

// diskFull fills the disk of the state, which is a small separate one. Terraform
// continues, and cannot save its state.
const diskFull = "disk full"

// few is the part of the matrix that runs with the end-to-end tests: one time of each
// phase, by its index.
var few = map[string]int{
	"up/killed/apply":               2,
	"up/interrupted/apply":          3,
	"up/credentials expired/update": 2,
	"plain/interrupted twice/apply": 2,
	"plain/network gone/destroy":    1,
}

// driver is a way to deploy, to remove, and to continue after an interrupted run.
type driver struct {
	// prepare prepares a new lane for its first run; it may be nil.
	prepare func(t *testing.T, l *lane)
	// command returns the command for a verb: up, down or plan. A plan ends with exit
	// code 0 without changes.
	command func(l *lane, verb string) *exec.Cmd
	// repair is the repair in the documentation before the next up; it may be nil.
	repair func(t *testing.T, l *lane)
	// without are the kinds that do not apply.
	without []string
	// orphans is set if a provider may continue after Terraform was killed.
	orphans bool
}

// drivers are the ways to deploy, by name.
var drivers = map[string]driver{
	"up":    {command: commandOfReliableq},
	"plain": plainTerraform,
}

// After any interruption, the same command finishes the work when it is run again; for
// plain Terraform after the repair in docs/terraform.md. The queues that existed are the
// same queues with the same messages, and nothing is left to change. No process of the
// interrupted run is left either.
func TestInterruptedRunsAreFinishedByTheNext(t *testing.T) {
	t.Parallel()
	which := os.Getenv(interruptsVariable)
	if which == "" {
		t.Skipf("%s is not set", interruptsVariable)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	slots := make(chan struct{}, 4) // a provider takes 600 MB
	for _, by := range slices.Sorted(maps.Keys(drivers)) {
		for _, kind := range slices.Sorted(maps.Keys(kinds)) {
			if slices.Contains(drivers[by].without, kind) {
				continue
			}
			for _, phase := range slices.Sorted(maps.Keys(phases)) {
				name := by + "/" + kind + "/" + phase
				moments := phases[phase]
				if which != "all" {
					i, ok := few[name]
					if !ok {
						continue
					}
					moments = moments[i : i+1]
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					slots <- struct{}{}
					defer func() { <-slots }()
					interruptAtEach(t, root, by, kind, phase, moments)
				})
			}
		}
	}
}

// interruptAtEach interrupts runs of one phase, in one way, at each of the times.
func interruptAtEach(t *testing.T, root, by, kind, phase string, moments []time.Duration) {
	lanes := t
	var l *lane
	for _, moment := range moments {
		t.Run(moment.String(), func(t *testing.T) {
			of := lanes
			if phase == "apply" {
				of = t
			}
			if l == nil || phase == "apply" || !l.lossless {
				l = newLane(of, root, drivers[by])
				if kind == diskFull {
					smallDisk(of, filepath.Join(l.dir, "state"))
				}
				if phase != "apply" {
					l.mustUp(t)
				}
			}
			l.lossless = false
			l.interrupt(t, phase, moment, kinds[kind])
			l.lossless = !t.Failed()
		})
	}
}

// deadLetters is the name of the dead-letter queue.
const deadLetters = "dlq_for_reliable_q"

// lane is one deployment on a separate embedded AWS, which it reaches through a front
// that can stop.
type lane struct {
	driver
	root, dir, exe string
	aws            *localawstest.Server
	sqs            *sqs.Client
	front          *front
	delay          int // of the source queue, changed by each update
	sent           int // messages in the dead-letter queue
	lossless       bool
}

func newLane(t *testing.T, root string, by driver) *lane {
	t.Helper()
	l := &lane{driver: by, root: root, dir: t.TempDir(), delay: 2}
	l.exe = filepath.Join(l.dir, "reliableq")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, l.exe); err != nil {
		t.Fatal(err)
	}
	l.aws = localawstest.NewWith(t, localaws.Options{Addr: "127.0.0.1:0"})
	l.sqs = sqs.NewFromConfig(l.aws.Config())
	l.front = newFront(t, l.aws.URL())
	if l.prepare != nil {
		l.prepare(t, l)
	}
	return l
}

// run returns the command for a verb, with the environment of the lane's AWS.
func (l *lane) run(verb string) *exec.Cmd {
	cmd := l.command(l, verb)
	cmd.Env = append(l.environment(), cmd.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// environment returns the test's environment with the lane's AWS instead of any other.
func (l *lane) environment() []string {
	var env []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "AWS_") {
			env = append(env, pair)
		}
	}
	id, secret := l.aws.Credentials()
	return append(env,
		"AWS_ENDPOINT_URL="+l.front.url,
		"AWS_ACCESS_KEY_ID="+id,
		"AWS_SECRET_ACCESS_KEY="+secret,
		"AWS_REGION="+l.aws.Region(),
	)
}

// commandOfReliableq returns the command of reliableq for a verb.
func commandOfReliableq(l *lane, verb string) *exec.Cmd {
	cmd := exec.Command(l.exe, verb, "--yes", "--target", "endpoint", "--dir", l.root, "--state-dir", filepath.Join(l.dir, "state"),
		"--var", fmt.Sprintf("source_queue={delay_seconds=%d}", l.delay))
	if verb == "plan" {
		cmd.Args = append(cmd.Args, "--json")
	}
	return cmd
}

func (l *lane) mustUp(t *testing.T) {
	t.Helper()
	if out, err := l.run("up").CombinedOutput(); err != nil {
		t.Fatalf("up: %v\n%s", err, out)
	}
}

// interrupt interrupts a run and checks the next one.
func (l *lane) interrupt(t *testing.T, phase string, moment time.Duration, cut func(*attempt)) {
	t.Helper()
	verb := "up"
	switch phase {
	case "update":
		l.delay++
	case "destroy":
		verb = "down"
	}
	a := l.begin(t, verb)
	if a.reaches(moment) {
		cut(a)
	} else {
		t.Logf("the run completed before %v", moment)
	}
	a.wait()
	if l.orphans {
		l.endProcesses()
	}
	l.leftovers(t, 30*time.Second)
	t.Logf("the interrupted run printed:\n%s", a.printed.String())
	l.front.up()
	if err := os.Remove(l.filler()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}

	before := l.queues(t)
	if _, there := before[deadLetters]; there {
		l.send(t)
	} else {
		l.sent = 0
	}
	messages := l.depth(t)

	if l.repair != nil {
		l.repair(t, l)
	}
	if out, err := l.run("up").CombinedOutput(); err != nil {
		t.Fatalf("up after it: %v\n%s", err, out)
	} else {
		t.Logf("up after it printed:\n%s", out)
	}
	after := l.queues(t)
	for name, created := range before {
		if after[name] != created {
			t.Errorf("queue %s of %s is now of %s: want the same queue", name, created, after[name])
		}
	}
	if n := l.depth(t); n != messages || n != l.sent {
		t.Errorf("%d messages in the dead-letter queue, want %d", n, l.sent)
	}
	l.planIsEmpty(t)
	l.leftovers(t, 30*time.Second)
}

func (l *lane) planIsEmpty(t *testing.T) {
	t.Helper()
	cmd := l.run("plan")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("plan: %v\n%s%s", err, out, errs.String())
	}
	if !bytes.HasPrefix(out, []byte("{")) {
		return // the exit code reports it
	}
	var plan struct{ Add, Change, Remove int }
	if err := json.Unmarshal(out, &plan); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if plan.Add+plan.Change+plan.Remove != 0 {
		t.Errorf("the plan is not empty:\n%s", out)
	}
}

// queues returns the creation time of the queues by name.
func (l *lane) queues(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	list, err := l.sqs.ListQueues(t.Context(), &sqs.ListQueuesInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range list.QueueUrls {
		a, err := l.sqs.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
			QueueUrl: &u, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameCreatedTimestamp},
		})
		if err != nil {
			t.Fatal(err)
		}
		found[u[strings.LastIndex(u, "/")+1:]] = a.Attributes["CreatedTimestamp"]
	}
	return found
}

// queueURL returns the URL of a queue, or nil if there is none.
func (l *lane) queueURL(t *testing.T, name string) *string {
	t.Helper()
	u, err := l.sqs.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: &name})
	var missing *sqstypes.QueueDoesNotExist
	if errors.As(err, &missing) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return u.QueueUrl
}

func (l *lane) dlq(t *testing.T) *string { return l.queueURL(t, deadLetters) }

// send puts messages into the queue that has no consumer.
func (l *lane) send(t *testing.T) {
	t.Helper()
	for range 3 {
		if _, err := l.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: l.dlq(t), MessageBody: aws.String("kept")}); err != nil {
			t.Fatal(err)
		}
		l.sent++
	}
}

func (l *lane) depth(t *testing.T) int {
	t.Helper()
	u := l.dlq(t)
	if u == nil {
		return 0
	}
	a, err := l.sqs.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: u, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameApproximateNumberOfMessages},
	})
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(a.Attributes["ApproximateNumberOfMessages"])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// leftovers fails the test unless every process of this lane ends in time.
func (l *lane) leftovers(t *testing.T, within time.Duration) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return
	}
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		left := l.processes()
		if len(left) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			for pid, name := range left {
				t.Errorf("process %d, %s, is running after %v", pid, name, within)
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
			return
		}
	}
}

// endProcesses kills the processes that a killed Terraform left running.
func (l *lane) endProcesses() {
	for pid := range l.processes() {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
	}
}

// processes returns the names of the processes whose environment has this lane, by
// pid.
func (l *lane) processes() map[int]string {
	found := map[int]string{}
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil
	}
	for _, dir := range dirs {
		env, err := os.ReadFile(filepath.Join(dir, "environ"))
		if err != nil || !bytes.Contains(env, []byte("TF_DATA_DIR="+l.dir)) {
			continue
		}
		name, err := os.ReadFile(filepath.Join(dir, "comm"))
		pid, convErr := strconv.Atoi(filepath.Base(dir))
		if err == nil && convErr == nil {
			found[pid] = strings.TrimSpace(string(name))
		}
	}
	return found
}

// attempt is a run that will be interrupted.
type attempt struct {
	t       *testing.T
	lane    *lane
	cmd     *exec.Cmd
	begun   <-chan struct{} // closed at the first change
	ended   chan struct{}
	printed lockedText
}

type lockedText struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedText) line(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.WriteString(s + "\n")
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lane) begin(t *testing.T, verb string) *attempt {
	t.Helper()
	a := &attempt{t: t, lane: l, cmd: l.run(verb), begun: l.front.watch(), ended: make(chan struct{})}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	a.cmd.Stdout, a.cmd.Stderr = in, in
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	go func() {
		defer out.Close()
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			a.printed.line(lines.Text())
		}
	}()
	go func() {
		_ = a.cmd.Wait() // the result is not tested
		close(a.ended)
	}()
	return a
}

// reaches waits until some time after the first change, and reports whether the run is
// still in progress.
func (a *attempt) reaches(moment time.Duration) bool {
	select {
	case <-a.begun:
	case <-a.ended:
		return false
	}
	return a.pause(moment)
}

// pause waits, and reports whether the run is still in progress.
func (a *attempt) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-a.ended:
		return false
	}
}

func (a *attempt) signal(s syscall.Signal) {
	// An error means that the run has ended.
	_ = a.cmd.Process.Signal(s)
}

// giveUp interrupts a run that does not end, as a user would.
func (a *attempt) giveUp(after time.Duration) {
	if a.pause(after) {
		a.signal(syscall.SIGINT)
	}
}

// filler is the file that fills the disk.
func (l *lane) filler() string { return filepath.Join(l.dir, "state", "filler") }

// fillDisk fills the disk until the run has ended.
func (a *attempt) fillDisk() {
	f, err := os.Create(a.lane.filler())
	if err != nil {
		a.t.Error(err)
		return
	}
	defer f.Close()
	for first := true; ; first = false {
		var err error
		for block := make([]byte, 1<<12); err == nil; {
			_, err = f.Write(block)
		}
		if first && !errors.Is(err, syscall.ENOSPC) {
			a.t.Error(err)
		}
		// Space that Terraform frees by truncating a file is filled immediately.
		if !a.pause(5 * time.Millisecond) {
			return
		}
	}
}

func (a *attempt) killTerraform() {
	for pid, name := range a.lane.processes() {
		if name == "terraform" || name == "tofu" {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// wait waits until the run has ended.
func (a *attempt) wait() {
	a.t.Helper()
	if a.pause(5 * time.Minute) {
		a.t.Errorf("the run is still in progress 5 min after the interruption:\n%s", a.printed.String())
		a.signal(syscall.SIGKILL)
		<-a.ended
	}
}

// front is a proxy between a deployment and its AWS. It can stop, like a failed
// network, and it can return errors for expired credentials.
type front struct {
	url     string
	addr    string
	expired atomic.Bool
	handler http.Handler

	mu     sync.Mutex
	server *http.Server
	first  chan struct{} // closed and set to nil by the first change
}

// watch returns a channel that is closed at the next request that changes state.
func (f *front) watch() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.first = make(chan struct{})
	return f.first
}

// note records a request. Requests of IAM and CloudWatch are ignored: their changes
// come together with others.
func (f *front) note(r *http.Request) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	changes := false
	for _, verb := range []string{"Create", "Set", "Put", "Delete"} {
		changes = changes || strings.HasPrefix(operation, verb)
	}
	changes = changes || strings.HasPrefix(r.URL.Path, "/20") && r.Method != http.MethodGet
	f.mu.Lock()
	defer f.mu.Unlock()
	if changes && f.first != nil {
		close(f.first)
		f.first = nil
	}
}

func newFront(t *testing.T, to string) *front {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(u)
			r.Out.Host = r.In.Host // the signature covers it
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	f := &front{addr: "127.0.0.1:0"}
	f.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.note(r)
		if !f.expired.Load() {
			proxy.ServeHTTP(w, r)
			return
		}
		kind := r.Header.Get("Content-Type")
		if strings.HasPrefix(kind, "application/x-www-form-urlencoded") {
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error></ErrorResponse>`)
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.Header().Set("X-Amzn-ErrorType", "ExpiredTokenException")
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"The security token included in the request is expired"}`)
	})
	f.up()
	f.url = "http://" + f.addr
	t.Cleanup(f.down)
	return f
}

// up serves, with valid credentials.
func (f *front) up() {
	f.expired.Store(false)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.server != nil {
		return
	}
	listener, err := net.Listen("tcp", f.addr)
	if err != nil {
		panic(err)
	}
	f.addr = listener.Addr().String()
	f.server = &http.Server{Handler: f.handler, ReadHeaderTimeout: time.Minute, BaseContext: func(net.Listener) context.Context { return context.Background() }}
	go func(s *http.Server) { _ = s.Serve(listener) }(f.server)
}

// down closes every connection and refuses new ones.
func (f *front) down() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.server != nil {
		_ = f.server.Close()
		f.server = nil
	}
}
