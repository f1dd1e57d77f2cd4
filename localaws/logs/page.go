package logs

import "github.com/reliableq/reliableq/localaws/awsapi"

// pageSize validates the requested size of a page and returns it, or the largest one
// if none is requested.
func pageSize(requested *int, largest int) (int, error) {
	var v awsapi.Validation
	size := v.PageSize("limit", requested, largest, largest)
	return size, v.Err(errInvalidParameter)
}

// pageOf returns a page of items, which are sorted by key, and the token of the next
// page. token is that of the request.
func pageOf[T any](items []T, key func(T) string, token string, size int) (page []T, next string, err error) {
	page, next, ok := awsapi.PageAt(items, key, token, size)
	if !ok {
		return nil, "", invalidToken()
	}
	return page, next, nil
}

// invalidToken returns the error for a token that no page has.
func invalidToken() error { return errInvalidParameter.With("The specified nextToken is invalid.") }

// self is the key of items that are keys themselves.
func self(name string) string { return name }
