# Earlier versions created the retry queues in the module queue-chain and their mappings in separate modules; both are now
# in the module retry-level. A moved block has no for_each, so there is one for each of the ten possible levels.

moved {
  from = module.queues.aws_sqs_queue.this["retry_1"]
  to   = module.retry["retry_1"].module.queue.aws_sqs_queue.this
}

moved {
  from = module.retry_mapping["retry_1"]
  to   = module.retry["retry_1"].module.mapping
}

moved {
  from = module.queues.aws_sqs_queue.this["retry_2"]
  to   = module.retry["retry_2"].module.queue.aws_sqs_queue.this
}

moved {
  from = module.retry_mapping["retry_2"]
  to   = module.retry["retry_2"].module.mapping
}

moved {
  from = module.queues.aws_sqs_queue.this["retry_3"]
  to   = module.retry["retry_3"].module.queue.aws_sqs_queue.this
}

moved {
  from = module.retry_mapping["retry_3"]
  to   = module.retry["retry_3"].module.mapping
}

moved {
  from = module.queues.aws_sqs_queue.this["retry_4"]
  to   = module.retry["retry_4"].module.queue.aws_sqs_queue.this
}

moved {
  from = module.retry_mapping["retry_4"]
  to   = module.retry["retry_4"].module.mapping
}

moved {
  from = module.queues.aws_sqs_queue.this["retry_5"]
  to   = module.retry["retry_5"].module.queue.aws_sqs_queue.this
}

moved {
  from = module.retry_mapping["retry_5"]
  to   = module.retry["retry_5"].module.mapping
}

moved {
  from = module.queues.aws_sqs_queue.this["retry_6"]
  to   = module.retry["retry_6"].module.queue.aws_sqs_queue.this
}

moved {
  from = module.retry_mapping["retry_6"]
  to   = module.retry["retry_6"].module.mapping
}

moved {
  from = module.queues.aws_sqs_queue.this["retry_7"]
  to   = module.retry["retry_7"].module.queue.aws_sqs_queue.this
}

moved {
  from = module.retry_mapping["retry_7"]
  to   = module.retry["retry_7"].module.mapping
}

moved {
  from = module.queues.aws_sqs_queue.this["retry_8"]
  to   = module.retry["retry_8"].module.queue.aws_sqs_queue.this
}

moved {
  from = module.retry_mapping["retry_8"]
  to   = module.retry["retry_8"].module.mapping
}

moved {
  from = module.queues.aws_sqs_queue.this["retry_9"]
  to   = module.retry["retry_9"].module.queue.aws_sqs_queue.this
}

moved {
  from = module.retry_mapping["retry_9"]
  to   = module.retry["retry_9"].module.mapping
}

moved {
  from = module.queues.aws_sqs_queue.this["retry_10"]
  to   = module.retry["retry_10"].module.queue.aws_sqs_queue.this
}

moved {
  from = module.retry_mapping["retry_10"]
  to   = module.retry["retry_10"].module.mapping
}
