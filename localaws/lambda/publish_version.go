package lambda

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// PublishVersionInput is the input of PublishVersion.
type PublishVersionInput struct {
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
	// CodeSha256 is the hash that $LATEST must have, or empty.
	CodeSha256 string `json:"CodeSha256"`
	// Description is free text, at most 256 characters.
	Description *string `json:"Description"`
	// RevisionId is the revision that the change expects, or empty (LAM C26).
	RevisionId string `json:"RevisionId"`
}

// PublishVersion is PublishVersion (LAM C25, C26).
func (s *Service) PublishVersion(_ context.Context, c *awsapi.Call, in *PublishVersionInput) (*FunctionConfiguration, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}

	var check constraints
	check.atMost(deref(in.Description), "description", 256)
	if err := check.err(); err != nil {
		return nil, err
	}

	var answer *FunctionConfiguration
	err = s.changeFunction(ref, func(f *function) error {
		if err := checkRevision(in.RevisionId, f.latest.revision); err != nil {
			return err
		}

		if in.CodeSha256 != "" && in.CodeSha256 != f.latest.code.SHA256 {
			return errParameter.With("CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). Please try again with the CodeSHA256 in $LATEST.",
				in.CodeSha256, f.latest.code.SHA256)
		}

		v := s.publish(f, deref(in.Description))
		answer = v.activeConfiguration(f.functionKey, v.number)
		return nil
	})

	return answer, err
}

// publish makes a numbered copy of $LATEST, or answers the last one when nothing
// has changed since.
func (s *Service) publish(f *function, description string) *version {
	if n := len(f.published); n > 0 {
		if last := f.published[n-1]; last.same(f.latest) {
			return last
		}
	}

	f.lastVersion++
	v := &version{
		versionConfig: f.latest.versionConfig,
		number:        strconv.Itoa(f.lastVersion),
		revision:      s.opts.Chance.UUID(),
		modified:      s.opts.Clock.Now(),
		code:          f.latest.code,
	}

	if description != "" {
		v.Description = description
	}

	s.codeCache.retain(v.code)
	f.published = append(f.published, v)
	return v
}

// same reports whether two versions run the same. Descriptions do not count.
func (v *version) same(o *version) bool {
	a := v.versionConfig
	b := o.versionConfig
	equal := maps.Equal(a.Environment, b.Environment) && (a.Environment == nil) == (b.Environment == nil)
	a.Environment = nil
	b.Environment = nil
	a.Description = ""
	b.Description = ""
	return equal && v.code.SHA256 == o.code.SHA256 && fmt.Sprint(a) == fmt.Sprint(b)
}

// zeroPadded writes a number so that text sorts as numbers do.
func zeroPadded(n int) string { return fmt.Sprintf("%010d", n) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// cloneOrNil copies a map, and answers nil for an empty one.
func cloneOrNil(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return maps.Clone(m)
}
