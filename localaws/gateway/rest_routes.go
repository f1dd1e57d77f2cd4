package gateway

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// restRoutes is a tree of path segments. A literal takes precedence over a {Name}.
type restRoutes struct{ root segment }

// segment is a node of the tree.
type segment struct {
	literal map[string]*segment
	label   *segment            // for a {Name}; may be nil
	bound   map[string]*binding // by method
}

// binding is an operation at the end of a path.
type binding struct {
	service   *awsapi.Service
	operation *awsapi.Operation
	labels    []string
}

// restMatch is the operation of a request; service is nil if there is none.
type restMatch struct {
	service   *awsapi.Service
	operation *awsapi.Operation
	params    map[string]string
}

func (r *restRoutes) add(s *awsapi.Service, op awsapi.Operation) error {
	at := &r.root
	var labels []string
	for _, part := range parts(op.Path) {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			labels = append(labels, strings.TrimSuffix(name, "}"))
			if at.label == nil {
				at.label = &segment{}
			}
			at = at.label
			continue
		}
		if at.literal == nil {
			at.literal = map[string]*segment{}
		}
		if at.literal[part] == nil {
			at.literal[part] = &segment{}
		}

		at = at.literal[part]
	}

	if other := at.bound[op.Method]; other != nil {
		return fmt.Errorf("operations %s and %s have the same method and path: %s %s", op.Name, other.operation.Name, op.Method, op.Path)
	}
	if at.bound == nil {
		at.bound = map[string]*binding{}
	}

	at.bound[op.Method] = &binding{
		service:   s,
		operation: &op,
		labels:    labels,
	}

	return nil
}

// match returns the operation of a method and an escaped path.
func (r *restRoutes) match(method, path string) restMatch {
	b, values := r.root.walk(parts(path), nil, method)
	if b == nil {
		return restMatch{}
	}

	params := make(map[string]string, len(values))
	for i, v := range values {
		// Only now: %2F in a name separates no parts.
		text, err := url.PathUnescape(v)
		if err != nil {
			return restMatch{}
		}
		params[b.labels[i]] = text
	}

	return restMatch{b.service, b.operation, params}
}

// walk returns the binding of a path below s, with the values of its labels.
func (s *segment) walk(path, values []string, method string) (*binding, []string) {
	if len(path) == 0 {
		return s.bound[method], values
	}
	// Literals first; if nothing below the literal matches, try the label.
	if next := s.literal[path[0]]; next != nil {
		if b, v := next.walk(path[1:], values, method); b != nil {
			return b, v
		}
	}
	if s.label != nil && path[0] != "" {
		return s.label.walk(path[1:], append(values, path[0]), method)
	}
	return nil, nil
}

// parts splits a path; a slash at its end is ignored (LAM B1).
func parts(path string) []string {
	return strings.Split(strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/"), "/")
}
