terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {} # region, keys and endpoint come from the environment

variable "runtime" {
  description = "python3.13 on AWS, which has its own bootstrap."
  default     = "provided.al2023"
}

resource "aws_sqs_queue" "dead" {
  name                      = "orders_dead"
  message_retention_seconds = 1209600
}

resource "aws_sqs_queue" "orders" {
  name                       = "orders"
  visibility_timeout_seconds = 3600
  redrive_policy             = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 5 })
}

resource "aws_iam_role" "consumer" {
  name = "orders_consumer"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "consumer" {
  role = aws_iam_role.consumer.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], Resource = aws_sqs_queue.orders.arn },
      { Effect = "Allow", Action = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], Resource = "*" },
    ]
  })
}

resource "aws_lambda_function" "consumer" {
  function_name    = "orders_consumer"
  role             = aws_iam_role.consumer.arn
  runtime          = var.runtime
  handler          = "consumer.handler"
  filename         = "function.zip"
  source_code_hash = filebase64sha256("function.zip")
  timeout          = 10
}

resource "aws_lambda_event_source_mapping" "orders" {
  event_source_arn        = aws_sqs_queue.orders.arn
  function_name           = aws_lambda_function.consumer.arn
  batch_size              = 5
  function_response_types = ["ReportBatchItemFailures"]
  depends_on              = [aws_iam_role_policy.consumer]
}

output "queue_url" {
  value = aws_sqs_queue.orders.url
}

output "dead_letter_url" {
  value = aws_sqs_queue.dead.url
}
