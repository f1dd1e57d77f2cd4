package control

import (
	"encoding/base64"
	"encoding/xml"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// receiveMessageResponse is a ReceiveMessage response of the Query protocol, as
// LocalStack returns it for the messages of a queue.
type receiveMessageResponse struct {
	XMLName  xml.Name          `xml:"http://queue.amazonaws.com/doc/2012-11-05/ ReceiveMessageResponse" json:"-"`
	Messages []receivedMessage `xml:"ReceiveMessageResult>Message" json:"-"`
	Result   any               `xml:"-" json:"ReceiveMessageResult"`
	Metadata map[string]string `xml:"-" json:"ResponseMetadata"`
}

// result returns the messages in the JSON form that LocalStack derives from the XML:
// null for none, an object for one, a list for more.
func result(messages []receivedMessage) any {
	switch len(messages) {
	case 0:
		return nil
	case 1:
		return map[string]any{"Message": messages[0]}
	}
	return map[string]any{"Message": messages}
}

type receivedMessage struct {
	MessageID        string           `xml:"MessageId" json:"MessageId"`
	ReceiptHandle    string           `xml:"ReceiptHandle" json:"ReceiptHandle"`
	MD5OfBody        string           `xml:"MD5OfBody" json:"MD5OfBody"`
	Body             string           `xml:"Body" json:"Body"`
	Attribute        []nameValue      `xml:"Attribute" json:"Attribute"`
	MessageAttribute []namedAttribute `xml:"MessageAttribute" json:"MessageAttribute,omitempty"`
}

type nameValue struct {
	Name  string `xml:"Name" json:"Name"`
	Value string `xml:"Value" json:"Value"`
}

type namedAttribute struct {
	Name  string         `xml:"Name" json:"Name"`
	Value attributeValue `xml:"Value" json:"Value"`
}

type attributeValue struct {
	DataType    string `xml:"DataType" json:"DataType"`
	StringValue string `xml:"StringValue,omitempty" json:"StringValue,omitempty"`
	BinaryValue string `xml:"BinaryValue,omitempty" json:"BinaryValue,omitempty"`
}

// placeholder is the receipt handle that LocalStack writes for messages that were
// not received.
const placeholder = "SQS/BACKDOOR/ACCESS"

// localStackMessages writes a queue's messages: the visible ones, and others if they
// are requested; as XML, or as JSON for a client that accepts it.
func (h *Handler) localStackMessages(w http.ResponseWriter, r *http.Request) {
	err := r.ParseForm()
	if err != nil {
		err = badRequest("cannot read the parameters: %v", err)
	}
	if action := r.Form.Get("Action"); err == nil && action != "" && action != "ReceiveMessage" {
		err = errOnlyReceive
	}

	var out *receiveMessageResponse
	if err == nil {
		out, err = h.peek(r)
	}
	if err != nil {
		h.failLocalStack(w, r, err)
		return
	}

	if strings.Contains(r.Header.Get("Accept"), "json") {
		h.write(w, http.StatusOK, map[string]any{"ReceiveMessageResponse": out})
		return
	}

	h.writeXML(w, http.StatusOK, out)
}

// peek returns the messages of the queue that the path or the form names.
func (h *Handler) peek(r *http.Request) (*receiveMessageResponse, error) {
	at := scope{r.PathValue("account"), r.PathValue("region")}
	name := r.PathValue("queue")
	err := at.check()
	// Without a queue in the path, at is empty and valid.
	if name == "" {
		at, name, err = h.parseQueueURL(r.Form.Get("QueueUrl"))
	}
	if err != nil {
		return nil, err
	}

	messages, err := h.opts.Peek(at.account, at.region, name)
	if err != nil {
		return nil, notFound("%v", err)
	}

	// Messages in other states than visible are shown if they are requested, and all
	// messages then have an attribute for that state.
	shown := map[string]bool{"visible": true}
	marked := map[string]bool{}
	for parameter, state := range map[string]string{"ShowInvisible": "inFlight", "ShowDelayed": "delayed"} {
		text := r.Form.Get(parameter)
		yes, err := strconv.ParseBool(text)
		if err != nil && text != "" {
			return nil, badRequest("%s: %q is neither true nor false", parameter, text)
		}
		shown[state] = yes
		marked[state] = yes
	}

	out := &receiveMessageResponse{Metadata: map[string]string{}}
	for _, m := range messages {
		if shown[m.State] {
			out.Messages = append(out.Messages, m.received(marked))
		}
	}

	out.Result = result(out.Messages)
	return out, nil
}

// received returns the message in LocalStack's form. For each marked state it has an
// attribute that shows whether it is in that state.
func (m *Message) received(marked map[string]bool) receivedMessage {
	out := receivedMessage{
		MessageID:     m.MessageID,
		ReceiptHandle: placeholder,
		MD5OfBody:     m.MD5OfBody,
		Body:          m.Body,
	}

	for _, name := range slices.Sorted(maps.Keys(m.System)) {
		out.Attribute = append(out.Attribute, nameValue{name, m.System[name]})
	}

	if marked["inFlight"] {
		out.Attribute = append(out.Attribute, nameValue{"IsVisible", strconv.FormatBool(m.State != "inFlight")})
	}
	if marked["delayed"] {
		out.Attribute = append(out.Attribute, nameValue{"IsDelayed", strconv.FormatBool(m.State == "delayed")})
	}

	for _, name := range slices.Sorted(maps.Keys(m.Attributes)) {
		a := m.Attributes[name]
		out.MessageAttribute = append(out.MessageAttribute, namedAttribute{name, attributeValue{
			DataType:    a.DataType,
			StringValue: a.StringValue,
			BinaryValue: base64.StdEncoding.EncodeToString(a.BinaryValue),
		}})
	}

	return out
}

// parseQueueURL returns the scope and name in a queue URL. Its forms are
// http://HOST/ACCOUNT/NAME and http://HOST/queue/REGION/ACCOUNT/NAME, and a host
// that begins with sqs.REGION or REGION.queue contains the region too.
func (h *Handler) parseQueueURL(text string) (scope, string, error) {
	at := scope{h.opts.Account, h.opts.Region}
	if text == "" {
		return at, "", notFound("QueueUrl is missing")
	}

	u, err := url.Parse(text)
	if err != nil {
		return at, "", badRequest("QueueUrl: %q is not a URL", text)
	}

	// The region is in the path or in the host.
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	host := strings.Split(u.Hostname(), ".")
	switch {
	case len(parts) == 4 && parts[0] == "queue":
		at.region = parts[1]
		parts = parts[2:]
	case len(host) > 2 && host[0] == "sqs" && regionName.MatchString(host[1]):
		at.region = host[1]
	case len(host) > 2 && host[1] == "queue" && regionName.MatchString(host[0]):
		at.region = host[0]
	}

	if len(parts) != 2 || parts[1] == "" {
		return at, "", badRequest("QueueUrl: %q does not end with an account and a name", text)
	}

	at.account = parts[0]
	return at, parts[1], at.check()
}
