package sqs

// UnmarshalAWSJSON reads the input from an AWS JSON 1.0 body.
func (in *SendMessageInput) UnmarshalAWSJSON(body []byte) error {
	r := &jsonReader{b: body, operation: "SendMessage"}
	return r.document(func(name []byte) error {
		switch string(name) {
		case "QueueUrl":
			return r.string(&in.QueueURL)
		case "MessageBody":
			return r.string(&in.MessageBody)
		case "DelaySeconds":
			return r.number(&in.DelaySeconds)
		case "MessageAttributes":
			return r.attributes(&in.MessageAttributes)
		case "MessageSystemAttributes":
			return r.attributes(&in.MessageSystemAttributes)
		case "MessageDeduplicationId":
			return r.text(&in.MessageDeduplicationID)
		case "MessageGroupId":
			return r.text(&in.MessageGroupID)
		}
		return r.unknown(name)
	})
}

// UnmarshalAWSJSON reads the input from an AWS JSON 1.0 body.
func (in *SendMessageBatchInput) UnmarshalAWSJSON(body []byte) error {
	r := &jsonReader{b: body, operation: "SendMessageBatch"}
	return r.document(func(name []byte) error {
		switch string(name) {
		case "QueueUrl":
			return r.string(&in.QueueURL)
		case "Entries":
			return entries(r, &in.Entries, (*SendMessageBatchRequestEntry).read)
		}
		return r.unknown(name)
	})
}

func (e *SendMessageBatchRequestEntry) read(r *jsonReader, name []byte) error {
	switch string(name) {
	case "Id":
		return r.string(&e.ID)
	case "MessageBody":
		return r.string(&e.MessageBody)
	case "DelaySeconds":
		return r.number(&e.DelaySeconds)
	case "MessageAttributes":
		return r.attributes(&e.MessageAttributes)
	case "MessageSystemAttributes":
		return r.attributes(&e.MessageSystemAttributes)
	case "MessageDeduplicationId":
		return r.text(&e.MessageDeduplicationID)
	case "MessageGroupId":
		return r.text(&e.MessageGroupID)
	}
	return r.unknown(name)
}

// UnmarshalAWSJSON reads the input from an AWS JSON 1.0 body.
func (in *ReceiveMessageInput) UnmarshalAWSJSON(body []byte) error {
	r := &jsonReader{b: body, operation: "ReceiveMessage"}
	return r.document(func(name []byte) error {
		switch string(name) {
		case "QueueUrl":
			return r.string(&in.QueueURL)
		case "AttributeNames":
			return r.strings(&in.AttributeNames)
		case "MessageSystemAttributeNames":
			return r.strings(&in.MessageSystemAttributeNames)
		case "MessageAttributeNames":
			return r.strings(&in.MessageAttributeNames)
		case "MaxNumberOfMessages":
			return r.number(&in.MaxNumberOfMessages)
		case "VisibilityTimeout":
			return r.number(&in.VisibilityTimeout)
		case "WaitTimeSeconds":
			return r.number(&in.WaitTimeSeconds)
		case "ReceiveRequestAttemptId":
			return r.text(&in.ReceiveRequestAttemptID)
		}
		return r.unknown(name)
	})
}

// UnmarshalAWSJSON reads the input from an AWS JSON 1.0 body.
func (in *DeleteMessageInput) UnmarshalAWSJSON(body []byte) error {
	r := &jsonReader{b: body, operation: "DeleteMessage"}
	return r.document(func(name []byte) error {
		switch string(name) {
		case "QueueUrl":
			return r.string(&in.QueueURL)
		case "ReceiptHandle":
			return r.string(&in.ReceiptHandle)
		}
		return r.unknown(name)
	})
}

// UnmarshalAWSJSON reads the input from an AWS JSON 1.0 body.
func (in *DeleteMessageBatchInput) UnmarshalAWSJSON(body []byte) error {
	r := &jsonReader{b: body, operation: "DeleteMessageBatch"}
	return r.document(func(name []byte) error {
		switch string(name) {
		case "QueueUrl":
			return r.string(&in.QueueURL)
		case "Entries":
			return entries(r, &in.Entries, (*DeleteMessageBatchRequestEntry).read)
		}
		return r.unknown(name)
	})
}

func (e *DeleteMessageBatchRequestEntry) read(r *jsonReader, name []byte) error {
	switch string(name) {
	case "Id":
		return r.string(&e.ID)
	case "ReceiptHandle":
		return r.string(&e.ReceiptHandle)
	}
	return r.unknown(name)
}

// UnmarshalAWSJSON reads the input from an AWS JSON 1.0 body.
func (in *ChangeMessageVisibilityInput) UnmarshalAWSJSON(body []byte) error {
	r := &jsonReader{b: body, operation: "ChangeMessageVisibility"}
	return r.document(func(name []byte) error {
		switch string(name) {
		case "QueueUrl":
			return r.string(&in.QueueURL)
		case "ReceiptHandle":
			return r.string(&in.ReceiptHandle)
		case "VisibilityTimeout":
			return r.number(&in.VisibilityTimeout)
		}
		return r.unknown(name)
	})
}

// UnmarshalAWSJSON reads the input from an AWS JSON 1.0 body.
func (in *ChangeMessageVisibilityBatchInput) UnmarshalAWSJSON(body []byte) error {
	r := &jsonReader{b: body, operation: "ChangeMessageVisibilityBatch"}
	return r.document(func(name []byte) error {
		switch string(name) {
		case "QueueUrl":
			return r.string(&in.QueueURL)
		case "Entries":
			return entries(r, &in.Entries, (*ChangeMessageVisibilityBatchRequestEntry).read)
		}
		return r.unknown(name)
	})
}

func (e *ChangeMessageVisibilityBatchRequestEntry) read(r *jsonReader, name []byte) error {
	switch string(name) {
	case "Id":
		return r.string(&e.ID)
	case "ReceiptHandle":
		return r.string(&e.ReceiptHandle)
	case "VisibilityTimeout":
		return r.number(&e.VisibilityTimeout)
	}
	return r.unknown(name)
}

// entries reads the entries of a batch.
func entries[E any](r *jsonReader, into *[]E, read func(*E, *jsonReader, []byte) error) error {
	*into = nil
	var all []E
	err := r.list(func() error {
		if all == nil {
			all = make([]E, 0, maxEntries)
		}
		var none E
		all = append(all, none)
		e := &all[len(all)-1]
		return r.object(func(name []byte) error { return read(e, r, name) })
	})
	*into = all
	return err
}

// attributes reads message attributes by name.
func (r *jsonReader) attributes(into *map[string]MessageAttributeValue) error {
	if r.null() {
		return nil
	}
	*into = map[string]MessageAttributeValue{}
	return r.object(func(name []byte) error {
		var v MessageAttributeValue
		err := r.object(func(member []byte) error { return v.read(r, member) })
		(*into)[string(name)] = v
		return err
	})
}

func (v *MessageAttributeValue) read(r *jsonReader, name []byte) error {
	switch string(name) {
	case "DataType":
		return r.string(&v.DataType)
	case "StringValue":
		return r.text(&v.StringValue)
	case "BinaryValue":
		return r.binary(&v.BinaryValue)
	case "StringListValues":
		return r.strings(&v.StringListValues)
	case "BinaryListValues":
		return r.list(func() error {
			var b []byte
			err := r.binary(&b)
			v.BinaryListValues = append(v.BinaryListValues, b)
			return err
		})
	}
	return r.unknown(name)
}
