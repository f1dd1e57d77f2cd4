package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The versions of the policy language.
const (
	current = "2012-10-17"
	legacy  = "2008-10-17"
)

// partition is the only partition that is embedded.
const partition = "aws"

// Fault is why a text is no policy. Its text is IAM's (LAM D11, D11b).
type Fault struct {
	// Text says what is wrong.
	Text string
}

// Error gives the text.
func (f *Fault) Error() string { return f.Text }

// errLegacy is IAM's word for every fault of grammar that has no text of its own.
var errLegacy = &Fault{"The policy failed legacy parsing"}

func faultf(format string, args ...any) *Fault { return &Fault{fmt.Sprintf(format, args...)} }

// Parse reads a policy. Its errors are *Fault.
func Parse(text string, kind Kind) (*Document, error) {
	root, err := parseTree(text)
	switch {
	case errors.Is(err, errDuplicate), errors.Is(err, errDepth):
		return nil, errLegacy
	case err != nil && kind == Trust:
		return nil, &Fault{"This policy contains invalid Json"}
	case err != nil:
		return nil, &Fault{"Syntax errors in policy."}
	}
	top, ok := root.(map[string]any)
	if !ok || !only(top, "Version", "Id", "Statement") {
		return nil, errLegacy
	}
	d := &Document{Version: legacy}
	if v, has := top["Version"]; has {
		if v != current && v != legacy {
			return nil, errLegacy
		}
		d.Version = v.(string)
	}
	if id, has := top["Id"]; has {
		if _, ok := id.(string); !ok {
			return nil, errLegacy
		}
	}
	if err := d.parseStatements(top["Statement"], kind); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *Document) parseStatements(node any, kind Kind) error {
	list, ok := node.([]any)
	if !ok {
		list = []any{node}
	}
	if len(list) == 0 {
		return errLegacy
	}
	sids := map[string]bool{}
	for _, n := range list {
		m, ok := n.(map[string]any)
		if !ok {
			return errLegacy
		}
		s, err := parseStatement(m, d.Version, kind)
		if err != nil {
			return err
		}
		if s.sid != "" && sids[s.sid] {
			return &Fault{"Statement IDs (SID) in a single policy must be unique."}
		}
		sids[s.sid] = true
		d.statements = append(d.statements, s)
	}
	return nil
}

func parseStatement(m map[string]any, version string, kind Kind) (s statement, err error) {
	if !only(m, "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition") {
		return s, errLegacy
	}
	if sid, has := m["Sid"]; has {
		var ok bool
		if s.sid, ok = sid.(string); !ok {
			return s, errLegacy
		}
	}
	if m["Effect"] != "Allow" && m["Effect"] != "Deny" {
		return s, errLegacy
	}
	s.deny = m["Effect"] == "Deny"
	if s.principals, err = parsePrincipals(m, kind); err != nil {
		return s, err
	}
	if s.actions, err = parseActions(m, kind); err != nil {
		return s, err
	}
	if s.resources, err = parseResources(m, version, kind); err != nil {
		return s, err
	}
	s.conditions, err = parseConditions(m["Condition"], version)
	return s, err
}

func parseActions(m map[string]any, kind Kind) (patterns, error) {
	list, not, has, ok := either(m, "Action")
	switch {
	case !ok:
		return patterns{}, errLegacy
	case !has || len(list) == 0:
		return patterns{}, &Fault{"Policy statement must contain actions."}
	}
	p := patterns{not: not}
	for _, a := range list {
		if err := checkAction(a); err != nil {
			return p, err
		}
		action := newPattern(a, legacy, true, true)
		if kind == Trust && !assumes(a, &action) {
			return p, &Fault{"AssumeRole policy may only specify STS AssumeRole actions."}
		}
		p.list = append(p.list, action)
	}
	return p, nil
}

// vendor is the form of a service's prefix in an action.
var vendor = regexp.MustCompile(`^[A-Za-z0-9.-]+$`)

// checkAction wants * or SERVICE:NAME (IAM E52).
func checkAction(a string) error {
	prefix, name, ok := strings.Cut(a, ":")
	switch {
	case a == "*":
		return nil
	case !ok:
		return &Fault{"Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."}
	case strings.Contains(name, ":"):
		return &Fault{"Actions/Condition can contain only one colon."}
	case !vendor.MatchString(prefix):
		return faultf("Vendor %s is not valid", prefix)
	}
	return nil
}

// trustActions are the actions that a trust policy may name (IAM A4).
var trustActions = []string{
	"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity",
	"sts:SetContext", "sts:SetSourceIdentity", "sts:TagSession",
}

// assumes reports whether a is an action of a trust policy, or a pattern of STS's
// that matches one.
func assumes(a string, p *pattern) bool {
	vendor, _, _ := strings.Cut(a, ":")
	return strings.EqualFold(vendor, "sts") && slices.ContainsFunc(trustActions, func(known string) bool { return p.match(known, nil) })
}

