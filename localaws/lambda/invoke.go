package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

const (
	maxSyncPayload   = 6291456 // bytes (LAM C38)
	maxAsyncPayload  = 1048576 // bytes (LAM C38)
	maxClientContext = 3583    // bytes of base64 (LAM C36)
)

// logGrace is how long, in machine time, a response is held back until the invocation's
// log is complete. A runtime requests its next invocation right after its response, so
// that the log is nearly always complete when the caller gets the response. A function
// that continues to work does not delay its caller longer.
const logGrace = 25 * time.Millisecond

// InvokeInput is the input of Invoke.
type InvokeInput struct {
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
	// Qualifier is a version, an alias or $LATEST; empty means $LATEST.
	Qualifier string `json:"-" querystring:"Qualifier"`
	// InvocationType is RequestResponse, Event or DryRun; empty means RequestResponse.
	InvocationType string `json:"-" header:"X-Amz-Invocation-Type"`
	// LogType is Tail for the end of the log in the response, or None.
	LogType string `json:"-" header:"X-Amz-Log-Type"`
	// ClientContext is the base64 of a JSON object for the function, at most 3,583
	// bytes.
	ClientContext string `json:"-" header:"X-Amz-Client-Context"`
	// TenantID is refused: tenant isolation is not embedded.
	TenantID string `json:"-" header:"X-Amz-Tenant-Id"`
	// DurableName is refused: durable functions are not embedded.
	DurableName string `json:"-" header:"X-Amz-Durable-Execution-Name"`
	// Payload is the event, JSON; empty means {}.
	Payload []byte `json:"-" payload:"true"`
}

// InvokeOutput is the output of Invoke.
type InvokeOutput struct {
	// StatusCode is 200, 202 for an event and 204 for a dry run.
	StatusCode int `json:"-" status:"true"`
	// FunctionError is Unhandled when the function failed.
	FunctionError string `json:"-" header:"X-Amz-Function-Error"`
	// LogResult is the base64 of the last 4 KiB of the log.
	LogResult string `json:"-" header:"X-Amz-Log-Result"`
	// ExecutedVersion is the version that ran.
	ExecutedVersion string `json:"-" header:"X-Amz-Executed-Version"`
	// Payload is the function's response, or its error.
	Payload []byte `json:"-" payload:"true"`
}

// Invoke runs a function, or accepts an event for it, or checks that it could do so (LAM
// C36 to C47).
func (s *Service) Invoke(ctx context.Context, c *awsapi.Call, in *InvokeInput) (*InvokeOutput, error) {
	req, err := in.request(c)
	if err != nil {
		return nil, err
	}

	switch in.InvocationType {
	case "DryRun":
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, _, err := s.selectVersion(req.ref); err != nil {
			return nil, err
		}
		return &InvokeOutput{StatusCode: 204}, nil
	case "Event":
		if err := s.enqueueEvent(req); err != nil {
			return nil, err
		}
		return &InvokeOutput{StatusCode: 202}, nil
	}
	return s.invokeSync(ctx, req, in.LogType == "Tail")
}

// request validates the input.
func (in *InvokeInput) request(c *awsapi.Call) (invocationRequest, error) {
	ref, err := parseReference(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return invocationRequest{}, err
	}

	var check awsapi.Validation
	check.OneOf("invocationType", in.InvocationType, "Event", "RequestResponse", "DryRun")
	check.OneOf("logType", in.LogType, "None", "Tail")
	if err := check.Err(errValidation); err != nil {
		return invocationRequest{}, err
	}

	if in.TenantID != "" {
		return invocationRequest{}, notEmbedded("X-Amz-Tenant-Id", "functions with tenant isolation are not embedded")
	}
	if in.DurableName != "" {
		return invocationRequest{}, notEmbedded("X-Amz-Durable-Execution-Name", "durable functions are not embedded")
	}

	// Payload and client context are passed on only if they are valid.
	client, err := clientContext(in.ClientContext)
	if err != nil {
		return invocationRequest{}, err
	}

	payload, err := checkPayload(in.Payload, in.InvocationType == "Event")
	if err != nil {
		return invocationRequest{}, err
	}
	return invocationRequest{
		ref:       ref,
		requestID: c.RequestID,
		trace:     c.Trace,
		client:    client,
		payload:   payload,
	}, nil
}

// clientContext decodes the header with the client context into JSON.
func clientContext(header string) (string, error) {
	if header == "" {
		return "", nil
	}
	b, err := base64.StdEncoding.DecodeString(header)
	if len(header) > maxClientContext || err != nil || !json.Valid(b) {
		return "", errContent.With("Client context must be a valid Base64-encoded JSON object of at most %d bytes", maxClientContext)
	}
	return string(b), nil
}

// checkPayload returns the event for a payload, which must be JSON or empty and not too
// large (LAM C37, C38, C40).
func checkPayload(p []byte, async bool) ([]byte, error) {
	switch {
	case async && len(p) > maxAsyncPayload:
		return nil, errTooLarge.With("%d byte payload is too large for the Event invocation type (limit %d bytes)", len(p), maxAsyncPayload)
	case len(p) > maxSyncPayload:
		return nil, errTooLarge.With("Request must be smaller than %d bytes for the InvokeFunction operation", maxSyncPayload)
	case len(p) == 0:
		return []byte("{}"), nil
	case json.Valid(p):
		return p, nil
	}

	// The error of encoding/json says what is wrong with it.
	var raw json.RawMessage
	return nil, errContent.With("Could not parse request body into json: Could not parse payload into json: %v", json.Unmarshal(p, &raw))
}

// invokeSync runs a function and waits for its response. If ctx is done first it returns,
// and the function runs to its end.
func (s *Service) invokeSync(ctx context.Context, req invocationRequest, tail bool) (*InvokeOutput, error) {
	a, err := s.admit(req)
	if err != nil {
		return nil, err
	}

	// The outcome is known when the function has responded, the report when its
	// environment is idle again.
	type ended struct {
		report sandbox.Report
		err    error
	}
	outcomes := make(chan sandbox.Outcome, 1)
	reports := make(chan ended, 1)
	go func() {
		report, err := s.run(a, func(out sandbox.Outcome) { outcomes <- out })
		s.endInvocation(a)
		reports <- ended{report, err}
	}()

	// Wait for the outcome, or for an error: the function was not run.
	var out sandbox.Outcome
	select {
	case out = <-outcomes:
	case e := <-reports:
		if e.err != nil {
			return nil, e.err
		}
		reports <- e // for the next select
		out = <-outcomes
	case <-ctx.Done():
		return nil, ctx.Err()
	}

	// Wait for the report: for as long as it takes if the request asks for the log.
	var report sandbox.Report
	var grace <-chan time.Time
	if !tail {
		timer := time.NewTimer(logGrace)
		defer timer.Stop()
		grace = timer.C
	}
	select {
	case e := <-reports:
		report = e.report
	case <-grace:
	case <-ctx.Done():
		return nil, ctx.Err()
	}

	response := &InvokeOutput{
		StatusCode:      200,
		ExecutedVersion: a.version.number,
		Payload:         out.Payload,
	}
	if out.Failed {
		response.FunctionError = "Unhandled" // LAM C41
	}
	if tail {
		response.LogResult = base64.StdEncoding.EncodeToString(report.Tail)
	}
	return response, nil
}
