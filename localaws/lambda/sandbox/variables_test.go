package sandbox

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// On AWS a function may set variables that select the target of its calls. Here no
// such variable reaches it: a call must not go to the real AWS by accident.
func TestVariablesOfAFunctionCannotSelectAnotherAWS(t *testing.T) {
	t.Parallel()
	const here, away = "http://127.0.0.1:4566", "http://away.example"
	for _, name := range []string{
		"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_CONFIG_FILE",
		"AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
		"AWS_EC2_METADATA_DISABLED", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_XRAY_DAEMON_ADDRESS", "AWS_DATA_PATH",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := map[string]string{name: away, "TABLE": "orders"}
			v := variables(&Function{Variables: own}, &Host{Endpoint: here}, "")
			if v[name] == away {
				t.Errorf("%s reaches the function", name)
			}
			for variable, want := range map[string]string{
				"AWS_ENDPOINT_URL":            here,
				"AWS_CONFIG_FILE":             "/dev/null",
				"AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
				"AWS_EC2_METADATA_DISABLED":   "true",
				"AWS_XRAY_DAEMON_ADDRESS":     noXRayDaemon,
				"TABLE":                       "orders",
			} {
				if v[variable] != want {
					t.Errorf("%s=%q, want %q", variable, v[variable], want)
				}
			}
			if got := Replaced(own); !slices.Equal(got, []string{name}) {
				t.Errorf("replaced variables %q", got)
			}
			if own[name] != away {
				t.Error("the function's configuration changed")
			}
		})
	}
}

func TestOtherAWSVariablesReachTheFunction(t *testing.T) {
	t.Parallel()
	own := map[string]string{"AWS_MAX_ATTEMPTS": "2", "AWS_RETRY_MODE": "standard", "AWS_CA_BUNDLE": "/ca.pem", "AWS_STS_REGIONAL_ENDPOINTS": "regional"}
	v := variables(&Function{Variables: own}, &Host{Endpoint: "http://127.0.0.1:1"}, "")
	for name, want := range own {
		t.Run(name, func(t *testing.T) {
			if v[name] != want {
				t.Errorf("%s=%q, want %q", name, v[name], want)
			}
		})
	}
	if got := Replaced(own); len(got) > 0 {
		t.Errorf("replaced variables %q", got)
	}
}

// A proxy that a function uses for other calls must not get its calls to the embedded
// AWS.
func TestAProxyIsBypassedForTheEmbeddedAWS(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"HTTP_PROXY", "https_proxy", "ALL_PROXY"} {
		t.Run(name, func(t *testing.T) {
			configured := map[string]string{name: "http://proxy:3128", "NO_PROXY": "internal"}
			v := variables(&Function{Variables: configured}, &Host{Endpoint: "http://127.0.0.2:80"}, "")
			if v["NO_PROXY"] != "internal,127.0.0.1,localhost,::1,127.0.0.2" || v["no_proxy"] != "127.0.0.1,localhost,::1,127.0.0.2" {
				t.Errorf("NO_PROXY=%q, no_proxy=%q", v["NO_PROXY"], v["no_proxy"])
			}
			if v[name] == "" {
				t.Errorf("%s does not reach the function", name)
			}
		})
	}

	v := variables(&Function{}, &Host{Endpoint: "http://127.0.0.1:80"}, "")
	if _, ok := v["NO_PROXY"]; ok {
		t.Error("NO_PROXY is set although there is no proxy")
	}
}

// The SDK, in the environment of a function that sets every variable that selects
// another AWS, calls the embedded AWS and no other server.
func TestTheSDKInAFunctionReachesTheEmbeddedAWS(t *testing.T) {
	var here, away int
	embedded := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		here++
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_, _ = w.Write([]byte("{}"))
	}))
	t.Cleanup(embedded.Close)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		away++
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(other.Close)

	fn := &Function{Region: "us-east-1", Variables: map[string]string{
		"AWS_ENDPOINT_URL":                    other.URL,
		"AWS_ENDPOINT_URL_SQS":                other.URL,
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
		"AWS_PROFILE":                         "production",
		"HTTP_PROXY":                          other.URL,
		"HTTPS_PROXY":                         other.URL,
	}}
	host := &Host{Endpoint: embedded.URL}
	host.Credentials.AccessKeyID, host.Credentials.SecretAccessKey = "AKID", "s"
	v := variables(fn, host, "")
	for name, value := range v {
		if strings.HasPrefix(name, "AWS_") || strings.Contains(strings.ToLower(name), "proxy") {
			t.Setenv(name, value)
		}
	}
	for name := range maps.Keys(fn.Variables) {
		if _, ok := v[name]; !ok {
			t.Setenv(name, "")
		}
	}

	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sqs.NewFromConfig(cfg).ListQueues(t.Context(), &sqs.ListQueuesInput{}); err != nil {
		t.Error(err)
	}
	if here == 0 || away != 0 {
		t.Errorf("%d requests to the embedded AWS, %d to other servers", here, away)
	}
}
