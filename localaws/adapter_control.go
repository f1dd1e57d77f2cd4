package localaws

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"github.com/reliableq/reliableq/localaws/control"
	"github.com/reliableq/reliableq/localaws/lambda"
)

// makeControl makes the control API.
func (s *Server) makeControl() *control.Handler {
	p := s.parts
	// Signed is a closure because the gateway is made after the control API.
	return control.New(control.Options{
		Clock:          s.clock,
		Faults:         s.faults,
		Version:        s.opts.Version,
		Account:        s.opts.Account,
		Region:         s.opts.Region,
		Services:       Services(),
		Queues:         p.controlQueues,
		Resources:      p.faultResources,
		Peek:           p.controlMessages,
		ReadOnlyReason: p.store.Err,
		Token:          s.ControlToken(),
		Open:           s.opts.NoAuth,
		Signed:         func(r *http.Request) bool { return s.gateway.Operator(r) },
		Logger:         s.opts.Logger,
		Reset: func(ctx context.Context, service, account, region string) ([]string, error) {
			return s.Reset(ctx, ResetScope{
				Service: service,
				Account: account,
				Region:  region,
			})
		},
	})
}

// ControlToken returns the token that requests to the control API need, as
// "Authorization: Bearer TOKEN" (docs/control-api.md). It is derived from the
// operator's secret key, and is the same after a restart from the same data
// directory; the key cannot be derived from it.
func (s *Server) ControlToken() string {
	mac := hmac.New(sha256.New, []byte(s.operator.Secret))
	mac.Write([]byte("reliableq control API")) // a hash never fails
	return hex.EncodeToString(mac.Sum(nil))
}

// extra returns the handler of paths that are not AWS's: the control API, and the zip
// files whose addresses GetFunction returns.
func (s *Server) extra() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(lambda.CodePath, s.parts.lambda.CodeHandler())
	mux.Handle("/", s.parts.time.savedAfter(s.parts.control))
	return mux
}

func (p *parts) controlQueues(account, region string) []control.Queue {
	in := p.sqs.Queues(account, region)
	out := make([]control.Queue, len(in))
	for i, q := range in {
		out[i] = control.Queue{
			Name:             q.Name,
			ARN:              q.ARN,
			FIFO:             q.FIFO,
			Visible:          q.Visible,
			InFlight:         q.InFlight,
			Delayed:          q.Delayed,
			DeadLetterTarget: q.DeadLetterTarget,
			MaxReceiveCount:  q.MaxReceiveCount,
		}
	}

	return out
}

func (p *parts) controlMessages(account, region, queue string) ([]control.Message, error) {
	in, err := p.sqs.Peek(account, region, queue)
	if err != nil {
		return nil, err
	}

	out := make([]control.Message, len(in))
	for i, m := range in {
		attributes := make(map[string]control.Attribute, len(m.Attributes))
		for name, v := range m.Attributes {
			a := control.Attribute{DataType: v.DataType, BinaryValue: v.BinaryValue}
			if v.StringValue != nil {
				a.StringValue = *v.StringValue
			}
			attributes[name] = a
		}

		out[i] = control.Message{
			MessageID:        m.MessageID,
			Body:             m.Body,
			MD5OfBody:        m.MD5OfBody,
			Attributes:       attributes,
			System:           m.System,
			State:            m.State,
			Until:            m.Until,
			Expires:          m.Expires,
			ReceiveCount:     m.ReceiveCount,
			ReceiveCountHere: m.ReceiveCountHere,
		}
	}

	return out, nil
}
