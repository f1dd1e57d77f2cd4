package lambda

import (
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reliableq/reliableq/localaws/lambda/runtimeapi"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

// BenchmarkColdStart measures an invocation that starts its process. For comparison it
// also measures the start of the same program up to its first request.
func BenchmarkColdStart(b *testing.B) {
	b.Run("floor", func(b *testing.B) {
		path := filepath.Join(b.TempDir(), "bootstrap")
		if err := os.WriteFile(path, program, 0o700); err != nil {
			b.Fatal(err)
		}

		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}

		requested := make(chan struct{})
		server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			requested <- struct{}{}
			<-r.Context().Done()
		})}

		go server.Serve(l)
		defer server.Close()
		for b.Loop() {
			cmd := exec.Command(path)
			cmd.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + l.Addr().String()}
			if err := cmd.Start(); err != nil {
				b.Fatal(err)
			}

			<-requested
			b.StopTimer()
			cmd.Process.Kill()
			cmd.Wait()
			b.StartTimer()
		}
	})

	b.Run("invoke", func(b *testing.B) {
		s := start(b)
		s.create(b, "f")
		s.invokeTail(b, "f", "{}") // the first invocation unpacks the code
		for b.Loop() {
			b.StopTimer()
			s.mu.Lock()
			idle := s.environments.drain(&s.functions[functionKey{s.call.Scope(), "f"}].latest.pool)
			s.mu.Unlock()
			s.closeEnvironments(idle)
			b.StartTimer()
			s.invokeTail(b, "f", "{}")
		}
	})
}

// BenchmarkWarmInvoke measures an invocation of an idle process. For comparison it
// also measures one round trip of the Runtime API, and a registered Go handler.
func BenchmarkWarmInvoke(b *testing.B) {
	b.Run("floor", benchmarkRoundTrip)
	b.Run("process", func(b *testing.B) {
		s := start(b)
		s.create(b, "f")
		s.invokeTail(b, "f", "{}")
		for b.Loop() {
			s.invokeTail(b, "f", "{}")
		}
	})

	b.Run("handler", func(b *testing.B) {
		s := start(b)
		s.createHandler(b, "f", sandbox.Handler(echo))
		for b.Loop() {
			s.invokeTail(b, "f", "{}")
		}
	})
}

func benchmarkRoundTrip(b *testing.B) {
	server, err := runtimeapi.Listen(runtimeapi.About{})
	if err != nil {
		b.Fatal(err)
	}

	defer server.Close()
	session := server.Begin(nil)
	base := "http://" + server.Addr() + "/2018-06-01/runtime/invocation/"
	go func() {
		for {
			res, err := http.Get(base + "next")
			if err != nil || res.StatusCode != 200 {
				return
			}

			io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if res, err = http.Post(base+"one/response", "application/json", strings.NewReader("{}")); err == nil {
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
			}
		}
	}()

	<-session.Ready()
	for b.Loop() {
		if err := session.Deliver(runtimeapi.Invocation{RequestID: "one", Payload: []byte("{}")}); err != nil {
			b.Fatal(err)
		}
		<-session.Responses()
		<-session.Ready()
	}
}
