// Package target says where a deployment lives: in the AWS embedded in this
// command, in AWS, or behind any endpoint that speaks AWS's protocols. It is the
// one place that turns the choice into credentials, an environment for other
// programs, and a folder name that keeps states apart.
//
// It resolves where the calls of each service go, those of this command and those
// of Terraform, from everything that can lead them elsewhere: variables, profiles
// and services sections. A target that some calls would miss is refused.
package target

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/sqsbatch/sqsclient"
)

// Kind is where a deployment lives.
type Kind string

const (
	// Embedded is the AWS embedded in this command.
	Embedded Kind = "embedded"
	// AWS is AWS itself, by the usual credential chain.
	AWS Kind = "aws"
	// Endpoint is whatever AWS_ENDPOINT_URL names.
	Endpoint Kind = "endpoint"
)

// Target is one account and region behind one endpoint.
type Target struct {
	// Kind is where it is.
	Kind Kind
	// URL is the endpoint; empty for AWS itself.
	URL string
	// ControlToken opens the control API of the embedded AWS; empty elsewhere.
	ControlToken string
	// Account is the 12-digit account id.
	Account string
	// Region is the region.
	Region string
	// Config is for clients of the AWS SDK.
	Config aws.Config
	// Identity is the ARN that the credentials belong to; empty for the embedded
	// AWS.
	Identity string
	// Routes are the destinations of each service's calls. It is empty for the embedded
	// AWS, which takes all of them.
	Routes []Route

	env map[string]string // wins over all else
}

// FromDaemon is the embedded AWS that info describes, in the given region, or in
// its own when region is empty.
func FromDaemon(info daemon.Info, region string) *Target {
	if region == "" {
		region = info.Region
	}
	t := &Target{Kind: Embedded, URL: info.URL, ControlToken: info.ControlToken, Account: info.Account, Region: region}
	t.Config = aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(info.URL),
		Credentials:  credentials.NewStaticCredentialsProvider(info.AccessKeyID, info.SecretAccessKey, ""),
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) {
			tr.Proxy = nil // it is on this machine
		}),
	}
	t.Config.HTTPClient = sqsclient.ReadFullResponses(t.Config.HTTPClient)
	t.env = map[string]string{
		endpointVariable:              info.URL,
		"AWS_ACCESS_KEY_ID":           info.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY":       info.SecretAccessKey,
		"AWS_REGION":                  region,
		"AWS_DEFAULT_REGION":          region,
		"AWS_EC2_METADATA_DISABLED":   "true",
		"AWS_CONFIG_FILE":             os.DevNull, // nothing of the user's profiles may lead elsewhere
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	}
	return t
}

// Nowhere is a target that refuses every call, with credentials that are worth
// nothing. It stands in for an embedded AWS that does not run, so that a program
// which was meant to reach that one does not reach AWS instead.
func Nowhere(region string) *Target {
	t := FromDaemon(daemon.Info{
		URL:             "http://127.0.0.1:1",
		AccessKeyID:     "NOEMBEDDEDAWSRUNNING",
		SecretAccessKey: "none",
		Region:          cmp.Or(region, "us-east-1"),
	}, "")
	t.env["AWS_MAX_ATTEMPTS"] = "1" // fail at once
	return t
}

// FromEnvironment is AWS, or the endpoint that the environment names, by the
// usual chain of credentials. It refuses settings by which some calls would go
// elsewhere, and asks who the credentials belong to.
func FromEnvironment(ctx context.Context, kind Kind) (*Target, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{})) // what matters comes as an error
	if err != nil {
		return nil, hint.With(fmt.Errorf("read the AWS configuration: %w", err), "see AWS_PROFILE, and the files below .aws in your home folder")
	}
	cfg.HTTPClient = sqsclient.ReadFullResponses(cfg.HTTPClient)

	from := sourcesOf(cfg, os.LookupEnv)
	routes := from.resolve()
	endpoint, err := from.check(kind, routes)
	if err != nil {
		return nil, err
	}
	if cfg.Region == "" {
		return nil, hint.New("no AWS region is chosen", "export AWS_REGION, for instance AWS_REGION=us-east-1")
	}

	who, err := callerOf(ctx, cfg, endpoint)
	if err != nil {
		return nil, err
	}
	t := &Target{
		Kind:     kind,
		URL:      endpoint,
		Account:  aws.ToString(who.Account),
		Region:   cfg.Region,
		Config:   cfg,
		Identity: aws.ToString(who.Arn),
		Routes:   routes,
	}
	t.env = t.pins(from)
	return t, nil
}

// accountID matches the id of an AWS account.
var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// callerOf asks STS who the credentials of cfg belong to.
func callerOf(ctx context.Context, cfg aws.Config, endpoint string) (*sts.GetCallerIdentityOutput, error) {
	ask, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ask, &sts.GetCallerIdentityInput{})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil && !accountID.MatchString(aws.ToString(who.Account)) {
		err = fmt.Errorf("the answer names no account, but %q", aws.ToString(who.Account))
	}
	if err == nil {
		return who, nil
	}

	next := "log in first, for instance with aws configure or aws sso login"
	if endpoint != "" {
		next = "see that something answers at " + endpoint + " and knows the credentials"
	}
	return nil, hint.With(fmt.Errorf("ask who the AWS credentials belong to: %w", err), next)
}

