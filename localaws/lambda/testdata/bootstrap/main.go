// Command bootstrap is a function for tests: the event says what it does.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do   string
	Text string
	N    int
}

func main() {
	if mark := os.Getenv("INIT_LOG"); mark != "" {
		fmt.Println(mark)
	}
	switch os.Getenv("INIT") {
	case "exit":
		os.Exit(7)
	case "exit-once":
		once(func() { os.Exit(7) })
	case "hang":
		hang()
	case "post":
		body := strings.NewReader(`{"errorMessage":"no database","errorType":"Init.NoDatabase"}`)
		req, _ := http.NewRequest("POST", "http://"+os.Getenv("AWS_LAMBDA_RUNTIME_API")+"/2018-06-01/runtime/init/error", body)
		req.Header.Set("Lambda-Runtime-Function-Error-Type", "Init.NoDatabase")
		http.DefaultClient.Do(req)
		os.Exit(1)
	}
	options := []lambda.Option{}
	if text := os.Getenv("SIGTERM"); text != "" {
		options = append(options, lambda.WithEnableSIGTERM(func() { fmt.Println(text) }))
	}
	lambda.StartWithOptions(handle, options...)
}

// hang never returns. An empty select would not do: without cgo Go ends a program
// as deadlocked in which nothing else can happen.
func hang() {
	for {
		time.Sleep(time.Hour)
	}
}

// once runs f the first time in this environment.
func once(f func()) {
	name := os.TempDir() + "/once"
	if _, err := os.Stat(name); err != nil {
		os.WriteFile(name, nil, 0o600)
		f()
	}
}

var held [][]byte

func handle(ctx context.Context, raw json.RawMessage) (any, error) {
	var e event
	json.Unmarshal(raw, &e)
	switch e.Do {
	case "error":
		return nil, errors.New(e.Text)
	case "panic":
		panic(e.Text)
	case "exit":
		os.Exit(e.N)
	case "hang":
		hang()
	case "sleep":
		time.Sleep(time.Duration(e.N) * time.Millisecond)
	case "print":
		fmt.Print(e.Text)
	case "large":
		return strings.Repeat("x", e.N), nil
	case "memory":
		for range e.N {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = byte(i)
			}
			held = append(held, b)
		}
		time.Sleep(time.Duration(e.N) * time.Millisecond)
	case "env":
		return os.Environ(), nil
	case "touch":
		_, err := os.Stat(os.TempDir() + "/" + e.Text)
		os.WriteFile(os.TempDir()+"/"+e.Text, nil, 0o600)
		return err == nil, nil
	case "context":
		lc, _ := lambdacontext.FromContext(ctx)
		deadline, _ := ctx.Deadline()
		return map[string]any{
			"id": lc.AwsRequestID, "arn": lc.InvokedFunctionArn, "trace": ctx.Value("x-amzn-trace-id"), "custom": lc.ClientContext.Custom,
			"left": time.Until(deadline).Seconds(), "pid": os.Getpid(), "cwd": cwd(),
		}, nil
	case "pid":
		return os.Getpid(), nil
	case "run":
		out, err := exec.Command("sh", "-c", e.Text).CombinedOutput()
		return map[string]any{"Output": string(out), "Failed": err != nil}, nil
	case "process":
		return process(), nil
	}
	return raw, nil
}

// process returns the process id and, on Linux, the PID namespace that it counts in
// and the time at which the process was started.
func process() map[string]any {
	namespace, _ := os.Readlink("/proc/self/ns/pid")
	stat, _ := os.ReadFile("/proc/self/stat")
	started := ""
	if fields := strings.Fields(string(stat)); len(fields) > 21 {
		started = fields[21]
	}
	return map[string]any{"PID": os.Getpid(), "Namespace": namespace, "Started": started}
}

func cwd() string {
	dir, _ := os.Getwd()
	return dir
}
