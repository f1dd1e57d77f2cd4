package sigv4

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"pgregory.net/rapid"
)

const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

var (
	key  = aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: secret}
	when = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

// received returns a request as a server gets it.
func received(method, target string, body string, header http.Header) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for k, v := range header {
		r.Header[k] = v
	}
	return r
}

// sign creates a request and signs it as the AWS SDK does.
func sign(t testing.TB, method, target, body, service string, header http.Header) *http.Request {
	t.Helper()
	out, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		out.Header[k] = v
	}
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(context.Background(), key, out, hex.EncodeToString(sum[:]), service, "us-east-1", when, s3Paths(service)); err != nil {
		t.Fatal(err)
	}
	return received(method, target, body, out.Header)
}

// s3Paths makes the SDK sign the path as its S3 client does: escaped once.
func s3Paths(service string) func(*v4.SignerOptions) {
	return func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" }
}

func check(r *http.Request, body string, now time.Time) error {
	s, err := Parse(r)
	if err != nil {
		return err
	}
	return new(Verifier).Verify(r, s, []byte(body), secret, now)
}

// AWS publishes this signature of GET / with its example key.
func TestSignatureOfTheExampleOfAWS(t *testing.T) {
	t.Parallel()
	r := received("GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1", "", http.Header{"X-Amz-Date": {"20150830T123600Z"}})
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, "+
		"Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500")
	s, err := Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := new(Verifier).Verify(r, s, nil, secret, time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)); err != nil {
		t.Error(err)
	}
}

