package gateway

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
)

func TestOtherHostsAreRefused(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]int{
		"127.0.0.1:4566":    200,
		"127.0.0.1":         200,
		"127.8.9.10:4566":   200,
		"localhost:4566":    200,
		"LocalHost:4566":    200,
		"localhost.:4566":   200,
		"[::1]:4566":        200,
		"[0:0:0:0:0:0:0:1]": 200,
		"aws.internal:4566": 200, // in Options.Hosts
		"AWS.internal.":     200,

		"":                             403,
		".":                            403,
		"evil.example:4566":            403,
		"evil.invalid:4566":            403,
		"localaws.invalid":             403, // the host of requests in memory, over a socket
		"evil.localhost:4566":          403,
		"sqs.us-east-1.localhost:4566": 403,
		"evillocalhost":                403,
		"localhost.evil.example":       403,
		"localhost..":                  403,
		"127.0.0.1.evil.example":       403,
		"0.0.0.0:4566":                 403,
		"0:4566":                       403,
		"[::]:4566":                    403,
		"[::ffff:127.0.0.1]:4566":      403,
		"[::ffff:7f00:1]:4566":         403,
		"[::ffff:0:127.0.0.1]:4566":    403,
		"[64:ff9b::127.0.0.1]":         403,
		"[::1%25lo]:4566":              403,
		"[::1%lo]:4566":                403,
		"[fe80::1%lo]:4566":            403,
		"[127.0.0.1]:4566":             403,
		"::1":                          403,
		"[::1":                         403,
		"[::1]evil.example":            403,
		"[::1]:x":                      403,
		"127.1:4566":                   403,
		"2130706433:4566":              403,
		"0x7f.0.0.1":                   403,
		"127.0.0.01":                   403,
		"192.168.0.5:4566":             403,
		"169.254.169.254":              403,
		"user@127.0.0.1:4566":          403,
		"127.0.0.1:4566@evil.example":  403,
		"127.0.0.1:99999":              403,
		"127.0.0.1:":                   403,
		"127.0.0.1:45:66":              403,
		"127.0.0.1 ":                   403,
		"localhost:4566, evil.example": 403,
		"other.internal:4566":          403,
		"aws.internal.evil.example":    403,
		"xn--lcalhost-54a:4566":        403,
		"ｌｏｃａｌｈｏｓｔ:4566":               403,
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *Options) { o.NoAuth, o.Hosts = true, []string{"aws.internal"} })
			w := r.page(host, nil)
			if w.Code != want || (r.sent != nil) != (want == 200) {
				t.Errorf("status %d, want %d; the operation ran: %v", w.Code, want, r.sent != nil)
			}
		})
	}
}

func FuzzHostOf(f *testing.F) {
	f.Add("127.0.0.1:4566")
	f.Add("[::1%25lo]:1")
	f.Add("user@localhost.")
	g := &Gateway{}
	f.Fuzz(func(t *testing.T, header string) {
		host, ok := hostOf(header)
		if ok && (host == "" || strings.ContainsAny(host, "[]") && !strings.HasPrefix(header, "[") && g.knownHost(header)) {
			t.Errorf("%q: host %q", header, host)
		}
		if g.knownHost(header) && !strings.HasPrefix(host, "127.") && host != "localhost" && net.ParseIP(host).String() != "::1" {
			t.Errorf("%q is accepted as this computer", header)
		}
	})
}

func TestRequestsFromBrowsersAreRefused(t *testing.T) {
	t.Parallel()
	const page = "http://127.0.0.1:8080"
	for name, tt := range map[string]struct {
		header http.Header
		want   int
	}{
		"a program":                  {nil, 200},
		"a foreign page":             {http.Header{"Origin": {"https://evil.example"}}, 403},
		"a page without origin":      {http.Header{"Origin": {"null"}}, 403},
		"another port":               {http.Header{"Origin": {"http://127.0.0.1:3000"}}, 403},
		"the endpoint's own address": {http.Header{"Origin": {"http://127.0.0.1:4566"}}, 403}, // it serves no web pages
		"an allowed page":            {http.Header{"Origin": {page}}, 200},
		"an image in a foreign page": {http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		"an image in a local page":   {http.Header{"Sec-Fetch-Site": {"same-site"}}, 403},
		"a page after rebinding":     {http.Header{"Sec-Fetch-Site": {"same-origin"}}, 403},
		"typed into the browser":     {http.Header{"Sec-Fetch-Site": {"none"}}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *Options) { o.NoAuth, o.Origins = true, []string{page} })
			w := r.page("127.0.0.1:4566", tt.header)
			if w.Code != tt.want || (r.sent != nil) != (tt.want == 200) {
				t.Errorf("status %d, want %d; the operation ran: %v", w.Code, tt.want, r.sent != nil)
			}
			if got := w.Header().Get("Access-Control-Allow-Origin"); (got != "") != (name == "an allowed page") {
				t.Errorf("Access-Control-Allow-Origin %q", got)
			}
		})
	}
}

