// Package target says where a deployment lives: in the AWS embedded in this
// command, in AWS, or behind any endpoint that speaks AWS's protocols. It is the
// one place that turns the choice into credentials, an environment for other
// programs, and a folder name that keeps states apart.
package target

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
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

	env map[string]string
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
	t.Config.HTTPClient = sqsclient.WholeAnswers(t.Config.HTTPClient)
	t.env = map[string]string{
		"AWS_ENDPOINT_URL":            info.URL,
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

// FromEnvironment is AWS, or the endpoint that the environment names, by the
// usual chain of credentials. It asks who the credentials belong to.
func FromEnvironment(ctx context.Context, kind Kind) (*Target, error) {
	endpoint := os.Getenv("AWS_ENDPOINT_URL")
	switch {
	case kind == AWS && endpoint != "":
		return nil, hint.New("--target aws, but AWS_ENDPOINT_URL is "+endpoint, "unset AWS_ENDPOINT_URL for AWS itself, or use --target endpoint")
	case kind == Endpoint && endpoint == "":
		return nil, hint.New("--target endpoint needs AWS_ENDPOINT_URL", "export AWS_ENDPOINT_URL=http://HOST:PORT with the credentials for it")
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{})) // what matters comes as an error
	if err != nil {
		return nil, hint.With(fmt.Errorf("read the AWS configuration: %w", err), "see AWS_PROFILE, and the files below .aws in your home folder")
	}
	cfg.HTTPClient = sqsclient.WholeAnswers(cfg.HTTPClient)
	if cfg.Region == "" {
		return nil, hint.New("no AWS region is chosen", "export AWS_REGION, for instance AWS_REGION=us-east-1")
	}
	ask, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ask, &sts.GetCallerIdentityInput{})
	if err != nil {
		next := "log in first, for instance with aws configure or aws sso login"
		if kind == Endpoint {
			next = "see that something answers at " + endpoint + " and knows the credentials"
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, hint.With(fmt.Errorf("ask who the AWS credentials belong to: %w", err), next)
	}
	t := &Target{Kind: kind, URL: endpoint, Account: aws.ToString(who.Account), Region: cfg.Region, Config: cfg}
	t.env = map[string]string{"AWS_REGION": cfg.Region}
	return t, nil
}

// Describe says in a few words what is about to be touched.
func (t *Target) Describe() string {
	where := map[Kind]string{Embedded: "the embedded AWS at " + t.URL, AWS: "AWS", Endpoint: "the endpoint " + t.URL}[t.Kind]
	return fmt.Sprintf("%s, account %s, region %s", where, t.Account, t.Region)
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

// kept are variables of the user that are no danger to where requests go.
var kept = map[string]bool{"AWS_CA_BUNDLE": true}

// Env is the environment, based on base as KEY=value, with which another program
// reaches this target. For the embedded AWS nothing else of AWS_* remains.
func (t *Target) Env(base []string) map[string]string {
	env := make(map[string]string, len(base)+len(t.env))
	for _, pair := range base {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || t.Kind == Embedded && strings.HasPrefix(key, "AWS_") && !kept[key] {
			continue
		}
		env[key] = value
	}
	for key, value := range t.env {
		env[key] = value
	}
	return env
}

// Folders is the folder that holds the state of every deployment on targets of
// one kind.
func Folders(stateDir string, kind Kind) string {
	return filepath.Join(stateDir, "deployments", string(kind))
}
