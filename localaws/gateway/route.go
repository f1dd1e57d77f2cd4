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

// routes finds services by parts of requests.
type routes struct {
	byName    map[string]*awsapi.Service // by the service in a signature's scope
	byTarget  map[string]*awsapi.Service // by the prefix of X-Amz-Target
	byCBOR    map[string]*awsapi.Service // by the service in a path of Smithy RPC v2
	byVersion map[string]*awsapi.Service // by Query's Version
	rest      restRoutes
}

func newRoutes(services map[string]*awsapi.Service) (routes, error) {
	r := routes{
		byName:    services,
		byTarget:  map[string]*awsapi.Service{},
		byCBOR:    map[string]*awsapi.Service{},
		byVersion: map[string]*awsapi.Service{},
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
				return r, fmt.Errorf("services %s and %s have the same name, target or version: %s", s.Name, other.Name, key.name)
			}
			key.table[key.name] = s
		}

		// Refused operations have routes too: their errors name them.
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

// route finds the protocol and, unless that needs the body, the service and the
// operation's name.
func (x *exchange) route() error {
	target := x.r.Header.Get("X-Amz-Target")
	switch {
	case target != "" || strings.HasPrefix(x.r.Header.Get("Content-Type"), "application/x-amz-json"):
		x.protocol = awsapi.JSON
		prefix, name, _ := strings.Cut(target, ".")
		x.service = x.g.routes.byTarget[prefix]
		x.operationName = name
		if target == "" {
			x.service = x.scopedService()
		}
		if x.service == nil {
			return x.notEmbedded(prefix)
		}
		return nil
	case strings.HasPrefix(x.r.URL.Path, "/service/"):
		return x.routeCBOR()
	}

	// REST: by method and path.
	if m := x.g.routes.rest.match(x.r.Method, x.r.URL.EscapedPath()); m.service != nil {
		x.protocol = awsapi.REST
		x.service = m.service
		x.operation = m.operation
		x.operationName = m.operation.Name
		x.path = m.params
		if m.operation.Do == nil {
			return x.unknownOperationError()
		}
		return nil
	}
	// Query: by parameters, which may be in the body.
	if mayHaveForm(x.r) || strings.Contains(x.r.URL.RawQuery, "Action=") {
		x.protocol = awsapi.Query
		return nil
	}
	return x.routeBySignature()
}

// routeCBOR reads /service/NAME/operation/OP.
func (x *exchange) routeCBOR() error {
	x.protocol = awsapi.CBOR
	p := strings.Split(x.r.URL.Path, "/")
	if len(p) != 5 || p[3] != "operation" || x.r.Method != http.MethodPost {
		return x.newError(unknownOperation, "%s %s is not an operation of Smithy RPC v2", x.r.Method, x.r.URL.Path)
	}

	// A name may be qualified, as in com.amazonaws.cloudwatch#Name.
	x.service = x.g.routes.byCBOR[p[2][strings.LastIndexByte(p[2], '.')+1:]]
	x.operationName = p[4]
	if x.service == nil {
		return x.notEmbedded(p[2])
	}
	return nil
}

// routeBySignature returns the error for a request that matches no route, in the
// protocol of the service for which it is signed.
func (x *exchange) routeBySignature() error {
	s := x.scopedService()
	x.service = s
	x.operationName = x.r.Method + " " + x.r.URL.Path
	switch {
	case s == nil && x.sig != nil:
		x.protocol = awsapi.REST
		return x.notEmbedded(x.sig.Service)
	case s != nil && s.Target == "" && s.QueryVersion == "":
		x.protocol = awsapi.REST
		return x.unknownOperationError()
	}

	// A request without an operation, such as a GET of a queue's address (SQS B9).
	x.write(http.StatusNotFound, "text/xml", []byte("<UnknownOperationException/>\n"))
	return errResponded
}

// scopedService returns the service of the signature's scope, or nil.
func (x *exchange) scopedService() *awsapi.Service {
	if x.sig == nil {
		return nil
	}
	return x.g.routes.byName[x.sig.Service]
}

// findOperation finds the operation. For Query, the body must have been read.
func (x *exchange) findOperation() error {
	if x.protocol == awsapi.Query {
		if err := x.readForm(); err != nil {
			return err
		}
	}
	if x.operation != nil {
		return nil
	}

	op, ok := x.service.Operations[x.operationName]
	if !ok {
		return x.unknownOperationError()
	}

	x.operation = &op
	return nil
}

// readForm reads the Query parameters of URL and body, and finds the service by version,
// signature, or else by the action's name.
func (x *exchange) readForm() error {
	form, err := url.ParseQuery(x.r.URL.RawQuery)
	if err == nil && mayHaveForm(x.r) {
		var more url.Values
		more, err = url.ParseQuery(string(x.body))
		for k, v := range more {
			form[k] = v
		}
	}

	x.form = form
	x.operationName = form.Get("Action")

	// A service of the signature takes precedence: several may have one version.
	x.service = x.g.routes.byVersion[form.Get("Version")]
	if scoped := x.scopedService(); x.service == nil || scoped != nil && scoped.QueryVersion != "" {
		x.service = scoped
	}
	if x.service == nil && x.sig == nil && form.Get("Version") == "" {
		x.service = x.g.routes.byAction(x.operationName)
	}

	switch {
	case err != nil: // the version may be in what could not be read
		return x.newError(malformedInput, "cannot read the parameters: %v", err)
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

// byAction returns the one Query service that has an operation, or nil.
func (r *routes) byAction(name string) *awsapi.Service {
	var found *awsapi.Service
	for _, s := range r.byVersion {
		if _, ok := s.Operations[name]; ok {
			// Ambiguous: a guess could run the operation of another service.
			if found != nil {
				return nil
			}
			found = s
		}
	}

	return found
}