// page sends a request that changes state, as a form in a web page would.
func (r *rig) page(host string, header http.Header) *httptest.ResponseRecorder {
	req := httptest.NewRequest("POST", "http://x/", strings.NewReader("Action=SendMessage&QueueUrl=q&MessageBody=b"))
	req.Host = host
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for k, v := range header {
		req.Header[k] = v
	}
	w := httptest.NewRecorder()
	r.gateway.ServeHTTP(w, req)
	return w
}

// An image or a link in a page is a GET without an Origin header and, for hosts that a
// browser does not treat as local, without Sec-Fetch-Site.
func TestUnsignedGETChangesNothing(t *testing.T) {
	t.Parallel()
	const send = "/?Action=SendMessage&QueueUrl=q&MessageBody=b"
	for name, tt := range map[string]struct {
		method, target string
		header         http.Header
		want           int
	}{
		"a link":               {"GET", send, nil, 403},
		"HEAD":                 {"HEAD", send, nil, 403},
		"a made up signature":  {"GET", send + "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00", nil, 403},
		"a client's signature": {"GET", send, http.Header{"Authorization": {"AWS4-HMAC-SHA256 Credential=any"}}, 200},
		"a link that reads":    {"GET", "/?Action=DescribeAlarms&Version=2010-08-01", nil, 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *Options) { o.NoAuth = true })
			if w := r.do(tt.method, tt.target, "", tt.header); w.Code != tt.want || tt.want == 403 && r.sent != nil {
				t.Errorf("status %d, want %d; the operation ran: %v", w.Code, tt.want, r.sent != nil)
			}
		})
	}
}

func TestPreflightOfAnAllowedOriginIsServed(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Origins = []string{"http://127.0.0.1:8080"} })
	w := r.do("OPTIONS", "/", "", http.Header{"Origin": {"http://127.0.0.1:8080"}, "Access-Control-Request-Headers": {"authorization"}})
	if w.Code != 204 || w.Header().Get("Access-Control-Allow-Headers") != "authorization" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestPathsWithUnderscoreGoToTheExtraHandler(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) {
		o.Extra = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Path) })
	})
	for _, path := range []string{"/_localstack/health", "/_reliableq/clock", "/_aws/sqs/messages"} {
		t.Run(path, func(t *testing.T) {
			if w := r.do("GET", path, "", nil); w.Code != 200 || w.Body.String() != path {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.NoAuth = true })
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 2 * maxBody >> 20 {
		z.Write(make([]byte, 1<<20))
	}
	z.Close()
	for name, tt := range map[string]struct {
		body   io.Reader
		header http.Header
		want   int
	}{
		"announced": {bytes.NewReader(make([]byte, maxBody+1)), nil, 413},
		"streamed":  {io.MultiReader(bytes.NewReader(make([]byte, maxBody+1))), nil, 413},
		"unpacked":  {&bomb, http.Header{"Content-Encoding": {"gzip"}}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			req := httptest.NewRequest("POST", "http://127.0.0.1/", tt.body)
			req.Header.Set("X-Amz-Target", "AmazonSQS.SendMessage")
			for k, v := range tt.header {
				req.Header[k] = v
			}
			w := httptest.NewRecorder()
			r.gateway.ServeHTTP(w, req)
			if w.Code != tt.want || r.sent != nil {
				t.Errorf("%d %s, want %d", w.Code, w.Body, tt.want)
			}
		})
	}
}

