package experiment

// Cell is what became of the messages of all runs under one set of settings.
// Shares are 0 to 1, times are in seconds of service time.
type Cell struct {
	// Study names the study that the cell belongs to.
	Study string `json:"study"`
	// Settings are what was tried.
	Settings
	// Seeds is how many runs there were.
	Seeds int `json:"seeds"`
	// Good and Bad are how many messages of each kind were sent in all runs.
	Good int `json:"good"`
	Bad  int `json:"bad"`
	// GoodDead is how many good messages ended in the dead-letter queue.
	GoodDead int `json:"good_dead_lettered"`
	// Share is their share of the good ones, which lies between Low and High with
	// 95 % confidence. With no good message all three are 0.
	Share float64 `json:"good_dead_lettered_share"`
	Low   float64 `json:"good_dead_lettered_low"`
	High  float64 `json:"good_dead_lettered_high"`
	// Lost is how many accepted messages were neither processed nor are in a queue.
	Lost int `json:"lost"`
	// Repeated is the share of the good messages that were processed more than
	// once.
	Repeated float64 `json:"good_repeated_share"`
	// Receives, Invocations and Requests count per message sent: receives of any
	// queue, invocations of the consumer and the retry functions, and requests to
	// SQS as they are billed.
	Receives    float64 `json:"receives_per_message"`
	Invocations float64 `json:"invocations_per_message"`
	Requests    float64 `json:"requests_per_message"`
	// BatchMean is how many messages an invocation of the consumer had on average.
	BatchMean float64 `json:"mean_batch"`
	// BadDead is how long after it was sent a bad message rested in the
	// dead-letter queue; GoodDone how long after it was sent a good one was
	// processed and deleted.
	BadDead  Quantiles `json:"bad_dead_lettered_seconds"`
	GoodDone Quantiles `json:"good_done_seconds"`
	// Wasted says why good messages were received and not deleted, per good
	// message.
	Wasted Wasted `json:"wasted_receives_per_good_message"`
	// Cost is the estimated price of a million messages.
	Cost Cost `json:"cost_per_million"`
}

// Quantiles are two points of a distribution, in seconds.
type Quantiles struct {
	// N is how many measurements there were. Without any the others are 0.
	N int `json:"n"`
	// P50 is the median, P99 the 99th percentile.
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// Wasted counts receives of good messages that led to nothing, by cause.
type Wasted struct {
	// Neighbour: another message of the batch failed, and the batch with it.
	Neighbour float64 `json:"neighbour"`
	// Throttled: the function had no concurrency left before the visibility
	// timeout ended.
	Throttled float64 `json:"throttled"`
	// Overtaken: the visibility timeout ended while the function was at work.
	Overtaken float64 `json:"overtaken"`
}

// Cost is an estimate in the currency of the prices.
type Cost struct {
	// SQS is for requests, Lambda for invocations and their time.
	SQS    float64 `json:"sqs"`
	Lambda float64 `json:"lambda"`
	// Total is both.
	Total float64 `json:"total"`
}
