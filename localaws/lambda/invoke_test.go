package lambda

import (
	"encoding/base64"
	"runtime"
	"strings"
	"testing"
)

var hostArch = runtime.GOARCH

func TestAFunctionAnswersOverTheRuntimeAPI(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.create(t, "f")
	out := b.ask(t, "f", `{"hello":1}`)
	if out.StatusCode != 200 || string(out.Payload) != `{"hello":1}` || out.FunctionError != "" || out.ExecutedVersion != "$LATEST" {
		t.Fatalf("%+v %s", out, out.Payload)
	}
	t.Log(strings.Join(b.world.log(), "\n"))
}

func TestC42EveryWayToFail(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.create(t, "f", func(in *createFunctionInput) { in.Timeout = ptr(1) })
	id := b.call.RequestID
	for _, tc := range []struct{ name, event, want string }{
		{"ReturnedError", `{"Do":"error","Text":"no stock"}`, `{"errorMessage":"no stock","errorType":"errorString"}`},
		{"Exit", `{"Do":"exit","N":1}`, `{"errorMessage":"RequestId: ` + id + ` Error: Runtime exited with error: exit status 1","errorType":"Runtime.ExitError"}`},
		{"OrderlyExit", `{"Do":"exit"}`, `{"errorMessage":"RequestId: ` + id + ` Error: Runtime exited without providing a reason","errorType":"Runtime.ExitError"}`},
		{"OutOfMemory", `{"Do":"memory","N":200}`, `{"errorMessage":"RequestId: ` + id + ` Error: Runtime exited with error: signal: killed","errorType":"Runtime.ExitError"}`},
		{"Timeout", `{"Do":"hang"}`, `{"errorMessage":"RequestId: ` + id + ` Error: Task timed out after 1.00 seconds","errorType":"Sandbox.Timedout"}`},
		{"TooLarge", `{"Do":"large","N":7000000}`, `{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}`},
	} {
		out, err := b.invokeWith(t, &invokeInput{FunctionName: "f", Payload: []byte(tc.event), LogType: "Tail"})
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		if out.StatusCode != 200 || out.FunctionError != "Unhandled" || string(out.Payload) != tc.want {
			t.Errorf("%s: %d %s %s, want %s", tc.name, out.StatusCode, out.FunctionError, out.Payload, tc.want)
		}
		tail, _ := base64.StdEncoding.DecodeString(out.LogResult)
		t.Logf("%s\n%s", tc.name, tail)
		if again := b.ask(t, "f", `{"still":"here"}`); string(again.Payload) != `{"still":"here"}` {
			t.Errorf("after %s: %s", tc.name, again.Payload)
		}
	}
}
