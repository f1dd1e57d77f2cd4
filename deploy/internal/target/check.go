package target

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

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

// callText returns the service and caller of r as text for an error.
func (r Route) callText() string {
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
	elsewhere := slices.DeleteFunc(slices.Clone(routes), Route.toAWS)
	if len(elsewhere) == 0 {
		return nil
	}

	texts, names := describe(elsewhere)
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

	// No call may go to AWS itself.
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

	// Each setting must be an address, and not one of AWS.
	for _, r := range configured {
		if u, err := url.Parse(r.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return "", hint.New(fmt.Sprintf("%s is %q, which is not the address of an endpoint", r.Setting, r.URL), "write it as http://HOST:PORT")
		}
		if r.namesAWS() {
			return "", hint.New(fmt.Sprintf("--target endpoint, but %s is %s, which is AWS itself (%s)", r.Setting, r.URL, r.callText()),
				"use --target aws, or "+howToRemove([]string{r.Setting}))
		}
	}

	// All settings must name the same endpoint.
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
			names = append(names, r.callText())
			seen = append(seen, r.Service)
		}
	}
	if len(seen) == len(services) {
		return "every service"
	}
	return strings.Join(names, ", ")
}

// howToRemove returns a hint on how to remove settings. names are those of Route.Setting:
// variables, or descriptions of a part of a profile, which contain spaces.
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