func TestSignaturesOfTheSDKVerify(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ method, target, body, service string }{
		{"POST", "http://127.0.0.1:4566/", `{"QueueUrl":"x"}`, "sqs"},
		{"GET", "http://127.0.0.1:4566/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/versions", "", "lambda"},
		{"GET", "http://localhost/2015-03-31/event-source-mappings/?EventSourceArn=arn%3Aaws%3Asqs&b=2&a=%2F+~", "", "lambda"},
		{"DELETE", "http://localhost/2017-03-31/tags/x?tagKeys=b&tagKeys=a", "", "lambda"},
		{"PUT", "http://localhost/a%20b/c", "body", "s3"},
	} {
		t.Run(tt.method+" "+tt.target, func(t *testing.T) {
			r := sign(t, tt.method, tt.target, tt.body, tt.service, http.Header{"X-Amz-Meta": {"a   b"}})
			if err := check(r, tt.body, when); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestChangedRequestsDoNotVerify(t *testing.T) {
	t.Parallel()
	const target, body = "http://localhost/2015-03-31/functions?MaxItems=5", "body"
	for name, change := range map[string]func(r *http.Request) string{
		"method": func(r *http.Request) string { r.Method = "PUT"; return body },
		"path":   func(r *http.Request) string { r.URL.Path += "/f"; return body },
		"query":  func(r *http.Request) string { r.URL.RawQuery = "MaxItems=6"; return body },
		"host":   func(r *http.Request) string { r.Host = "elsewhere"; return body },
		"header": func(r *http.Request) string { r.Header.Set("X-Amz-Meta", "b"); return body },
		"body":   func(*http.Request) string { return "other" },
		"date":   func(r *http.Request) string { r.Header.Set("X-Amz-Date", "20260102T030406Z"); return body },
		"signature": func(r *http.Request) string {
			h := r.Header.Get("Authorization")
			last := map[bool]string{true: "0", false: "1"}[h[len(h)-1] != '0']
			r.Header.Set("Authorization", h[:len(h)-1]+last)
			return body
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := sign(t, "POST", target, body, "lambda", http.Header{"X-Amz-Meta": {"a"}})
			if err := check(r, change(r), when); !errors.Is(err, ErrMismatch) {
				t.Errorf("%s changed: %v, want ErrMismatch", name, err)
			}
		})
	}
}

func TestSignaturesAreValidForFiveMinutes_D28(t *testing.T) {
	t.Parallel()
	for skew, want := range map[time.Duration]string{
		0: "", 5 * time.Minute: "", -5 * time.Minute: "",
		10 * time.Minute:   "Signature expired: 20260102T030405Z is now earlier than 20260102T030905Z (20260102T031405Z - 5 min.)",
		-301 * time.Second: "Signature not yet current: 20260102T030405Z is still later than 20260102T030404Z (20260102T025904Z + 5 min.)",
	} {
		t.Run(fmt.Sprint(skew), func(t *testing.T) {
			err := check(sign(t, "POST", "http://localhost/", "", "sqs", nil), "", when.Add(skew))
			var expired *Expired
			if want == "" && err != nil || want != "" && (!errors.As(err, &expired) || expired.Text != want) {
				t.Errorf("skew %s: %v, want %q", skew, err, want)
			}
		})
	}
}

func TestPresignedURLsAreValidForTheirLifetime(t *testing.T) {
	t.Parallel()
	out, err := http.NewRequest("GET", "http://localhost/000000000000/q?Action=SendMessage&MessageBody=a+b&X-Amz-Expires=60", nil)
	if err != nil {
		t.Fatal(err)
	}
	empty := sha256.Sum256(nil)
	session := key
	session.SessionToken = "tok/en=="
	signed, _, err := v4.NewSigner().PresignHTTP(t.Context(), session, out, hex.EncodeToString(empty[:]), "sqs", "us-east-1", when)
	if err != nil {
		t.Fatal(err)
	}
	r := received("GET", signed, "", nil)
	s, err := Parse(r)
	if err != nil || s.Token != "tok/en==" || !s.Presigned || s.Lifetime != time.Minute {
		t.Fatalf("parsed %+v, %v", s, err)
	}
	if err := check(r, "", when.Add(time.Minute)); err != nil {
		t.Error(err)
	}
	var expired *Expired
	if err := check(r, "", when.Add(61*time.Second)); !errors.As(err, &expired) {
		t.Errorf("after its lifetime: %v", err)
	}
	if err := check(received("GET", strings.Replace(signed, "MessageBody=a", "MessageBody=b", 1), "", nil), "", when); !errors.Is(err, ErrMismatch) {
		t.Errorf("changed: %v, want ErrMismatch", err)
	}
}

// Only S3 lets a client leave the body out of the signature (LAM D34).
func TestOnlyS3AcceptsAnUnsignedBody(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"} {
		for service, ok := range map[string]bool{"s3": true, "lambda": false, "sqs": false, "iam": false} {
			t.Run(word+"/"+service, func(t *testing.T) {
				t.Parallel()
				out, err := http.NewRequest("POST", "http://localhost/", bytes.NewReader([]byte("x")))
				if err != nil {
					t.Fatal(err)
				}
				out.Header.Set("X-Amz-Content-Sha256", word)
				if err := v4.NewSigner().SignHTTP(t.Context(), key, out, word, service, "us-east-1", when); err != nil {
					t.Fatal(err)
				}
				err = check(received("POST", "http://localhost/", "y", out.Header), "y", when)
				if ok && err != nil || !ok && !errors.Is(err, ErrMismatch) {
					t.Errorf("error %v, want none: %v", err, ok)
				}
			})
		}
	}
}

func TestWrongHashOfTheBodyDoesNotVerify(t *testing.T) {
	t.Parallel()
	r := sign(t, "POST", "http://localhost/", "x", "lambda", http.Header{"X-Amz-Content-Sha256": {strings.Repeat("0", 64)}})
	if err := check(r, "x", when); !errors.Is(err, ErrMismatch) {
		t.Errorf("error %v, want ErrMismatch", err)
	}
}

// A header that the signature does not cover can be changed in transit (LAM D33).
func TestSignatureMustCoverHostAndAmzHeaders(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(h http.Header)
		want   string
	}{
		"all signed": {func(http.Header) {}, ""},
		"a target that was added": {func(h http.Header) { h.Set("X-Amz-Target", "AmazonSQS.PurgeQueue") },
			"'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization."},
		"two that were added": {func(h http.Header) { h.Set("X-Amz-Target", "a"); h.Set("X-Amz-Client-Context", "b") },
			"'X-Amz-Client-Context' must be a 'SignedHeader' in the AWS Authorization."},
		"host left out": {func(h http.Header) {
			h.Set("Authorization", strings.Replace(h.Get("Authorization"), "host;", "", 1))
		}, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
		"date left out": {func(h http.Header) {
			h.Set("Authorization", strings.Replace(h.Get("Authorization"), ";x-amz-date", "", 1))
		}, "'X-Amz-Date' must be a 'SignedHeader' in the AWS Authorization."},
		"a session token that was added": {func(h http.Header) { h.Set("X-Amz-Security-Token", "t") }, ""},
		"a trace id that was added":      {func(h http.Header) { h.Set("X-Amzn-Trace-Id", "t") }, ""},
		"a user agent that was added":    {func(h http.Header) { h.Set("User-Agent", "u"); h.Set("Amz-Sdk-Request", "attempt=1") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := sign(t, "POST", "http://localhost/", "x", "sqs", nil)
			tt.change(r.Header)
			err := check(r, "x", when)
			var invalid *Invalid
			if tt.want == "" && err != nil || tt.want != "" && (!errors.As(err, &invalid) || invalid.Text != tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestMalformedSignaturesAreRefused(t *testing.T) {
	t.Parallel()
	const good = "AWS4-HMAC-SHA256 Credential=A/20260102/r/s/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"
	for name, header := range map[string]string{
		"another scheme":      "Bearer abc",
		"no equal sign":       "AWS4-HMAC-SHA256 Credential",
		"short credential":    strings.Replace(good, "/aws4_request", "", 1),
		"empty key":           strings.Replace(good, "=A/", "=/", 1),
		"no signature":        strings.Replace(good, "Signature=00", "Other=1", 1),
		"no headers":          strings.Replace(good, "SignedHeaders=host;x-amz-date", "Other=1", 1),
		"unsorted headers":    strings.Replace(good, "host;x-amz-date", "x-amz-date;host", 1),
		"day of another date": strings.Replace(good, "20260102", "20260103", 1),
	} {
		t.Run(name, func(t *testing.T) {
			r := received("POST", "http://localhost/", "", http.Header{"Authorization": {header}, "X-Amz-Date": {"20260102T030405Z"}})
			var incomplete *Incomplete
			if _, err := Parse(r); !errors.As(err, &incomplete) {
				t.Errorf("%v, want *Incomplete", err)
			}
		})
	}
	if _, err := Parse(received("POST", "http://localhost/", "", nil)); !errors.Is(err, ErrUnsigned) {
		t.Errorf("no signature: %v, want ErrUnsigned", err)
	}
	for _, change := range [][2]string{{"X-Amz-Expires=60", "X-Amz-Expires=700000"}, {"HMAC", "ECDSA"}, {"X-Amz-Date=20260102T030405Z", "X-Amz-Date=now"}} {
		t.Run(fmt.Sprint(change), func(t *testing.T) {
			q := "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A/20260102/r/s/aws4_request&X-Amz-Date=20260102T030405Z&" +
				"X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
			var incomplete *Incomplete
			if _, err := Parse(received("GET", "http://localhost/?"+strings.Replace(q, change[0], change[1], 1), "", nil)); !errors.As(err, &incomplete) {
				t.Errorf("%s: %v, want *Incomplete", change[1], err)
			}
		})
	}
}

func TestCachedKeysAreBounded(t *testing.T) {
	t.Parallel()
	var v Verifier
	for i := range 3 * maxKeys {
		v.key(scope{secret, "20260102", "us-east-1", strings.Repeat("s", i%maxKeys+1) + string(rune('a'+i/maxKeys))})
	}
	if len(v.keys) > maxKeys {
		t.Errorf("%d keys are cached, want at most %d", len(v.keys), maxKeys)
	}
}

// Any query string and path that the SDK signs, verifies.
func TestSignaturesOfAnyURLVerify(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		q := url.Values{}
		for range rapid.IntRange(0, 4).Draw(rt, "parameters") {
			q.Add(rapid.StringMatching(`[a-zA-Z.\-_ +%é]{1,5}`).Draw(rt, "name"), rapid.StringN(0, 6, -1).Draw(rt, "value"))
		}
		u := url.URL{Scheme: "http", Host: "localhost", Path: "/" + rapid.StringMatching(`[a-z :$+é%]{0,8}`).Draw(rt, "path"), RawQuery: q.Encode()}
		out, err := http.NewRequest("GET", u.String(), nil)
		if err != nil {
			rt.Skip()
		}
		empty := sha256.Sum256(nil)
		if err := v4.NewSigner().SignHTTP(context.Background(), key, out, hex.EncodeToString(empty[:]), "lambda", "us-east-1", when); err != nil {
			rt.Fatal(err)
		}
		// The signer sorts the query of the request that it signs.
		if err := check(received("GET", out.URL.String(), "", out.Header), "", when); err != nil {
			rt.Fatalf("%s: %v", out.URL, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=A/20260102/r/s/aws4_request, SignedHeaders=host;x-amz-date, Signature=00", "a=b&c", "20260102T030405Z")
	f.Add("", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A/20260102/r/s/aws4_request&X-Amz-Date=20260102T030405Z&"+
		"X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00", "")
	f.Fuzz(func(t *testing.T, header, query, date string) {
		r := &http.Request{Method: "GET", Host: "localhost", URL: &url.URL{Path: "/x", RawQuery: query}, Body: io.NopCloser(strings.NewReader("")),
			Header: http.Header{"Authorization": {header}, "X-Amz-Date": {date}}}
		s, err := Parse(r)
		if err != nil {
			return
		}
		if err := new(Verifier).Verify(r, s, nil, secret, when); err == nil && !strings.Contains(header+query, s.Hex) {
			t.Error("parsed a signature without a key")
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	r := sign(b, "POST", "http://127.0.0.1:4566/", `{"QueueUrl":"http://127.0.0.1:4566/000000000000/q","MessageBody":"hello"}`,
		"sqs", http.Header{"X-Amz-Target": {"AmazonSQS.SendMessage"}})
	body, _ := io.ReadAll(r.Body)
	var v Verifier
	b.ReportAllocs()
	for b.Loop() {
		s, err := Parse(r)
		if err != nil {
			b.Fatal(err)
		}
		if err := v.Verify(r, s, body, secret, when); err != nil {
			b.Fatal(err)
		}
	}
}
