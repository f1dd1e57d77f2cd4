package sandbox_test

import (
	"context"
	"fmt"
	"time"

	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

func ExampleNewInProcess() {
	fn := &sandbox.Function{Name: "greet", Version: "$LATEST", MemoryMB: 128, Timeout: 3 * time.Second}
	host := &sandbox.Host{Now: time.Now, Write: func([]sandbox.Line) {}}
	env := sandbox.NewInProcess(fn, host, func(_ context.Context, event []byte) ([]byte, error) {
		return append([]byte("hello "), event...), nil
	})
	defer env.Close()
	report := env.Invoke(context.Background(), sandbox.Invocation{RequestID: "1", Payload: []byte(`"you"`)}, func(o sandbox.Outcome) {
		fmt.Println(string(o.Payload), o.Failed)
	})
	fmt.Println(report.Status)
	// Output:
	// hello "you" false
	// success
}
