// Package target describes where a deployment is: in the AWS embedded in this command, in
// AWS, or at any endpoint with AWS's protocols. It alone turns the choice of a target into
// credentials, an environment for other programs, and the name of a state's folder.
//
// It resolves where the calls of each service go, from this command and from
// Terraform, by everything that can send them elsewhere: variables, profiles and
// services sections. It refuses a target if some calls would go to another one.
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

// Kind is the kind of a target.
type Kind string

const (
	// Embedded is the AWS embedded in this command.
	Embedded Kind = "embedded"
	// AWS is AWS itself, by the usual credential chain.
	AWS Kind = "aws"
	// Endpoint is the endpoint that AWS_ENDPOINT_URL names.
	Endpoint Kind = "endpoint"
)

// Target is one account and region behind one endpoint.
type Target struct {
	// Kind is its kind.
	Kind Kind
	// URL is the endpoint; empty for AWS itself.
	URL string
	// ControlToken authorizes calls of the embedded AWS's control API; empty elsewhere.
	ControlToken string
	// Account is the 12-digit account id.
	Account string
	// Region is the region.
	Region string
	// Config is the configuration for clients of the AWS SDK.
	Config aws.Config
	// Identity is the ARN of the credentials' owner; empty for the embedded AWS.
	Identity string
	// Routes are where each service's calls go; empty for the embedded AWS, which gets
	// all of them.
	Routes []Route

	env map[string]string // variables for other programs; they override the user's
}

// FromDaemon returns the embedded AWS of info, in the given region, or in its own when
// region is empty.
func FromDaemon(info daemon.Info, region string) *Target {
	if region == "" {
		region = info.Region
	}

	t := &Target{
		Kind:         Embedded,
		URL:          info.URL,
		ControlToken: info.ControlToken,
		Account:      info.Account,
		Region:       region,
	}

	t.Config = aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(info.URL),
		Credentials:  credentials.NewStaticCredentialsProvider(info.AccessKeyID, info.SecretAccessKey, ""),
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) {
			tr.Proxy = nil // the embedded AWS is on this machine
		}),
	}

	t.Config.HTTPClient = sqsclient.ReadFullResponses(t.Config.HTTPClient)

	// Other programs get everything by variables: profiles are disabled.
	t.env = map[string]string{
		endpointVariable:              info.URL,
		"AWS_ACCESS_KEY_ID":           info.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY":       info.SecretAccessKey,
		"AWS_REGION":                  region,
		"AWS_DEFAULT_REGION":          region,
		"AWS_EC2_METADATA_DISABLED":   "true",
		"AWS_CONFIG_FILE":             os.DevNull, // the user's profiles could send calls elsewhere
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	}

	return t
}

// Unreachable returns a target that refuses every connection, with credentials that are
// not valid anywhere. It replaces an embedded AWS that is not running, so that programs that
// should call it do not call AWS.
func Unreachable(region string) *Target {
	t := FromDaemon(daemon.Info{
		URL:             "http://127.0.0.1:1",
		AccessKeyID:     "NOEMBEDDEDAWSRUNNING",
		SecretAccessKey: "none",
		Region:          cmp.Or(region, "us-east-1"),
	}, "")
	t.env["AWS_MAX_ATTEMPTS"] = "1" // fail at once
	return t
}

// FromEnvironment returns the target that the environment and the AWS configuration name:
// AWS or an endpoint, depending on kind, with the credentials of the usual chain. It
// returns an error if the calls of some service would not go there. It asks STS for the
// owner of the credentials.
func FromEnvironment(ctx context.Context, kind Kind) (*Target, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{})) // everything of interest is an error
	if err != nil {
		return nil, hint.With(fmt.Errorf("read the AWS configuration: %w", err), "check AWS_PROFILE, and the files below .aws in your home directory")
	}

	cfg.HTTPClient = sqsclient.ReadFullResponses(cfg.HTTPClient)

	// Check where the calls of each service go before the first call.
	settings := sourcesOf(cfg, os.LookupEnv)
	routes := settings.resolve()
	endpoint, err := settings.check(kind, routes)
	if err != nil {
		return nil, err
	}
	if cfg.Region == "" {
		return nil, hint.New("no AWS region is set", "export AWS_REGION, for example AWS_REGION=us-east-1")
	}

	// The account is part of the name of the state's folder.
	caller, err := callerOf(ctx, cfg, endpoint)
	if err != nil {
		return nil, err
	}

	t := &Target{
		Kind:     kind,
		URL:      endpoint,
		Account:  aws.ToString(caller.Account),
		Region:   cfg.Region,
		Config:   cfg,
		Identity: aws.ToString(caller.Arn),
		Routes:   routes,
	}

	t.env = t.overrides(settings)
	return t, nil
}

// accountID matches the id of an AWS account.
var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// callerOf asks STS who the credentials of cfg belong to.
func callerOf(ctx context.Context, cfg aws.Config, endpoint string) (*sts.GetCallerIdentityOutput, error) {
	stsCtx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()

	caller, err := sts.NewFromConfig(cfg).GetCallerIdentity(stsCtx, &sts.GetCallerIdentityInput{})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil && !accountID.MatchString(aws.ToString(caller.Account)) {
		err = fmt.Errorf("the response has the account id %q: want 12 digits", aws.ToString(caller.Account))
	}
	if err == nil {
		return caller, nil
	}

	// The hint depends on whose server refused the credentials.
	next := "log in first, for example with aws configure or aws sso login"
	if endpoint != "" {
		next = "check that a server runs at " + endpoint + " and accepts the credentials"
	}

	return nil, hint.With(fmt.Errorf("look up the owner of the AWS credentials: %w", err), next)
}

