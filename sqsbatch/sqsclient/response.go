package sqsclient

import (
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// ReadFullResponses returns a client with which the SDK reads every response to its
// end. Use it in the configuration of each client that uses the network:
//
//	cfg.HTTPClient = sqsclient.ReadFullResponses(cfg.HTTPClient)
//
// The SDK (observed with smithy-go 1.28.9) closes a request's body as soon as it has
// the header of the response. If net/http's write loop then reads the body once more,
// it gets an error, and net/http closes the connection before the response was read:
// "use of closed network connection" after a status of 200. With a fast endpoint this
// happened in about one of 2,000 calls. The SDK retries, but a lost receive leaves its
// messages in flight with increased receive counts, and a lost send is sent twice.
func ReadFullResponses(client aws.HTTPClient) aws.HTTPClient {
	if client == nil {
		client = http.DefaultClient
	}
	return fullResponses{client}
}

type fullResponses struct{ next aws.HTTPClient }

// Do sends the request with a body that has only Read and Close. The error described above
// comes from the body's method WriteTo, which net/http calls if there is one.
func (c fullResponses) Do(r *http.Request) (*http.Response, error) {
	// A copy, because a RoundTripper must not modify the request of its caller.
	if r.Body != nil && r.Body != http.NoBody {
		r = r.WithContext(r.Context())
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return c.next.Do(r)
}
