package awsapi

import (
	"encoding/base64"
	"sort"
)

// PageToken returns the token of the page that follows the item with a key. It
// hides the key, so that no client takes it apart.
func PageToken(key string) string { return base64.RawURLEncoding.EncodeToString([]byte(key)) }

// ParsePageToken returns the key in a token of [PageToken]. It reports false for
// any other text. The empty token is the first page's, and has the empty key.
func ParsePageToken(token string) (key string, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	return string(b), err == nil
}

// Page returns at most size of the items that follow the key after. The items must
// be sorted by key, and keys must be unique. If more items follow, next is the key
// of the page's last item, else empty.
//
// A key may no longer exist when the next page is requested: items may be
// created and deleted between two pages.
func Page[T any](items []T, key func(T) string, after string, size int) (page []T, next string) {
	if after != "" {
		items = items[sort.Search(len(items), func(i int) bool { return key(items[i]) > after }):]
	}

	if len(items) <= size {
		return items, ""
	}
	return items[:size], key(items[size-1])
}

// PageAt returns the page that a token of [PageToken] asks for, and the token of the
// page after it, which is empty for the last one. The items must be sorted by key,
// as for [Page]. It reports false for a token that no page has.
func PageAt[T any](items []T, key func(T) string, token string, size int) (page []T, next string, ok bool) {
	after, ok := ParsePageToken(token)
	if !ok {
		return nil, "", false
	}

	page, last := Page(items, key, after, size)
	return page, PageToken(last), true
}
