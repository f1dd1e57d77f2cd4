package sqsbatch

import (
	"context"
	"encoding/hex"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// Trace is the content of a message's trace header. It has everything that an
// OpenTelemetry span context needs, without a dependency on OpenTelemetry.
type Trace struct {
	// Header is the unchanged header, such as
	// Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;
	// empty if the message has none.
	Header string
	// TraceID is the header's Root as a trace id of W3C and OpenTelemetry; all zero
	// if there is none.
	TraceID [16]byte
	// SpanID is the header's Parent, the span of the sender; all zero if there is
	// none.
	SpanID [8]byte
	// Sampled reports whether the sender recorded its span.
	Sampled bool
}

// Valid reports whether there is a span to link to.
func (t Trace) Valid() bool { return t.TraceID != [16]byte{} && t.SpanID != [8]byte{} }

// TraceFunc starts the span of a message. It returns the context for the handler and
// a function that ends the span with the handler's error or nil.
type TraceFunc func(ctx context.Context, from Trace, m *events.SQSMessage) (context.Context, func(error))

// WithTrace calls begin for each message that is started. With OpenTelemetry, begin
// starts a span that links to the sender's, as the semantic conventions for messaging
// require of consumers of batches:
//
//	link := trace.Link{SpanContext: trace.NewSpanContext(trace.SpanContextConfig{
//		TraceID: from.TraceID, SpanID: from.SpanID, Remote: true,
//	})}
//	ctx, span := tracer.Start(ctx, "process", trace.WithLinks(link))
//	return ctx, func(err error) { span.RecordError(err); span.End() }
//
// The error is that of the handler, a panic included.
func WithTrace(begin TraceFunc) Option {
	return func(c *config) {
		if begin == nil {
			c.refuse("WithTrace: no function")
		}
		c.trace = begin
	}
}

// traced calls the handler within the user's span.
func (r *run) traced(ctx context.Context, m *events.SQSMessage) error {
	within, end := r.trace(ctx, traceOf(m), m)
	if within != nil {
		ctx = within
	}
	err := func() (err error) {
		defer recovered(&err) // the span ends with the panic as its error
		return r.handleOne(ctx, m)
	}()
	if end != nil {
		r.endTrace(ctx, m, func() { end(err) })
	}
	return err
}

// endTrace ends the user's span. A panic in it does not fail a message that is done.
func (r *run) endTrace(ctx context.Context, m *events.SQSMessage, end func()) {
	defer func() {
		if v := recover(); v != nil {
			r.warn(ctx, "panic at the end of a trace", &Result{Message: m}, panicked(v))
		}
	}()
	end()
}

// traceOf returns the trace of a message.
func traceOf(m *events.SQSMessage) Trace { return ParseTrace(m.Attributes[traceAttribute]) }

// ParseTrace parses an X-Ray trace header. Malformed fields are left zero: a bad
// header must not fail a message.
func ParseTrace(header string) Trace {
	t := Trace{Header: header}
	for part := range strings.SplitSeq(header, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Root":
			// 1, then 8 digits of time and 24 random ones: together a W3C trace id.
			if fields := strings.Split(value, "-"); len(fields) == 3 && fields[0] == "1" && len(fields[1]) == 8 {
				decodeHex(t.TraceID[:], fields[1]+fields[2])
			}
		case "Parent":
			decodeHex(t.SpanID[:], value)
		case "Sampled":
			t.Sampled = value == "1"
		}
	}

	return t
}

// decodeHex decodes digits into into, if they fill it exactly.
func decodeHex(into []byte, digits string) {
	if raw, err := hex.DecodeString(digits); err == nil && len(raw) == len(into) {
		copy(into, raw)
	}
}
