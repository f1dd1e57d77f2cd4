package control

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
)

// LocalStack lets an SQS client take the path as its endpoint: ReceiveMessage then
// looks into the queue. Such a client speaks AWS JSON or Query.

// errOnlyReceive refuses every other operation.
var errOnlyReceive = &fault{Code: "InvalidRequest", Message: "This endpoint only accepts ReceiveMessage calls", status: http.StatusBadRequest}

// localStackReceive answers a client's ReceiveMessage.
func (h *Handler) localStackReceive(w http.ResponseWriter, r *http.Request) {
	target := r.Header.Get("X-Amz-Target")
	if target == "" {
		h.localStackMessages(w, r)
		return
	}
	out, err := h.receiveJSON(r, target)
	if err != nil {
		f := localStackFault(err)
		h.writeType(w, f.status, "application/x-amz-json-1.0", map[string]string{"__type": f.Code, "message": f.Message})
		return
	}
	h.writeType(w, http.StatusOK, "application/x-amz-json-1.0", out)
}

// jsonMessage is a message in AWS JSON.
type jsonMessage struct {
	MessageID         string `json:"MessageId"`
	ReceiptHandle     string
	MD5OfBody         string
	Body              string
	Attributes        map[string]string
	MessageAttributes map[string]attributeValue `json:",omitempty"`
}

func (h *Handler) receiveJSON(r *http.Request, target string) (any, error) {
	if !strings.HasSuffix(target, ".ReceiveMessage") {
		return nil, errOnlyReceive
	}
	var in struct{ QueueURL string } // the rest of ReceiveMessage means nothing here
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, badRequest("read the body: %v", err)
	}
	r.Form = url.Values{"QueueUrl": {in.QueueURL}}
	found, err := h.peek(r)
	if err != nil {
		return nil, err
	}
	messages := make([]jsonMessage, len(found.Messages))
	for i, m := range found.Messages {
		messages[i] = jsonMessage{m.MessageID, m.ReceiptHandle, m.MD5OfBody, m.Body, map[string]string{}, map[string]attributeValue{}}
		for _, a := range m.Attribute {
			messages[i].Attributes[a.Name] = a.Value
		}
		for _, a := range m.MessageAttribute {
			messages[i].MessageAttributes[a.Name] = a.Value
		}
	}
	return map[string]any{"Messages": messages}, nil
}

// localStackFault gives an error LocalStack's code and status.
func localStackFault(err error) *fault {
	var f *fault
	switch {
	case !errors.As(err, &f):
		return &fault{Code: "InternalError", Message: err.Error(), status: http.StatusInternalServerError}
	case f.Code == "NotFound":
		return &fault{Code: "AWS.SimpleQueueService.NonExistentQueue", Message: f.Message, status: http.StatusBadRequest}
	case f.Code == "BadRequest":
		return &fault{Code: "InvalidAddress", Message: f.Message, status: http.StatusNotFound}
	}
	return f
}

// errorResponse is an error of the Query protocol.
type errorResponse struct {
	XMLName xml.Name `xml:"http://queue.amazonaws.com/doc/2012-11-05/ ErrorResponse" json:"-"`
	Error   struct {
		Type, Code, Message string
	}
}

// failLocalStack answers an error in the form of LocalStack's answers.
func (h *Handler) failLocalStack(w http.ResponseWriter, r *http.Request, err error) {
	f := localStackFault(err)
	out := &errorResponse{}
	out.Error.Type, out.Error.Code, out.Error.Message = "Sender", f.Code, f.Message
	if strings.Contains(r.Header.Get("Accept"), "json") {
		h.write(w, f.status, map[string]any{"ErrorResponse": out})
		return
	}
	h.writeXML(w, f.status, out)
}

func (h *Handler) writeXML(w http.ResponseWriter, status int, v any) {
	b, err := xml.MarshalIndent(v, "", "  ")
	if err != nil {
		h.opts.Logger.Error("encode control answer", slog.Any("error", err))
		status, b = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	if _, err := w.Write(append([]byte(xml.Header), b...)); err != nil {
		h.opts.Logger.Debug("write control answer", slog.Any("error", err))
	}
}
