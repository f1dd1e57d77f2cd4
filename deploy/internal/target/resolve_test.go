package target

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// Endpoints of the rows. No process listens there.
const (
	here  = "http://127.0.0.1:1001"
	there = "http://127.0.0.1:1002"
	third = "http://127.0.0.1:1003"
)

// profiles is an AWS configuration file with every setting that names an endpoint.
const profiles = `[default]
region = us-east-1

[profile plain]
region = us-east-1

[profile url]
region = us-east-1
endpoint_url = ` + here + `

[profile services]
region = us-east-1
services = some

[profile both]
region = us-east-1
endpoint_url = ` + here + `
services = some

[profile ignoring]
region = us-east-1
endpoint_url = ` + here + `
services = some
ignore_configured_endpoint_urls = true

[profile fips]
region = us-east-1
use_fips_endpoint = true
endpoint_url = ` + here + `

[services some]
sqs =
  endpoint_url = ` + there + `
cloudwatch_logs =
  endpoint_url = ` + there + `
`

// rows are environments with the expected routes. The keys of routes are services,
// prefixed with the caller if only its calls go there, and "all".
var rows = []struct {
	name     string
	env      map[string]string
	routes   map[string]string
	aws      string // part of the error of --target aws; empty where it is allowed
	endpoint string // part of the error of --target endpoint; empty where it is allowed
	hint     string // part of the hint of the first error
}{
	{
		name:     "nothing",
		endpoint: "--target endpoint needs AWS_ENDPOINT_URL",
		hint:     "export AWS_ENDPOINT_URL=",
	},
	{
		name:   "AWS_ENDPOINT_URL",
		env:    map[string]string{"AWS_ENDPOINT_URL": here},
		routes: map[string]string{"all": here},
		aws:    "--target aws, but AWS_ENDPOINT_URL is " + here + " (every service)",
		hint:   "unset AWS_ENDPOINT_URL for AWS itself, or use --target endpoint",
	},
	{
		name:     "AWS_ENDPOINT_URL_SQS",
		env:      map[string]string{"AWS_ENDPOINT_URL_SQS": here},
		routes:   map[string]string{"SQS": here},
		aws:      "AWS_ENDPOINT_URL_SQS is " + here + " (SQS)",
		endpoint: "calls of STS, Lambda, IAM, CloudWatch Logs, CloudWatch, S3 by Terraform, DynamoDB by Terraform would go to AWS itself, while AWS_ENDPOINT_URL_SQS is ",
		hint:     "unset AWS_ENDPOINT_URL_SQS",
	},
	{
		name:     "AWS_ENDPOINT_URL_STS",
		env:      map[string]string{"AWS_ENDPOINT_URL_STS": here},
		routes:   map[string]string{"STS": here},
		aws:      "AWS_ENDPOINT_URL_STS is " + here + " (STS)",
		endpoint: "calls of SQS, Lambda, IAM, CloudWatch Logs, CloudWatch, S3 by Terraform",
		hint:     "unset AWS_ENDPOINT_URL_STS",
	},
	{
		name:     "AWS_ENDPOINT_URL_LAMBDA",
		env:      map[string]string{"AWS_ENDPOINT_URL_LAMBDA": here},
		routes:   map[string]string{"Lambda": here},
		aws:      "AWS_ENDPOINT_URL_LAMBDA is " + here + " (Lambda)",
		endpoint: "would go to AWS itself, while AWS_ENDPOINT_URL_LAMBDA is",
	},
	{
		name:     "AWS_ENDPOINT_URL_IAM",
		env:      map[string]string{"AWS_ENDPOINT_URL_IAM": here},
		routes:   map[string]string{"IAM": here},
		aws:      "AWS_ENDPOINT_URL_IAM is " + here + " (IAM)",
		endpoint: "would go to AWS itself, while AWS_ENDPOINT_URL_IAM is",
	},
	{
		name:     "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS",
		env:      map[string]string{"AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": here},
		routes:   map[string]string{"CloudWatch Logs": here},
		aws:      "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS is " + here + " (CloudWatch Logs)",
		endpoint: "would go to AWS itself, while AWS_ENDPOINT_URL_CLOUDWATCH_LOGS is",
	},
	{
		name:     "AWS_ENDPOINT_URL_CLOUDWATCH",
		env:      map[string]string{"AWS_ENDPOINT_URL_CLOUDWATCH": here},
		routes:   map[string]string{"CloudWatch": here},
		aws:      "AWS_ENDPOINT_URL_CLOUDWATCH is " + here + " (CloudWatch)",
		endpoint: "would go to AWS itself, while AWS_ENDPOINT_URL_CLOUDWATCH is",
	},
	{
		name:     "AWS_ENDPOINT_URL_S3",
		env:      map[string]string{"AWS_ENDPOINT_URL_S3": here},
		routes:   map[string]string{"S3": here},
		aws:      "AWS_ENDPOINT_URL_S3 is " + here + " (S3 by Terraform)",
		endpoint: "would go to AWS itself, while AWS_ENDPOINT_URL_S3 is",
	},
	{
		name:     "AWS_ENDPOINT_URL_DYNAMODB",
		env:      map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": here},
		routes:   map[string]string{"DynamoDB": here},
		aws:      "AWS_ENDPOINT_URL_DYNAMODB is " + here,
		endpoint: "would go to AWS itself, while AWS_ENDPOINT_URL_DYNAMODB is",
	},
	{
		name:     "one service elsewhere",
		env:      map[string]string{"AWS_ENDPOINT_URL": here, "AWS_ENDPOINT_URL_SQS": there},
		routes:   map[string]string{"all": here, "SQS": there},
		aws:      "AWS_ENDPOINT_URL_SQS is " + there + " (SQS)",
		endpoint: "calls would go to several endpoints: AWS_ENDPOINT_URL is " + here,
		hint:     "unset AWS_ENDPOINT_URL AWS_ENDPOINT_URL_SQS",
	},
	{
		name:   "the same endpoint twice",
		env:    map[string]string{"AWS_ENDPOINT_URL": here, "AWS_ENDPOINT_URL_SQS": here + "/"},
		routes: map[string]string{"all": here, "SQS": here + "/"},
		aws:    "AWS_ENDPOINT_URL is",
	},
	{
		name:     "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
		env:      map[string]string{"AWS_ENDPOINT_URL": here, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
		endpoint: "--target endpoint, but AWS_IGNORE_CONFIGURED_ENDPOINT_URLS sends every call to AWS itself",
		hint:     "unset it, and export AWS_ENDPOINT_URL=",
	},
	{
		name:     "ignored endpoints, but not by Terraform",
		env:      map[string]string{"AWS_ENDPOINT_URL": here, "AWS_ENDPOINT_URL_STS": here, "AWS_ENDPOINT_URL_SQS": here, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE"},
		routes:   map[string]string{"Terraform STS": here, "Terraform's S3 backend STS": here},
		aws:      "AWS_ENDPOINT_URL_STS is " + here + " (STS by Terraform)",
		endpoint: "would go to AWS itself",
	},
	{
		name:   "ignore says false",
		env:    map[string]string{"AWS_ENDPOINT_URL": here, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"},
		routes: map[string]string{"all": here},
		aws:    "AWS_ENDPOINT_URL is",
	},
	{
		name:     "TF_AWS_STS_ENDPOINT",
		env:      map[string]string{"TF_AWS_STS_ENDPOINT": here},
		routes:   map[string]string{"Terraform STS": here},
		aws:      "--target aws, but TF_AWS_STS_ENDPOINT is " + here + " (STS by Terraform)",
		endpoint: "would go to AWS itself",
		hint:     "unset TF_AWS_STS_ENDPOINT for AWS itself",
	},
	{
		name:     "TF_AWS_IAM_ENDPOINT beside an endpoint",
		env:      map[string]string{"AWS_ENDPOINT_URL": here, "TF_AWS_IAM_ENDPOINT": there},
		routes:   map[string]string{"all": here, "Terraform IAM": there},
		aws:      "TF_AWS_IAM_ENDPOINT is " + there + " (IAM by Terraform)",
		endpoint: "TF_AWS_IAM_ENDPOINT is " + there + " (IAM by Terraform)",
	},
	{
		name:     "TF_AWS_S3_ENDPOINT and TF_AWS_DYNAMODB_ENDPOINT",
		env:      map[string]string{"TF_AWS_S3_ENDPOINT": here, "TF_AWS_DYNAMODB_ENDPOINT": here},
		routes:   map[string]string{"Terraform S3": here, "Terraform DynamoDB": here},
		aws:      "TF_AWS_S3_ENDPOINT is " + here + " (S3 by Terraform); TF_AWS_DYNAMODB_ENDPOINT is " + here,
		endpoint: "would go to AWS itself",
	},
	{
		name: "the old names",
		env:  map[string]string{"AWS_STS_ENDPOINT": here, "AWS_IAM_ENDPOINT": here, "AWS_S3_ENDPOINT": here, "AWS_DYNAMODB_ENDPOINT": here},
		routes: map[string]string{
			"Terraform STS": here, "Terraform IAM": here, "Terraform S3": here, "Terraform DynamoDB": here,
			"Terraform's S3 backend STS": here, "Terraform's S3 backend IAM": here, "Terraform's S3 backend S3": here, "Terraform's S3 backend DynamoDB": here,
		},
		aws:      "AWS_STS_ENDPOINT is " + here + " (STS by Terraform)",
		endpoint: "would go to AWS itself",
	},
	{
		name:     "the order of Terraform's names",
		env:      map[string]string{"AWS_ENDPOINT_URL_STS": here, "TF_AWS_STS_ENDPOINT": there, "TF_AWS_IAM_ENDPOINT": there, "AWS_STS_ENDPOINT": third, "AWS_IAM_ENDPOINT": third},
		routes:   map[string]string{"STS": here, "Terraform IAM": there, "Terraform's S3 backend IAM": third},
		aws:      "AWS_ENDPOINT_URL_STS is",
		endpoint: "would go to AWS itself",
	},
	{
		name:   "a profile's endpoint_url",
		env:    map[string]string{"AWS_PROFILE": "url"},
		routes: map[string]string{"all": here},
		aws:    `--target aws, but endpoint_url of profile "url" is ` + here + " (every service)",
		hint:   `remove endpoint_url of profile "url" or use another profile with AWS_PROFILE`,
	},
	{
		name:   "AWS_DEFAULT_PROFILE",
		env:    map[string]string{"AWS_DEFAULT_PROFILE": "url"},
		routes: map[string]string{"all": here},
		aws:    `endpoint_url of profile "url"`,
	},
	{
		name:     "AWS_PROFILE wins over AWS_DEFAULT_PROFILE",
		env:      map[string]string{"AWS_PROFILE": "plain", "AWS_DEFAULT_PROFILE": "url"},
		endpoint: "needs AWS_ENDPOINT_URL",
	},
	{
		name:     "a services section",
		env:      map[string]string{"AWS_PROFILE": "services"},
		routes:   map[string]string{"SQS": there, "CloudWatch Logs": there},
		aws:      `endpoint_url of sqs in services section "some" of profile "services" is ` + there + ` (SQS); endpoint_url of cloudwatch_logs in services section "some"`,
		endpoint: "calls of STS",
		hint:     "use another profile",
	},
	{
		name:     "a services section and endpoint_url",
		env:      map[string]string{"AWS_PROFILE": "both"},
		routes:   map[string]string{"all": here, "SQS": there, "CloudWatch Logs": there},
		aws:      "endpoint_url of",
		endpoint: "several endpoints",
	},
	{
		name:   "AWS_ENDPOINT_URL hides a profile's settings",
		env:    map[string]string{"AWS_PROFILE": "both", "AWS_ENDPOINT_URL": third},
		routes: map[string]string{"all": third},
		aws:    "AWS_ENDPOINT_URL is",
	},
	{
		name:   "an empty AWS_ENDPOINT_URL hides a services section only",
		env:    map[string]string{"AWS_PROFILE": "both", "AWS_ENDPOINT_URL": ""},
		routes: map[string]string{"all": here},
		aws:    `endpoint_url of profile "both"`,
	},
	{
		name:     "an empty AWS_ENDPOINT_URL_SQS brings the section back",
		env:      map[string]string{"AWS_PROFILE": "both", "AWS_ENDPOINT_URL": third, "AWS_ENDPOINT_URL_SQS": ""},
		routes:   map[string]string{"all": third, "SQS": there},
		aws:      "AWS_ENDPOINT_URL is",
		endpoint: "several endpoints",
	},
	{
		name:     "a profile that ignores endpoints",
		env:      map[string]string{"AWS_PROFILE": "ignoring", "AWS_ENDPOINT_URL": third},
		endpoint: `ignore_configured_endpoint_urls of profile "ignoring" sends every call to AWS itself`,
	},
	{
		name:   "a profile that ignores endpoints, overruled",
		env:    map[string]string{"AWS_PROFILE": "ignoring", "AWS_ENDPOINT_URL": third, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"},
		routes: map[string]string{"all": third},
		aws:    "AWS_ENDPOINT_URL is",
	},
	{
		name:     "AWS_CONFIG_FILE names another file",
		env:      map[string]string{"AWS_CONFIG_FILE": os.DevNull},
		endpoint: "needs AWS_ENDPOINT_URL",
	},
	{
		name:     "FIPS with an endpoint",
		env:      map[string]string{"AWS_ENDPOINT_URL": here, "AWS_USE_FIPS_ENDPOINT": "true"},
		routes:   map[string]string{"all": here},
		aws:      "AWS_ENDPOINT_URL is",
		endpoint: "AWS_USE_FIPS_ENDPOINT asks for endpoints that only AWS itself has",
	},
	{
		name:     "dual-stack with an endpoint",
		env:      map[string]string{"AWS_ENDPOINT_URL": here, "AWS_USE_DUALSTACK_ENDPOINT": "true"},
		routes:   map[string]string{"all": here},
		aws:      "AWS_ENDPOINT_URL is",
		endpoint: "AWS_USE_DUALSTACK_ENDPOINT asks for endpoints that only AWS itself has",
	},
	{
		name:     "a profile's FIPS with an endpoint",
		env:      map[string]string{"AWS_PROFILE": "fips"},
		routes:   map[string]string{"all": here},
		aws:      "endpoint_url of",
		endpoint: `use_fips_endpoint of profile "fips" asks for`,
	},
	{
		name:     "FIPS on AWS",
		env:      map[string]string{"AWS_USE_FIPS_ENDPOINT": "true", "AWS_STS_REGIONAL_ENDPOINTS": "legacy"},
		endpoint: "needs AWS_ENDPOINT_URL",
	},
	{
		name:     "an interface endpoint of a VPC",
		env:      map[string]string{"AWS_ENDPOINT_URL_SQS": "https://vpce-1a2b-3c4d.sqs.us-east-1.vpce.amazonaws.com"},
		routes:   map[string]string{"SQS": "https://vpce-1a2b-3c4d.sqs.us-east-1.vpce.amazonaws.com"},
		endpoint: "would go to AWS itself",
	},
	{
		name:     "AWS as the endpoint",
		env:      map[string]string{"AWS_ENDPOINT_URL": "https://sqs.us-east-1.amazonaws.com"},
		routes:   map[string]string{"all": "https://sqs.us-east-1.amazonaws.com"},
		aws:      "AWS_ENDPOINT_URL is https://sqs.us-east-1.amazonaws.com (STS",
		endpoint: "which is AWS itself",
	},
	{
		name:     "a customer's host in AWS's domain",
		env:      map[string]string{"AWS_ENDPOINT_URL_SQS": "https://sqs.elb.us-east-1.amazonaws.com"},
		routes:   map[string]string{"SQS": "https://sqs.elb.us-east-1.amazonaws.com"},
		aws:      "AWS_ENDPOINT_URL_SQS is",
		endpoint: "would go to AWS itself",
	},
	{
		name:     "AWS without TLS",
		env:      map[string]string{"AWS_ENDPOINT_URL_SQS": "http://sqs.us-east-1.amazonaws.com"},
		routes:   map[string]string{"SQS": "http://sqs.us-east-1.amazonaws.com"},
		aws:      "AWS_ENDPOINT_URL_SQS is",
		endpoint: "would go to AWS itself",
	},
	{
		name:     "no address",
		env:      map[string]string{"AWS_ENDPOINT_URL": "localhost:4566"},
		routes:   map[string]string{"all": "localhost:4566"},
		aws:      "AWS_ENDPOINT_URL is localhost:4566",
		endpoint: `AWS_ENDPOINT_URL is "localhost:4566", which is not the address of an endpoint`,
	},
}

// only sets env, with an invalid key and a region, as the only AWS settings of this
// process.
func only(t *testing.T, env map[string]string) {
	t.Helper()
	for _, pair := range os.Environ() {
		if name, value, _ := strings.Cut(pair, "="); affectsCalls(name) {
			t.Setenv(name, value) // restores it afterwards
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(profiles), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": file, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	for name, value := range env {
		t.Setenv(name, value)
	}
}

// wanted returns the endpoint that a row expects for a caller's calls of a service.
func wanted(routes map[string]string, caller Caller, service string) string {
	for _, key := range []string{string(caller) + " " + service, service, "all"} {
		if url, ok := routes[key]; ok {
			return url
		}
	}
	return ""
}

func TestCallsGoToTheResolvedEndpoints(t *testing.T) {
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			only(t, row.env)
			cfg, err := config.LoadDefaultConfig(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			from := sourcesOf(cfg, os.LookupEnv)
			routes := from.resolve()
			for _, r := range routes {
				if want := wanted(row.routes, r.Caller, r.Service); r.URL != want {
					t.Errorf("%s goes to %q, want %q (%s)", r.callText(), r.URL, want, r.Setting)
				}
				if (r.URL == "") != (r.Setting == "") {
					t.Errorf("%s goes to %q because of %q", r.callText(), r.URL, r.Setting)
				}
			}
			compareWithSDK(t, cfg, routes)

			var first error
			for kind, want := range map[Kind]string{AWS: row.aws, Endpoint: row.endpoint} {
				_, err := from.check(kind, routes)
				if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
					t.Errorf("--target %s: %v, want %q", kind, err, want)
				}
				if err != nil && hint.Of(err) == "" {
					t.Errorf("--target %s: no hint how to resolve %v", kind, err)
				}
				if err != nil && (first == nil || kind == AWS) {
					first = err
				}
			}
			if !strings.Contains(hint.Of(first), row.hint) {
				t.Errorf("hint %q, want %q", hint.Of(first), row.hint)
			}
		})
	}
}

// caught is a transport that records the address of a request.
type caught struct{ url string }

var errCaught = errors.New("caught")

func (c *caught) Do(r *http.Request) (*http.Response, error) {
	c.url = r.URL.Scheme + "://" + r.URL.Host
	return nil, errCaught
}

// compareWithSDK fails the test if the SDK's clients call another address than the
// resolved one.
func compareWithSDK(t *testing.T, cfg aws.Config, routes []Route) {
	t.Helper()
	cfg.RetryMaxAttempts = 1
	for _, r := range routes {
		if r.Caller != Command {
			continue
		}
		to := &caught{}
		cfg.HTTPClient = to
		var err error
		switch r.Service {
		case "STS":
			_, err = sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
		case "SQS":
			_, err = sqs.NewFromConfig(cfg).ListQueues(t.Context(), nil)
		case "Lambda":
			_, err = lambda.NewFromConfig(cfg).ListFunctions(t.Context(), nil)
		case "IAM":
			_, err = iam.NewFromConfig(cfg).ListRoles(t.Context(), nil)
		case "CloudWatch Logs":
			_, err = cloudwatchlogs.NewFromConfig(cfg).DescribeLogGroups(t.Context(), nil)
		case "CloudWatch":
			_, err = cloudwatch.NewFromConfig(cfg).DescribeAlarms(t.Context(), nil)
		default:
			t.Fatalf("no client of %s in this test", r.Service)
		}
		if !errors.Is(err, errCaught) {
			if r.URL == "" || !strings.Contains(fmt.Sprint(err), "Invalid Configuration") && !strings.Contains(fmt.Sprint(err), "valid URI") {
				t.Errorf("%s: %v", r.Service, err)
			}
			continue // FIPS and dual-stack with an endpoint, or no address: the SDK refuses it too
		}
		if r.URL == "" && strings.HasSuffix(to.url, ".amazonaws.com") {
			continue
		}
		if to.url != strings.TrimRight(r.URL, "/") && to.url != "localhost://" { // as Go parses localhost:4566
			t.Errorf("the SDK's %s calls %s, resolved was %q", r.Service, to.url, r.URL)
		}
	}
}

func TestHostsOfAWSAreRecognized(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"":                                     true,
		"https://sqs.us-east-1.amazonaws.com":  true,
		"https://sqs.us-east-1.amazonaws.com/": true,
		"https://SQS.us-east-1.amazonaws.com:443":                               true,
		"https://sqs.cn-north-1.amazonaws.com.cn":                               true,
		"https://sqs-fips.us-gov-west-1.amazonaws.com":                          true,
		"https://sqs.us-east-1.api.aws":                                         true,
		"https://vpce-0a1b-2c3d-us-east-1a.sqs.us-east-1.vpce.amazonaws.com":    true,
		"https://sns.us-east-1.amazonaws.com":                                   false,
		"https://sqs.us-east-1.amazonaws.com.example.com":                       false,
		"https://bucket.s3.us-east-1.amazonaws.com":                             false,
		"https://sqs.us-east-1.elb.amazonaws.com":                               false,
		"https://sqs.s3-website-us-east-1.amazonaws.com":                        false,
		"https://a1b2c3.execute-api.us-east-1.amazonaws.com":                    false,
		"https://user@sqs.us-east-1.amazonaws.com.evil.example/x.amazonaws.com": false,
		"http://sqs.us-east-1.amazonaws.com":                                    false,
		"https://sqs.us-east-1.amazonaws.com:8443":                              false,
		"https://xamazonaws.com":                                                false,
		"://":                                                                   false,
	} {
		t.Run(address, func(t *testing.T) {
			if got := (Route{URL: address, host: "sqs"}).toAWS(); got != want {
				t.Errorf("%s: %t, want %t", address, got, want)
			}
		})
	}
}

// With the environment for Terraform, calls go to the resolved target, whatever else
// the user's environment has.
func TestTheEnvironmentForTerraformIsPinned(t *testing.T) {
	t.Parallel()
	base := []string{"HOME=/h", "AWS_PROFILE=", "AWS_DEFAULT_PROFILE=p", "AWS_ENDPOINT_URL_SQS=x", "AWS_ENDPOINT_URL=x", "TF_AWS_STS_ENDPOINT=x", "AWS_S3_ENDPOINT=x", ignoreVariable + "=x"}
	env := func(name string) (string, bool) {
		for _, pair := range base {
			if key, value, _ := strings.Cut(pair, "="); key == name {
				return value, true
			}
		}
		return "", false
	}
	private := "https://vpce-1-2.sqs.us-east-1.vpce.amazonaws.com"
	for _, row := range []struct {
		name   string
		target Target
		want   map[string]string
	}{
		{"endpoint", Target{Kind: Endpoint, URL: here}, map[string]string{"AWS_ENDPOINT_URL": here, ignoreVariable: "false"}},
		{"aws", Target{Kind: AWS, Routes: []Route{{}}}, map[string]string{ignoreVariable: "true"}},
		{"aws by a private address", Target{Kind: AWS, Routes: []Route{{URL: private}}}, map[string]string{
			"AWS_ENDPOINT_URL_SQS": "x", "AWS_ENDPOINT_URL": "x", "TF_AWS_STS_ENDPOINT": "x", "AWS_S3_ENDPOINT": "x", ignoreVariable: "x",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.target.Region = "r"
			row.target.env = row.target.overrides(sources{env: env})
			got := row.target.Env(base)
			for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS", "TF_AWS_STS_ENDPOINT", "AWS_S3_ENDPOINT", ignoreVariable} {
				if got[name] != row.want[name] {
					t.Errorf("%s=%q, want %q", name, got[name], row.want[name])
				}
			}
			if got["AWS_PROFILE"] != "p" || got["AWS_REGION"] != "r" || got["HOME"] != "/h" {
				t.Errorf("environment %v", got)
			}
		})
	}
}
