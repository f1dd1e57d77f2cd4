package target

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// Caller is a program, or a part of one, that calls AWS.
type Caller string

const (
	// Command is this command.
	Command Caller = "reliableq"
	// Provider is Terraform's AWS provider.
	Provider Caller = "Terraform"
	// Backend is Terraform's S3 backend, which keeps state.
	Backend Caller = "Terraform's S3 backend"
)

// service is one service of AWS that a deployment needs.
type service struct {
	name  string // for people
	sdkID string // as the AWS SDK names it
	host  string // the first label of its host names

	// callers lists who calls it.
	callers []Caller
	// word is the service in TF_AWS_word_ENDPOINT and AWS_word_ENDPOINT, old
	// variables that Terraform reads for some services; it is empty for the others.
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

// before returns the variables that a caller reads for the service before the SDK reads
// its own. The first that is set wins, even over settings that make the SDK ignore
// configured endpoints.
func (s service) before(c Caller) []string {
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
			for _, name := range service.before(caller) {
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
// services section of the profile, then the profile's endpoint_url. AWS_ENDPOINT_URL
// hides the services section when it is set, even to nothing, and the service's
// variable is not set.
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

// awsHost matches the host names of AWS's own services: regional ones, FIPS,
// dual-stack, and interface endpoints of a VPC. The first group is the service. Other
// names below AWS's domains, such as those of load balancers, belong to customers.
var awsHost = regexp.MustCompile(`^(?:vpce-[a-z0-9-]+\.)?([a-z0-9]+)(?:-fips)?(?:\.dualstack)?(?:\.[a-z]+(?:-[a-z]+)+-\d+)?(?:\.vpce)?\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$`)

// toAWS reports whether the calls of r go to AWS itself.
func (r Route) toAWS() bool {
	if r.URL == "" {
		return true
	}

	// Only https on the usual port is AWS itself.
	u, err := url.Parse(r.URL)
	if err != nil || u.Scheme != "https" || u.Port() != "" && u.Port() != "443" {
		return false
	}
	m := awsHost.FindStringSubmatch(strings.ToLower(u.Hostname()))
	return m != nil && m[1] == r.host
}

// namesAWS reports whether r names a host in a domain of AWS, including hosts of its
// customers.
func (r Route) namesAWS() bool {
	u, err := url.Parse(r.URL)
	if err != nil {
		return false
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	return slices.ContainsFunc([]string{".amazonaws.com", ".amazonaws.com.cn", ".api.aws"}, func(domain string) bool {
		return strings.HasSuffix(host, domain)
	})
}

// by names the service and caller of r in an error.
func (r Route) by() string {
	if r.Caller == Command {
		return r.Service
	}
	return fmt.Sprintf("%s by %s", r.Service, r.Caller)
}

// check returns the endpoint that all calls go to, which is empty for AWS itself. It
// returns an error unless all routes lead to a target of this kind.
func (s sources) check(kind Kind, routes []Route) (endpoint string, err error) {
	if kind == AWS {
		return "", checkAWS(routes)
	}
	endpoint, err = s.checkEndpoint(routes)
	if err != nil {
		return "", err
	}
	if setting := s.fips(); setting != "" {
		return "", hint.New(fmt.Sprintf("--target endpoint, but %s asks for endpoints that only AWS itself has", setting),
			"unset it, or use --target aws")
	}
	return endpoint, nil
}

// checkAWS returns an error if a setting sends calls elsewhere than to AWS.
func checkAWS(routes []Route) error {
	away := slices.DeleteFunc(slices.Clone(routes), Route.toAWS)
	if len(away) == 0 {
		return nil
	}

	texts, names := describe(away)
	return hint.New("--target aws, but "+strings.Join(texts, "; "),
		howToRemove(names)+" for AWS itself, or use --target endpoint")
}

// checkEndpoint returns the endpoint that all routes lead to. It returns an error if
// one leads to AWS, or to another endpoint.
func (s sources) checkEndpoint(routes []Route) (string, error) {
	// At least one setting must name an endpoint.
	configured := slices.DeleteFunc(slices.Clone(routes), func(r Route) bool { return r.URL == "" })
	if len(configured) == 0 {
		if setting := s.ignored(); setting != "" {
			return "", hint.New(fmt.Sprintf("--target endpoint, but %s sends every call to AWS itself", setting),
				"unset it, and export AWS_ENDPOINT_URL=http://HOST:PORT with the credentials for it")
		}
		return "", hint.New("--target endpoint needs AWS_ENDPOINT_URL", "export AWS_ENDPOINT_URL=http://HOST:PORT with the credentials for it")
	}

	const setOne = "set only AWS_ENDPOINT_URL, to one endpoint for every service"

	// None may be left that goes to AWS itself.
	var direct []Route
	for _, r := range routes {
		if r.URL == "" {
			direct = append(direct, r)
		}
	}

	if len(direct) > 0 {
		texts, names := describe(configured)
		return "", hint.New(fmt.Sprintf("--target endpoint, but calls of %s would go to AWS itself, while %s",
			calls(direct), strings.Join(texts, "; ")), setOne+", and "+howToRemove(without(names, endpointVariable)))
	}

	// Each must be an address, and not one of AWS.
	for _, r := range configured {
		if u, err := url.Parse(r.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return "", hint.New(fmt.Sprintf("%s is %q, which is not the address of an endpoint", r.Setting, r.URL), "write it as http://HOST:PORT")
		}
		if r.namesAWS() {
			return "", hint.New(fmt.Sprintf("--target endpoint, but %s is %s, which is AWS itself (%s)", r.Setting, r.URL, r.by()),
				"use --target aws, or "+howToRemove([]string{r.Setting}))
		}
	}

	// All must be the same.
	first := strings.TrimRight(configured[0].URL, "/")
	for _, r := range configured {
		if strings.TrimRight(r.URL, "/") != first {
			texts, names := describe(configured)
			return "", hint.New("--target endpoint, but calls would go to several endpoints: "+strings.Join(texts, "; "),
				setOne+", and "+howToRemove(without(names, endpointVariable)))
		}
	}

	return configured[0].URL, nil
}

// describe returns a text for each setting, with the endpoint and the calls that go
// there, and the names of the settings.
func describe(routes []Route) (texts, names []string) {
	for _, r := range routes {
		if slices.Contains(names, r.Setting) {
			continue
		}
		same := slices.DeleteFunc(slices.Clone(routes), func(other Route) bool { return other.Setting != r.Setting })
		texts = append(texts, fmt.Sprintf("%s is %s (%s)", r.Setting, r.URL, calls(same)))
		names = append(names, r.Setting)
	}
	return texts, names
}

// calls lists the services of routes, each once, with its first caller.
func calls(routes []Route) string {
	var names, seen []string
	for _, r := range routes {
		if !slices.Contains(seen, r.Service) {
			names = append(names, r.by())
			seen = append(seen, r.Service)
		}
	}
	if len(seen) == len(services) {
		return "every service"
	}
	return strings.Join(names, ", ")
}

// howToRemove returns a hint on how to remove settings.
func howToRemove(names []string) string {
	var variables, others []string
	for _, name := range names {
		if strings.Contains(name, " ") {
			others = append(others, name)
		} else {
			variables = append(variables, name)
		}
	}

	var ways []string
	if len(variables) > 0 {
		ways = append(ways, "unset "+strings.Join(variables, " "))
	}
	if len(others) > 0 {
		ways = append(ways, "remove "+strings.Join(others, ", ")+" or use another profile with AWS_PROFILE")
	}

	return cmp.Or(strings.Join(ways, ", and "), "unset the setting that names another endpoint")
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
}

// redirects reports whether a variable can set an endpoint, for any SDK or Terraform, or
// make the SDK ignore one.
func redirects(name string) bool {
	if name == ignoreVariable || name == endpointVariable || strings.HasPrefix(name, endpointVariable+"_") {
		return true
	}
	return slices.ContainsFunc(services, func(s service) bool {
		return slices.Contains(s.before(Provider), name)
	})
}
