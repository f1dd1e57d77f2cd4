package control

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
)

// place is the account and region that a request is about.
type place struct{ account, region string }

var accountID = regexp.MustCompile(`^[0-9]{12}$`)
var regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)

// place reads account and region of the query, or takes the server's own.
func (h *Handler) place(r *http.Request) (place, error) {
	at := place{h.opts.Account, h.opts.Region}
	if a := r.URL.Query().Get("account"); a != "" {
		at.account = a
	}
	if a := r.URL.Query().Get("region"); a != "" {
		at.region = a
	}
	return at, checkPlace(at)
}

func checkPlace(at place) error {
	if at.account != "" && !accountID.MatchString(at.account) {
		return badRequest("account: %q has not 12 digits", at.account)
	}
	if at.region != "" && !regionName.MatchString(at.region) {
		return badRequest("region: %q has not the form of us-east-1", at.region)
	}
	return nil
}

// list answers the queues of a place, without messages.
func (h *Handler) list(at place) []Queue {
	return append([]Queue{}, h.opts.Queues(at.account, at.region)...)
}

// queues answers the queues of a place, or the one that is named, with their
// messages where these were asked for.
func (h *Handler) queues(r *http.Request) (any, error) {
	at, err := h.place(r)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	withMessages := false
	if v := q.Get("messages"); v != "" {
		if withMessages, err = strconv.ParseBool(v); err != nil {
			return nil, badRequest("messages: %q is neither 1 nor 0", v)
		}
	}
	all := h.list(at)
	if name := q.Get("name"); name != "" {
		all = slices.DeleteFunc(all, func(q Queue) bool { return q.Name != name })
		if len(all) == 0 {
			return nil, notFound("there is no queue %s of %s in %s", name, at.account, at.region)
		}
	}
	for i := range all {
		if !withMessages {
			break
		}
		messages, err := h.opts.Peek(at.account, at.region, all[i].Name)
		if err != nil {
			return nil, notFound("%v", err) // it was deleted meanwhile
		}
		all[i].Messages = append([]Message{}, messages...)
	}
	return struct {
		Queues []Queue `json:"queues"`
	}{all}, nil
}

// reset removes what services hold.
func (h *Handler) reset(r *http.Request) (any, error) {
	q := r.URL.Query()
	service := q.Get("service")
	at := place{q.Get("account"), q.Get("region")}
	if err := checkPlace(at); err != nil {
		return nil, err
	}
	if service != "" && !slices.Contains(h.opts.Services, service) {
		return nil, badRequest("service: %q is none of %v", service, h.opts.Services)
	}
	names, err := h.opts.Reset(r.Context(), service, at.account, at.region)
	if err != nil {
		return nil, err
	}
	return struct {
		Reset []string `json:"reset"`
	}{names}, nil
}
