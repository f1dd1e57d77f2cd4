package sqsclient

import (
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// WholeAnswers makes the SDK read every answer to its end. Use it on the
// configuration of each client that talks over a socket:
//
//	cfg.HTTPClient = sqsclient.WholeAnswers(cfg.HTTPClient)
//
// The SDK (seen with smithy-go 1.28.9) closes a request's body as soon as the
// answer's header is there. The body then tells net/http's write loop, which may
// still make its last look at it, that writing failed, and net/http drops the
// connection with the answer half read: "use of closed network connection" after
// a status of 200. Against a fast endpoint that was about one call in two
// thousand. The SDK tries again, but a receive that is lost so leaves its messages
// in flight with their counts raised, and a lost send is sent twice.
func WholeAnswers(client aws.HTTPClient) aws.HTTPClient {
	if client == nil {
		client = http.DefaultClient
	}
	return wholeAnswers{client}
}

type wholeAnswers struct{ next aws.HTTPClient }

// Do hides the body's WriteTo, the method that reports the error.
func (c wholeAnswers) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r = r.WithContext(r.Context())
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return c.next.Do(r)
}
