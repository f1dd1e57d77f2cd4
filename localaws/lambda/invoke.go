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
	maxSyncPayload  = 6291456 // bytes (LAM C38)
	maxAsyncPayload = 1048576
	maxClient       = 3583 // bytes of client context (LAM C36)
)

// logGrace is how long, in machine time, an answer waits for the end of the
// invocation's log once it is known. A runtime asks for its next invocation right
// after an answer, so that the log is nearly always whole when the caller looks;
// a function that goes on working does not hold its caller up.
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

// Invoke is Invoke (LAM C36 to C47).
func (s *Service) Invoke(ctx context.Context, c *awsapi.Call, in *InvokeInput) (*InvokeOutput, error) {
	o, err := in.request(c)
	if err != nil {
		return nil, err
	}

	switch in.InvocationType {
	case "DryRun":
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, _, err := s.selectVersion(o.ref); err != nil {
			return nil, err
		}
		return &InvokeOutput{StatusCode: 204}, nil
	case "Event":
		if err := s.enqueueEvent(o); err != nil {
			return nil, err
		}
		return &InvokeOutput{StatusCode: 202}, nil
	}

	return s.invokeSync(ctx, o, in.LogType == "Tail")
}

// request checks a request to invoke.
func (in *InvokeInput) request(c *awsapi.Call) (invocationRequest, error) {
	ref, err := parseReference(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return invocationRequest{}, err
	}

	var check constraints
	check.oneOf(in.InvocationType, "invocationType", "Event", "RequestResponse", "DryRun")
	check.oneOf(in.LogType, "logType", "None", "Tail")
	if err := check.err(); err != nil {
		return invocationRequest{}, err
	}

	if in.TenantID != "" {
		return invocationRequest{}, notEmbedded("X-Amz-Tenant-Id", "functions with tenant isolation are not embedded")
	}

	if in.DurableName != "" {
		return invocationRequest{}, notEmbedded("X-Amz-Durable-Execution-Name", "durable functions are not embedded")
	}

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

// clientContext decodes the header into the JSON that the function gets.
func clientContext(header string) (string, error) {
	if header == "" {
		return "", nil
	}
	b, err := base64.StdEncoding.DecodeString(header)
	if len(header) > maxClient || err != nil || !json.Valid(b) {
		return "", errContent.With("Client context must be a valid Base64-encoded JSON object of at most %d bytes", maxClient)
	}
	return string(b), nil
}

// checkPayload holds LAM C37, C38 and C40.
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

	var raw json.RawMessage
	return nil, errContent.With("Could not parse request body into json: Could not parse payload into json: %v", json.Unmarshal(p, &raw))
}

// invokeSync runs a function and waits for its answer. A caller that goes away
// does not stop it.
func (s *Service) invokeSync(ctx context.Context, o invocationRequest, tail bool) (*InvokeOutput, error) {
	a, err := s.admit(o)
	if err != nil {
		return nil, err
	}

	type ended struct {
		report sandbox.Report
		err    error
	}

	answered := make(chan sandbox.Outcome, 1)
	over := make(chan ended, 1)
	go func() {
		rep, err := s.run(a, func(out sandbox.Outcome) { answered <- out })
		s.endInvocation(a)
		over <- ended{rep, err}
	}()

	var out sandbox.Outcome
	select {
	case out = <-answered:
	case e := <-over:
		if e.err != nil {
			return nil, e.err
		}
		over <- e
		out = <-answered
	case <-ctx.Done():
		return nil, ctx.Err()
	}

	var report sandbox.Report
	var grace <-chan time.Time
	if !tail {
		timer := time.NewTimer(logGrace)
		defer timer.Stop()
		grace = timer.C
	}

	select {
	case e := <-over:
		report = e.report
	case <-grace:
	case <-ctx.Done():
		return nil, ctx.Err()
	}

	answer := &InvokeOutput{
		StatusCode:      200,
		ExecutedVersion: a.version.number,
		Payload:         out.Payload,
	}

	if out.Failed {
		answer.FunctionError = "Unhandled" // LAM C41
	}

	if tail {
		answer.LogResult = base64.StdEncoding.EncodeToString(report.Tail)
	}

	return answer, nil
}
