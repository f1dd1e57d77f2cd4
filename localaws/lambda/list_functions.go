package lambda

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// page is what every list takes.
type page struct {
	Marker   string `json:"-" querystring:"Marker"`
	MaxItems *int   `json:"-" querystring:"MaxItems"`
}

// maxPage is the most items that a page holds.
const maxPage = 50

// cut takes the page that marker and limit ask for from a sorted list. The marker
// is the name of the last item before it.
func cut[T any](in page, items []T, name func(T) string) (list []T, next string, err error) {
	var check constraints
	check.between(in.MaxItems, "maxItems", 1, 10000)
	if err := check.err(); err != nil {
		return nil, "", err
	}
	if in.Marker != "" {
		i, _ := slices.BinarySearchFunc(items, in.Marker, func(item T, marker string) int {
			if name(item) <= marker {
				return -1
			}
			return 1
		})
		items = items[i:]
	}
	limit := maxPage
	if in.MaxItems != nil {
		limit = min(limit, *in.MaxItems)
	}
	if len(items) > limit {
		items = items[:limit]
		next = name(items[limit-1])
	}
	return items, next, nil
}

type listFunctionsInput struct {
	page
	FunctionVersion string `json:"-" querystring:"FunctionVersion"`
	MasterRegion    string `json:"-" querystring:"MasterRegion"`
}

type listFunctionsOutput struct {
	Functions  []*configuration `json:"Functions"`
	NextMarker string           `json:"NextMarker,omitempty"`
}

// listFunctions is ListFunctions (LAM C3, C7).
func (s *Service) listFunctions(_ context.Context, c *awsapi.Call, in *listFunctionsInput) (*listFunctionsOutput, error) {
	var check constraints
	check.oneOf(in.FunctionVersion, "functionVersion", "ALL")
	if err := check.err(); err != nil {
		return nil, err
	}
	if in.MasterRegion != "" {
		return nil, notEmbedded("MasterRegion", "there are no functions replicated from another region")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []*configuration{}
	for _, k := range slices.SortedFunc(maps.Keys(s.functions), func(a, b key) int { return strings.Compare(a.name, b.name) }) {
		switch f := s.functions[k]; {
		case k.place != placeOf(c):
		case in.FunctionVersion == "ALL":
			for _, v := range f.versions() {
				all = append(all, v.item(k, v.number))
			}
		default:
			all = append(all, f.latest.item(k, ""))
		}
	}
	list, next, err := cut(in.page, all, itemName)
	if err != nil {
		return nil, err
	}
	return &listFunctionsOutput{list, next}, nil
}

// itemName orders a function's versions: $LATEST, then the numbers.
func itemName(cfg *configuration) string {
	v := version{number: cfg.Version}
	return cfg.FunctionName + ":" + padded(v.order())
}

type listVersionsInput struct {
	page
	FunctionName string `json:"-" path:"FunctionName"`
}

type listVersionsOutput struct {
	Versions   []*configuration `json:"Versions"`
	NextMarker string           `json:"NextMarker,omitempty"`
}

// listVersionsByFunction is ListVersionsByFunction (LAM C3, C7). The provider
// asks for 10,000 items and reads the last of the last page, so a page here holds
// as many as are asked for.
func (s *Service) listVersionsByFunction(_ context.Context, c *awsapi.Call, in *listVersionsInput) (*listVersionsOutput, error) {
	ref, err := parse(c, in.FunctionName, "")
	if err != nil {
		return nil, err
	}
	all := []*configuration{}
	err = s.read(ref, func(f *function) error {
		for _, v := range f.versions() {
			all = append(all, v.item(f.key, v.number))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	list, next, err := cut(in.page, all, itemName)
	if err != nil {
		return nil, err
	}
	return &listVersionsOutput{list, next}, nil
}
