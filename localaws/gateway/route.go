package gateway

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// routes finds services by what requests say of them.
type routes struct {
	byName    map[string]*awsapi.Service // of signature scopes
	byTarget  map[string]*awsapi.Service
	byCBOR    map[string]*awsapi.Service
	byVersion map[string]*awsapi.Service // of Query
	rest      restRoutes
}

func newRoutes(services map[string]*awsapi.Service) (routes, error) {
	r := routes{
		byName: services, byTarget: map[string]*awsapi.Service{},
		byCBOR: map[string]*awsapi.Service{}, byVersion: map[string]*awsapi.Service{},
	}
	for _, s := range services {
		for _, key := range []struct {
			name  string
			table map[string]*awsapi.Service
		}{{s.Target, r.byTarget}, {s.CBORService, r.byCBOR}, {s.QueryVersion, r.byVersion}} {
			if key.name == "" {
				continue
			}
			if other := key.table[key.name]; other != nil {
				return r, fmt.Errorf("services %s and %s both go by %s", s.Name, other.Name, key.name)
			}
			key.table[key.name] = s
		}
		for _, op := range append(slices.Clip(s.Refused), slices.Collect(maps.Values(s.Operations))...) {
			if op.Path == "" {
				continue
			}
			if err := r.rest.add(s, op); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

// find tells protocol and, where it needs no body for that, service and
// operation.
func (x *exchange) find() error {
	target := x.r.Header.Get("X-Amz-Target")
	switch {
	case target != "" || strings.HasPrefix(x.r.Header.Get("Content-Type"), "application/x-amz-json"):
		x.protocol = awsapi.JSON
		prefix, name, _ := strings.Cut(target, ".")
		x.service, x.asked = x.g.routes.byTarget[prefix], name
		if target == "" {
			x.service = x.scoped()
		}
		if x.service == nil {
			return x.notEmbedded(prefix)
		}
		return nil
	case strings.HasPrefix(x.r.URL.Path, "/service/"):
		return x.findCBOR()
	}
	if m := x.g.routes.rest.match(x.r.Method, x.r.URL.EscapedPath()); m.service != nil {
		x.protocol, x.service, x.operation, x.path = awsapi.REST, m.service, m.operation, m.params
		x.asked = m.operation.Name
		if m.operation.Do == nil {
			return x.unknown()
		}
		return nil
	}
	if mayHaveForm(x.r) || strings.Contains(x.r.URL.RawQuery, "Action=") {
		x.protocol = awsapi.Query
		return nil
	}
	return x.unbound()
}

// findCBOR reads /service/NAME/operation/OP.
func (x *exchange) findCBOR() error {
	x.protocol = awsapi.CBOR
	p := strings.Split(x.r.URL.Path, "/")
	if len(p) != 5 || p[3] != "operation" || x.r.Method != http.MethodPost {
		return x.fault(unknownOperation, "%s %s is not an operation of Smithy RPC v2", x.r.Method, x.r.URL.Path)
	}
	// A name may be qualified, as in com.amazonaws.cloudwatch#Name.
	x.service, x.asked = x.g.routes.byCBOR[p[2][strings.LastIndexByte(p[2], '.')+1:]], p[4]
	if x.service == nil {
		return x.notEmbedded(p[2])
	}
	return nil
}

// unbound answers a request that no rule above took: its protocol is that of the
// service that it was signed for.
func (x *exchange) unbound() error {
	s := x.scoped()
	x.service = s
	x.asked = x.r.Method + " " + x.r.URL.Path
	switch {
	case s == nil && x.sig != nil:
		x.protocol = awsapi.REST
		return x.notEmbedded(x.sig.Service)
	case s != nil && s.Target == "" && s.QueryVersion == "":
		x.protocol = awsapi.REST
		return x.unknown()
	}
	return x.bareRequest()
}

// bareRequest answers what names no operation, such as a GET of a queue's
// address (SQS B9).
func (x *exchange) bareRequest() error {
	x.answerBytes(http.StatusNotFound, "text/xml", []byte("<UnknownOperationException/>\n"))
	return errAnswered
}

// scoped is the service of the signature's scope, or nil.
func (x *exchange) scoped() *awsapi.Service {
	if x.sig == nil {
		return nil
	}
	return x.g.routes.byName[x.sig.Service]
}

// bindOperation finds the operation once the body is there.
func (x *exchange) bindOperation() error {
	if x.protocol == awsapi.Query {
		if err := x.readForm(); err != nil {
			return err
		}
	}
	if x.operation != nil {
		return nil
	}
	op, ok := x.service.Operations[x.asked]
	if !ok {
		return x.unknown()
	}
	x.operation = &op
	return nil
}

// readForm takes the Query parameters from address and body, and finds the
// service by version, signature, or else by the action's name.
func (x *exchange) readForm() error {
	form, err := url.ParseQuery(x.r.URL.RawQuery)
	if err == nil && mayHaveForm(x.r) {
		var more url.Values
		more, err = url.ParseQuery(string(x.body))
		for k, v := range more {
			form[k] = v
		}
	}
	x.form, x.asked = form, form.Get("Action")
	x.service = x.g.routes.byVersion[form.Get("Version")]
	if scoped := x.scoped(); x.service == nil || scoped != nil && scoped.QueryVersion != "" {
		x.service = scoped
	}
	if x.service == nil && x.sig == nil && form.Get("Version") == "" {
		x.service = x.g.routes.byAction(x.asked)
	}
	switch {
	case err != nil: // the version may be in what could not be read
		return x.fault(malformedInput, "read the parameters: %v", err)
	case x.service == nil || x.service.QueryVersion == "":
		name := "for version " + form.Get("Version")
		if x.sig != nil {
			name = x.sig.Service
		}
		x.service = nil
		return x.notEmbedded(name)
	}
	return nil
}

// byAction finds the one Query service that has an operation, or nil.
func (r *routes) byAction(name string) *awsapi.Service {
	var found *awsapi.Service
	for _, s := range r.byVersion {
		if _, ok := s.Operations[name]; ok {
			if found != nil {
				return nil
			}
			found = s
		}
	}
	return found
}
