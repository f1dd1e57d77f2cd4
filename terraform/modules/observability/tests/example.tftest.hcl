# The example can be planned, and nothing in it goes against advice: a failing check would fail the run.

mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = { url = "url-of-mocked", arn = "arn:aws:sqs:eu-west-1:123456789012:mocked" }
  }
}

run "example_correct" {
  command = plan

  module {
    source = "./examples/one-queue"
  }
}
