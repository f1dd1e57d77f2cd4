package iam

import (
	"testing"

	"github.com/reliableq/reliableq/localaws/policy"
)

// A data file may name a boundary policy that this version does not have. It must not
// extend what the role may do.
func TestBoundaryThatDoesNotExistAllowsNothing(t *testing.T) {
	t.Parallel()

	s := &Service{}
	for name, tt := range map[string]struct {
		boundary string
		bounded  bool
	}{
		"None":    {"", false},
		"Missing": {"arn:aws:iam::aws:policy/RemovedByAWS", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var p policy.Policies
			if err := s.addPolicies(&p, &role{Boundary: tt.boundary}, nil, nil); err != nil {
				t.Fatal(err)
			}
			if bounded := p.Boundary != nil; bounded != tt.bounded {
				t.Errorf("the role is bounded: %t, want %t", bounded, tt.bounded)
			}
		})
	}
}
