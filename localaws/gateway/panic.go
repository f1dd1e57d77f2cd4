package gateway

import (
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// recoverPanic is deferred in each exchange. After a panic it writes an internal
// error, so that only this request fails, and not the server with all requests in
// progress.
func (x *exchange) recoverPanic() {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler {
		panic(cause)
	}

	x.g.opts.Logger.Error("request panicked",
		"operation", x.operationName,
		"request_id", x.id,
		"panic", fmt.Sprint(cause),
		"stack", string(debug.Stack()),
	)

	x.pooled = nil // a goroutine of the operation may still use the buffer
	if x.responded {
		panic(http.ErrAbortHandler) // the client must not take a partial response for a complete one
	}

	x.writeError(&awsapi.Error{
		Code:    "InternalFailure",
		Status:  http.StatusInternalServerError,
		Message: "Internal error of the embedded AWS. Its log has details under this request id.",
	})
}
