package localaws_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/localawstest"
)

// attackPage is a web page that tries what a page can do to a local port.
//
//go:embed testdata/attack.html
var attackPage string

// secretBody is the body of a message that no page must be able to read.
const secretBody = "the-secret-of-the-operator"

// browsers are the names under which Chromium is installed.
var browsers = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// TestWebPagesCannotUseTheEndpoint opens hostile pages in a real browser. They are
// served from another local port, and under names that an attacker's name server
// resolves to this computer (DNS rebinding). No page may read a message or change
// anything.
func TestWebPagesCannotUseTheEndpoint(t *testing.T) {
	t.Parallel()
	browser := findBrowser(t)

	for _, tt := range []struct {
		name   string
		noAuth bool
	}{
		{"AuthenticationOn", false},
		{"NoAuth", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newVictim(t, tt.noAuth)

			// A page of another origin sends requests to every spelling of the address.
			_, port, err := net.SplitHostPort(v.Addr())
			if err != nil {
				t.Fatal(err)
			}
			targets := []string{}
			for _, host := range []string{"127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]", "attacker.localhost", "evil.invalid"} {
				targets = append(targets, "http://"+host+":"+port)
			}
			t.Run("ForeignPage", func(t *testing.T) {
				site := newAttacker(t, targets, nil)
				v.attack(t, browser, site, "evil.example")
			})

			// A page whose own name now resolves to the victim sends same-origin
			// requests.
			for _, host := range []string{"evil.invalid", "evil.example", "attacker.localhost", "0.0.0.0", "[::ffff:127.0.0.1]"} {
				t.Run("Rebinding to "+host, func(t *testing.T) {
					site := newAttacker(t, []string{""}, v.Server)
					v.attack(t, browser, site, host)
				})
			}
		})
	}
}

func findBrowser(t *testing.T) string {
	t.Helper()
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skipf("no browser is installed (looked for %s)", strings.Join(browsers, ", "))
	return ""
}

// victim is a server with state that an attack would read or change.
type victim struct {
	*localawstest.Server
}

func newVictim(t *testing.T, noAuth bool) *victim {
	t.Helper()
	v := &victim{localawstest.NewWith(t, localaws.Options{Addr: "127.0.0.1:0", NoAuth: noAuth, ClockMode: clock.Real})}
	w := &testServer{v.Server, t}
	queue := w.queue(v.Config(), "q", map[string]string{"VisibilityTimeout": "600"})
	w.send(v.Config(), queue, secretBody)
	return v
}

// attack opens a page of site under the name host, waits until it has tried
// everything, and checks the victim.
func (v *victim) attack(t *testing.T, browser string, site *attacker, host string) {
	t.Helper()
	before := v.Clock().Skipped()
	seen := site.open(t, browser, host)
	if len(seen) < 10 {
		t.Fatalf("the page reported only %d attempts: it did not run", len(seen))
	}

	for what, text := range seen {
		if strings.Contains(text, secretBody) {
			t.Errorf("%s: the page read a message: %.200s", what, text)
		}
		if strings.Contains(text, "skipped_seconds") || strings.Contains(text, `"account"`) {
			t.Errorf("%s: the page read the control API: %.200s", what, text)
		}
	}

	queues := v.Queues()
	if len(queues) != 1 || queues[0].Name != "q" || queues[0].Visible != 1 {
		t.Errorf("queues are %+v, want q with its one message visible", queues)
	}
	if state := v.Clock().State(); state.Held || state.Skipped != before {
		t.Errorf("the clock is %+v", state)
	}
	if rules := v.Faults().List(); len(rules) != 0 {
		t.Errorf("faults %+v", rules)
	}
	v.restore(t)
}

// restore undoes what a successful attack has changed, so that each case starts from
// the same state.
func (v *victim) restore(t *testing.T) {
	t.Helper()
	v.Clock().Release()
	v.Faults().Clear("")
	client := sqs.NewFromConfig(v.Config())
	if _, err := v.Reset(t.Context(), localaws.ResetScope{Service: "sqs"}); err != nil {
		t.Fatal(err)
	}
	made, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: new("q")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: made.QueueUrl, MessageBody: new(secretBody)}); err != nil {
		t.Fatal(err)
	}
}

// attacker is a web site of an attacker.
type attacker struct {
	*httptest.Server
	reports chan map[string]string
}

// newAttacker serves the attacking page. All other paths are forwarded to rebound
// unless it is nil: as if the attacker's name resolved to the victim after the page
// was loaded.
func newAttacker(t *testing.T, targets []string, rebound *localawstest.Server) *attacker {
	t.Helper()
	list, err := json.Marshal(targets)
	if err != nil {
		t.Fatal(err)
	}
	page := strings.Replace(attackPage, "TARGETS", string(list), 1)

	site := &attacker{reports: make(chan map[string]string, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /attacker/page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, page)
	})
	mux.HandleFunc("POST /attacker/report", func(_ http.ResponseWriter, r *http.Request) {
		var seen map[string]string
		if err := json.NewDecoder(r.Body).Decode(&seen); err != nil {
			t.Errorf("read the report of the page: %v", err)
		}
		site.reports <- seen
	})
	if rebound != nil {
		to, err := url.Parse(rebound.URL())
		if err != nil {
			t.Fatal(err)
		}
		mux.Handle("/", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host // the browser sends the attacker's name, and the proxy must as well
		}})
	}
	site.Server = httptest.NewServer(mux)
	t.Cleanup(site.Close)
	return site
}

// open shows the attacking page in a browser until it has reported.
func (a *attacker) open(t *testing.T, browser, host string) map[string]string {
	t.Helper()
	_, port, err := net.SplitHostPort(a.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser,
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-popup-blocking",
		"--user-data-dir="+t.TempDir(), "--remote-debugging-port=0",
		"--host-resolver-rules=MAP evil.example 127.0.0.1, MAP evil.invalid 127.0.0.1",
		"http://"+host+":"+port+"/attacker/page")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cancel()
		_ = cmd.Wait() // the error is that it was killed
	}()

	select {
	case seen := <-a.reports:
		return seen
	case <-ctx.Done():
		t.Fatalf("the page did not report; the browser wrote:\n%s", stderr.String())
		return nil
	}
}
