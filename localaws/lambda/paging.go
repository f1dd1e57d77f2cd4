package lambda

import (
	"github.com/reliableq/reliableq/localaws/awsapi"
)

// Page is the input that all operations with pages share.
type Page struct {
	// Marker is the NextMarker of the page before; empty for the first page.
	Marker string `json:"-" querystring:"Marker"`
	// MaxItems is the most items of the page, 1 to 10,000, of which at most 50 are
	// returned.
	MaxItems *int `json:"-" querystring:"MaxItems"`
}

// maxPage is the most items that a page holds, however many are requested.
const maxPage = 50

// paginate returns the page that in asks for, of a list that is sorted by key, and the
// marker of the next page.
func paginate[T any](in Page, items []T, key func(T) string) (page []T, next string, err error) {
	var check awsapi.Validation
	size := check.PageSize("maxItems", in.MaxItems, maxPage, 10000)
	if err := check.Err(errValidation); err != nil {
		return nil, "", err
	}
	page, next = awsapi.Page(items, key, in.Marker, min(size, maxPage))
	return page, next, nil
}
