moved {
  from = aws_sqs_queue.this["source"]
  to   = module.queue["source"].aws_sqs_queue.this
}

moved {
  from = aws_sqs_queue.this["dlq"]
  to   = module.queue["dlq"].aws_sqs_queue.this
}
