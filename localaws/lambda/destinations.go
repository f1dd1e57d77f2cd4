package lambda

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/lambda/runtimeapi"
)

// asyncResult is how an asynchronous invocation ended.
type asyncResult struct {
	condition string // LAM C50
	dropped   bool   // nobody is to know: the function is gone
	ran       bool
	failed    bool
	version   string
	payload   []byte
}

// maxErrorMessage is the size in bytes of ErrorMessage on a dead-lettered event
// (LAM C49).
const maxErrorMessage = 1 << 10

// finishEvent ends an event: its record goes to the destination, a failed one also to
// the dead-letter queue (LAM C49 to C51).
func (s *Service) finishEvent(e *asyncEvent, cfg asyncConfig, v asyncResult) {
	defer s.deleteEvent(e)
	ref := e.request().ref
	if v.condition != "Success" {
		s.recordCount(ref.functionKey, ref.qualifier, qualifierOrLatest(v.version), "AsyncEventsDropped", 1)
	}

	target := cfg.onFailure
	if v.condition == "Success" {
		target = cfg.onSuccess
	}

	if v.dropped || target == "" && cfg.deadLetterQueue == "" {
		return
	}

	if target != "" {
		s.deliver(e, cfg, target, "DestinationDeliveryFailures", string(destinationRecord(e, v, s.opts.Clock.Now())), nil)
	}

	if cfg.deadLetterQueue != "" && v.condition != "Success" {
		s.deliver(e, cfg, cfg.deadLetterQueue, "DeadLetterErrors", string(e.Payload), deadLetterAttributes(e, v))
	}
}

// deliver sends to a queue or a function, and counts what fails.
func (s *Service) deliver(e *asyncEvent, cfg asyncConfig, target, metric, body string, attributes map[string]Attribute) {
	ref := e.request().ref
	err := s.send(ref, cfg.role, target, body, attributes, e.Trace)
	if err != nil {
		s.recordCount(ref.functionKey, ref.qualifier, latest, metric, 1)
		s.opts.Logger.Warn("asynchronous invocation: delivery failed", "function", ref.arn(), "target", target, "error", err)
	}
}

func (s *Service) send(from reference, role, target, body string, attributes map[string]Attribute, trace string) error {
	session, err := s.assume(s.ctx, role, from.functionKey)
	if err != nil {
		return err
	}

	a, _ := awsapi.ParseARN(target)
	if a.Service == "lambda" {
		if err := s.checkPermission(s.ctx, session.Caller, from.region, targetAction(a), target); err != nil {
			return err
		}

		to := splitReference(&awsapi.Call{Account: from.account, Region: from.region}, target)
		return s.enqueueEvent(invocationRequest{
			ref:       to,
			requestID: s.opts.Chance.UUID(),
			trace:     trace,
			payload:   []byte(body),
		})
	}

	if s.opts.Queues == nil {
		return errService.With("there is no SQS to send to")
	}

	return s.opts.Queues.Send(s.ctx, session.Caller, target, body, attributes, trace)
}

// destinationRecord is what a destination gets (LAM C50).
func destinationRecord(e *asyncEvent, v asyncResult, now time.Time) []byte {
	type requestContext struct {
		RequestID   string `json:"requestId"`
		FunctionArn string `json:"functionArn"`
		Condition   string `json:"condition"`
		Count       int    `json:"approximateInvokeCount"`
	}

	type responseContext struct {
		StatusCode      int    `json:"statusCode"`
		ExecutedVersion string `json:"executedVersion"`
		FunctionError   string `json:"functionError,omitempty"`
	}

	ref := e.request().ref
	out := struct {
		Version         string           `json:"version"`
		Timestamp       string           `json:"timestamp"`
		RequestContext  requestContext   `json:"requestContext"`
		RequestPayload  json.RawMessage  `json:"requestPayload"`
		ResponseContext *responseContext `json:"responseContext,omitempty"`
		ResponsePayload json.RawMessage  `json:"responsePayload,omitempty"`
	}{
		Version:        "1.0",
		Timestamp:      now.UTC().Format("2006-01-02T15:04:05.000Z"),
		RequestContext: requestContext{e.ID, ref.qualifiedARN(qualifierOrLatest(ref.qualifier)), v.condition, e.Attempts},
		RequestPayload: e.Payload,
	}

	if v.ran {
		out.ResponseContext = &responseContext{StatusCode: 200, ExecutedVersion: v.version}
		if v.failed {
			out.ResponseContext.FunctionError = "Unhandled"
		}
		out.ResponsePayload = asJSON(v.payload)
	}

	b, _ := json.Marshal(out) // strings, numbers and valid JSON always encode
	return b
}

// asJSON is a function's answer as a JSON value: as it is, or as a string where
// it is none.
func asJSON(p []byte) json.RawMessage {
	switch {
	case len(p) == 0:
		return json.RawMessage("null")
	case json.Valid(p):
		return p
	}
	b, _ := json.Marshal(string(p))
	return b
}

// deadLetterAttributes say why an event was given up (LAM C49).
func deadLetterAttributes(e *asyncEvent, v asyncResult) map[string]Attribute {
	message := v.condition
	var problem runtimeapi.Problem
	if v.ran && json.Unmarshal(v.payload, &problem) == nil && problem.Message != "" {
		message = problem.Message
	}

	if len(message) > maxErrorMessage {
		message = message[:maxErrorMessage]
	}

	code := 200
	if !v.ran {
		code = 429
	}

	return map[string]Attribute{
		"RequestID":    {"String", e.ID},
		"ErrorCode":    {"Number", strconv.Itoa(code)},
		"ErrorMessage": {"String", message},
	}
}

func recursionErrorPayload(err *awsapi.Error) []byte {
	return runtimeapi.Problem{Message: err.Message, Type: err.Code}.JSON()
}
