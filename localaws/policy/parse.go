package policy

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The versions of the policy language.
const (
	version2012 = "2012-10-17"
	version2008 = "2008-10-17"
)

// partition is the only AWS partition that is embedded.
const partition = "aws"

// ParseError is the reason why a text is not a valid policy.
type ParseError struct {
	// Text is IAM's error text (LAM D11, D11b).
	Text string
}

// Error returns the text.
func (e *ParseError) Error() string { return e.Text }

// errGrammar is IAM's error for every violation of the grammar without an error text
// of its own.
var errGrammar = &ParseError{"The policy failed legacy parsing"}

func parseErrorf(format string, args ...any) *ParseError {
	return &ParseError{fmt.Sprintf(format, args...)}
}

// Parse parses a policy of a kind. Its errors are *ParseError.
func Parse(text string, kind Kind) (*Document, error) {
	root, err := parseTree(text)
	switch {
	case errors.Is(err, errDuplicate), errors.Is(err, errDepth): // valid JSON, not a valid policy
		return nil, errGrammar
	case err != nil && kind == Trust:
		return nil, &ParseError{"This policy contains invalid Json"}
	case err != nil:
		return nil, &ParseError{"Syntax errors in policy."}
	}

	// The document: Version, Id and Statement.
	top, ok := root.(map[string]any)
	if !ok || !hasOnly(top, "Version", "Id", "Statement") {
		return nil, errGrammar
	}

	d := &Document{Version: version2008}
	if v, has := top["Version"]; has {
		if v != version2012 && v != version2008 {
			return nil, errGrammar
		}
		d.Version = v.(string)
	}
	if id, has := top["Id"]; has {
		if _, ok := id.(string); !ok {
			return nil, errGrammar
		}
	}

	if err := d.parseStatements(top["Statement"], kind); err != nil {
		return nil, err
	}
	return d, nil
}

// parseStatements parses the element Statement: a statement or a list of them.
func (d *Document) parseStatements(node any, kind Kind) error {
	list, ok := node.([]any)
	if !ok {
		list = []any{node} // one statement may stand without a list
	}
	if len(list) == 0 {
		return errGrammar
	}

	sids := map[string]bool{}
	for _, n := range list {
		m, ok := n.(map[string]any)
		if !ok {
			return errGrammar
		}
		s, err := parseStatement(m, d.Version, kind)
		if err != nil {
			return err
		}

		if s.sid != "" && sids[s.sid] {
			return &ParseError{"Statement IDs (SID) in a single policy must be unique."}
		}
		sids[s.sid] = true
		d.statements = append(d.statements, s)
	}
	return nil
}

