// Package order is what travels through the queues: an order as the body of a
// message, and the attributes beside it.
package order

import (
	"time"
)

// Names of the attributes that a message carries.
const (
	// Project (String) is whose messages these are.
	Project = "project"
	// SentAt (Number) is when the message was sent, in unix seconds.
	SentAt = "ts"
	// StoreID (Number, 1 to 5) is the store that the order is for. A message
	// without it is a bad one: the consumer cannot process it.
	StoreID = "store_id"
	// Bad (String, "True") stands on a bad message in place of StoreID.
	Bad = "bad_msg"
	// ReplayCount (Number) is how often the retry functions have sent the
	// message back to the source queue.
	ReplayCount = "sqs-dlq-replay-cnt"
	// OriginID (String) is the message id that the producer was given, kept
	// through all replays, each of which has an id of its own.
	OriginID = "origin_message_id"
	// FailUntilReplay (Number) makes the consumer fail the message until it has
	// been replayed so often. It stands on no message of the producer: it is
	// there to rehearse a fault that heals, on any deployment.
	FailUntilReplay = "fail_until_replay"
)

// Stores is how many stores there are; they are numbered from 1.
const Stores = 5

// Order is the body of a message.
type Order struct {
	// OrderID is a UUID.
	OrderID string `json:"order_id"`
	// CustomerID is who ordered: "cust-" and five digits.
	CustomerID string `json:"customer_id"`
	// SKU is what was ordered.
	SKU string `json:"sku"`
	// Quantity is how many, 1 to 9.
	Quantity int `json:"quantity"`
	// Amount is what they cost together, with two decimals.
	Amount float64 `json:"amount"`
	// PlacedAt is when, in whole seconds, UTC.
	PlacedAt time.Time `json:"placed_at"`
}

// Draft is an order that was made and not sent yet.
type Draft struct {
	// Order is the body.
	Order Order
	// Store is 1 to Stores, or 0 on a bad order, which names none.
	Store int
}

// IsBad tells whether the consumer will fail it.
func (d Draft) IsBad() bool { return d.Store == 0 }
