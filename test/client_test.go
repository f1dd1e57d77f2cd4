package test

import (
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// fullResponses is an HTTP client for all SDK clients of the tests, so that they share
// connections. An SDK client without one opens its own connections and leaves them
// idle.
//
// It does what ReadFullResponses of package sqsclient does, which this module cannot
// import. Without it the SDK may lose the response of a receive and repeat the call,
// and the messages of the first response stay in flight until their visibility timeout
// ends.
type fullResponses struct{ next aws.HTTPClient }

func newHTTPClient() aws.HTTPClient { return fullResponses{awshttp.NewBuildableClient()} }

// Do sends a request whose body has no method WriteTo.
func (c fullResponses) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r = r.WithContext(r.Context())
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return c.next.Do(r)
}
