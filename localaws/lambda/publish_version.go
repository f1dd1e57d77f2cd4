package lambda

import (
	"context"

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

// PublishVersion makes a numbered copy of $LATEST, unless nothing has changed since the
// last one (LAM C25, C26).
func (s *Service) PublishVersion(_ context.Context, c *awsapi.Call, in *PublishVersionInput) (*FunctionConfiguration, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}

	var check awsapi.Validation
	check.MaxLength("description", deref(in.Description), 256)
	if err := check.Err(errValidation); err != nil {
		return nil, err
	}

	var response *FunctionConfiguration
	err = s.changeFunction(ref, func(f *function) error {
		if err := checkRevision(in.RevisionId, f.latest.revision); err != nil {
			return err
		}

		// Revision and hash protect against publishing what another deployment has uploaded.
		if in.CodeSha256 != "" && in.CodeSha256 != f.latest.code.SHA256 {
			return errParameter.With("CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). Please try again with the CodeSHA256 in $LATEST.",
				in.CodeSha256, f.latest.code.SHA256)
		}

		v := s.publish(f, deref(in.Description))
		response = v.activeConfiguration(f.functionKey, v.number)
		return nil
	})
	return response, err
}
