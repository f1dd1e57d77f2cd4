package sqsclient_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/sqsbatch/sqsclient"
)

// spy is the next HTTP client: it inspects the body that it receives.
type spy struct {
	writerTo bool
	body     string
}

func (s *spy) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, s.writerTo = r.Body.(io.WriterTo)
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		s.body = string(b)
	}
	rec := httptest.NewRecorder()
	rec.Header().Set("Content-Type", "application/x-amz-json-1.0")
	rec.WriteString(`{}`)
	return rec.Result(), nil
}

func TestReadFullResponsesHidesWriteTo(t *testing.T) {
	t.Parallel()
	for _, wrapped := range []bool{false, true} {
		t.Run(fmt.Sprint(wrapped), func(t *testing.T) {
			s := &spy{}
			cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AKIA", "secret", ""), HTTPClient: s}
			if wrapped {
				cfg.HTTPClient = sqsclient.ReadFullResponses(s)
			}
			if _, err := sqs.NewFromConfig(cfg).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String("http://127.0.0.1/0/q")}); err != nil {
				t.Fatal(err)
			}
			if s.writerTo == wrapped {
				t.Errorf("wrapped %v: the body has WriteTo: %v; the SDK was fixed, or the workaround was removed", wrapped, s.writerTo)
			}
			if !strings.Contains(s.body, `"QueueUrl"`) {
				t.Errorf("wrapped %v: the body is %q", wrapped, s.body)
			}
		})
	}
}

func TestReadFullResponsesKeepsRequestsWithoutBody(t *testing.T) {
	t.Parallel()
	s := &spy{}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sqsclient.ReadFullResponses(s).Do(r); err != nil || s.body != "" {
		t.Errorf("got %v, body %q", err, s.body)
	}
}
