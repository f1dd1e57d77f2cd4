package gateway

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/gateway/wire"
)

// respond writes an operation's output in the protocol of the request.
func (x *exchange) respond(out any) error {
	status := x.operation.Status
	if status == 0 {
		status = http.StatusOK
	}
	if x.operation.NoOutput {
		out = nil
	}

	switch x.protocol {
	case awsapi.Query:
		q := wire.Query{Flattened: x.service.Flattened, Namespace: x.service.Namespace}
		x.write(status, "text/xml", q.AppendXML(nil, x.operation.Name, out, x.id))
		return nil
	case awsapi.REST:
		return x.respondREST(status, out)
	case awsapi.CBOR:
		return x.respondCBOR(status, out)
	default:
		return x.respondJSON(status, out)
	}
}

func (x *exchange) respondJSON(status int, out any) error {
	if out == nil { // SQS A3
		x.write(status, x.jsonType(), nil)
		return nil
	}

	buf := buffers.Get().(*[]byte)
	body, err := wire.AppendJSON((*buf)[:0], out)
	if err != nil {
		return err
	}

	x.write(status, x.jsonType(), body)
	*buf = body
	if cap(body) <= maxPooledBuffer {
		buffers.Put(buf)
	}
	return nil
}

func (x *exchange) respondREST(status int, out any) error {
	if out == nil {
		x.write(status, "application/json", nil)
		return nil
	}

	own, body, err := wire.EncodeREST(x.w.Header(), out)
	if err != nil {
		return err
	}
	if own != 0 { // the output has a status
		status = own
	}
	// HTTP permits no body with 204.
	if status == http.StatusNoContent {
		body = nil
	}

	x.write(status, "application/json", body)
	return nil
}

func (x *exchange) respondCBOR(status int, out any) error {
	// Clients refuse a response without this header (LAM E15).
	x.w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	if out == nil {
		x.write(status, "application/cbor", nil)
		return nil
	}

	body, err := x.g.cbor.Encode(out)
	if err != nil {
		return err
	}

	x.write(status, "application/cbor", body)
	return nil
}

// write writes the whole response.
func (x *exchange) write(status int, contentType string, body []byte) {
	x.responded = true

	// One allocation for the values of all headers. The names are canonical already.
	values := [3]string{contentType, x.id, ""}
	h := x.w.Header()
	if h.Get("Content-Type") == "" {
		h["Content-Type"] = values[0:1:1]
	}

	h["X-Amzn-Requestid"] = values[1:2:2]
	if status != http.StatusNoContent {
		values[2] = strconv.Itoa(len(body))
		h["Content-Length"] = values[2:3:3]
	}

	x.w.WriteHeader(status)
	if len(body) > 0 {
		x.w.Write(body) // the operation took effect, whether or not the client is still there
	}
}

// jsonType returns the content type of AWS JSON responses.
func (x *exchange) jsonType() string {
	if x.service != nil && x.service.JSONVersion == "1.0" {
		return "application/x-amz-json-1.0"
	}
	return "application/x-amz-json-1.1"
}

// maxMessage is the longest text of an error, in bytes. Errors repeat parts of the
// request.
const maxMessage = 16 << 10

// fail writes an error response.
func (x *exchange) fail(err error) { x.writeError(x.asError(err)) }

// writeError writes an error in the protocol of the request.
func (x *exchange) writeError(e *awsapi.Error) {
	if len(e.Message) > maxMessage {
		short := *e
		short.Message = strings.ToValidUTF8(e.Message[:maxMessage], "") + "..."
		e = &short
	}

	// Headers that the operation has set stay, except the content type.
	h := x.w.Header()
	h.Del("Content-Type")
	for k, v := range e.Headers {
		h.Set(k, v)
	}

	if x.queryCompatible() && x.protocol != awsapi.Query {
		side := ";Sender"
		if e.Receiver() {
			side = ";Receiver"
		}
		h.Set("X-Amzn-Query-Error", e.LegacyCode()+side)
	}

	if x.service == nil && x.sig != nil && x.sig.Service == "s3" {
		x.write(e.Status, "application/xml", wire.AppendS3Error(nil, e, x.id))
		return
	}

	switch x.protocol {
	case awsapi.Query:
		q := wire.Query{}
		if x.service != nil {
			q = wire.Query{Flattened: x.service.Flattened, Namespace: x.service.Namespace}
		}
		x.write(e.Status, "text/xml", q.AppendXMLError(nil, e, x.id))
	case awsapi.REST:
		h.Set("X-Amzn-Errortype", e.Code)
		x.write(e.Status, "application/json", errorBody(e, ""))
	case awsapi.CBOR:
		x.writeErrorCBOR(e)
	default:
		x.write(e.Status, x.jsonType(), errorBody(e, x.typeName(e)))
	}
}

func (x *exchange) writeErrorCBOR(e *awsapi.Error) {
	x.w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	body, err := x.g.cbor.Encode(errorMembers(e, x.typeName(e)))
	if err != nil {
		x.g.opts.Logger.Error("cannot encode an error", "error", err)
	}
	x.write(e.Status, "application/cbor", body)
}

// typeName returns the error's __type.
func (x *exchange) typeName(e *awsapi.Error) string {
	switch {
	case e.Namespace != "":
		return e.Namespace + "#" + e.Code
	case x.service != nil && x.service.ErrorNamespace != "":
		return x.service.ErrorNamespace + "#" + e.Code
	}
	return e.Code
}

// errorMembers returns the members of an error in JSON and CBOR.
func errorMembers(e *awsapi.Error, typeName string) map[string]string {
	m := map[string]string{}
	maps.Copy(m, e.Members)
	if typeName != "" {
		m["__type"] = typeName
	}
	if e.CapitalMessage {
		m["Message"] = e.Message
	} else {
		m["message"] = e.Message
	}
	return m
}

func errorBody(e *awsapi.Error, typeName string) []byte {
	body, err := wire.AppendJSON(nil, errorMembers(e, typeName))
	if err != nil { // cannot happen: all members are strings
		body, _ = json.Marshal(e.Code)
	}
	return body
}
