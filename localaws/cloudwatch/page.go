package cloudwatch

import "github.com/reliableq/reliableq/localaws/awsapi"

// pageOf returns a page of items, which are sorted by key, and the token of the next
// page. token is that of the request.
func pageOf[T any](items []T, key func(T) string, token string, size int) (page []T, next string, err error) {
	after, ok := awsapi.ParsePageToken(token)
	if !ok {
		return nil, "", errInvalidToken.With("Invalid nextToken")
	}

	page, last := awsapi.Page(items, key, after, size)
	return page, awsapi.PageToken(last), nil
}

// self is the key of items that are keys themselves.
func self(name string) string { return name }
