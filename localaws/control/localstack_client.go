package control

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// LocalStack's path for messages can be the endpoint of an SQS client, whose
// ReceiveMessage then returns messages without receiving them. Such a client uses AWS
// JSON or Query.

// errOnlyReceive refuses every other operation.
var errOnlyReceive = &Error{
	Code:    "InvalidRequest",
	Message: "This endpoint only accepts ReceiveMessage calls",
	Status:  http.StatusBadRequest,
}

// localStackReceive serves a client's ReceiveMessage.
func (h *Handler) localStackReceive(w http.ResponseWriter, r *http.Request) {
	target := r.Header.Get("X-Amz-Target")
	// Without the header, the request is one of the Query protocol.
	if target == "" {
		h.localStackMessages(w, r)
		return
	}

	out, err := h.receiveJSON(r, target)
	if err != nil {
		e := localStackError(err)
		h.writeType(w, e.Status, "application/x-amz-json-1.0", map[string]string{"__type": e.Code, "message": e.Message})
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

	var in struct{ QueueURL string } // other members of ReceiveMessage have no meaning here
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, badRequest("cannot read the body: %v", err)
	}

	// peek reads the form, which a JSON request does not have.
	r.Form = url.Values{"QueueUrl": {in.QueueURL}}
	found, err := h.peek(r)
	if err != nil {
		return nil, err
	}

	messages := make([]jsonMessage, len(found.Messages))
	for i, m := range found.Messages {
		messages[i] = jsonMessage{
			MessageID:         m.MessageID,
			ReceiptHandle:     m.ReceiptHandle,
			MD5OfBody:         m.MD5OfBody,
			Body:              m.Body,
			Attributes:        map[string]string{},
			MessageAttributes: map[string]attributeValue{},
		}
		for _, a := range m.Attribute {
			messages[i].Attributes[a.Name] = a.Value
		}
		for _, a := range m.MessageAttribute {
			messages[i].MessageAttributes[a.Name] = a.Value
		}
	}

	return map[string]any{"Messages": messages}, nil
}

// localStackError returns an error with LocalStack's code and status.
func localStackError(err error) *Error {
	var e *Error
	switch {
	case !errors.As(err, &e):
		return &Error{
			Code:    "InternalError",
			Message: err.Error(),
			Status:  http.StatusInternalServerError,
		}
	case e.Code == "NotFound":
		return &Error{
			Code:    "AWS.SimpleQueueService.NonExistentQueue",
			Message: e.Message,
			Status:  http.StatusBadRequest,
		}
	case e.Code == "BadRequest":
		return &Error{
			Code:    "InvalidAddress",
			Message: e.Message,
			Status:  http.StatusNotFound,
		}
	}

	return e
}

// errorResponse is an error of the Query protocol.
type errorResponse struct {
	XMLName xml.Name `xml:"http://queue.amazonaws.com/doc/2012-11-05/ ErrorResponse" json:"-"`
	Error   struct {
		Type, Code, Message string
	}
}

// failLocalStack writes an error response in LocalStack's form.
func (h *Handler) failLocalStack(w http.ResponseWriter, r *http.Request, err error) {
	e := localStackError(err)
	out := &errorResponse{}
	out.Error.Type = "Sender"
	out.Error.Code = e.Code
	out.Error.Message = e.Message
	if strings.Contains(r.Header.Get("Accept"), "json") {
		h.write(w, e.Status, map[string]any{"ErrorResponse": out})
		return
	}

	h.writeXML(w, e.Status, out)
}

func (h *Handler) writeXML(w http.ResponseWriter, status int, v any) {
	b, err := xml.MarshalIndent(v, "", "  ")
	if err != nil {
		h.opts.Logger.Error("cannot encode control response", "error", err)
		status = http.StatusInternalServerError
		b = nil
	}

	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	if _, err := w.Write(append([]byte(xml.Header), b...)); err != nil {
		h.opts.Logger.Debug("cannot write control response", "error", err)
	}
}