// overrides returns the variables that make another program, such as Terraform, call the
// same target as this one, whatever its other settings.
func (t *Target) overrides(settings sources) map[string]string {
	overrides := map[string]string{
		"AWS_REGION":         t.Region,
		"AWS_DEFAULT_REGION": t.Region,
	}

	// Terraform does not read AWS_DEFAULT_PROFILE.
	if profile, _ := settings.env("AWS_PROFILE"); profile == "" {
		if profile, _ = settings.env("AWS_DEFAULT_PROFILE"); profile != "" {
			overrides["AWS_PROFILE"] = profile
		}
	}

	switch {
	case t.Kind == Endpoint:
		overrides[endpointVariable] = t.URL
		overrides[ignoreVariable] = "false"
	case !slices.ContainsFunc(t.Routes, func(r Route) bool { return r.URL != "" }):
		overrides[ignoreVariable] = "true"
	}

	return overrides
}

// Describe returns a short description: kind, account and region.
func (t *Target) Describe() string {
	where := map[Kind]string{
		Embedded: "the embedded AWS at " + t.URL,
		AWS:      "AWS",
		Endpoint: "the endpoint " + t.URL,
	}[t.Kind]
	return fmt.Sprintf("%s, account %s, region %s", where, t.Account, t.Region)
}

// Details returns lines about the owner of the credentials and about where calls go,
// for a person who is asked for confirmation.
func (t *Target) Details() []string {
	var lines []string
	if t.Identity != "" {
		lines = append(lines, "credentials: "+t.Identity)
	}
	if t.URL != "" {
		return append(lines, "calls of every service, and of Terraform, go to "+t.URL)
	}

	texts, _ := describe(slices.DeleteFunc(slices.Clone(t.Routes), func(r Route) bool { return r.URL == "" }))
	if len(texts) == 0 {
		return append(lines, "calls of every service, and of Terraform, go to AWS itself: no setting names another endpoint")
	}

	return append(lines, "calls go to AWS itself, some by a configured address: "+strings.Join(texts, "; "))
}

var unsafe = regexp.MustCompile(`[^A-Za-z0-9._-]+|\.{2,}`)

// dirName returns s as the name of a directory, with other characters replaced.
func dirName(s string) string {
	clean := unsafe.ReplaceAllString(s, "_")
	if clean == "" || clean == "." {
		return "_"
	}
	return clean
}

// Folder returns the directory with the state of this target's deployment. Each target
// and each name prefix has one of its own.
func (t *Target) Folder(stateDir, prefix string) string {
	parts := []string{Folders(stateDir, t.Kind)}
	if t.Kind == Endpoint {
		// The host and port name an endpoint.
		host := t.URL
		if u, err := url.Parse(t.URL); err == nil && u.Host != "" {
			host = u.Host
		}
		parts = append(parts, dirName(host))
	}

	parts = append(parts, dirName(t.Account), dirName(t.Region))
	if prefix != "" {
		parts = append(parts, "prefix", dirName(prefix))
	}

	return filepath.Join(parts...)
}

// harmless reports whether one of the user's AWS_* variables may stay where calls must
// only reach the embedded AWS: it sets neither an endpoint nor credentials.
func harmless(name string) bool {
	switch name {
	case "AWS_CA_BUNDLE", "AWS_PAGER", "AWS_DEFAULT_OUTPUT", "AWS_CLI_AUTO_PROMPT":
		return true
	}
	return false
}

// affectsCalls reports whether a variable can set where calls go, or their
// credentials: every AWS_* variable that is not known to be harmless, and those that
// only Terraform's provider reads.
func affectsCalls(name string) bool {
	if strings.HasPrefix(name, "TF_AWS_") {
		return true
	}
	return strings.HasPrefix(name, "AWS_") && !harmless(name)
}

// Shell returns the variables that a shell must set and remove, so that its programs
// reach only this target. base is the shell's environment, as KEY=VALUE.
func (t *Target) Shell(base []string) (set map[string]string, remove []string) {
	env := t.Env(base)

	// Remove what Env leaves out, and withLoopback this machine from a proxy if there is one.
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

// Env returns the environment, made from base as KEY=VALUE, with which another program
// reaches this target. For the embedded AWS it has no variable of the user's that
// affects calls. For an endpoint, and for AWS where no setting names an endpoint, it
// has none that sets one.
func (t *Target) Env(base []string) map[string]string {
	env := make(map[string]string, len(base)+len(t.env))

	// If t.env decides which endpoints are used, drop every other variable that could.
	_, pinned := t.env[ignoreVariable]
	for _, pair := range base {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || t.Kind == Embedded && affectsCalls(key) || pinned && affectsEndpoint(key) {
			continue
		}
		env[key] = value
	}

	maps.Copy(env, t.env)
	if t.Kind == Embedded {
		for _, name := range []string{"NO_PROXY", "no_proxy"} {
			env[name] = withLoopback(env[name])
		}
	}

	return env
}

// loopback are the hosts that must not be reached by a proxy: the embedded AWS is on this
// machine.
var loopback = []string{"127.0.0.1", "localhost", "::1"}

// withLoopback returns a value of NO_PROXY that also has the loopback hosts.
func withLoopback(value string) string {
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

// Folders returns the directory with the states of all deployments on targets of one
// kind.
func Folders(stateDir string, kind Kind) string {
	return filepath.Join(stateDir, "deployments", string(kind))
}
