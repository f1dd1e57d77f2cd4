package iam

import (
	"unicode/utf8"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// Limits that roles and managed policies share (LAM D10).
const (
	maxDescription = 1000
	maxPath        = 512
)

var (
	namePattern = awsapi.NewPattern(`[\w+=,.@-]+`)
	pathPattern = awsapi.TranslatedPattern(`(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`, `(/[\x21-\x7e]*)?/`)
)

// validateName checks a required name of at most limit characters (LAM D10).
func validateName(v *awsapi.Validation, member, value string, limit int) {
	switch {
	case value == "":
		v.Required(member, value)
	case utf8.RuneCountInString(value) > limit:
		v.MaxLength(member, value, limit)
	default:
		v.Match(member, value, namePattern)
	}
}

// validatePath checks a path. An empty one is absent, and valid.
func validatePath(v *awsapi.Validation, value string) {
	if len(value) > maxPath {
		v.Add("path", value, pathPattern.String())
		return
	}
	v.Match("path", value, pathPattern)
}

// paginate returns the page of a list that a request asks for, and the marker of the
// next page, which is empty for the last one. The list is sorted by key.
func paginate[T any](list []T, marker string, maxItems *int, key func(T) string) (page []T, next string, err error) {
	var v awsapi.Validation
	size := v.PageSize("maxItems", maxItems, 100, 1000)
	if err := v.Err(errValidation); err != nil {
		return nil, "", err
	}

	page, next, ok := awsapi.PageAt(list, key, marker, size)
	if !ok {
		return nil, "", errInvalidInput.With("Invalid Marker.")
	}
	return page, next, nil
}
