// Package order defines the messages of the flow: an order as the body, and the
// message attributes.
package order

import (
	"time"
)

// Names of message attributes.
const (
	// Project (String) is the project that the message belongs to.
	Project = "project"
	// SentAt (Number) is when the message was sent, in Unix seconds.
	SentAt = "ts"
	// StoreID (Number, 1 to 5) is the store that the order is for. A message
	// without it is a bad one: the consumer cannot process it.
	StoreID = "store_id"
	// Bad (String, "True") is on a bad message instead of StoreID.
	Bad = "bad_msg"
	// ReplayCount (Number) is how often the retry functions have replayed the
	// message.
	ReplayCount = "sqs-dlq-replay-cnt"
	// OriginID (String) is the message id from the first send. All replays keep it;
	// each has a message id of its own.
	OriginID = "origin_message_id"
	// FailUntilReplay (Number) makes the consumer fail the message until it has
	// been replayed this often. The producer never sets it. It serves to test, on
	// any deployment, a failure that goes away.
	FailUntilReplay = "fail_until_replay"
)

// Stores is the number of stores; they are numbered from 1.
const Stores = 5

// Order is the body of a message.
type Order struct {
	// OrderID is a UUID.
	OrderID string `json:"order_id"`
	// CustomerID is the customer: "cust-" and five digits.
	CustomerID string `json:"customer_id"`
	// SKU is the product.
	SKU string `json:"sku"`
	// Quantity is the number of items, 1 to 9.
	Quantity int `json:"quantity"`
	// Amount is the total price, with two decimals.
	Amount float64 `json:"amount"`
	// PlacedAt is when it was placed, in whole seconds, UTC.
	PlacedAt time.Time `json:"placed_at"`
}

// Draft is an order that has not been sent.
type Draft struct {
	// Order is the body.
	Order Order
	// Store is 1 to Stores, or 0 on a bad order, which names none.
	Store int
}

// IsBad reports whether the consumer will fail it.
func (d Draft) IsBad() bool { return d.Store == 0 }
