package iam

import (
	"encoding/base64"
	"net/url"
	"sort"
	"strings"
)

// tag is a tag as the wire has it.
type tag struct {
	Key   string
	Value string
}

// paging is a request for one page of a list.
type paging struct {
	Marker   string
	MaxItems *int32
}

// page is where a list was cut.
type page struct {
	IsTruncated bool
	Marker      string `json:",omitempty"`
}

// cut takes one page out of a list that is sorted by key.
func cut[T any](list []T, p paging, key func(T) string) ([]T, page, error) {
	c := &constraints{}
	if err := c.between("maxItems", p.MaxItems, 1, 1000).err(); err != nil {
		return nil, page{}, err
	}
	size := 100
	if p.MaxItems != nil {
		size = int(*p.MaxItems)
	}
	if p.Marker != "" {
		after, err := base64.RawURLEncoding.DecodeString(p.Marker)
		if err != nil {
			return nil, page{}, errInvalidInput.With("Invalid Marker.")
		}
		list = list[sort.Search(len(list), func(i int) bool { return key(list[i]) > string(after) }):]
	}
	if len(list) <= size {
		return list, page{}, nil
	}
	list = list[:size]
	return list, page{IsTruncated: true, Marker: base64.RawURLEncoding.EncodeToString([]byte(key(list[size-1])))}, nil
}

// escaped is a document as answers have it: escaped as in RFC 3986 (LAM D8).
func escaped(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}

// sortedKeys gives a map's keys in order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func self(s string) string { return s }
