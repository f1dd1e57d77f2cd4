package target

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// Caller is a program, or a part of one, that calls AWS.
type Caller string

const (
	// Command is this command.
	Command Caller = "reliableq"
	// Provider is Terraform's AWS provider.
	Provider Caller = "Terraform"
	// Backend is Terraform's S3 backend, which stores state.
	Backend Caller = "Terraform's S3 backend"
)

// service is one service of AWS that a deployment needs.
type service struct {
	name  string // for people
	sdkID string // as the AWS SDK names it
	host  string // the first label of its host names

	// callers lists who calls it.
	callers []Caller
	// word is the service's name in TF_AWS_word_ENDPOINT and AWS_word_ENDPOINT, old
	// variables that Terraform reads for some services; empty for the other services.
	word string
}

// services lists every service that a deployment needs.
var services = []service{
	{
		name:    "STS",
		sdkID:   "STS",
		host:    "sts",
		word:    "STS",
		callers: []Caller{Command, Provider, Backend},
	},
	{
		name:    "SQS",
		sdkID:   "SQS",
		host:    "sqs",
		callers: []Caller{Command, Provider},
	},
	{
		name:    "Lambda",
		sdkID:   "Lambda",
		host:    "lambda",
		callers: []Caller{Command, Provider},
	},
	{
		name:    "IAM",
		sdkID:   "IAM",
		host:    "iam",
		word:    "IAM",
		callers: []Caller{Command, Provider, Backend},
	},
	{
		name:    "CloudWatch Logs",
		sdkID:   "CloudWatch Logs",
		host:    "logs",
		callers: []Caller{Command, Provider},
	},
	{
		name:    "CloudWatch",
		sdkID:   "CloudWatch",
		host:    "monitoring",
		callers: []Caller{Command, Provider},
	},
	{
		name:    "S3",
		sdkID:   "S3",
		host:    "s3",
		word:    "S3",
		callers: []Caller{Provider, Backend},
	},
	{
		name:    "DynamoDB",
		sdkID:   "DynamoDB",
		host:    "dynamodb",
		word:    "DYNAMODB",
		callers: []Caller{Provider, Backend},
	},
}

// terraformVariables returns the variables for the service's endpoint that a part of
// Terraform reads itself, before the SDK reads its own. The first that is set wins, even
// over settings that make the SDK ignore configured endpoints.
func (s service) terraformVariables(c Caller) []string {
	switch {
	case s.word == "" || c == Command:
		return nil
	case c == Backend:
		return []string{s.variable(), "AWS_" + s.word + "_ENDPOINT"}
	}
	return []string{s.variable(), "TF_AWS_" + s.word + "_ENDPOINT", "AWS_" + s.word + "_ENDPOINT"}
}

// variable returns the SDK's environment variable for the service's endpoint.
func (s service) variable() string {
	return endpointVariable + "_" + strings.ReplaceAll(strings.ToUpper(s.sdkID), " ", "_")
}

const (
	endpointVariable = "AWS_ENDPOINT_URL"
	ignoreVariable   = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
)

// Route is where one caller's calls of one service go.
type Route struct {
	// Service is the service's name, such as SQS.
	Service string
	// Caller is the program that calls.
	Caller Caller
	// URL is the endpoint; empty means AWS's own endpoint for the region.
	URL string
	// Setting is the source of the endpoint: a variable, or a part of the AWS
	// configuration file. It is empty where none is set.
	Setting string

	host string // the service's first label
}

// sources are the settings of endpoints in the environment and the AWS configuration
// file.
type sources struct {
	env    func(name string) (value string, set bool)
	shared config.SharedConfig
}

// sourcesOf returns the sources that the SDK read for cfg.
func sourcesOf(cfg aws.Config, env func(string) (string, bool)) sources {
	s := sources{env: env}
	for _, source := range cfg.ConfigSources {
		if shared, ok := source.(config.SharedConfig); ok {
			s.shared = shared
		}
	}
	return s
}

// resolve returns where each service's calls go, for this command and for
// Terraform. It follows the rules of the AWS SDK for Go, of the AWS provider and
// of the S3 backend: tests compare it with all three.
func (s sources) resolve() []Route {
	var routes []Route
	for _, service := range services {
		for _, caller := range service.callers {
			r := Route{
				Service: service.name,
				Caller:  caller,
				host:    service.host,
			}

			r.URL, r.Setting = s.sdk(service)

			// Terraform reads some variables before it asks the SDK.
			for _, name := range service.terraformVariables(caller) {
				if value, _ := s.env(name); value != "" {
					r.URL = value
					r.Setting = name
					break
				}
			}

			routes = append(routes, r)
		}
	}

	return routes
}

// sdk returns the endpoint that the AWS SDK for Go uses for a service, and the
// setting that names it. Both are empty for AWS's own endpoint.
//
// The SDK prefers a service's own variable, then AWS_ENDPOINT_URL, then the
// services section of the profile, then the profile's endpoint_url. There is an
// exception: if the service's own variable does not exist, an AWS_ENDPOINT_URL that
// exists, even an empty one, hides the services section.
func (s sources) sdk(of service) (endpoint, setting string) {
	if s.ignored() != "" {
		return "", ""
	}

	// The service's own variable has priority.
	own, ownSet := s.env(of.variable())
	if own != "" {
		return own, of.variable()
	}

	// The services section counts unless AWS_ENDPOINT_URL hides it.
	all, allSet := s.env(endpointVariable)
	if !allSet || ownSet {
		section := strings.ReplaceAll(strings.ToLower(of.sdkID), " ", "_")
		if value, ok := s.shared.Services.ServiceValues[section]["endpoint_url"]; ok {
			return value, fmt.Sprintf("endpoint_url of %s in services section %q of %s", section, s.shared.ServicesSectionName, s.profile())
		}
	}

	if all != "" {
		return all, endpointVariable
	}
	if s.shared.BaseEndpoint != "" {
		return s.shared.BaseEndpoint, "endpoint_url of " + s.profile()
	}

	return "", ""
}

// ignored returns the setting that makes the SDK ignore configured endpoints, or
// "" where none does.
func (s sources) ignored() string {
	if value, _ := s.env(ignoreVariable); value != "" {
		if strings.EqualFold(value, "true") {
			return ignoreVariable
		}
		return ""
	}
	if ignore := s.shared.IgnoreConfiguredEndpoints; ignore != nil && *ignore {
		return "ignore_configured_endpoint_urls of " + s.profile()
	}
	return ""
}

// profile names the profile in an error.
func (s sources) profile() string {
	return fmt.Sprintf("profile %q", cmp.Or(s.shared.Profile, "default"))
}

// fips returns the setting that asks for FIPS or dual-stack endpoints, or "".
func (s sources) fips() string {
	for _, o := range []struct {
		variable, key string
		shared        bool
	}{
		{"AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", s.shared.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled},
		{"AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint", s.shared.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled},
	} {
		// A variable that is set hides the key of the profile.
		value, _ := s.env(o.variable)
		switch {
		case strings.EqualFold(value, "true"):
			return o.variable
		case value == "" && o.shared:
			return o.key + " of " + s.profile()
		}
	}

	return ""
}

// affectsEndpoint reports whether a variable can set an endpoint, for an SDK or for
// Terraform, or make the SDK ignore one.
func affectsEndpoint(name string) bool {
	if name == ignoreVariable || name == endpointVariable || strings.HasPrefix(name, endpointVariable+"_") {
		return true
	}
	return slices.ContainsFunc(services, func(s service) bool {
		return slices.Contains(s.terraformVariables(Provider), name)
	})
}
