# A function that reads one queue. The package here is a shell script; yours is a Go binary named bootstrap.

provider "aws" {}

module "hello" {
  source = "../.."

  name            = "hello"
  zip_file        = "${path.module}/hello.zip"
  timeout_seconds = 5
  environment     = { GREETING = "hello" }
  policy_statements = [{
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    resources = ["arn:aws:sqs:us-east-1:123456789012:greetings"]
  }]
}

output "function" {
  description = "Name of the function."
  value       = module.hello.name
}
