package lambda

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// Page is what every list takes.
type Page struct {
	// Marker is the NextMarker of the page before; empty for the first.
	Marker string `json:"-" querystring:"Marker"`
	// MaxItems is the most items of the page, 1 to 10,000, of which at most 50 are
	// returned.
	MaxItems *int `json:"-" querystring:"MaxItems"`
}

// maxPage is the most items that a page holds.
const maxPage = 50

// paginate takes the page that marker and limit ask for from a sorted list. The marker
// is the name of the last item before it.
func paginate[T any](in Page, items []T, name func(T) string) (list []T, next string, err error) {
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

// ListFunctionsInput is the input of ListFunctions.
type ListFunctionsInput struct {
	Page
	// FunctionVersion is ALL for all versions, or empty for $LATEST.
	FunctionVersion string `json:"-" querystring:"FunctionVersion"`
	// MasterRegion is for Lambda@Edge, and refused.
	MasterRegion string `json:"-" querystring:"MasterRegion"`
}

// ListFunctionsOutput is the output of ListFunctions.
type ListFunctionsOutput struct {
	// Functions is one page of functions, sorted by name.
	Functions []*FunctionConfiguration `json:"Functions"`
	// NextMarker is the Marker of the next page; empty on the last.
	NextMarker string `json:"NextMarker,omitempty"`
}

// ListFunctions is ListFunctions (LAM C3, C7).
func (s *Service) ListFunctions(_ context.Context, c *awsapi.Call, in *ListFunctionsInput) (*ListFunctionsOutput, error) {
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
	all := []*FunctionConfiguration{}
	for _, k := range slices.SortedFunc(maps.Keys(s.functions), func(a, b functionKey) int { return strings.Compare(a.name, b.name) }) {
		switch f := s.functions[k]; {
		case k.scope != scopeOf(c):
		case in.FunctionVersion == "ALL":
			for _, v := range f.versions() {
				all = append(all, v.listedConfiguration(k, v.number))
			}
		default:
			all = append(all, f.latest.listedConfiguration(k, ""))
		}
	}

	list, next, err := paginate(in.Page, all, versionMarker)
	if err != nil {
		return nil, err
	}

	return &ListFunctionsOutput{list, next}, nil
}

// versionMarker orders a function's versions: $LATEST, then the numbers.
func versionMarker(cfg *FunctionConfiguration) string {
	v := version{number: cfg.Version}
	return cfg.FunctionName + ":" + zeroPadded(v.numberAsInt())
}

// ListVersionsByFunctionInput is the input of ListVersionsByFunction.
type ListVersionsByFunctionInput struct {
	Page
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
}

// ListVersionsByFunctionOutput is the output of ListVersionsByFunction.
type ListVersionsByFunctionOutput struct {
	// Versions is one page of versions, oldest first.
	Versions []*FunctionConfiguration `json:"Versions"`
	// NextMarker is the Marker of the next page; empty on the last.
	NextMarker string `json:"NextMarker,omitempty"`
}

// ListVersionsByFunction is ListVersionsByFunction (LAM C3, C7). The provider
// asks for 10,000 items and reads the last of the last page, so a page here holds
// as many as are asked for.
func (s *Service) ListVersionsByFunction(_ context.Context, c *awsapi.Call, in *ListVersionsByFunctionInput) (*ListVersionsByFunctionOutput, error) {
	ref, err := parseReference(c, in.FunctionName, "")
	if err != nil {
		return nil, err
	}

	all := []*FunctionConfiguration{}
	err = s.readFunction(ref, func(f *function) error {
		for _, v := range f.versions() {
			all = append(all, v.listedConfiguration(f.functionKey, v.number))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}

	list, next, err := paginate(in.Page, all, versionMarker)
	if err != nil {
		return nil, err
	}

	return &ListVersionsByFunctionOutput{list, next}, nil
}