// pins are the variables with which another program reaches the same place as
// this one, whatever else it reads.
func (t *Target) pins(from sources) map[string]string {
	pins := map[string]string{
		"AWS_REGION":         t.Region,
		"AWS_DEFAULT_REGION": t.Region,
	}
	if profile, _ := from.env("AWS_PROFILE"); profile == "" {
		if profile, _ = from.env("AWS_DEFAULT_PROFILE"); profile != "" {
			pins["AWS_PROFILE"] = profile
		}
	}

	switch {
	case t.Kind == Endpoint:
		pins[endpointVariable] = t.URL
		pins[ignoreVariable] = "false"
	case !slices.ContainsFunc(t.Routes, func(r Route) bool { return r.URL != "" }):
		pins[ignoreVariable] = "true"
	}
	return pins
}

// Describe says in a few words what is about to be touched.
func (t *Target) Describe() string {
	where := map[Kind]string{
		Embedded: "the embedded AWS at " + t.URL,
		AWS:      "AWS",
		Endpoint: "the endpoint " + t.URL,
	}[t.Kind]
	return fmt.Sprintf("%s, account %s, region %s", where, t.Account, t.Region)
}

// Details returns a line on whose credentials are used, and lines on where calls
// go, for a person who is asked whether to go on.
func (t *Target) Details() []string {
	var lines []string
	if t.Identity != "" {
		lines = append(lines, "credentials: "+t.Identity)
	}
	if t.URL != "" {
		return append(lines, "calls of every service, and of Terraform, go to "+t.URL)
	}

	said, _ := describe(slices.DeleteFunc(slices.Clone(t.Routes), func(r Route) bool { return r.URL == "" }))
	if len(said) == 0 {
		return append(lines, "calls of every service, and of Terraform, go to AWS itself: no setting names another endpoint")
	}
	return append(lines, "calls go to AWS itself, some by a configured address: "+strings.Join(said, "; "))
}

var unsafe = regexp.MustCompile(`[^A-Za-z0-9._-]+|\.{2,}`)

// name makes one name of a folder of s, whatever it holds.
func name(s string) string {
	clean := unsafe.ReplaceAllString(s, "_")
	if clean == "" || clean == "." {
		return "_"
	}
	return clean
}

// Folder is where this target's deployment keeps its state: no two targets share
// one, and no two name prefixes.
func (t *Target) Folder(stateDir, prefix string) string {
	parts := []string{Folders(stateDir, t.Kind)}
	if t.Kind == Endpoint {
		host := t.URL
		if u, err := url.Parse(t.URL); err == nil && u.Host != "" {
			host = u.Host
		}
		parts = append(parts, name(host))
	}
	parts = append(parts, name(t.Account), name(t.Region))
	if prefix != "" {
		parts = append(parts, "prefix", name(prefix))
	}
	return filepath.Join(parts...)
}

// harmless reports whether a variable of the user's AWS_* may stay where calls
// must reach the embedded AWS alone: it leads nowhere and names no credentials.
func harmless(name string) bool {
	switch name {
	case "AWS_CA_BUNDLE", "AWS_PAGER", "AWS_DEFAULT_OUTPUT", "AWS_CLI_AUTO_PROMPT":
		return true
	}
	return false
}

// leads reports whether a variable can lead calls elsewhere, or decides which
// credentials they carry: all of AWS_* but what is known to be harmless, and what
// Terraform's provider reads beside it.
func leads(name string) bool {
	if strings.HasPrefix(name, "TF_AWS_") {
		return true
	}
	return strings.HasPrefix(name, "AWS_") && !harmless(name)
}

// Shell returns what a shell whose environment is base, as KEY=value, has to set
// and to remove for its programs to reach this target alone.
func (t *Target) Shell(base []string) (set map[string]string, remove []string) {
	env := t.Env(base)
	proxied := false
	for _, pair := range base {
		name, value, _ := strings.Cut(pair, "=")
		if _, stays := env[name]; !stays {
			remove = append(remove, name)
		}
		proxied = proxied || value != "" && isProxy(name)
	}
	slices.Sort(remove)

	set = maps.Clone(t.env)
	if proxied {
		for _, name := range []string{"NO_PROXY", "no_proxy"} {
			set[name] = env[name]
		}
	}
	return set, slices.Compact(remove)
}

// isProxy reports whether a variable names a proxy for HTTP.
func isProxy(name string) bool {
	switch strings.ToUpper(name) {
	case "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY":
		return true
	}
	return false
}

// Env is the environment, based on base as KEY=value, with which another program
// reaches this target. For the embedded AWS nothing remains of the user's that
// could lead elsewhere. For an endpoint, and for AWS where no setting names an
// address, nothing remains that names one.
func (t *Target) Env(base []string) map[string]string {
	env := make(map[string]string, len(base)+len(t.env))
	_, pinned := t.env[ignoreVariable]
	for _, pair := range base {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || t.Kind == Embedded && leads(key) || pinned && redirects(key) {
			continue
		}
		env[key] = value
	}

	maps.Copy(env, t.env)
	if t.Kind == Embedded {
		for _, name := range []string{"NO_PROXY", "no_proxy"} {
			env[name] = exempt(env[name])
		}
	}
	return env
}

// loopback lists the hosts that no proxy may be asked for: the embedded AWS is on
// this machine.
var loopback = []string{"127.0.0.1", "localhost", "::1"}

// exempt adds this machine to a value of NO_PROXY.
func exempt(value string) string {
	var hosts []string
	for _, host := range strings.Split(value, ",") {
		if host = strings.TrimSpace(host); host != "" {
			hosts = append(hosts, host)
		}
	}
	for _, host := range loopback {
		if !slices.Contains(hosts, host) && !slices.Contains(hosts, "*") {
			hosts = append(hosts, host)
		}
	}
	return strings.Join(hosts, ",")
}

// Folders is the folder that holds the state of every deployment on targets of
// one kind.
func Folders(stateDir string, kind Kind) string {
	return filepath.Join(stateDir, "deployments", string(kind))
}