func TestAWSChunkedBodiesAreDecoded(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"5;chunk-signature=ab\r\nhello\r\n1\r\n!\r\n0\r\nx-amz-trailer:1\r\n\r\n": "hello!",
		"0\r\n\r\n": "", "5\r\nhel": "", "ffffffffff\r\n": "", "-1\r\n\r\n": "", "2\r\nhello\r\n": "",
	} {
		t.Run(in, func(t *testing.T) {
			got, err := unchunk([]byte(in))
			if string(got) != want || (err != nil) != (want == "" && in != "0\r\n\r\n") {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func FuzzUnchunk(f *testing.F) {
	f.Add([]byte("5;a=b\r\nhello\r\n0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if out, err := unchunk(b); err == nil && len(out) > len(b) {
			t.Errorf("%d bytes out of %d", len(out), len(b))
		}
	})
}

func TestClockCountsEachRequestAsWork(t *testing.T) {
	t.Parallel()
	c := clock.New(clock.Manual, time.Time{})
	defer c.Close()
	entered, leave := make(chan struct{}), make(chan struct{})
	g, err := New(Options{
		Dispatcher: &awsapi.Dispatcher{Services: map[string]*awsapi.Service{"toy": {Name: "toy", Target: "Toy", JSONVersion: "1.0", Operations: awsapi.Table(
			awsapi.Op("Wait", func(context.Context, *awsapi.Call, *struct{}) (*awsapi.None, error) {
				close(entered)
				<-leave
				return &awsapi.None{}, nil
			}, nil))}}},
		Identity: identity, Clock: c, Chance: chance.Seeded(1), NoAuth: true, Account: "000000000000", Region: "us-east-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{gateway: g}
	status := make(chan int)
	go func() { status <- r.do("POST", "/", "", http.Header{"X-Amz-Target": {"Toy.Wait"}}).Code }()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Idle(ctx); err == nil {
		t.Error("the clock is idle while a request is in progress")
	}
	close(leave)
	if code := <-status; code != 200 {
		t.Errorf("status %d", code)
	}
	if err := c.Idle(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTransportWorksInASynctestBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		client := sqs.NewFromConfig(r.config())
		for range 20 {
			time.Sleep(time.Hour) // the bubble's time, which signatures use
			if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String("q"), MessageBody: aws.String("b")}); err != nil {
				t.Fatal(err)
			}
		}
		r.gateway.opts.Clock.Close()
	})
}

func TestTransportEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	client := http.Client{Transport: Transport(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))}
	req, _ := http.NewRequestWithContext(ctx, "POST", "http://x/", strings.NewReader("b"))
	if _, err := client.Do(req); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestTransportRespondsAsASocketDoes(t *testing.T) {
	t.Parallel()
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.Header().Set("Before", "1")
		w.WriteHeader(http.StatusTeapot)
		w.Header().Set("After", "1")
		w.WriteHeader(http.StatusOK)
		io.WriteString(w, r.Method+" "+r.RequestURI+" "+r.Proto+" "+string(b))
	})
	srv := httptest.NewServer(h)
	defer srv.Close()
	var responses []string
	for _, rt := range []http.RoundTripper{http.DefaultTransport, Transport(h)} {
		resp, err := (&http.Client{Transport: rt}).Post(srv.URL+"/a%20b?c=d", "text/plain", strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		responses = append(responses, strings.Join([]string{resp.Status, resp.Proto, resp.Header.Get("Before"), resp.Header.Get("After"), string(b)}, "|"))
	}
	if responses[0] != responses[1] {
		t.Errorf("socket: %s\nmemory: %s", responses[0], responses[1])
	}
}

func TestConflictingTablesAreRefused(t *testing.T) {
	t.Parallel()
	op := func(name string) awsapi.Operation {
		return rest(awsapi.Op(name, func(context.Context, *awsapi.Call, *struct{}) (*awsapi.None, error) { return nil, nil }, nil), "GET", "/a/{B}", 200)
	}
	c := clock.New(clock.Manual, time.Time{})
	defer c.Close()
	for name, services := range map[string]map[string]*awsapi.Service{
		"two operations on a path":  {"a": {Name: "a", Operations: awsapi.Table(op("A"), op("B"))}},
		"two services of a target":  {"a": {Name: "a", Target: "T"}, "b": {Name: "b", Target: "T"}},
		"two services of a version": {"a": {Name: "a", QueryVersion: "1"}, "b": {Name: "b", QueryVersion: "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := New(Options{Dispatcher: &awsapi.Dispatcher{Services: services}, Identity: identity, Clock: c, Chance: chance.Seeded(1)}); err == nil {
				t.Error("no error")
			}
		})
	}
	if _, err := New(Options{}); err == nil {
		t.Error("a gateway without services was accepted")
	}
}

func TestLiteralSegmentsTakePrecedenceOverLabels(t *testing.T) {
	t.Parallel()
	var r restRoutes
	for _, path := range []string{"/f/{Name}", "/f/all", "/f/{Name}/x", "/f/all/{Y}"} {
		if err := r.add(&awsapi.Service{}, awsapi.Operation{Name: path, Method: "GET", Path: path}); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		"/f/a": "/f/{Name}", "/f/all": "/f/all", "/f/all/": "/f/all", "/f/all/x": "/f/all/{Y}", "/f/b/x": "/f/{Name}/x",
		"/f/a%2Fb": "/f/{Name}", "/f": "", "/f//x": "", "/f/%zz": "", "/g": "",
	} {
		t.Run(path, func(t *testing.T) {
			m := r.match("GET", path)
			got := ""
			if m.operation != nil {
				got = m.operation.Name
			}
			if got != want {
				t.Errorf("%s leads to %q, want %q", path, got, want)
			}
		})
	}
	if m := r.match("GET", "/f/a%2Fb"); m.params["Name"] != "a/b" {
		t.Errorf("parameters %v", m.params)
	}
	if m := r.match("PUT", "/f/a"); m.operation != nil {
		t.Error("another method matches too")
	}
}

func BenchmarkSendMessage(b *testing.B) {
	r := newRig(b, func(o *Options) { o.NoAuth = true })
	body := `{"QueueUrl":"http://127.0.0.1:4566/000000000000/q","MessageBody":"hello","MessageAttributes":{"store_id":{"DataType":"Number","StringValue":"3"}}}`
	b.ReportAllocs()
	for b.Loop() {
		if w := r.do("POST", "/", body, http.Header{"X-Amz-Target": {"AmazonSQS.SendMessage"}}); w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}
