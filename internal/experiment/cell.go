package experiment

// Cell holds the results of all runs with the same settings. Shares are 0 to 1,
// times are seconds of service time.
type Cell struct {
	// Study names the study that the cell belongs to.
	Study string `json:"study"`
	// Settings are the settings of the runs.
	Settings
	// Seeds is the number of runs.
	Seeds int `json:"seeds"`
	// Good and Bad are the numbers of messages of each kind, over all runs.
	Good int `json:"good"`
	Bad  int `json:"bad"`
	// GoodDead is the number of good messages that were dead-lettered.
	GoodDead int `json:"good_dead_lettered"`
	// Share is their share of the good messages, Low and High its 95 % confidence
	// interval. All three are 0 if there was no good message.
	Share float64 `json:"good_dead_lettered_share"`
	Low   float64 `json:"good_dead_lettered_low"`
	High  float64 `json:"good_dead_lettered_high"`
	// Lost is the number of accepted messages that were neither processed nor are
	// in any queue.
	Lost int `json:"lost"`
	// Repeated is the share of the good messages that were processed more than
	// once.
	Repeated float64 `json:"good_repeated_share"`
	// Receives, Invocations and Requests are means per message sent: receives from
	// any queue, invocations of the consumer and the retry functions, and billed
	// requests to SQS.
	Receives    float64 `json:"receives_per_message"`
	Invocations float64 `json:"invocations_per_message"`
	Requests    float64 `json:"requests_per_message"`
	// BatchMean is the mean number of messages of an invocation of the consumer.
	BatchMean float64 `json:"mean_batch"`
	// BadDead is the time from the send of a bad message to its arrival in the
	// dead-letter queue, GoodDone the time from the send of a good one until it
	// was processed and deleted.
	BadDead  Quantiles `json:"bad_dead_lettered_seconds"`
	GoodDone Quantiles `json:"good_done_seconds"`
	// Wasted is the mean number of wasted receives per good message, by cause.
	Wasted Wasted `json:"wasted_receives_per_good_message"`
	// Cost is the estimated price of a million messages.
	Cost Cost `json:"cost_per_million"`
}

// Quantiles are two points of a distribution, in seconds.
type Quantiles struct {
	// N is the number of measurements. If it is 0, so are the others.
	N int `json:"n"`
	// P50 is the median, P99 the 99th percentile.
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// Wasted is the number of wasted receives by cause: receives of a good message
// after which it was not deleted, but became visible again.
type Wasted struct {
	// BatchFailed: another message of the batch failed, and the batch with it.
	BatchFailed float64 `json:"neighbour"`
	// Throttled: the function was throttled until the visibility timeout ended.
	Throttled float64 `json:"throttled"`
	// VisibilityExpired: the visibility timeout ended during the invocation.
	VisibilityExpired float64 `json:"overtaken"`
}

// Cost is an estimate in US dollars.
type Cost struct {
	// SQS is the cost of requests, Lambda that of invocations and their duration.
	SQS    float64 `json:"sqs"`
	Lambda float64 `json:"lambda"`
	// Total is the sum of both.
	Total float64 `json:"total"`
}
