package cloudwatch

import "github.com/reliableq/reliableq/localaws/awsapi"

// pageOf returns a page of items, which are sorted by key, and the token of the next
// page. token is that of the request.
func pageOf[T any](items []T, key func(T) string, token string, size int) (page []T, next string, err error) {
	page, next, ok := awsapi.PageAt(items, key, token, size)
	if !ok {
		return nil, "", errInvalidToken.With("Invalid nextToken")
	}
	return page, next, nil
}

// self is the key of items that are keys themselves.
func self(name string) string { return name }
