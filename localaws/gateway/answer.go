package gateway

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/gateway/wire"
)

// answer writes an operation's output.
func (x *exchange) answer(out any) error {
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
		x.answerBytes(status, "text/xml", q.AppendXML(nil, x.operation.Name, out, x.id))
		return nil
	case awsapi.REST:
		return x.answerREST(status, out)
	case awsapi.CBOR:
		return x.answerCBOR(status, out)
	default:
		return x.answerJSON(status, out)
	}
}

func (x *exchange) answerJSON(status int, out any) error {
	if out == nil { // SQS A3
		x.answerBytes(status, x.jsonType(), nil)
		return nil
	}
	buf := buffers.Get().(*[]byte)
	body, err := wire.AppendJSON((*buf)[:0], out)
	if err != nil {
		return err
	}
	x.answerBytes(status, x.jsonType(), body)
	if *buf = body; cap(body) <= keepBuffer {
		buffers.Put(buf)
	}
	return nil
}

func (x *exchange) answerREST(status int, out any) error {
	if out == nil {
		x.answerBytes(status, "application/json", nil)
		return nil
	}
	said, body, err := wire.EncodeREST(x.w.Header(), out)
	if err != nil {
		return err
	}
	if said != 0 {
		status = said
	}
	if status == http.StatusNoContent {
		body = nil
	}
	x.answerBytes(status, "application/json", body)
	return nil
}

func (x *exchange) answerCBOR(status int, out any) error {
	x.w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	if out == nil {
		x.answerBytes(status, "application/cbor", nil)
		return nil
	}
	body, err := x.g.cbor.Encode(out)
	if err != nil {
		return err
	}
	x.answerBytes(status, "application/cbor", body)
	return nil
}

// answerBytes writes the whole answer at once.
func (x *exchange) answerBytes(status int, contentType string, body []byte) {
	x.answered = true
	h := x.w.Header()
	values := [3]string{contentType, x.id, ""} // one allocation for all; the names are canonical as they stand
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
		x.w.Write(body) // a client that has gone is no concern of the operation
	}
}

// jsonType is the content type of AWS JSON answers.
func (x *exchange) jsonType() string {
	if x.service != nil && x.service.JSONVersion == "1.0" {
		return "application/x-amz-json-1.0"
	}
	return "application/x-amz-json-1.1"
}

// maxMessage is how long the text of an error may be, in bytes.
const maxMessage = 16 << 10

// fail answers that the request failed.
func (x *exchange) fail(err error) { x.failWith(x.asAnswer(err)) }

// failWith writes an error in the protocol of the request.
func (x *exchange) failWith(e *awsapi.Error) {
	if len(e.Message) > maxMessage { // it repeats what the client sent
		short := *e
		short.Message = strings.ToValidUTF8(e.Message[:maxMessage], "") + "..."
		e = &short
	}
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
		x.answerBytes(e.Status, "application/xml", wire.AppendS3Error(nil, e, x.id))
		return
	}
	switch x.protocol {
	case awsapi.Query:
		q := wire.Query{}
		if x.service != nil {
			q = wire.Query{Flattened: x.service.Flattened, Namespace: x.service.Namespace}
		}
		x.answerBytes(e.Status, "text/xml", q.AppendXMLError(nil, e, x.id))
	case awsapi.REST:
		h.Set("X-Amzn-Errortype", e.Code)
		x.answerBytes(e.Status, "application/json", errorBody(e, ""))
	case awsapi.CBOR:
		x.failCBOR(e)
	default:
		x.answerBytes(e.Status, x.jsonType(), errorBody(e, x.typeName(e)))
	}
}

func (x *exchange) failCBOR(e *awsapi.Error) {
	x.w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	body, err := x.g.cbor.Encode(errorMembers(e, x.typeName(e)))
	if err != nil {
		x.g.opts.Logger.Error("encode an error", "error", err)
	}
	x.answerBytes(e.Status, "application/cbor", body)
}

// typeName is the error's __type.
func (x *exchange) typeName(e *awsapi.Error) string {
	switch {
	case e.Namespace != "":
		return e.Namespace + "#" + e.Code
	case x.service != nil && x.service.ErrorNamespace != "":
		return x.service.ErrorNamespace + "#" + e.Code
	}
	return e.Code
}

func errorMembers(e *awsapi.Error, typeName string) map[string]string {
	m := map[string]string{}
	for k, v := range e.Members {
		m[k] = v
	}
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
	if err != nil { // strings alone: cannot be
		body, _ = json.Marshal(e.Code)
	}
	return body
}
