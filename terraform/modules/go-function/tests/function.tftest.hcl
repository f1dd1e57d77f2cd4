# Plans of a function against a mocked provider: its role, its settings, what is refused.

mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/worker" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/worker" }
  }
}

variables {
  name     = "worker"
  zip_file = "examples/hello/hello.zip"
}

run "settings_correct" {
  command = apply

  variables {
    environment          = { QUEUE_NAME = "orders" }
    timeout_seconds      = 7
    memory_mb            = 256
    reserved_concurrency = 3
    architecture         = "x86_64"
  }

  assert {
    condition = (
      aws_lambda_function.this.runtime == "provided.al2023"
      && aws_lambda_function.this.handler == "bootstrap"
      && aws_lambda_function.this.architectures == tolist(["x86_64"])
      && aws_lambda_function.this.timeout == 7
      && aws_lambda_function.this.memory_size == 256
      && aws_lambda_function.this.reserved_concurrent_executions == 3
      && aws_lambda_function.this.role == aws_iam_role.this.arn
    )
    error_message = "The function is what was asked for, on provided.al2023."
  }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables == tomap({ QUEUE_NAME = "orders" })
    error_message = "The environment is handed on."
  }

  assert {
    condition     = aws_lambda_function.this.source_code_hash == filebase64sha256("examples/hello/hello.zip")
    error_message = "A changed package is a changed function."
  }
}

run "defaults_correct" {
  command = apply

  assert {
    condition     = length(aws_lambda_function.this.environment) == 0 && aws_lambda_function.this.reserved_concurrent_executions == null
    error_message = "Without wishes there is no environment and no reserved concurrency."
  }

  assert {
    condition     = length(aws_lambda_function_recursion_config.this) == 0
    error_message = "Lambda's recursive-loop guard stays as it is: on."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/lambda/worker" && aws_cloudwatch_log_group.this.retention_in_days == 14
    error_message = "The log group is the function's own and forgets."
  }

  assert {
    condition     = aws_iam_role.this.name == "worker-eu-west-1"
    error_message = "The role has the name of the function and the region: roles are global."
  }
}

run "recursion_allowed_correct" {
  command = apply

  variables {
    recursive_loop = "Allow"
  }

  assert {
    condition     = aws_lambda_function_recursion_config.this[0].recursive_loop == "Allow" && aws_lambda_function_recursion_config.this[0].function_name == "worker"
    error_message = "A function whose chains are meant may loop."
  }
}

run "least_privilege_correct" {
  command = apply

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement == [{
      Sid      = "WriteOwnLog"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/worker:*"]
    }]
    error_message = "By itself a function may write its own log and nothing else."
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Principal.Service == "lambda.amazonaws.com"
    error_message = "Only Lambda may take the role."
  }
}

run "statements_correct" {
  command = apply

  variables {
    role_name    = "somebody"
    tracing_mode = "Active"
    policy_statements = [{
      sid       = "Send"
      actions   = ["sqs:SendMessage"]
      resources = ["arn:aws:sqs:eu-west-1:123456789012:orders"]
      conditions = [
        { test = "StringEquals", variable = "aws:ResourceAccount", values = ["123456789012"] },
        { test = "StringEquals", variable = "aws:ResourceTag/team", values = ["a", "b"] },
        { test = "Bool", variable = "aws:SecureTransport", values = ["true"] },
      ]
    }]
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement[2] == {
      Sid      = "Send"
      Effect   = "Allow"
      Action   = ["sqs:SendMessage"]
      Resource = ["arn:aws:sqs:eu-west-1:123456789012:orders"]
      Condition = {
        StringEquals = { "aws:ResourceAccount" = ["123456789012"], "aws:ResourceTag/team" = ["a", "b"] }
        Bool         = { "aws:SecureTransport" = ["true"] }
      }
    }
    error_message = "Conditions of one test are joined."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.this.policy).Statement[1].Action == ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    error_message = "Active tracing brings its own permissions."
  }

  assert {
    condition     = aws_iam_role.this.name == "somebody"
    error_message = "The role takes the name it is given."
  }
}

run "missing_package_incorrect" {
  command = plan

  variables {
    zip_file = "nowhere/worker.zip"
  }

  expect_failures = [aws_lambda_function.this]
}

run "long_role_name_correct" {
  command = apply

  variables {
    name = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
  }

  assert {
    condition     = length(aws_iam_role.this.name) == 64 && startswith(aws_iam_role.this.name, "fff")
    error_message = "A role's name is cut at 64 characters, with a hash in place of what is missing."
  }
}

run "package_for_this_architecture_correct" {
  command = apply

  variables {
    zip_file     = "tests/packages/recorded.zip"
    architecture = "arm64"
  }

  assert {
    condition     = local.built_for == "arm64"
    error_message = "The record beside the package says what it was built for."
  }
}

run "package_for_another_architecture_incorrect" {
  command = plan

  variables {
    zip_file     = "tests/packages/recorded.zip"
    architecture = "x86_64"
  }

  expect_failures = [aws_lambda_function.this]
}

run "record_of_another_package_correct" {
  command = apply

  variables {
    zip_file     = "tests/packages/stale.zip"
    architecture = "x86_64"
  }

  assert {
    condition     = local.built_for == null
    error_message = "A record whose hash is not that of the zip says nothing about it."
  }
}

run "wildcard_action_incorrect" {
  command = plan

  variables {
    policy_statements = [{ actions = ["sqs:*"], resources = ["arn:aws:sqs:eu-west-1:123456789012:orders"] }]
  }

  expect_failures = [var.policy_statements]
}

run "wildcard_prefix_action_incorrect" {
  command = plan

  variables {
    policy_statements = [{ actions = ["sqs:Get*"], resources = ["arn:aws:sqs:eu-west-1:123456789012:orders"] }]
  }

  expect_failures = [var.policy_statements]
}

run "any_resource_incorrect" {
  command = plan

  variables {
    policy_statements = [{ actions = ["sqs:SendMessage"], resources = ["*"] }]
  }

  expect_failures = [var.policy_statements]
}

run "empty_statement_incorrect" {
  command = plan

  variables {
    policy_statements = [{ actions = [], resources = ["arn:aws:sqs:eu-west-1:123456789012:orders"] }]
  }

  expect_failures = [var.policy_statements]
}

run "ranges_incorrect" {
  command = plan

  variables {
    name                     = "no spaces"
    description              = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    zip_file                 = "worker.tar"
    architecture             = "arm"
    timeout_seconds          = 901
    memory_mb                = 127
    reserved_concurrency     = -1
    recursive_loop           = "Deny"
    tracing_mode             = "On"
    log_retention_days       = 2
    role_name                = "no spaces"
    permissions_boundary_arn = "boundary"
  }

  expect_failures = [
    var.name, var.description, var.zip_file, var.architecture, var.timeout_seconds, var.memory_mb, var.reserved_concurrency,
    var.recursive_loop, var.tracing_mode, var.log_retention_days, var.role_name, var.permissions_boundary_arn,
  ]
}

run "reserved_environment_incorrect" {
  command = plan

  variables {
    environment = { AWS_REGION = "eu-west-1" }
  }

  expect_failures = [var.environment]
}

run "environment_too_large_incorrect" {
  command = plan

  variables {
    environment = { TEXT = "12345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345" }
  }

  expect_failures = [var.environment]
}

run "log_kept_for_ever_is_warned_about" {
  command = plan

  variables {
    log_retention_days = 0
  }

  expect_failures = [check.log_retention]
}
