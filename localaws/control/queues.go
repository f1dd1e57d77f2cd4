package control

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
)

// scope is the account and region of a request.
type scope struct{ account, region string }

var (
	accountID  = regexp.MustCompile(`^[0-9]{12}$`)
	regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
)

// scope returns the account and region that the query names, or the server's own.
func (h *Handler) scope(r *http.Request) (scope, error) {
	at := scope{h.opts.Account, h.opts.Region}
	if a := r.URL.Query().Get("account"); a != "" {
		at.account = a
	}
	if a := r.URL.Query().Get("region"); a != "" {
		at.region = a
	}
	return at, at.check()
}

// check returns an error if account or region is malformed. Either may be empty.
func (s scope) check() error {
	if s.account != "" && !accountID.MatchString(s.account) {
		return badRequest("account: %q does not have 12 digits", s.account)
	}
	if s.region != "" && !regionName.MatchString(s.region) {
		return badRequest("region: %q does not have the form of us-east-1", s.region)
	}
	return nil
}

// listQueues returns the queues of a scope, without messages.
func (h *Handler) listQueues(at scope) []Queue {
	// A copy, which the caller may change, and [] instead of null in JSON.
	return append([]Queue{}, h.opts.Queues(at.account, at.region)...)
}

// queues returns the queues of a scope, or one by name, with their messages if these
// are requested.
func (h *Handler) queues(r *http.Request) (any, error) {
	at, err := h.scope(r)
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

	all := h.listQueues(at)
	if name := q.Get("name"); name != "" {
		all = slices.DeleteFunc(all, func(q Queue) bool { return q.Name != name })
		if len(all) == 0 {
			return nil, notFound("queue %s does not exist for %s in %s", name, at.account, at.region)
		}
	}
	if !withMessages {
		return queuesResponse{Queues: all}, nil
	}

	// Peek is a separate step: a queue may be deleted between the two.
	for i := range all {
		messages, err := h.opts.Peek(at.account, at.region, all[i].Name)
		if err != nil {
			return nil, notFound("%v", err)
		}
		all[i].Messages = append([]Message{}, messages...)
	}

	return queuesResponse{Queues: all}, nil
}

// reset removes what services store.
func (h *Handler) reset(r *http.Request) (any, error) {
	q := r.URL.Query()
	service := q.Get("service")
	// Unlike in scope, empty means every account or region and not the server's own.
	at := scope{q.Get("account"), q.Get("region")}
	if err := at.check(); err != nil {
		return nil, err
	}
	if service != "" && !slices.Contains(h.opts.Services, service) {
		return nil, badRequest("service: %q is none of %v", service, h.opts.Services)
	}

	names, err := h.opts.Reset(r.Context(), service, at.account, at.region)
	if err != nil {
		return nil, err
	}
	return resetResponse{Reset: names}, nil
}
