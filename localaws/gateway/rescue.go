package gateway

import (
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// rescue is deferred around an exchange. It answers 500 where the program has a
// fault that makes it panic, so that one request fails and not the server with all
// that it has under way.
func (x *exchange) rescue() {
	fault := recover()
	if fault == nil {
		return
	}
	if fault == http.ErrAbortHandler {
		panic(fault)
	}
	x.pool = nil // somebody may still hold on to the buffer
	x.g.opts.Logger.Error("a request made the program panic", "operation", x.asked, "request", x.id,
		"panic", fmt.Sprint(fault), "stack", string(debug.Stack()))
	if x.answered {
		panic(http.ErrAbortHandler) // the client must not take half an answer for a whole one
	}
	x.failWith(&awsapi.Error{
		Code: "InternalFailure", Status: http.StatusInternalServerError,
		Message: "The embedded AWS has a fault that this request has met. Its log has more under the request's id.",
	})
}