func parseResources(m map[string]any, version string, kind Kind) (patterns, error) {
	list, not, has, ok := either(m, "Resource")
	switch {
	case !ok:
		return patterns{}, errLegacy
	case has && kind == Trust:
		return patterns{}, &Fault{"Has prohibited field Resource"}
	case kind == Trust:
		return patterns{}, nil
	case !has || len(list) == 0:
		if kind == Resource {
			return patterns{}, nil // the resource that it stands on
		}
		return patterns{}, &Fault{"Policy statement must contain resources."}
	}
	p := patterns{not: not}
	for _, r := range list {
		if kind != Resource {
			if err := checkResource(r); err != nil {
				return p, err
			}
		}
		p.list = append(p.list, newResource(r, version))
	}
	return p, nil
}

// iamResources are how the resources of IAM begin (IAM E53).
var iamResources = []string{
	"user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/", "sms-mfa/",
	"saml-provider/", "oidc-provider/", "report/", "access-report/",
}

// checkResource wants an ARN or * (IAM E53). An ARN may end early where no two
// colons follow each other.
func checkResource(r string) error {
	if r == "*" {
		return nil
	}
	parts := strings.SplitN(r, ":", 6)
	if parts[0] != "arn" && parts[0] != "*" || len(parts) < 3 && !strings.HasSuffix(r, "*") || len(parts) < 6 && strings.Contains(r, "::") {
		return faultf("Resource %s must be in ARN format or \"*\".", r)
	}
	if len(parts) > 1 && parts[1] != partition && !strings.ContainsAny(parts[1], "*?") {
		return faultf("Partition \"%s\" is not valid for resource \"%s\".", parts[1], r)
	}
	if len(parts) < 6 {
		return nil
	}

	switch service, region, resource := parts[2], parts[3], parts[5]; {
	case service == "":
		return errLegacy
	case service == "iam" && region != "":
		return faultf("IAM resource %s cannot contain region information.", r)
	case service == "s3" && region != "" && region != "*" && !strings.HasPrefix(resource, "accesspoint/"):
		return faultf("Resource %s can not contain region information.", r)
	case service == "iam" && !isIAMResource(resource):
		return faultf("IAM resource path must either be \"*\" or start with %s.", strings.Join(iamResources, ", "))
	}
	return nil
}

// isIAMResource reports whether the last part of an ARN can be one of IAM's. What
// begins with a wildcard can be any.
func isIAMResource(resource string) bool {
	if resource == "root" {
		return true
	}
	literal := resource
	if i := strings.IndexAny(resource, "*?$"); i >= 0 {
		literal = resource[:i]
	}
	return slices.ContainsFunc(iamResources, func(kind string) bool {
		return strings.HasPrefix(resource, kind) || literal != resource && strings.HasPrefix(kind, literal)
	})
}

func parsePrincipals(m map[string]any, kind Kind) (*principals, error) {
	node, has := m["Principal"]
	other, hasNot := m["NotPrincipal"]
	switch {
	case kind != Resource && kind != Trust:
		if has || hasNot {
			return nil, &Fault{"Policy document should not specify a principal."}
		}
		return nil, nil
	case has == hasNot:
		return nil, errLegacy
	case hasNot && kind == Trust:
		return nil, &Fault{"Has prohibited field NotPrincipal"}
	case hasNot:
		node = other
	}
	p := &principals{not: hasNot}
	if node == "*" {
		p.everyone = true
		return p, nil
	}
	byType, ok := node.(map[string]any)
	if !ok || len(byType) == 0 {
		return nil, errLegacy
	}
	for name, v := range byType {
		list, ok := stringList(v)
		if !ok || len(list) == 0 {
			return nil, errLegacy
		}
		if err := p.add(name, list); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// add takes the principals of one type.
func (p *principals) add(name string, list []string) error {
	for _, s := range list {
		switch name {
		case "AWS":
			if s == "*" {
				p.everyone = true
				continue
			}
			if !validAWS(s) {
				return invalidPrincipal("AWS", s)
			}
			p.aws = append(p.aws, s)
		case "Service":
			if s != "*" && !servicePrincipal.MatchString(s) {
				return invalidPrincipal("SERVICE", s)
			}
			p.services = append(p.services, s)
		case "Federated", "CanonicalUser": // nobody here is one
		default:
			return errLegacy
		}
	}
	return nil
}

// servicePrincipal is the form of the name of an AWS service.
var servicePrincipal = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)$`)

// validAWS reports whether s is an account id, an ARN of a role, a user, a session
// or an account's root, or the unique id that AWS puts in place of a principal
// that was deleted.
func validAWS(s string) bool {
	if accountID.MatchString(s) || uniqueID.MatchString(s) {
		return true
	}
	parts := strings.SplitN(s, ":", 6)
	return len(parts) == 6 && parts[0] == "arn" && parts[1] == partition && (parts[2] == "iam" || parts[2] == "sts") && parts[3] == "" &&
		accountID.MatchString(parts[4]) && principalResource(parts[2], parts[5]) && !strings.ContainsAny(parts[5], "*?")
}

// principalResource reports whether the last part of an ARN names somebody who can
// make requests. A group cannot.
func principalResource(service, resource string) bool {
	kind, name, _ := strings.Cut(resource, "/")
	if service == "sts" {
		return (kind == "assumed-role" || kind == "federated-user") && name != ""
	}
	return resource == "root" || (kind == "role" || kind == "user") && name != ""
}
