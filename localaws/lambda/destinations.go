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
	condition string // of the record for the destination (LAM C50)
	dropped   bool   // nothing is sent: the function has been deleted
	ran       bool
	failed    bool
	version   string // that ran last
	payload   []byte // the function's response or error
}

// maxErrorMessage is the size in bytes of ErrorMessage on a dead-lettered event
// (LAM C49).
const maxErrorMessage = 1 << 10

// finishEvent ends an event: it sends a record to the destination and, for a failed
// event, the event to the dead-letter queue (LAM C49 to C51).
func (s *Service) finishEvent(e *asyncEvent, cfg asyncConfig, result asyncResult) {
	// The event is deleted after the sends: a crash in between repeats them.
	defer s.deleteEvent(e)

	ref := e.request().ref
	succeeded := result.condition == "Success"
	if !succeeded {
		s.recordCount(ref.functionKey, ref.qualifier, qualifierOrLatest(result.version), "AsyncEventsDropped", 1)
	}
	if result.dropped {
		return
	}

	target := cfg.onFailure
	if succeeded {
		target = cfg.onSuccess
	}
	if target != "" {
		s.deliver(e, cfg, target, "DestinationDeliveryFailures", string(destinationRecord(e, result, s.opts.Clock.Now())), nil)
	}
	if cfg.deadLetterQueue != "" && !succeeded {
		s.deliver(e, cfg, cfg.deadLetterQueue, "DeadLetterErrors", string(e.Payload), deadLetterAttributes(e, result))
	}
}

// deliver sends to a queue or a function. A failure is logged and counted in metric, and
// not retried.
func (s *Service) deliver(e *asyncEvent, cfg asyncConfig, target, metric, body string, attributes map[string]Attribute) {
	ref := e.request().ref
	err := s.send(ref, cfg.role, target, body, attributes, e.Trace)
	if err != nil {
		s.recordCount(ref.functionKey, ref.qualifier, latest, metric, 1)
		s.opts.Logger.Warn("asynchronous invocation: delivery failed", "function", ref.arn(), "target", target, "error", err)
	}
}

// send sends a message to a queue, or an event to a function, with the permissions of
// the execution role of the function from.
func (s *Service) send(from reference, role, target, body string, attributes map[string]Attribute, trace string) error {
	session, err := s.assume(s.ctx, role, from.functionKey)
	if err != nil {
		return err
	}

	arn, _ := awsapi.ParseARN(target) // checked when it was set
	if arn.Service == "lambda" {
		if err := s.checkPermission(s.ctx, session.Caller, from.Region, targetAction(arn), target); err != nil {
			return err
		}
		to := splitReference(&awsapi.Call{Account: from.Account, Region: from.Region}, target)
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

// destinationRecord returns the record that a destination gets, as JSON (LAM C50).
func destinationRecord(e *asyncEvent, result asyncResult, now time.Time) []byte {
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
	type record struct {
		Version         string           `json:"version"`
		Timestamp       string           `json:"timestamp"`
		RequestContext  requestContext   `json:"requestContext"`
		RequestPayload  json.RawMessage  `json:"requestPayload"`
		ResponseContext *responseContext `json:"responseContext,omitempty"`
		ResponsePayload json.RawMessage  `json:"responsePayload,omitempty"`
	}

	ref := e.request().ref
	out := record{
		Version:   "1.0",
		Timestamp: now.UTC().Format("2006-01-02T15:04:05.000Z"),
		RequestContext: requestContext{
			RequestID:   e.ID,
			FunctionArn: ref.qualifiedARN(qualifierOrLatest(ref.qualifier)),
			Condition:   result.condition,
			Count:       e.Attempts,
		},
		RequestPayload: e.Payload,
	}
	if result.ran {
		out.ResponseContext = &responseContext{StatusCode: 200, ExecutedVersion: result.version}
		if result.failed {
			out.ResponseContext.FunctionError = "Unhandled"
		}
		out.ResponsePayload = asJSON(result.payload)
	}

	b, _ := json.Marshal(out) // strings, numbers and valid JSON always encode
	return b
}

// asJSON returns a function's response as a JSON value: unchanged if it is one, else as
// a string.
func asJSON(p []byte) json.RawMessage {
	switch {
	case len(p) == 0:
		return json.RawMessage("null")
	case json.Valid(p):
		return p
	}
	b, _ := json.Marshal(string(p)) // a string always encodes
	return b
}

// deadLetterAttributes returns the message attributes of a dead-lettered event, which
// give the reason (LAM C49).
func deadLetterAttributes(e *asyncEvent, result asyncResult) map[string]Attribute {
	message := result.condition
	var problem runtimeapi.ErrorBody
	if result.ran && json.Unmarshal(result.payload, &problem) == nil && problem.Message != "" {
		message = problem.Message
	}
	message = message[:min(len(message), maxErrorMessage)]

	code := 200
	if !result.ran {
		code = 429
	}
	return map[string]Attribute{
		"RequestID":    {"String", e.ID},
		"ErrorCode":    {"Number", strconv.Itoa(code)},
		"ErrorMessage": {"String", message},
	}
}

// recursionErrorPayload returns the error of the recursive-loop guard in the form of a
// function's error.
func recursionErrorPayload(err *awsapi.Error) []byte {
	return runtimeapi.ErrorBody{Message: err.Message, Type: err.Code}.JSON()
}