// parseStatement parses one statement.
func parseStatement(m map[string]any, version string, kind Kind) (s statement, err error) {
	if !hasOnly(m, "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition") {
		return s, errGrammar
	}

	if sid, has := m["Sid"]; has {
		var ok bool
		if s.sid, ok = sid.(string); !ok {
			return s, errGrammar
		}
	}
	if m["Effect"] != "Allow" && m["Effect"] != "Deny" {
		return s, errGrammar
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

// parseActions parses the element Action or NotAction.
func parseActions(m map[string]any, kind Kind) (patterns, error) {
	list, not, has, ok := parseElement(m, "Action")
	switch {
	case !ok:
		return patterns{}, errGrammar
	case !has || len(list) == 0:
		return patterns{}, &ParseError{"Policy statement must contain actions."}
	}

	p := patterns{not: not}
	for _, a := range list {
		if err := checkAction(a); err != nil {
			return p, err
		}

		// Actions are compared in any case, and have no variables in any version.
		action := newPattern(a, version2008, true, true)
		if kind == Trust && !isTrustAction(a, &action) {
			return p, &ParseError{"AssumeRole policy may only specify STS AssumeRole actions."}
		}
		p.list = append(p.list, action)
	}
	return p, nil
}

// vendor matches a service's prefix in an action.
var vendor = regexp.MustCompile(`^[A-Za-z0-9.-]+$`)

// checkAction checks that an action is * or SERVICE:NAME (IAM E52).
func checkAction(a string) error {
	prefix, name, ok := strings.Cut(a, ":")
	switch {
	case a == "*":
		return nil
	case !ok:
		return &ParseError{"Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."}
	case strings.Contains(name, ":"):
		return &ParseError{"Actions/Condition can contain only one colon."}
	case !vendor.MatchString(prefix):
		return parseErrorf("Vendor %s is not valid", prefix)
	}
	return nil
}

// trustActions are the actions that a trust policy may have (IAM A4).
var trustActions = []string{
	"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity",
	"sts:SetContext", "sts:SetSourceIdentity", "sts:TagSession",
}

// isTrustAction reports whether a trust policy may have an action: a is one of
// trustActions, or a pattern of STS's that matches one.
func isTrustAction(a string, p *pattern) bool {
	vendor, _, _ := strings.Cut(a, ":")
	return strings.EqualFold(vendor, "sts") && slices.ContainsFunc(trustActions, func(known string) bool { return p.match(known, nil) })
}

// parseResources parses the element Resource or NotResource.
func parseResources(m map[string]any, version string, kind Kind) (patterns, error) {
	list, not, has, ok := parseElement(m, "Resource")
	switch {
	case !ok:
		return patterns{}, errGrammar
	case has && kind == Trust:
		return patterns{}, &ParseError{"Has prohibited field Resource"}
	case kind == Trust:
		return patterns{}, nil
	case !has || len(list) == 0:
		if kind == Resource {
			return patterns{}, nil // the resource that has the policy
		}
		return patterns{}, &ParseError{"Policy statement must contain resources."}
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

// iamResources are the prefixes of IAM's resources (IAM E53).
var iamResources = []string{
	"user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/", "sms-mfa/",
	"saml-provider/", "oidc-provider/", "report/", "access-report/",
}

// checkResource checks that a resource is an ARN or * (IAM E53). Parts at the end of
// an ARN may be missing, unless it has an empty part.
func checkResource(r string) error {
	if r == "*" {
		return nil
	}

	// What can be checked of an ARN that ends early.
	parts := strings.SplitN(r, ":", 6)
	if parts[0] != "arn" && parts[0] != "*" || len(parts) < 3 && !strings.HasSuffix(r, "*") || len(parts) < 6 && strings.Contains(r, "::") {
		return parseErrorf("Resource %s must be in ARN format or \"*\".", r)
	}
	if len(parts) > 1 && parts[1] != partition && !strings.ContainsAny(parts[1], "*?") {
		return parseErrorf("Partition \"%s\" is not valid for resource \"%s\".", parts[1], r)
	}
	if len(parts) < 6 {
		return nil
	}

	// The rules of single services.
	service := parts[2]
	region := parts[3]
	resource := parts[5]
	switch {
	case service == "":
		return errGrammar
	case service == "iam" && region != "":
		return parseErrorf("IAM resource %s cannot contain region information.", r)
	case service == "s3" && region != "" && region != "*" && !strings.HasPrefix(resource, "accesspoint/"):
		return parseErrorf("Resource %s can not contain region information.", r)
	case service == "iam" && !isIAMResource(resource):
		return parseErrorf("IAM resource path must either be \"*\" or start with %s.", strings.Join(iamResources, ", "))
	}
	return nil
}

// isIAMResource reports whether the last part of an ARN can match a resource of IAM.
// Only the text before the first wildcard or variable is compared.
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

// parsePrincipals parses the element Principal or NotPrincipal. It returns nil for a
// policy that must not have one.
func parsePrincipals(m map[string]any, kind Kind) (*principals, error) {
	node, has := m["Principal"]
	other, hasNot := m["NotPrincipal"]
	switch {
	case kind != Resource && kind != Trust:
		if has || hasNot {
			return nil, &ParseError{"Policy document should not specify a principal."}
		}
		return nil, nil
	case has == hasNot:
		return nil, errGrammar
	case hasNot && kind == Trust:
		return nil, &ParseError{"Has prohibited field NotPrincipal"}
	case hasNot:
		node = other
	}

	// "*", or lists of principals by their type.
	p := &principals{not: hasNot}
	if node == "*" {
		p.everyone = true
		return p, nil
	}

	byType, ok := node.(map[string]any)
	if !ok || len(byType) == 0 {
		return nil, errGrammar
	}

	// Sorted, so that of several errors always the same one is reported.
	for _, name := range slices.Sorted(maps.Keys(byType)) {
		list, ok := stringList(byType[name])
		if !ok || len(list) == 0 {
			return nil, errGrammar
		}
		if err := p.add(name, list); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// add adds the principals of one type: AWS, Service, Federated or CanonicalUser.
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
		case "Federated", "CanonicalUser": // valid, but no caller here is one
		default:
			return errGrammar
		}
	}
	return nil
}

// servicePrincipal matches the name of an AWS service.
var servicePrincipal = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)$`)

// validAWS reports whether s is an account id, the ARN of a role, a user, a session
// or an account's root, or a unique id, which a policy has after its principal was
// deleted.
func validAWS(s string) bool {
	if accountID.MatchString(s) || uniqueID.MatchString(s) {
		return true
	}
	parts := strings.SplitN(s, ":", 6)
	return len(parts) == 6 && parts[0] == "arn" && parts[1] == partition && (parts[2] == "iam" || parts[2] == "sts") && parts[3] == "" &&
		accountID.MatchString(parts[4]) && principalResource(parts[2], parts[5]) && !strings.ContainsAny(parts[5], "*?")
}

// principalResource reports whether the last part of an ARN names a principal that can
// make requests. A group cannot.
func principalResource(service, resource string) bool {
	kind, name, _ := strings.Cut(resource, "/")
	if service == "sts" {
		return (kind == "assumed-role" || kind == "federated-user") && name != ""
	}
	return resource == "root" || (kind == "role" || kind == "user") && name != ""
}
