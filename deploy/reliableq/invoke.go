package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/flow"
	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// maxPayload is the largest event that Lambda accepts, in bytes.
const maxPayload = 6 << 20

type invokeVerb struct {
	targetFlags
	reportFlags
	Function string `arg:"" optional:"" default:"producer" help:"Key of the function, such as producer or retry_1, or its name (${default})."`
	Payload  string `short:"p" default:"{}" help:"The event, as JSON; - reads standard input (${default})."`
	Async    bool   `help:"Queue the event, and do not wait for a response."`
	Log      bool   `help:"Also print the end of the function's log, on standard error."`
}

// Help is the long help of the verb.
func (*invokeVerb) Help() string {
	return `Exits 1 when the function fails.

Examples:
  reliableq invoke producer --payload '{"count":89,"bad_ratio":0.05,"seed":7}'
  reliableq invoke consumer --payload - < event.json`
}

// Run invokes the function and prints its response.
func (v *invokeVerb) Run(ctx context.Context, a *app) error {
	return v.explainCall(v.run(ctx, a))
}

func (v *invokeVerb) run(ctx context.Context, a *app) error {
	payload, err := v.payload(a.in)
	if err != nil {
		return err
	}

	t, d, err := v.findDeployment(ctx)
	if err != nil {
		return err
	}

	// Accept a key of the deployment, or the name of one of its functions.
	name, ok := d.Functions[v.Function]
	if !ok {
		name = v.Function
		if !slices.Contains(slices.Collect(maps.Values(d.Functions)), name) {
			return hint.New(fmt.Sprintf("the deployment has no function %s", v.Function), "it has "+strings.Join(d.FunctionKeys(), ", "))
		}
	}

	response, err := flowOn(t).Invoke(ctx, name, payload, !v.Async)
	if err != nil {
		return err
	}

	// The log goes to standard error: standard output is the function's response alone.
	if v.Log {
		tail, err := base64.StdEncoding.DecodeString(response.LogTail)
		if err != nil {
			return fmt.Errorf("decode the end of the log: %w", err)
		}
		fmt.Fprintf(a.errs, "%s", tail)
	}

	err = a.report(v.JSON, struct {
		flow.InvokeResult
		Payload any `json:"payload"`
	}{response, decoded(response.Payload)}, func() {
		if v.Async {
			fmt.Fprintf(a.out, "accepted, request %s\n", response.RequestID)
			return
		}
		fmt.Fprintf(a.out, "%s\n", bytes.TrimSpace(response.Payload))
	})

	if err == nil && response.FunctionError != "" {
		return hint.New(fmt.Sprintf("function %s failed: %s", name, response.FunctionError), "see its log with reliableq logs "+v.Function)
	}

	return err
}

// payload returns the event, which must be JSON.
func (v *invokeVerb) payload(in io.Reader) ([]byte, error) {
	payload := []byte(v.Payload)

	// Read at most one byte more than Lambda accepts.
	if v.Payload == "-" {
		read, err := io.ReadAll(io.LimitReader(in, maxPayload+1))
		if err != nil {
			return nil, fmt.Errorf("read the event: %w", err)
		}
		payload = read
	}

	if len(payload) > maxPayload {
		return nil, hint.New("the event is larger than Lambda accepts", "send at most 6 MB")
	}
	if !json.Valid(payload) {
		return nil, usageError{hint.New(fmt.Sprintf("the event is not JSON: %.60q", payload), `quote it for the shell: --payload '{"count":10}'`)}
	}

	return payload, nil
}

// decoded returns a payload to encode within JSON: as it is, or as a string where it
// is not JSON.
func decoded(payload []byte) any {
	if len(payload) == 0 {
		return nil
	}
	if json.Valid(payload) {
		return json.RawMessage(payload)
	}
	return string(payload)
}
